"""Acts of other accounts, in a forked process that has their numbers: the kernel judges by these,
whether they have names or not."""

import contextlib
import importlib
import io
import json
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tui_al.cli import main

#: What the commands import when they are called: once here, not in each process.
for _name in ("app", "care", "export_labels", "import_labels", "listings", "merge", "reports"):
    importlib.import_module(f"tui_al.cli.{_name}")
for _name in ("engine.jobs.annotation_files", "ui.summaries", "store.checking", "store.repairing"):
    importlib.import_module(f"tui_al.{_name}")

OWNER, MEMBER, OUTSIDER = 54321, 54322, 54323
GROUP = 54330  #: `OWNER` and `MEMBER` are in it


@dataclass(frozen=True)
class Act:
    """Something that an account tries; `named` is what it knew before."""

    what: str
    do: Callable[[], object]
    named: str = ""


@dataclass(frozen=True)
class Came:
    """What came of it: all that was printed, and the result or the error; `failed` where it was
    refused."""

    failed: bool
    output: str


def command(*arguments: object) -> Callable[[], object]:
    """`tui-al` with these arguments."""

    def run() -> None:
        sys.argv = ["tui-al", *map(str, arguments)]
        try:
            main()
        except SystemExit as left:
            if left.code:
                raise

    return run


def read_all(place: Path) -> dict[str, str]:
    """Every name below that can be listed, with what can be read of it; PermissionError where that
    is nothing."""
    found: dict[str, str] = {}
    for parent, directories, names in os.walk(place):
        found |= dict.fromkeys(directories, "")
        for name in names:
            found[name] = ""
            with contextlib.suppress(OSError):
                found[name] = Path(parent, name).read_bytes().decode("latin-1")
    if not found:
        raise PermissionError(str(place))
    return found


def act(account: int, groups: Sequence[int], place: Path, acts: Sequence[Act]) -> list[Came]:
    """Let the account try all of it, one after the other, in its own directory `place`, and hear
    what came of each."""
    reader, writer = os.pipe()
    if (child := os.fork()) == 0:
        try:
            os.setgroups(list(groups))
            os.setresgid(account, account, account)
            os.setresuid(account, account, account)
            os.umask(0o022)
            os.chdir(place)
            os.environ.update(HOME=str(place), COLUMNS="200")
            os.environ.pop("TUI_AL_HOME", None)
            came = [_try(one) for one in acts]
            with os.fdopen(writer, "w") as stream:
                json.dump([(one.failed, one.output) for one in came], stream)
        except BaseException:  # pytest must not go on in a second process
            traceback.print_exc()
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as stream:
        said = stream.read()
    os.waitpid(child, 0)
    return [Came(failed, output) for failed, output in json.loads(said)]


def _try(one: Act) -> Came:
    printed = io.StringIO()
    failed, result = False, ""
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        try:
            result = repr(one.do())
        except (Exception, SystemExit) as error:
            failed, result = True, f"{type(error).__name__} {error}"
    return Came(failed, f"{printed.getvalue()}\n{result}")
