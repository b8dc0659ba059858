"""Draws which package imports which into `tui_al/docs/architecture.md` and `imports.svg`: `python
-m tests.docs.import_graph [--check]`.

Every import counts, also one within a function, but none that only a type checker sees.
"""

import ast
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from tests.docs.sections import PAGES, ROOT, replaced, run, write

PACKAGE = ROOT / "tui_al"
BEGIN, END = (
    "<!-- imports: written by python -m tests.docs.import_graph -->",
    "<!-- end of imports -->",
)
PICTURE = PAGES / "imports.svg"

Graph = Mapping[str, frozenset[str]]

#: Pixels of a box, and between two of them.
_WIDE, _TALL, _ACROSS, _DOWN, _MARGIN = 120, 34, 34, 44, 16


def imports(depth: int, package: Path = PACKAGE) -> Graph:
    """What each package imports of the others: with depth 1 "cli" and "core", with 2 also
    "core.query" and "ui.screens".

    A module that lies in the package itself belongs to the package that holds it: `core/x.py` to
    "core", `errors.py` to "errors"; but with depth 2 one that rests on its sub-packages stands for
    itself: `ui/app.py` is "ui.app". What imports nothing and is imported by nobody, as a folder of
    data files, is left out."""
    read = {
        path.relative_to(package).with_suffix("").parts: list(_imported(path, package.name))
        for path in sorted(package.rglob("*.py"))
    }
    on_top = _on_top(read, package) if depth > 1 else frozenset()

    def room(parts: tuple[str, ...]) -> str:
        return ".".join(parts[:2]) if parts[:2] in on_top else _room(parts, depth, package)

    found: dict[str, set[str]] = {}
    for inside, targets in read.items():
        if len(inside) == 1 and inside[0].startswith("__"):
            continue  # the version, and `python -m`
        here = room(inside)
        rooms = map(room, targets)
        found.setdefault(here, set()).update(there for there in rooms if there and there != here)
    known = {name for name, there in found.items() if there}.union(*found.values())
    return {name: frozenset(there) for name, there in sorted(found.items()) if name in known}


def _on_top(
    read: Mapping[tuple[str, ...], Sequence[tuple[str, ...]]], package: Path
) -> frozenset[tuple[str, ...]]:
    """The modules beside sub-packages that import one of these, or a module that does."""
    found: set[tuple[str, ...]] = set()
    while True:
        more = {
            inside
            for inside, targets in read.items()
            if len(inside) == 2
            and not inside[1].startswith("__")
            and any(
                there[0] == inside[0]
                and len(there) > 1
                and (package.joinpath(*there[:2]).is_dir() or there[:2] in found)
                for there in targets
            )
        }
        if more <= found:
            return frozenset(found)
        found |= more


def _room(parts: tuple[str, ...], depth: int, package: Path) -> str:
    """The package of a module: as many of its parts as are folders, `depth` at most."""
    folders: list[str] = []
    for part in parts[:depth]:
        if not package.joinpath(*folders, part).is_dir():
            break
        folders.append(part)
    return ".".join(folders) or parts[0] if parts else ""


