"""The command line. Nothing heavy is imported before a command needs it: `tui-al --help` answers at once."""

import sys


def main() -> None:
    """Entry point of `tui-al`: runs a command; a user's mistake becomes a message and an exit code."""
    from tui_al.errors import TuiAlError

    try:
        _run(sys.argv[1:])
    except TuiAlError as error:
        say_error(error.message, error.hint)
        sys.exit(error.exit_code)


def _run(arguments: list[str]) -> None:
    """What opens the app is told apart here: the parser of options would take a third of the time to its first frame."""
    match arguments:
        case []:
            from tui_al.cli.application import open_app

            open_app(None)
        case ["attach", *names] if len(names) < 2 and not "".join(names).startswith("-"):
            from tui_al.cli.application import attach_to

            attach_to(names[0] if names else None, None)
        case _:
            from tui_al.cli.app import app

            app()  # leaves through SystemExit, its own errors told


def say_error(message: str, hint: str) -> None:
    """An error on stderr: what happened, then what to do about it."""
    from rich.console import Console

    from tui_al.cli.page import Page

    page = Page(Console(stderr=True, soft_wrap=True))
    page.say(f"error: {message}", "bold red")
    if hint:
        page.say(f"       {hint}")
