"""The command line. Nothing heavy is imported before a command needs it: `tui-al --help` answers at once."""

import os
import sys


def main() -> None:
    """Entry point of `tui-al`: runs a command, turns errors into a message and an exit code."""
    import typer
    from click.exceptions import Abort, ClickException

    from tui_al.cli.app import app
    from tui_al.errors import TuiAlError

    try:
        code = app(standalone_mode=False)
    except TuiAlError as error:
        say_error(error.message, error.hint)
        code = error.exit_code
    except ClickException as error:
        error.show()
        code = error.exit_code
    except (Abort, KeyboardInterrupt):
        code = 130
    except typer.Exit as done:
        code = done.exit_code
    except BrokenPipeError:  # the reader of a pipe went away
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 141
    sys.exit(code or 0)


def say_error(message: str, hint: str) -> None:
    """An error on stderr: what happened, then what to do about it."""
    from rich.console import Console

    from tui_al.cli.page import Page

    page = Page(Console(stderr=True, soft_wrap=True))
    page.say(f"error: {message}", "bold red")
    if hint:
        page.say(f"       {hint}")
