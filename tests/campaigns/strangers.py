"""Hostile sessions and models: `python -m tests.campaigns.strangers [--every 1 | --seed 1 --cases
    200] [--model DIR]`.

Each case takes a good session with a saved model, plants one thing of `tests.campaigns.plants`
(`--every`: all of them in turn), or one to three drawn by the seed, and has it listed, reported,
exported, checked, repaired, copied, stopped, shown on a terminal, and (with a directory that an
engine has saved) its model predicted with, exported, trained on as `--acquisition DIR
--successor DIR`, and gone on from in a session that was cut off. Nothing outside of the session may
be read or changed, nothing of the reader's may be in anything that is written or said, nothing
planted may run, no terminal may be steered, no error may be without words (of what is planted
inside a model: without the name of a file there), and no command may take longer than --patience
seconds of the processor or more than a gigabyte of memory. `--model` brings the commands for
models, which are all that is run for what is planted inside one.
"""

import argparse
import contextlib
import gc
import io
import json
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.campaigns.model_plants import PARTS, model_plants
from tests.campaigns.on_terminal import shown
from tests.campaigns.plants import MODEL, OF_MODEL, PLANTS, PRIVATE, STEERING, Place
from tests.store.labelled_sessions import TICKETS, by_people
from tui_al.core.annotation import decisions as de
from tui_al.core.session import events as ev
from tui_al.errors import TuiAlError
from tui_al.store.decisions import Client, DecisionLog
from tui_al.store.file_hashes import hashes_of

#: Bytes that a command may take more than the process it was forked by.
_MEMORY = 1 << 30

#: When the reader's files were last read, before the case: long ago, so that every reading shows in
#: their times of access.
_LONG_AGO = (1_000_000_000, 1_600_000_000)

#: Seconds by the clock for each of the processor's that a command may take: one that waits takes
#: none of these.
_BY_THE_CLOCK = 6

#: Bytes of memory of its own that a child may have at all, for the machine's sake.
_ALL_MEMORY = 6 << 30

#: Exit codes that the docs have for a model that cannot be used: model, session, run, machine.
_TOLD = (4, 5, 6, 7)

_WITHOUT_WORDS = 99

#: What only those commands see that read a model.
_INSIDE_A_MODEL = dict(model_plants())
_ALL = PLANTS | _INSIDE_A_MODEL


@dataclass(frozen=True)
class Failure:
    """A case that went wrong."""

    case: str
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
        session.append(
            ev.RunStarted(7), ev.ModelSaved(7, 1, "successor", "models/seed-7/successor")
        )
        return session.directory


def run(
    seed: int,
    cases: int,
    patience: float,
    model: Path | None = None,
    codes: "Counter[str] | None" = None,
) -> list[Failure]:
    """The failures of so many cases, of things drawn by the seed; `codes` counts commands with
    their exit codes."""
    failures: list[Failure] = []
    for number in range(cases):
        choice = random.Random(f"{seed} {number}")
        known = sorted(PLANTS if model is None else _ALL)
        planted = choice.sample(known, choice.randint(1, 3))
        failures += case(planted, patience, model, codes=codes)
    return failures


def case(
    planted: Sequence[str],
    patience: float,
    model: Path | None = None,
    *,
    terminal: bool = False,
    codes: "Counter[str] | None" = None,
) -> list[Failure]:
    """The failures of a session with these things in it; `terminal`: also as the app shows it."""
    _imported(model is not None)
    with tempfile.TemporaryDirectory(prefix="strangers-") as name:
        folder = Path(name)
        outside, home, out = folder / "outside", folder / "home", folder / "out"
        outside.mkdir()
        out.mkdir()
        place = Place(make(home, model), outside, folder / "ran")
        place.canary.write_text(PRIVATE * 10)
        (outside / "config.json").write_text(json.dumps({PRIVATE: 1}))
        done = []
        for one in planted:
            with contextlib.suppress(OSError, TuiAlError, ValueError):  # in the way of one before
                _ALL[one](place)
                done.append(one)
        if not done:
            return []
        return list(_judged("; ".join(done), place, home, out, patience, model, terminal, codes))


