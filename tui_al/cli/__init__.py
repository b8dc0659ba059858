"""The command line. Nothing heavy is imported before a command needs it: `tui-al --help` answers at
once."""

import os
import sys
from typing import NoReturn


def main() -> None:
    """Entry point of `tui-al`: runs a command; what a user or the machine does wrong becomes a
    message and an exit code."""
    _open_streams()
    try:
        _run(sys.argv[1:])
        _check_output()
    except SystemExit:
        _check_output()
        raise
    except KeyboardInterrupt:  # before a command has begun, which ends in its own way
        sys.exit(130)  # 128 + SIGINT, as shells say it
    except Exception as error:
        from tui_al.store.environment import explained

        told = explained(error)
        if told is None:
            raise
        if isinstance(error, OSError) and _was_printing(error):
            _leave_output(error)
        say_error(told.message, told.hint)
        sys.exit(told.exit_code)


def _run(arguments: list[str]) -> None:
    """What opens the app is told apart here: the parser of options would take a third of the time
    to its first frame."""
    match arguments:
        case [] if "_TUI_AL_COMPLETE" not in os.environ:  # else a shell asks what can follow
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

    from tui_al.cli.console import Page

    try:
        page = Page(Console(stderr=True, soft_wrap=True))
        page.say(f"error: {message}", "bold red")
        if hint:
            page.say(f"       {hint}")
    except OSError:  # nobody can be told; the exit code still says it
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115, PTH123


def _open_streams() -> None:
    """Put something that refuses in place of a closed stream: the next file opened would take its
    number, and what is printed."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            flags = os.O_RDONLY if number == 1 else os.O_WRONLY
            opened = os.open(os.devnull, flags)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
            stream = open(number, "w" if number else "r", closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)


def _check_output() -> None:
    """Write out what was printed; leave with a message and an exit code of its own where that
    fails."""
    try:
        sys.stdout.flush()
    except OSError as error:
        _leave_output(error)


def _leave_output(error: OSError) -> NoReturn:
    """Leave since standard output takes nothing."""
    from tui_al.store.environment import of_os

    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the interpreter tries again on its way out
    if isinstance(error, BrokenPipeError):
        sys.exit(1)  # as of a reader that has what it wanted
    told = of_os(error, thing="Standard output")
    say_error(told.message, "Send it to a file on a disk with room, or to another program.")
    sys.exit(told.exit_code)


def _was_printing(error: OSError) -> bool:
    """Whether it was raised by what writes on standard output."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    name = str(trace.tb_frame.f_globals.get("__name__")) if trace else ""
    return name.split(".")[0] in ("rich", "click", "typer")
