"""What of a session's labels was exported, and whether that file is still there: asked before the
session is deleted."""

import contextlib
import json
import time
from pathlib import Path

from tui_al.errors import MachineError
from tui_al.store.session import Session

_KEY = "exported"


def note_export(session: Session, seq: int, path: Path) -> None:
    """Remember that the labels up to decision `seq` are in the file or directory at `path`.

    A session that cannot be written can be exported all the same: then nothing is remembered.
    """
    body = json.dumps({"seq": seq, "path": str(path.absolute()), "time": time.time()})
    with contextlib.suppress(MachineError):
        session.set_meta(_KEY, body)


def exported_up_to(session: Session) -> int:
    """Number of the last decision that the last export holds; 0 without one, or where what it wrote
    is gone."""
    body = session.meta(_KEY)
    if body is None:
        return 0
    plain = json.loads(body)
    return int(plain["seq"]) if Path(plain["path"]).exists() else 0
