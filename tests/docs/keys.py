"""Writes the tables of `tui_al/docs/keys.md` from the app's table of keys: `python -m
tests.docs.keys [--check]`."""

import sys

from tests.docs.sections import PAGES, replaced, run, write
from tui_al.ui.keys import SCREENS, display, keys_of

BEGIN, END = "<!-- keys: written by python -m tests.docs.keys -->", "<!-- end of keys -->"


def tables() -> str:
    """A heading and a table for each screen; a key's name is what `keys.toml` calls it."""
    return "\n\n".join(
        f"## {title}: `[{screen}]`\n\n{_table(screen)}" for screen, title in SCREENS.items()
    )


def _table(screen: str) -> str:
    rows = ["| key | name | what it does |", "| --- | --- | --- |"]
    for key in keys_of(screen):
        shown = " ".join(f"`{display(one)}`" for one in key.keys.split(","))
        rows.append(f"| {shown} | {key.action} | {key.help} |")
    return "\n".join(rows)


def renew(*, check: bool) -> bool:
    """Write the page, or with `check` only look; whether it was up to date."""
    return write(PAGES / "keys.md", lambda page: replaced(page, BEGIN, END, tables()), check=check)


if __name__ == "__main__":
    sys.exit(run(renew))
