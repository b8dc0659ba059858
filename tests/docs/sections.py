"""Sections of README and documentation that commands write; `python -m tests.docs` writes all of
them, `--check` only looks.

A section stands between two lines of comment; no number in it is typed.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "tui_al" / "docs"


def replaced(page: str, begin: str, end: str, section: str) -> str:
    """The page with what stands between two markers replaced; raises ValueError without them."""
    before, found, rest = page.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"the page lacks the lines {begin!r} and {end!r}")
    return f"{before}{begin}\n\n{section}\n\n{end}{after}"


def write(path: Path, renewed: Callable[[str], str], *, check: bool) -> bool:
    """Renew a page, or with `check` only look; whether it was up to date."""
    page = path.read_text(encoding="utf-8")
    written = renewed(page)
    if written != page and not check:
        path.write_text(written, encoding="utf-8")
    return written == page


class Renew(Protocol):
    """Writes a section, or with `check` only looks; whether it was up to date."""

    def __call__(self, *, check: bool) -> bool: ...


def run(*all_of: Renew) -> int:
    """What a command does with its arguments: write everything, or with --check tell by the exit
    code whether it is up to date."""
    check = "--check" in sys.argv[1:]
    current = [renew(check=check) for renew in all_of]
    return int(check and not all(current))
