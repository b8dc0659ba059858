"""TOML of a person, or of a stranger: whatever is wrong with it is one kind of error."""

import tomllib
from typing import Any


def read_toml(text: str) -> dict[str, Any]:
    """The tables of a TOML text. Raises ValueError that says in words what is wrong with it."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except ValueError as error:  # Python's own, of a number with thousands of digits
        raise ValueError("it has a number with too many digits") from error
