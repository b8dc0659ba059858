"""The app on a session that people label: `python -m tests.ui.labelling_app SESSION ANNOTATOR`,
which the fork server runs."""

import sys
from pathlib import Path

from tui_al.ui.app import TuiAl
from tui_al.ui.terminal import Terminal

if __name__ == "__main__":
    session = Path(sys.argv[1])
    TuiAl(session.parent.parent, session, Terminal(), sys.argv[2]).run()
