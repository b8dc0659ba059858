"""`python -m tests.ui.hanging_app ...` is `tui-al ...`, whose app hangs for good once H is
pressed."""

import time

from textual import events

from tui_al.cli import main
from tui_al.ui.app import TuiAl


async def _hang(_: TuiAl, event: events.Key) -> None:
    while event.key == "H":
        time.sleep(60)


if __name__ == "__main__":
    TuiAl.on_key = _hang  # type: ignore[attr-defined]
    main()
