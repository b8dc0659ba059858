"""Hostile session directories at random: `python -m tests.campaigns.strangers --seed 1 --cases 200`.

Each case takes a good session with a saved model, plants links, hard links, pipes, sockets, names in events and things in the SQLite
files, and runs commands on it: lists, report, export, predict, export-model, check, engine. Nothing outside of the session may be
changed, no file of the reader's may be in anything that is written or said, no pickle may run, and nothing may take longer than
10 seconds (--patience, for a machine that is busy).
"""

import argparse
import contextlib
import io
import json
import os
import random
import shutil
import signal
import sqlite3
import stat
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.store.labelled_sessions import TICKETS, by_people
from tui_al.core.annotation import decisions as de
from tui_al.core.session import events as ev
from tui_al.errors import TuiAlError
from tui_al.store.decisions import Client, DecisionLog
from tui_al.store.file_hashes import hashes_of

#: In the canary, and nowhere else.
PRIVATE = "PRIVATE-4f1c9d"

_PLACES = (
    "session.db", "session.db-wal", "session.db-shm", "session.db-journal", "examples.db", "examples.db-wal", "engine.lock", "engine.log",
    "engine.exit", "states.npy", "groups.npy", "models", "models/seed-7", "models/seed-7/successor", "warm", "warm/.making", "anything",
    "models/seed-7/successor/config.json", "models/seed-7/successor/tokenizer.json", "models/seed-7/successor/model.safetensors",
    "models/seed-7/successor/tui_al.json", "models/seed-7/successor/vocab.txt", "models/seed-7/successor/README.md",
)  # fmt: skip
_KINDS = ("link", "link to nowhere", "link to a directory", "hard link", "pipe", "socket")
_NAMES = (
    "/{outside}",
    "../../outside",
    "models/../../../outside",
    "..",
    "",
    "models/seed-7/../../../outside",
    "\0",
)
_SQL = (
    "CREATE TRIGGER t AFTER INSERT ON commands BEGIN DELETE FROM events; END",
    "ALTER TABLE commands RENAME TO kept; CREATE VIEW commands AS WITH RECURSIVE n(seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM n) SELECT seq, 'a' name FROM n",
    "CREATE VIRTUAL TABLE v USING fts5(text)",
    "CREATE TABLE v (a, b AS (hex(zeroblob(900000000))))",
)  # fmt: skip


@dataclass(frozen=True)
class Failure:
    """A case that went wrong."""

    case: int
    planted: list[str]
    command: str
    what: str


def make(home: Path, model: Path | None = None) -> Path:
    """A good session of people, with labels, and the files of a saved model."""
    with by_people(home, "received", TICKETS) as session, DecisionLog(session.directory) as log:
        for identity in "abc":
            log.append(
                Client.new("ann"), de.Label((identity,), "return", 1.0, "key", None, True, None)
            )
        place = session.directory / "models" / "seed-7" / "successor"
        if model is None:
            place.mkdir(parents=True)
            (place / "tui_al.json").write_text("{}")
        else:
            shutil.copytree(model, place)
        (session.directory / "warm").mkdir()
        session.append(ev.ModelSaved(7, 1, "successor", "models/seed-7/successor"))
        return session.directory


def run(seed: int, cases: int, patience: float, model: Path | None = None) -> list[Failure]:
    """The failures of so many cases."""
    import tui_al.__main__
    import tui_al.cli.app
    import tui_al.cli.exporting
    import tui_al.cli.reporting

    if model:
        import tui_al.engine.jobs.model_export
        import tui_al.engine.jobs.prediction  # noqa: F401

    failures: list[Failure] = []
    for case in range(cases):
        choice = random.Random(f"{seed} {case}")
        with tempfile.TemporaryDirectory(prefix="strangers-") as folder:
            failures += _case(case, choice, Path(folder), patience, model)
    return failures


def _case(
    case: int, choice: random.Random, folder: Path, patience: float, model: Path | None
) -> list[Failure]:
    outside, home, out = folder / "outside", folder / "home", folder / "out"
    outside.mkdir()
    out.mkdir()
    canary = outside / "canary"
    canary.write_text(PRIVATE * 10)
    (outside / "config.json").write_text(json.dumps({PRIVATE: 1}))
    session = make(home, model)
    planted = [_plant(choice, session, canary, outside) for _ in range(choice.randint(1, 3))]
    before = _seen(outside)
    failures = []
    text = folder / "in.txt"
    text.write_text("a text\n")
    commands: Sequence[Sequence[str]] = (
        ["sessions"], ["report", "received"], ["export", "received", "--out", f"{out}/labels.jsonl"], ["check", "received"],
        ["stop", "received"], ["COPY", f"{out}/copy"], ["ENGINE"],
    )  # fmt: skip
    if model:  # these load torch
        commands = (
            *commands,
            [
                "predict",
                "received",
                str(text),
                "--out",
                f"{out}/predicted.jsonl",
                "--device",
                "cpu",
            ],
            ["export-model", "received", "--out", f"{out}/model"],
        )
    for command in commands:
        what = _run(command, home, session, out / "said", patience)
        if what:
            failures.append(Failure(case, planted, command[0], what))
    if _seen(outside) != before:
        failures.append(Failure(case, planted, "", "something outside of the session was changed"))
    for path in out.rglob("*"):
        if path.is_symlink() or (path.is_file() and PRIVATE.encode() in path.read_bytes()):
            failures.append(Failure(case, planted, "", f"what is the reader's is in {path.name}"))
    return failures


