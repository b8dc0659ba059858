"""The command line. Nothing heavy is imported before a command needs it: `tui-al --help` answers at once."""

import sys


def main() -> None:
    """Entry point of `tui-al`: runs a command; a user's mistake becomes a message and an exit code."""
    from tui_al.cli.app import app
    from tui_al.errors import TuiAlError

    try:
        app()  # leaves through SystemExit, its own errors told
    except TuiAlError as error:
        say_error(error.message, error.hint)
        sys.exit(error.exit_code)


def say_error(message: str, hint: str) -> None:
    """An error on stderr: what happened, then what to do about it."""
    from rich.console import Console

    from tui_al.cli.page import Page

    page = Page(Console(stderr=True, soft_wrap=True))
    page.say(f"error: {message}", "bold red")
    if hint:
        page.say(f"       {hint}")
