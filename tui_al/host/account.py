"""Who sits at the keyboard."""

import getpass
import os


def account() -> str:
    """The annotator's name where none is given: `TUI_AL_ANNOTATOR`, else the account's."""
    given = os.environ.get("TUI_AL_ANNOTATOR", "").strip()
    if given:
        return given
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container may run under a number without a name
        return "annotator"
