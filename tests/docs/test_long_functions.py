"""Functions of more than 40 lines: those that the documentation lists, each with its reason."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
LONGEST = 40


def long_functions(package: Path) -> set[tuple[str, str]]:
    """Module and name of every function that has more lines, without its docstring."""
    found = set()
    for path in package.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or 0) - node.lineno + 1
                if ast.get_docstring(node):
                    lines -= (node.body[0].end_lineno or 0) - node.body[0].lineno + 1
                if lines > LONGEST:
                    found.add((path.relative_to(package).as_posix(), node.name))
    return found


def test_each_is_listed_with_its_reason() -> None:
    page = (ROOT / "tui_al/docs/contributing.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\S+\.py)` \| `(\w+)` \| (\S[^|]+) \|$", page, re.MULTILINE)
    assert {(module, name) for module, name, _ in rows} == long_functions(ROOT / "tui_al")


def test_a_long_function_is_found(tmp_path: Path) -> None:
    """The docstring does not count, the line of the `def` does."""
    for name, more in (("fits", 0), ("long", 1)):
        body = "    x = 1\n" * (LONGEST - 1 + more)
        text = f'def {name}():\n    """One\n\n    two."""\n{body}'
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    assert long_functions(tmp_path) == {("long.py", "long")}
