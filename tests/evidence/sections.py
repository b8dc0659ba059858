"""Sections of the README that are written by commands from what is stored beside this file; no number in them is typed."""

from collections.abc import Callable
from pathlib import Path

README = Path(__file__).parents[2] / "README.md"


def replaced(readme: str, begin: str, end: str, section: str) -> str:
    """The README with what stands between two markers replaced; raises ValueError without them."""
    before, found, rest = readme.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"README.md lacks the lines {begin!r} and {end!r}")
    return f"{before}{begin}\n\n{section}\n\n{end}{after}"


def write(renewed: Callable[[str], str], arguments: list[str]) -> int:
    """Renew the README, or with --check tell by the exit code whether it would have changed."""
    readme = README.read_text(encoding="utf-8")
    written = renewed(readme)
    if "--check" in arguments:
        return int(written != readme)
    README.write_text(written, encoding="utf-8")
    return 0