def _judged(
    what: str,
    place: Place,
    home: Path,
    out: Path,
    patience: float,
    model: Path | None,
    terminal: bool,
    codes: "Counter[str] | None",
) -> list[Failure]:
    """Run all commands; what is wrong with how they end, and with what there is afterwards."""
    failures = []
    text = home / "in.txt"
    text.write_text("a text\nthe cat eats\n")
    for path in (*place.outside.iterdir(), place.outside):
        os.utime(path, _LONG_AGO)
    before = _seen(place.outside)
    commands = _commands(out, text, model is not None)
    inside = what in _INSIDE_A_MODEL
    for command in commands[_OF_SESSIONS:] if inside else commands:
        wrong, code, said = _run(command, home, place.session, out / "said", patience)
        if codes is not None:
            codes[f"{command[0]} {code}"] += 1
        if inside:
            print(f"    {command[0]} {code} {_last_line(said)}", flush=True)
            wrong = wrong or _untold(code, said)
        if wrong:
            failures.append(Failure(what, command[0], wrong))
    if terminal:
        for command in (["attach", "received"], ["sessions"], ["report", "received"], []):
            wrong = shown(command, home, out / "painted", patience, STEERING)
            if wrong:
                failures.append(Failure(what, f"{command} on a terminal", wrong))
    after = _seen(place.outside)
    if after != before:
        different = sorted(
            name for name in {*before, *after} if before.get(name) != after.get(name)
        )
        failures.append(
            Failure(what, "", f"outside of the session was read or changed: {different}")
        )
    if place.ran.exists():
        failures.append(Failure(what, "", "something planted was run"))
    there = {path.name for path in home.parent.iterdir()} - {"outside", "home", "out", "ran"}
    if there:
        failures.append(Failure(what, "", f"new beside the home: {sorted(there)}"))
    for path in out.rglob("*"):
        if path.is_symlink() or (path.is_file() and PRIVATE.encode() in path.read_bytes()):
            failures.append(Failure(what, "", f"what is the reader's is in {path.name}"))
    return failures


def _last_line(said: str) -> str:
    """What a command said last, without its advice."""
    lines = [line for line in said.splitlines()[1:] if line.strip()]
    told = [line for line in lines if line.startswith("error:")]
    return repr((told or lines or [""])[-1][:400])


def _untold(code: int, said: str) -> str:
    """What is wrong with how a model was refused: an exit code of another kind, or no file named;
    "" for nothing."""
    if code == 0:
        return ""
    if code not in _TOLD:
        return f"exit code {code}: {said[-300:]}"
    names = {Path(name).name for name in (*OF_MODEL, *PARTS)} - {"anything"}
    names.add("no weights as safetensors")
    return "" if any(name in said for name in names) else f"no file is named: {said[-300:]}"


def _commands(out: Path, text: Path, model: bool) -> Sequence[Sequence[str]]:
    first: list[list[str]] = [
        ["sessions"], ["report", "received"],
        ["export", "received", "--out", f"{out}/labels.jsonl"], ["check", "received"],
        ["check", "received", "--repair", "mended"], ["report", "mended"],
        ["backup", "received", f"{out}/backup"], ["stop", "received"],
        ["COPY", f"{out}/copy"], ["ENGINE"],
    ]  # fmt: skip
    if model:  # these load torch
        first += [
            ["predict", "received", str(text), "--out", f"{out}/predicted.jsonl", "--device",
                "cpu"],
            ["export-model", "received", "--out", f"{out}/model"],
            ["SIMULATE", f"{out}/simulated"], ["RESUME", f"{out}/resumed"],
        ]  # fmt: skip
    return first


#: How many commands there are for any session; the others are for models.
_OF_SESSIONS = 10


@cache
def _imported(model: bool) -> None:
    """What the commands import, so that each child has it."""
    import tui_al.cli.app
    import tui_al.cli.care
    import tui_al.cli.export_labels
    import tui_al.cli.reports
    import tui_al.store.repairing

    if model:
        import tui_al.cli.export_model
        import tui_al.cli.predict
        import tui_al.cli.simulate
        import tui_al.engine.data.stream
        import tui_al.engine.jobs.model_export
        import tui_al.engine.jobs.prediction
        import tui_al.engine.worker.session_setup  # noqa: F401
        from tests.engine.forkable import import_engine

        import_engine()
    gc.collect()
    gc.freeze()  # children copy no page for counting what is alive