def _seen(outside: Path) -> dict[str, tuple[int, int, bytes]]:
    return {
        path.name: (path.stat().st_mode, path.stat().st_mtime_ns, path.read_bytes())
        for path in outside.iterdir()
    }


def _plant(choice: random.Random, session: Path, canary: Path, outside: Path) -> str:
    """Do one hostile thing to the session; what it was."""
    ways: dict[str, Callable[[], str]] = {
        "place": lambda: _plant_file(choice, session, canary, outside),
        "event": lambda: _plant_event(choice, session, outside),
        "sql": lambda: _plant_sql(choice, session),
    }
    try:
        return ways[choice.choice(("place", "place", "event", "sql"))]()
    except (OSError, sqlite3.Error) as error:  # what was planted before is in the way
        return f"nothing ({error})"


def _plant_file(choice: random.Random, session: Path, canary: Path, outside: Path) -> str:
    path, kind = session / choice.choice(_PLACES), choice.choice(_KINDS)
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "link":
        path.symlink_to(canary)
    elif kind == "link to nowhere":
        path.symlink_to(outside / "new")
    elif kind == "link to a directory":
        path.symlink_to(outside)
    elif kind == "hard link":
        path.hardlink_to(canary)
    else:
        os.mknod(path, (stat.S_IFIFO if kind == "pipe" else stat.S_IFSOCK) | 0o600)
    return f"{kind} as {path.relative_to(session)}"


def _plant_event(choice: random.Random, session: Path, outside: Path) -> str:
    named = choice.choice(_NAMES).format(outside=outside)
    body = json.dumps(ev.to_plain(ev.ModelSaved(7, 2, "successor", named)))
    with contextlib.closing(sqlite3.connect(session / "session.db", timeout=1)) as db:
        db.execute(
            "INSERT INTO events (time, kind, seed, body) VALUES (1, 'model_saved', 7, ?)", (body,)
        )
        db.commit()
    return f"an event that names {named!r}"


def _plant_sql(choice: random.Random, session: Path) -> str:
    sql, name = choice.choice(_SQL), choice.choice(("session.db", "examples.db"))
    with contextlib.closing(sqlite3.connect(session / name, timeout=1)) as db:
        if name == "examples.db":
            db.execute("CREATE TABLE IF NOT EXISTS commands (seq)")
        db.executescript(sql)
    return f"{sql[:60]} in {name}"


def _run(command: Sequence[str], home: Path, session: Path, said: Path, patience: float) -> str:
    """Run a command in a process of its own; what is wrong with how it ended, "" if nothing is."""
    child = os.fork()
    if child == 0:
        signal.setitimer(signal.ITIMER_REAL, patience)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        os._exit(_in_child(command, home, session, said))
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code == -signal.SIGALRM:
        return f"takes longer than {patience:g} s"
    if code < 0 or code == 99:
        return f"died ({code}): {said.read_text()[-300:] if said.exists() else ''}"
    return ""


def _in_child(command: Sequence[str], home: Path, session: Path, said: Path) -> int:
    """The exit code; 99 for an error that is not told in words."""
    stream = io.StringIO()
    code = 0
    try:
        with contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream):
            if command[0] == "COPY":
                _copy_model(session, Path(command[1]))
            elif command[0] == "ENGINE":
                _as_engine(session)
            else:
                from tui_al.__main__ import main

                os.environ["TUI_AL_HOME"] = str(home)
                sys.argv = ["tui-al", *command]
                main()
    except TuiAlError as error:
        stream.write(str(error))
        code = error.exit_code
    except SystemExit as left:
        code = int(left.code or 0)
    except BaseException as error:
        stream.write(f"{type(error).__name__}: {error}")
        code = 99
    if "Traceback" in stream.getvalue():
        code = 99
    with said.open("a") as file:
        file.write(f"$ {' '.join(command)}\n{stream.getvalue()}\n")
    return code


def _copy_model(session: Path, target: Path) -> None:
    """What `predict` and `export-model` do first: find the model and copy it."""
    from tui_al.cli.model_exporting import kept_model
    from tui_al.store.kept_models import held_still
    from tui_al.store.session import Session

    with (
        Session(session) as opened,
        held_still(session, lambda: kept_model(opened, "successor", None)) as (_, files),
    ):
        shutil.copytree(files, target, symlinks=True)


def _as_engine(session: Path) -> None:
    """What an engine does first: its lock, its log, and a model that it saves."""
    from tui_al.host.process import LOG_FILE, engine_end
    from tui_al.store.engine_lock import take_engine_lock
    from tui_al.store.sharing import open_file

    engine_end(session)
    lock = take_engine_lock(session)
    with os.fdopen(open_file(session / LOG_FILE, os.O_WRONLY | os.O_APPEND), "ab") as log:
        log.write(b"at work\n")
    place = session / "models" / "seed-7" / "successor"
    place.mkdir(parents=True, exist_ok=True)
    (place / "new").write_text("of the engine")
    hashes_of(place)
    os.close(lock)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the campaign and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--patience", type=float, default=10.0)
    parser.add_argument("--model", type=Path, help="a directory that an engine has saved")
    given: Any = parser.parse_args(arguments)
    failures = run(given.seed, given.cases, given.patience, given.model)
    for failure in failures:
        print(failure)
    print(f"{given.cases} cases, {len(failures)} failures")
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
