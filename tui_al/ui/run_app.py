"""Runs the app from its start to the last decision on disk."""

import gc
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tui_al.ui.terminal import app_settings

if TYPE_CHECKING:
    from tui_al.ui.annotation_worker import AnnotationWorker
    from tui_al.ui.exit_guard import ExitGuard


def run_app(
    home: Path,
    open_session: Path | None = None,
    *,
    mouse: bool = True,
    annotator: str | None = None,
    page: str = "",
) -> None:
    """Prepare the environment, import Textual, run the app, wait for decisions that are not on disk
    yet.

    After a signal, or where the terminal is gone, the process ends here: see
    `tui_al.ui.exit_guard`."""
    settings = app_settings(home)
    settings.terminal.prepare()
    gc.disable()  # until the first frame, see TuiAl.on_mount: a tenth of the time to it
    from tui_al.ui.app import TuiAl  # after prepare(): Textual reads the environment on import
    from tui_al.ui.exit_guard import SAVE_SECONDS, ExitGuard, save

    app = TuiAl(home, open_session, settings.terminal, annotator, settings.keymap, page)
    with ExitGuard(app) as guard:
        try:
            app.run(mouse=mouse)
        finally:
            guard.app_ended()
            if guard.number:
                save(app.annotation_workers, SAVE_SECONDS)
            else:
                for worker in app.annotation_workers:
                    _wait_for(worker, guard)
    if app.fatal is not None:
        raise app.fatal
    if app.return_code:  # it crashed, and has told so
        sys.exit(app.return_code)


def _wait_for(worker: "AnnotationWorker", guard: "ExitGuard") -> None:
    """Until all decisions are on disk; not if the disk has refused them, which was asked about, and
    not after Ctrl-C."""
    refused = bool(worker.trouble)
    worker.close()
    if refused or worker.join(0.5):
        return
    guard.say("Saving the last decisions; Ctrl-C leaves without them.")
    try:
        while not worker.join(2.0):
            guard.say(f"{worker.unsaved} left. {worker.trouble}")
    except KeyboardInterrupt:
        return
