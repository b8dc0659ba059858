"""Messages of the program in the words of Python: `text_column` where the command line says
`--text-column`."""

import contextlib
import re
from collections.abc import Iterator
from functools import cache

from tui_al.core.settings.options import options_of
from tui_al.errors import TuiAlError

#: A flag, with "no-" in front or a value behind; or a whole command, which stays one.
_FLAG = re.compile(r"`[^`]*`|(?<![\w-])--(no-)?([a-z]+(?:-[a-z]+)*)(?![\w-])(?: (?=['\"\d]))?")


@contextlib.contextmanager
def python_messages() -> Iterator[None]:
    """Raise the program's errors in the words of Python."""
    try:
        yield
    except TuiAlError as error:
        error.message, error.hint = in_python(error.message), in_python(error.hint)
        error.args = (error.message, *error.args[1:])
        raise


def in_python(text: str) -> str:
    """The text with keyword arguments for flags; flags of other commands stay as they are.

    >>> in_python("--epochs 0 is out of range.")
    'epochs = 0 is out of range.'
    >>> in_python("guessed; --no-header overrides")
    'guessed; header=False overrides'
    """
    return _FLAG.sub(_keyword, text)


def _keyword(found: re.Match[str]) -> str:
    negated, name = found.group(1), (found.group(2) or "").replace("-", "_")
    if name not in _keywords():
        return found.group()
    if negated:
        return f"{name}=False"
    return f"{name} = " if found.group().endswith(" ") else name


@cache
def _keywords() -> frozenset[str]:
    return frozenset(("home", *(option.key for option in options_of("simulate"))))
