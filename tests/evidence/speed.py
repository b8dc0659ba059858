"""Writes the README's section on speed from the tables in `speed/*.json`: `python -m tests.evidence.speed [--check]`.

A table is what a benchmark under `tests/benchmarks` leaves with `--out`. No number between the README's markers is written by hand;
with --check nothing is written, and the exit code tells whether it would have been.
"""

import sys
from pathlib import Path

from tests.benchmarks.table import Table

HERE = Path(__file__).parent
README = HERE.parents[1] / "README.md"
BEGIN, END = "<!-- speed: written by python -m tests.evidence.speed -->", "<!-- end of speed -->"


def with_tables(readme: str, tables: list[Table]) -> str:
    """The README with the section between its markers replaced; raises ValueError without markers."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"README.md lacks the lines {BEGIN!r} and {END!r}")
    section = "\n\n".join(table.markdown() for table in tables) or "No measurement is stored yet."
    return f"{before}{BEGIN}\n\n{section}\n\n{END}{after}"


def stored() -> list[Table]:
    """The tables kept here, by name of file."""
    return [Table.read(path) for path in sorted((HERE / "speed").glob("*.json"))]


def main(arguments: list[str]) -> int:
    """Write, or check; the exit code."""
    readme = README.read_text(encoding="utf-8")
    written = with_tables(readme, stored())
    if "--check" in arguments:
        return int(written != readme)
    README.write_text(written, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
