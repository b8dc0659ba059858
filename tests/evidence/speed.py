"""Writes the tables of `tui_al/docs/benchmarks.md` from `speed/*.json`: `python -m
tests.evidence.speed [--check]`.

A table is what a benchmark under `tests/benchmarks` leaves with `--out`. No number between the
markers is written by hand; with --check nothing is written, and the exit code tells whether it
would have been.
"""

import sys
from pathlib import Path

from tests.benchmarks.table import Table
from tests.docs.narrow import narrow
from tests.docs.sections import PAGES, replaced, run, write

HERE = Path(__file__).parent
BENCHMARKS = PAGES / "benchmarks.md"
BEGIN, END = "<!-- speed: written by python -m tests.evidence.speed -->", "<!-- end of speed -->"


def with_tables(page: str, tables: list[Table]) -> str:
    """The page with its section renewed."""
    section = "\n\n".join(table.markdown() for table in tables) or "No measurement is stored yet."
    return replaced(page, BEGIN, END, narrow(section))


def stored() -> list[Table]:
    """The tables kept here, by name of file."""
    return [Table.read(path) for path in sorted((HERE / "speed").glob("*.json"))]


def renew(*, check: bool) -> bool:
    """Write the page, or with `check` only look; whether it was up to date."""
    return write(BENCHMARKS, lambda page: with_tables(page, stored()), check=check)


if __name__ == "__main__":
    sys.exit(run(renew))
