"""Writes the README's section on speed from the tables in `speed/*.json`: `python -m tests.evidence.speed [--check]`.

A table is what a benchmark under `tests/benchmarks` leaves with `--out`. No number between the README's markers is written by hand;
with --check nothing is written, and the exit code tells whether it would have been.
"""

import sys
from pathlib import Path

from tests.benchmarks.table import Table
from tests.evidence.sections import replaced, write

HERE = Path(__file__).parent
BEGIN, END = "<!-- speed: written by python -m tests.evidence.speed -->", "<!-- end of speed -->"


def with_tables(readme: str, tables: list[Table]) -> str:
    """The README with its section renewed."""
    section = "\n\n".join(table.markdown() for table in tables) or "No measurement is stored yet."
    return replaced(readme, BEGIN, END, section)


def stored() -> list[Table]:
    """The tables kept here, by name of file."""
    return [Table.read(path) for path in sorted((HERE / "speed").glob("*.json"))]


def main(arguments: list[str]) -> int:
    """Write, or check; the exit code."""
    return write(lambda readme: with_tables(readme, stored()), arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
