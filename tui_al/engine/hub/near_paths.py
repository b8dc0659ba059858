"""What was probably meant by a name, or a path, that nothing has: in messages on data and
models."""

from collections.abc import Iterable
from pathlib import Path

from tui_al.core.close_names import did_you_mean


def near_by(source: str, path: Path, names: Iterable[str] = ()) -> str:
    """ "Did you mean sample_data/tickets? ": of the known names, or else of what lies where the
    path would; "" where nothing is close.

    Args:
        source: as it was given.
        path: the same as a path, the user's home directory filled in.
        names: that are known without being paths.
    """
    if len(path.parts) == 1 and (meant := did_you_mean(source, names)):
        return meant
    try:
        there = [entry.name for entry in path.parent.iterdir() if not entry.name.startswith(".")]
    except (OSError, ValueError):
        return ""
    before = source[: len(source.rstrip("/")) - len(path.name)]
    return did_you_mean(path.name, there, before=before)
