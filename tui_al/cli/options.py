"""Options that several commands have."""

from pathlib import Path
from typing import Annotated

import typer

Home = Annotated[
    Path | None,
    typer.Option(
        help="Directory of all sessions. [default: $TUI_AL_HOME or the user's data directory]"
    ),
]