def _seen(outside: Path) -> dict[str, tuple[object, ...]]:
    """Names, times of change and of access, and contents, in that order: reading them changes the
    second."""
    found: dict[str, tuple[object, ...]] = {}
    for path in (*sorted(outside.iterdir()), outside):
        status = path.lstat()
        known: tuple[object, ...] = (status.st_mode, status.st_mtime_ns)
        found[path.name] = known if path == outside else (*known, status.st_atime_ns)
    return found


def _run(
    command: Sequence[str], home: Path, session: Path, all_said: Path, patience: float
) -> tuple[str, int, str]:
    """Run a command in a process of its own; what is wrong with how it ended ("": nothing), its
    exit code, and what it said."""
    said = all_said.with_name("said-last")
    said.unlink(missing_ok=True)
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_PROF, patience)
        signal.setitimer(signal.ITIMER_REAL, _BY_THE_CLOCK * patience)
        resource.setrlimit(resource.RLIMIT_DATA, (_ALL_MEMORY, _ALL_MEMORY))
        os._exit(_in_child(command, home, session, said))
    _, status, used = os.wait4(child, 0)
    _put_back()
    text = said.read_text(errors="surrogateescape") if said.exists() else ""
    with all_said.open("a", errors="surrogateescape") as file:
        file.write(text)
    code = os.waitstatus_to_exitcode(status)
    size = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    taken = used.ru_maxrss * 1024 - size
    if code in (-signal.SIGALRM, -signal.SIGPROF):
        return f"takes longer than {patience:g} s", code, text
    if code < 0 or code == _WITHOUT_WORDS:
        return f"died ({code}): {text[-900:]}", code, text
    if taken > _MEMORY:
        return f"took {taken >> 20:,} MiB", code, text
    return "", code, text


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
            elif command[0] == "SIMULATE":
                _command_line(_simulation(session / MODEL), Path(command[1]))
            elif command[0] == "RESUME":
                _resume(session / MODEL, Path(command[1]))
            else:
                _command_line(command, home)
    except TuiAlError as error:
        stream.write(str(error))
        code = error.exit_code
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else int(left.code is not None)
    except BaseException as error:
        import traceback

        stream.write(
            f"{''.join(traceback.format_exception(error)[-3:])}\n{type(error).__name__}: {error}"
        )
        code = _WITHOUT_WORDS
    if "Traceback (most recent" in stream.getvalue():
        code = _WITHOUT_WORDS
    with said.open("a", errors="surrogateescape") as file:
        file.write(f"$ {' '.join(command)}\n{stream.getvalue()}\n")
    return code


def _copy_model(session: Path, target: Path) -> None:
    """What `predict` and `export-model` do first: find the model and copy it."""
    from tui_al.cli.export_model import kept_model
    from tui_al.store.kept_models import copy_snapshot
    from tui_al.store.session import Session

    with (
        Session(session) as opened,
        copy_snapshot(session, lambda: kept_model(opened, "successor", None)) as (_, files),
    ):
        shutil.copytree(files, target, symlinks=True)


def _command_line(arguments: Sequence[str], home: Path) -> None:
    """`tui-al` with these arguments."""
    from tui_al.cli import main

    os.environ["TUI_AL_HOME"] = str(home)
    sys.argv = ["tui-al", *arguments]
    main()


def _simulation(model: Path, rounds: int = 1) -> list[str]:
    """Trains on a model as both roles, and keeps what it has trained."""
    return [
        "simulate", "tickets", "--train-limit", "40", "--test-limit", "10",
        "--acquisition", str(model), "--successor", str(model), "--epochs", "1",
        "--max-length", "16", "--seed-size", "8", "--batch", "4", "--iterations", str(rounds),
        "--seed", "7", "--session", "made", "--device", "cpu", "--quiet",
    ]  # fmt: skip


#: Where the model lies that a session was begun with which was cut off, and its home.
_CUT_OFF: dict[str, Path] = {}


