"""A benchmark's result: a table with what it was measured on, printed, and stored for the
documentation.

`--out tests/evidence/speed/NAME.json` stores it; `python -m tests.evidence.speed` writes
`tui_al/docs/benchmarks.md` from those files."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under a header, and the sentences that belong to them."""

    title: str
    command: str  #: what makes it again
    conditions: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()

    def markdown(self) -> str:
        """All of it, as it stands on that page."""
        lines = [_row(self.header), _row(["---", *["---:"] * (len(self.header) - 1)])]
        table = "\n".join([*lines, *map(_row, self.rows)])
        said = f"`{self.command}`: {self.conditions}."
        return "\n\n".join([f"### {self.title}", said, table, *self.notes])

    def tell(self, out: Path | None) -> None:
        """Print it, and store it where asked to."""
        print(f"\n{self.markdown()}")
        if out:
            out.parent.mkdir(parents=True, exist_ok=True)
            out.write_text(json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n", "utf-8")

    @classmethod
    def read(cls, path: Path) -> Self:
        """One that was stored."""
        known: dict[str, Any] = json.loads(path.read_text("utf-8"))
        rows = tuple(map(tuple, known.pop("rows")))
        header, notes = tuple(known.pop("header")), tuple(known.pop("notes"))
        return cls(**known, header=header, rows=rows, notes=notes)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
