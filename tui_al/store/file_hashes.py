"""SHA-256 of a saved model's files: taken when it is saved, kept with the event that says so,
compared before the model is used.

A disk, a cable or a half-finished copy changes bytes without a word, and a model with changed
weights still answers. So what is not as it was saved is not used. Events of older programs hold no
hashes: their models are used as they are."""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

from tui_al.errors import SessionError
from tui_al.store.strangers import inside

#: Hex digits of a hash that a message shows.
_SHOWN = 12


def sha256_of(path: Path) -> str:
    """The file's SHA-256 in hex; OSError where it is not a regular file or cannot be read."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as stream:  # noqa: PTH123
        return hashlib.file_digest(stream, "sha256").hexdigest()


def hashes_of(directory: Path) -> dict[str, str]:
    """Every file below `directory`, by its path from there (with /), and its SHA-256; links are
    left out."""
    return {
        path.relative_to(directory).as_posix(): sha256_of(path)
        for path in sorted(directory.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def differences(directory: Path, saved: Mapping[str, str]) -> list[str]:
    """What is not as it was saved, a phrase for each file; files that came later are no
    difference."""
    found = []
    for name, expected in saved.items():
        try:
            actual = sha256_of(inside(directory, name))  # the names are the session's word
        except SessionError:
            found.append(f"{name[:200]} cannot be read (it is not a file of its own in there)")
        except FileNotFoundError:
            found.append(f"{name} is missing")
        except OSError as error:
            found.append(f"{name} cannot be read ({error.strerror or error})")
        else:
            if actual != expected:
                found.append(
                    f"{name} is not as it was saved (SHA-256 {actual[:_SHOWN]}…, not "
                    f"{expected[:_SHOWN]}…)"
                )
    return found


def check_hashes(directory: Path, saved: Mapping[str, str], what: str, hint: str) -> None:
    """Raise SessionError that names the first file which is not as it was saved; `what` is damaged
    then."""
    found = differences(directory, saved)
    if found:
        more = f"; {len(found) - 1} more" if len(found) > 1 else ""
        raise SessionError(f"{what} is damaged: {found[0]}{more}.", hint)