def cut_off(model: Path, place: Path) -> None:
    """Make what `RESUME` goes on with: a session on a good model, killed after its first round."""
    _imported(True)
    _CUT_OFF.update(model=place / "model", home=place / "home")
    shutil.copytree(model, place / "model")
    child = os.fork()
    if child == 0:
        from tui_al.store.session import Session

        append = Session.append

        def dies(self: Session, *events: ev.Event) -> Any:
            done = append(self, *events)
            if any(isinstance(event, ev.RoundResult) for event in events):
                os._exit(0)
            return done

        Session.append = dies  # type: ignore[method-assign]
        with contextlib.suppress(BaseException):
            _command_line(_simulation(place / "model", 2), place / "home")
        os._exit(1)
    _, status = os.waitpid(child, 0)
    if status:
        raise RuntimeError(f"{model} cannot be simulated with: {status}")


def _resume(model: Path, home: Path) -> None:
    """Go on with a session whose model has become this one."""
    good = _CUT_OFF["model"]
    shutil.copytree(_CUT_OFF["home"], home)
    good.rename(good.with_name("good"))
    model.rename(good)
    _command_line(_simulation(good, 2), home)


def _put_back() -> None:
    """The good model where the session that was cut off has it, whatever became of `_resume`."""
    if "model" in _CUT_OFF and (kept := _CUT_OFF["model"].with_name("good")).exists():
        shutil.rmtree(_CUT_OFF["model"], ignore_errors=True)
        kept.rename(_CUT_OFF["model"])


def _as_engine(session: Path) -> None:
    """What an engine does first: its lock, its log, and a model that it saves."""
    from tui_al.host.process import LOG_FILE, engine_end
    from tui_al.store.engine_lock import take_engine_lock
    from tui_al.store.environment import explained
    from tui_al.store.sharing import open_file
    from tui_al.store.strangers import check_tree

    try:
        check_tree(session)
        engine_end(session)
        lock = take_engine_lock(session)
        with os.fdopen(open_file(session / LOG_FILE, os.O_WRONLY | os.O_APPEND), "ab") as log:
            log.write(b"at work\n")
        place = session / "models" / "seed-7" / "successor"
        place.mkdir(parents=True, exist_ok=True)
        (place / "new").write_text("of the engine")
        hashes_of(place)
        os.close(lock)
    except OSError as error:  # as the engine tells it
        raise explained(error, session) or error from error


def _cases(given: Any, model: Path | None, codes: Counter[str]) -> tuple[int, list[Failure]]:
    """Run what the options say; how many cases, and their failures."""
    if not given.every:
        return given.cases, run(given.seed, given.cases, given.patience, model, codes)
    plants = PLANTS if model is None else _INSIDE_A_MODEL if given.inside else _ALL
    names = [name for name in plants if given.named in name][given.first : given.last : given.every]
    failures: list[Failure] = []
    for number, name in enumerate(names):
        began = time.monotonic()
        on = bool(given.terminal) and number % given.terminal == 0
        found = case([name], given.patience, model, terminal=on, codes=codes)
        print(f"{name!r} {time.monotonic() - began:.1f} s {found or ''}", flush=True)
        failures += found
    return len(names), failures


@contextlib.contextmanager
def _kept(model: Path | None) -> Iterator[Path | None]:
    """The directory that an engine has saved, with a session on it that was cut off."""
    with tempfile.TemporaryDirectory(prefix="strangers-cut-off-") as folder:
        if model is not None:
            cut_off(model, Path(folder))
        yield model


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the campaign and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--every", type=int, default=0, help="each thing by itself; 3: every third")
    parser.add_argument("--first", type=int, default=0, help="the number of the first one")
    parser.add_argument("--last", type=int, help="the number after that of the last one")
    parser.add_argument("--inside", action="store_true", help="only things inside a model's files")
    parser.add_argument("--named", default="", help="only things with this in their name")
    parser.add_argument("--terminal", type=int, default=0, help="3: show every third on a terminal")
    parser.add_argument("--patience", type=float, default=10.0)
    parser.add_argument("--model", type=Path, help="a directory that an engine has saved")
    given: Any = parser.parse_args(arguments)
    codes = Counter[str]()
    with _kept(given.model) as model:
        count, failures = _cases(given, model, codes)
    for failure in failures:
        print(failure)
    print(
        f"{count} cases, {sum(codes.values())} commands ({dict(codes)}), {len(failures)} failures"
    )
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
