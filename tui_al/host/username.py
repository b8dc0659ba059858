"""Who sits at the keyboard."""

import getpass
import os
import unicodedata

from tui_al.errors import ConfigError


def account() -> str:
    """The annotator's name where none is given: `TUI_AL_ANNOTATOR`, else the account's."""
    given = os.environ.get("TUI_AL_ANNOTATOR", "").strip()
    if given:
        return annotator_name(given, "TUI_AL_ANNOTATOR")
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container may run under a number without a name
        return "annotator"


def annotator_name(given: str, source: str) -> str:
    """The name without blanks around it; ConfigError that names its `source` where labels could not
    be kept under it."""
    name = given.strip()
    if not name or any(unicodedata.category(letter) in ("Cc", "Cs") for letter in name):
        raise ConfigError(
            f"{source}: {given!r} cannot be an annotator's name.",
            "Use letters, digits and signs that can be seen, as UTF-8.",
        )
    return name