def _imported(path: Path, package: str) -> Iterator[tuple[str, ...]]:
    """The modules of this package that a file imports, as parts below the package."""
    for node in _nodes(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            first, *parts = name.split(".")
            if first == package and parts and not parts[0].startswith("__"):
                yield tuple(parts)


def _nodes(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        yield node
        yield from _nodes(node)


def circles(graph: Graph) -> list[tuple[str, ...]]:
    """Packages that import each other, directly or not; each group once."""
    reached = {name: _reached(graph, name) for name in graph}
    groups = {
        tuple(sorted(other for other in reached[name] if name in reached.get(other, ())))
        for name in graph
        if name in reached[name]
    }
    return sorted(groups)


def _reached(graph: Graph, start: str) -> set[str]:
    seen: set[str] = set()
    waiting = list(graph[start])
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += graph.get(name, ())
    return seen


def needed(graph: Graph) -> Graph:
    """Without the arrows that follow from others: of a > b > c and a > c the last one."""
    return {
        name: frozenset(
            there
            for there in others
            if not any(there in _reached(graph, other) for other in others - {there})
        )
        for name, others in graph.items()
    }


def listing() -> str:
    """The page's section: what each package imports, then the same within each that has
    sub-packages."""
    whole, parts = imports(1), imports(2)
    blocks = ["![Which package imports which](imports.svg)", _lines(whole), _told(circles(whole))]
    for room in whole:
        own = {n: others for n, others in parts.items() if n == room or n.startswith(f"{room}.")}
        if len(own) > 1:
            within = {n: frozenset(o for o in others if o in own) for n, others in own.items()}
            blocks += [f"Within `{room}`:", _lines(within), _told(circles(within))]
    return "\n\n".join(blocks)


def _lines(graph: Graph) -> str:
    width = max(map(len, graph))
    lines = [
        f"{name:<{width}}  ->  {', '.join(sorted(others)) or '(nothing)'}"
        for name, others in graph.items()
    ]
    return "```text\n" + "\n".join(lines) + "\n```"


def _told(found: list[tuple[str, ...]]) -> str:
    if not found:
        return "No package imports itself by a detour."
    return f"These import each other: {'; '.join(' and '.join(group) for group in found)}."


def layers() -> list[list[str]]:
    """The packages in rows, as the import contract has them, the highest first."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = config["tool"]["importlinter"]["contracts"]
    rows = next(one["layers"] for one in contracts if one["type"] == "layers")
    return [sorted(name.split(".")[-1].strip() for name in row.split("|")) for row in rows]


def picture(graph: Graph, rows: Sequence[Sequence[str]]) -> str:
    """The packages in rows as SVG; arrows that follow from others are left out."""
    across = max(map(_width, rows)) + 2 * _MARGIN
    down = len(rows) * _TALL + (len(rows) - 1) * _DOWN + 2 * _MARGIN
    boxes = {}
    for y, row in enumerate(rows):
        left = (across - _width(row)) / 2
        for x, name in enumerate(row):
            boxes[name] = _Box(y, left + x * (_WIDE + _ACROSS), _MARGIN + y * (_TALL + _DOWN))
    arrows = [
        _arrow(boxes[name], boxes[there], boxes.values())
        for name, others in needed(graph).items()
        for there in sorted(others)
    ]
    body = [*arrows, *(box.drawn(name) for name, box in boxes.items())]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {across:g} {down:g}" role="img" '
        'font-family="DejaVu Sans, Arial, sans-serif" font-size="14">\n<title>Which package '
            'imports which</title>\n'
        '<defs><marker id="tip" markerWidth="8" markerHeight="8" refX="7" refY="4" orient="auto">'
        '<path d="M0 0L8 4L0 8z" fill="#5b6472"/></marker></defs>\n'
        f'<rect width="{across:g}" height="{down:g}" fill="#ffffff"/>\n' + "\n".join(body) + "\n</svg>\n"  # noqa: E501
    )  # fmt: skip


def _width(row: Sequence[str]) -> float:
    return len(row) * _WIDE + (len(row) - 1) * _ACROSS


@dataclass(frozen=True, slots=True)
class _Box:
    """A package's place: its row, and its upper left corner in pixels."""

    row: int
    x: float
    y: float

    @property
    def middle(self) -> float:
        return self.x + _WIDE / 2

    def side(self, towards: float) -> float:
        """The x of the side that faces another x."""
        return self.x if towards < self.middle else self.x + _WIDE

    def drawn(self, name: str) -> str:
        return (
            f'<rect x="{self.x:g}" y="{self.y:g}" width="{_WIDE}" height="{_TALL}" rx="5" '
            'fill="#eef3fa" stroke="#3a6ea5"/>'
            f'<text x="{self.middle:g}" y="{self.y + _TALL / 2 + 5:g}" text-anchor="middle" '
            f'fill="#1c1c1c">{escape(name)}</text>'
        )


def _arrow(start: _Box, end: _Box, boxes: Iterable[_Box]) -> str:
    """From below one box to above the other; past rows between them on a side where no box
    stands."""
    between = [box for box in boxes if start.row < box.row < end.row]
    x, y, to_x, to_y = start.middle, start.y + _TALL, end.middle, end.y
    bend = (to_y - y) / 2
    path = f"C{x:g} {y + bend:g} {to_x:g} {to_y - bend:g} {to_x:g} {to_y:g}"
    if between and not any(box.x <= to_x <= box.x + _WIDE for box in between):
        x, y = start.side(to_x), start.y + _TALL / 2
        path = f"C{to_x:g} {y:g} {to_x:g} {y:g} {to_x:g} {y + _TALL:g}L{to_x:g} {to_y:g}"
    elif between:
        to_x, to_y = end.side(x), end.y + _TALL / 2
        path = f"L{x:g} {to_y - _TALL:g}C{x:g} {to_y:g} {x:g} {to_y:g} {to_x:g} {to_y:g}"
    return (
        f'<path d="M{x:g} {y:g}{path}" fill="none" stroke="#5b6472" stroke-width="1.4" '
        'marker-end="url(#tip)"/>'
    )


def renew(*, check: bool) -> bool:
    """Write page and picture, or with `check` only look; whether both were up to date."""
    drawn = picture(imports(1), layers())
    same = PICTURE.exists() and PICTURE.read_text(encoding="utf-8") == drawn
    if not same and not check:
        PICTURE.write_text(drawn, encoding="utf-8")
    page = PAGES / "architecture.md"
    return write(page, lambda text: replaced(text, BEGIN, END, listing()), check=check) and same


if __name__ == "__main__":
    sys.exit(run(renew))
