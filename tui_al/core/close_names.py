"""Typing errors: which of the known names was probably meant."""

import difflib
from collections.abc import Iterable

#: Names that are offered at most.
_MOST = 3


def did_you_mean(given: str, known: Iterable[str], *, before: str = "") -> str:
    """ "Did you mean minilm or minilm-3? ", the closest first, to stand before a hint; "" where no
    name is close.

    Case does not count, and a name that is given without its ending is close to it: "p12" to
    "p12.txt". `before` stands before each name, as a folder before those of its files.
    """
    spelled = {name.casefold(): name for name in known}
    wanted = given.casefold()
    close = difflib.get_close_matches(wanted, spelled, n=_MOST)
    if not close and len(wanted) > 1:
        close = [name for name in spelled if name.rpartition(".")[0] == wanted][:_MOST]
    return (
        f"Did you mean {' or '.join(before + spelled[name] for name in close)}? " if close else ""
    )
