"""The commands, end to end, on an encoder that trains in a second."""

import contextlib
import csv
import io
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from huggingface_hub import constants

from tests.engine import tiny
from tests.helpers.command_line import Command, Said, run_command
from tui_al import __version__
from tui_al.cli.simulate import _log_to
from tui_al.core.query.strategies import STRATEGIES
from tui_al.core.session import events as ev
from tui_al.core.settings.dataset_catalog import NAMED_SETS
from tui_al.core.settings.experiment import DataConfig
from tui_al.core.settings.model_catalog import MODELS
from tui_al.core.settings.tunings import TUNING_SUMMARIES
from tui_al.engine.data import load
from tui_al.engine.hub import client as hub_access
from tui_al.engine.models.learner import TransformerLearner
from tui_al.engine.worker import runner
from tui_al.errors import EngineError
from tui_al.store.engine_lock import take_engine_lock
from tui_al.store.session import Session

#: Three rounds of ten texts, in a second or two.
QUICK = (
    "--train-limit", "90", "--test-limit", "40", "--seed-size", "10", "--batch", "10", "--rounds",
    "2",
    "--epochs", "1", "--max-length", "24", "--device", "cpu",
)  # fmt: skip


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> str:
    tickets = load(DataConfig("tickets", train_limit=90, test_limit=40))
    texts = [e.text for e in (*tickets.train, *tickets.test)]
    return str(tiny.save_encoder("bert", tmp_path_factory.mktemp("cli") / "small", texts, width=32))


@pytest.fixture
def command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Command]:
    """Runs `tui-al` with these arguments in this process; sessions are in `tmp_path / "home"`."""
    monkeypatch.setenv("TUI_AL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(runner, "computing_threads", lambda: 1)
    threads, handlers = torch.get_num_threads(), logging.root.handlers[:]
    yield partial(run_command, capfd)
    torch.set_num_threads(threads)
    for handler in logging.root.handlers[:]:
        if handler not in handlers:
            logging.root.removeHandler(handler)
            handler.close()


@pytest.fixture
def simulate(command: Command, encoder: str) -> Command:
    """`tui-al simulate tickets` with the small encoder in both places."""

    def run(*arguments: str, data: str = "tickets") -> Said:
        models = ("--acquisition", encoder, "--successor", encoder)
        return command("simulate", data, *models, *QUICK, *arguments)

    return run


def finished(said: Said) -> dict[str, Any]:
    plain = json.loads(said.lines[-1])
    assert isinstance(plain, dict)
    return plain


@pytest.mark.slow
def test_plain_lines_then_the_curve_and_a_table(simulate: Command) -> None:
    said = simulate("--seed", "7", "--session", "first")
    assert said.code == 0, said.err
    assert "\x1b" not in said.out
    assert said.lines[0] == "session first"
    rounds = [line for line in said.lines if line.startswith("seed 7  round") and "labels" in line]
    assert [line.split("  ")[1:3] for line in rounds] == [
        ["round 0/2", "10 labels"],
        ["round 1/2", "20 labels"],
        ["round 2/2", "30 labels"],
    ]
    assert all("accuracy 0." in line and "macro-F1 0." in line for line in rounds)
    assert "note: " in said.out  # what was guessed about the data
    table = said.out[said.out.index(rounds[-1]) :]
    assert all(f"{labels}" in table for labels in (10, 20, 30))
    assert "Traceback" not in said.err


@pytest.mark.slow
def test_json_is_all_there_is_on_stdout(simulate: Command, tmp_path: Path) -> None:
    said = simulate("--seed", "7", "--seed", "8", "--session", "first", "--json")
    assert said.code == 0, said.err
    events = [json.loads(line) for line in said.lines]
    kinds = [event["kind"] for event in events]
    assert kinds[0] == "engine_started"
    assert kinds[-3:] == ["session_finished", "engine_finished", "finished"]
    assert kinds.count("point") == kinds.count("queried") == 6
    assert all(event["seq"] for event in events[:-1])
    last = finished(said)
    assert (last["kind"], last["session"]) == ("finished", "first")
    assert [run["seed"] for run in last["runs"]] == [7, 8]
    with Session.open(tmp_path / "home", "first") as session:
        state = session.state()
    for run in last["runs"]:
        points = state.runs[run["seed"]].points
        assert [p["labels"] for p in run["points"]] == [10, 20, 30]
        assert [p["accuracy"] for p in run["points"]] == [p.metrics["accuracy"] for p in points]
        assert all("macro_f1" in p for p in run["points"])


def test_quiet_says_the_table_only(simulate: Command) -> None:
    said = simulate("--seed", "7", "--quiet")
    assert said.code == 0
    assert "round 0/2" not in said.out
    assert "30" in said.out


def test_quiet_still_says_what_changes_the_meaning(simulate: Command, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = [f"text number {i},{'abc'[i % 3]}" for i in range(60)]
    path.write_text("\n".join(["text,desk", *rows]), encoding="utf-8")
    said = simulate("--seed", "7", "--quiet", data=str(path))
    assert said.code == 0, said.err
    assert "warning: label column: desk (guessed by its values; --label-column" in said.err
    assert "warning" not in said.out


def test_running_a_finished_session_again_trains_nothing(
    simulate: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = simulate("--seed", "7", "--json")

    def never(*_: object, **__: object) -> None:
        raise AssertionError("it trained")

    monkeypatch.setattr(TransformerLearner, "fit", never)
    again = simulate("--seed", "7", "--json")
    assert again.code == 0
    assert len(again.lines) == 1
    assert finished(again) == finished(first)


@pytest.mark.slow
def test_the_last_successor_is_kept_or_not(simulate: Command, tmp_path: Path) -> None:
    simulate("--seed", "7", "--session", "kept", "--quiet")
    simulate("--seed", "7", "--session", "lean", "--quiet", "--no-save-models")
    sessions = tmp_path / "home" / "sessions"
    assert (sessions / "kept/models/seed-7/successor/model.safetensors").is_file()
    assert not (sessions / "lean" / "models").exists()


@pytest.mark.slow
def test_tagging(simulate: Command) -> None:
    said = simulate("--seed", "7", "--strategy", "mnlp", "--json", data="events")
    assert said.code == 0, said.err
    assert all("entity_f1" in point for point in finished(said)["runs"][0]["points"])


@pytest.mark.slow
def test_a_failed_run_exits_with_1_and_keeps_its_points(
    simulate: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit, calls = TransformerLearner.fit, 0

    def failing(self: TransformerLearner, *rest: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 3:  # the successor of round 1
            raise EngineError("The loss is nan.", "Lower the learning rate.")
        return fit(self, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(TransformerLearner, "fit", failing)
        said = simulate("--seed", "7", "--seed", "8", "--json", "--session", "first")
    assert said.code == 1
    assert "seed 7 failed: The loss is nan. Lower the learning rate." in said.err
    assert "Traceback" not in said.err
    runs = finished(said)["runs"]
    assert [(run["status"], len(run["points"])) for run in runs] == [("failed", 1), ("finished", 3)]
    again = simulate("--seed", "7", "--seed", "8", "--json", "--session", "first")
    assert again.code == 0
    assert [len(run["points"]) for run in finished(again)["runs"]] == [3, 3]
    assert finished(again)["runs"][1] == runs[1]
    trained = [json.loads(line) for line in again.lines]
    assert all(event.get("seed", 7) == 7 for event in trained)


def test_a_log_that_takes_nothing_puts_nothing_on_the_display(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = logging.getLogger()
    before, settings = root.handlers[:], (root.level, logging.raiseExceptions)
    try:
        _log_to(tmp_path / "engine.log")
        (handler,) = (h for h in root.handlers if isinstance(h, logging.FileHandler))
        written = handler.setStream(Path("/dev/full").open("w", encoding="utf-8"))  # noqa: SIM115  # the disk is full from now on
        assert written is not None
        written.close()
        logging.getLogger("tui_al").error("of a run that failed")
        assert capsys.readouterr() == ("", "")
    finally:
        for one in root.handlers[:]:
            root.removeHandler(one)
            with contextlib.suppress(OSError):
                one.close()
        logging.captureWarnings(False)
        root.handlers[:] = before
        root.setLevel(settings[0])
        logging.raiseExceptions = settings[1]


def test_a_run_that_breaks_is_logged_with_its_traceback(
    simulate: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("odd")

    monkeypatch.setattr(TransformerLearner, "fit", broken)
    said = simulate("--seed", "7", "--session", "first")
    assert said.code == 1
    assert "failed: ZeroDivisionError: odd" in said.out
    assert "Traceback" not in said.out + said.err
    log = (tmp_path / "home/sessions/first/engine.log").read_text()
    assert "Traceback" in log
    assert "ZeroDivisionError: odd" in log


@pytest.mark.slow
def test_ctrl_c_stops_and_the_same_command_goes_on(simulate: Command, tmp_path: Path) -> None:
    long = ("--seed", "7", "--session", "first", "--json", "--iterations", "6", "--epochs", "6")

    def interrupt() -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                with Session.open(tmp_path / "home", "first") as session:
                    if session.state().runs[7].points:
                        break
            except Exception:
                pass
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    thread = threading.Thread(target=interrupt)
    thread.start()
    said = simulate(*long)
    thread.join()
    assert signal.getsignal(signal.SIGINT) is before
    assert said.code == 130
    assert "Run the same command to continue it" in said.err
    done = len(finished(said)["runs"][0]["points"])
    assert 1 <= done < 7
    again = simulate(*long)
    assert again.code == 0
    points = finished(again)["runs"][0]["points"]
    assert [p["round"] for p in points] == list(range(7))
    told = [json.loads(line) for line in again.lines]
    assert told[0]["resumed"]
    assert sum(event["kind"] == "point" for event in told) == 7 - done


MISTAKES: list[tuple[tuple[str, ...], int, str, str]] = [
    (("simulate", "ticketz"), 3, "ticketz", "tickets"),
    (("simulate", "/no/such/file.csv"), 3, "/no/such/file.csv", ""),
    (("simulate", "tickets", "--strategy", "luck"), 2, "--strategy 'luck' is unknown", "lc"),
    (("simulate", "tickets", "--strategy", "mnlp"), 2, "mnlp", "entropy"),
    (("simulate", "tickets", "--batch", "1.5"), 2, "--batch '1.5'", "%"),
    (("simulate", "tickets", "--seed-size", "many"), 2, "--seed-size 'many'", "1%"),
    (("simulate", "tickets", "--trunk-layers", "most"), 2, "--freeze-layers 'most'", "or auto"),
    (("simulate", "tickets", "--seed-size", "5000"), 2, "seed size: 5000", "fewer"),
    (("simulate", "tickets", "--text-column", "body"), 3, "body", "text"),
    (("simulate", "tickets", "--device", "gpu"), 2, "--device 'gpu' is unknown", "cpu"),
    (("simulate", "tickets", "--device", "cuda:99"), 2, "cuda:99 is not there", "doctor"),
    (("simulate", "tickets", "--seeds", "9"), 2, "--seeds 9 is out of range", "--seed 7"),
    (("simulate", "tickets", "--seed", "-1"), 2, "seed: -1 is out of range", "0 to 2^63"),
    (("simulate", "tickets", "--seed", "7", "--seed", "7"), 2, "given twice", ""),
    (("simulate", "tickets", "--successor-tuning", "most"), 2, "'most' is unknown", "adapter"),
    (("simulate", "tickets", "--preset", "best"), 2, "--preset 'best' is unknown", "paper"),
    (("simulate", "tickets", "--start", "hot"), 2, "--start 'hot' is unknown", "cold"),
    (("simulate", "tickets", "--lr", "7"), 2, "--lr 7 is out of range", "at most 1"),
    (("simulate", "tickets", "--iterations", "-2"), 2, "--rounds -2 is out of range", "0 or more"),
    (("simulate", "tickets", "--acquisition", "nosuch"), 4, "model: 'nosuch' is unknown", "minilm"),
    (("simulate", "tickets", "--budget-unit", "tokens"), 2, "budget unit", "examples"),
    (("simulate", "tickets", "--session", "a/b"), 2, "'a/b' is not a usable name", "letters"),
    (("simulate",), 2, "DATA", ""),
    (("simulate", "tickets", "--colour"), 2, "--colour", ""),
    (("simulat",), 2, "simulat", ""),
    (("report", "nothing"), 5, "no session 'nothing'", "tui-al simulate"),
    (("report", "nothing", "--format", "pdf"), 2, "--format 'pdf' is unknown", "md, csv, json"),
    (("attach",), 5, "No session or sweep is at work", "tui-al sessions"),
    (("stop", "nothing"), 5, "no session 'nothing'", ""),
    ((), 2, "needs a terminal", "tui-al simulate"),
]


@pytest.mark.parametrize(("arguments", "code", "words", "hint"), MISTAKES)
def test_a_mistake_is_answered_with_what_to_do(
    command: Command,
    tmp_path: Path,
    arguments: tuple[str, ...],
    code: int,
    words: str,
    hint: str,
) -> None:
    said = command(*arguments)
    assert said.code == code, said.err
    assert words in said.err
    assert hint in said.err
    assert "Traceback" not in said.err
    assert said.out == ""
    assert not list((tmp_path / "home").glob("sessions/*"))


@pytest.mark.slow
def test_a_session_of_another_experiment_is_not_touched(simulate: Command, tmp_path: Path) -> None:
    assert simulate("--seed", "7", "--session", "first", "--quiet").code == 0
    said = simulate("--seed", "7", "--session", "first", "--batch", "11")
    assert said.code == 5
    assert "loop.batch: 11 here, 10 there" in said.err
    assert "--session" in said.err
    with Session.open(tmp_path / "home", "first") as session:
        assert session.state().finished


@pytest.mark.slow
def test_one_engine_at_a_time(simulate: Command, tmp_path: Path) -> None:
    simulate("--seed", "7", "--session", "first", "--quiet")
    directory = tmp_path / "home" / "sessions" / "first"
    lock = take_engine_lock(directory)
    try:
        said = simulate("--seed", "7", "--session", "first", "--quiet")
        stopped = None
    finally:
        os.close(lock)
    assert said.code == 5
    assert "An engine is at work on session first" in said.err
    stopped = simulate  # nothing is at work any more
    assert stopped("--seed", "7", "--session", "first", "--quiet").code == 0


@pytest.mark.parametrize(
    "arguments", [("tickets", "--acquisition", "electra-base"), ("someone/somedata",)]
)
def test_a_hub_out_of_reach_is_told_within_five_seconds(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.setattr(hub_access, "ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    began = time.monotonic()
    said = command("simulate", *arguments)
    assert time.monotonic() - began < 5
    assert said.code == 4
    assert "minilm" in said.err
    assert "tickets" in said.err
    assert "Traceback" not in said.err


@pytest.fixture
def two_sessions(simulate: Command) -> Command:
    for strategy in ("lc", "random"):
        said = simulate("--seed", "7", "--strategy", strategy, "--session", strategy, "--quiet")
        assert said.code == 0
    return simulate


def test_reports(two_sessions: Command, command: Command, tmp_path: Path) -> None:
    markdown = command("report", "lc", "random")
    assert markdown.code == 0
    assert "lc" in markdown.out
    assert "random" in markdown.out
    assert "|" in markdown.out

    table = list(
        csv.DictReader(io.StringIO(command("report", "lc", "random", "--format", "csv").out))
    )
    assert [(row["session"], row["round"], row["labels"]) for row in table] == [
        (name, str(r), str(10 + 10 * r)) for name in ("lc", "random") for r in range(3)
    ]
    plain = json.loads(command("report", "lc", "--format", "json").out)
    assert [len(point["queried"]) for point in plain[0]["runs"][0]["points"]] == [10, 10, 10]
    assert [float(row["accuracy"]) for row in table[:3]] == [
        point["accuracy"] for point in plain[0]["runs"][0]["points"]
    ]

    said = command("report", "lc", "--format", "csv", "--out", str(tmp_path / "t.csv"))
    assert (said.code, said.out) == (0, "")
    assert (tmp_path / "t.csv").read_text() == command("report", "lc", "--format", "csv").out
    by_path = command("report", str(tmp_path / "home" / "sessions" / "lc"), "--format", "csv")
    assert by_path.out == (tmp_path / "t.csv").read_text()
    said = command("report", "lc", "--out", str(tmp_path / "no" / "t.md"))
    assert said.code == 2
    assert "cannot be written" in said.err


@pytest.mark.slow
def test_a_figure(two_sessions: Command, command: Command, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    said = command("report", "lc", "random", "--out", str(tmp_path / "curves.png"))
    assert said.code == 0, said.err
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_sessions_are_listed(two_sessions: Command, command: Command, tmp_path: Path) -> None:
    (tmp_path / "home/sessions/odd").mkdir()
    (tmp_path / "home/sessions/odd/session.db").write_bytes(b"no database" * 100)
    said = command("sessions")
    assert said.code == 0
    rows = {line.split()[0]: line for line in said.lines}
    assert "finished" in rows["lc"]
    assert "2 rounds" in rows["random"]
    assert "damaged" in rows["odd"]


def test_no_session_yet(command: Command) -> None:
    said = command("sessions")
    assert said.code == 0
    assert "tui-al simulate tickets" in said.out


def test_lists(command: Command) -> None:
    models = command("models").out
    assert all(name in models for name in (*MODELS, *TUNING_SUMMARIES))
    assert all(name in command("datasets").out for name in NAMED_SETS)
    assert all(name in command("strategies").out for name in STRATEGIES)
    assert command("--version").out == f"tui-al {__version__}\n"


def test_datasets_tells_what_a_folder_holds(command: Command, tmp_path: Path) -> None:
    folder = next(iter(NAMED_SETS["banking77"].folders))
    (tmp_path / folder).mkdir()
    said = command("datasets", "--data-dir", str(tmp_path))
    assert str(tmp_path / folder) in said.out


def test_the_doctor(command: Command) -> None:
    said = command("doctor")
    assert said.code == 0
    assert all(topic in said.out for topic in ("Python", "Memory", "Disk", "Bundled encoder"))


def test_stop_needs_an_engine(two_sessions: Command, command: Command) -> None:
    said = command("stop", "lc")
    assert said.code == 5
    assert "No engine is at work on session lc" in said.err


@pytest.mark.slow
def test_the_command_as_a_process(encoder: str, tmp_path: Path) -> None:
    """Nothing that a library prints gets between the JSON, and a reader that leaves early is no
    error."""
    arguments = [
        "simulate",
        "tickets",
        "--acquisition",
        encoder,
        "--successor",
        encoder,
        *QUICK,
        "--seed",
        "7",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "tui_al", *arguments, "--home", str(tmp_path), "--json"],
        capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120, check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    kinds = [json.loads(line)["kind"] for line in done.stdout.splitlines()]
    assert kinds[-1] == "finished"
    assert kinds.count(ev.RoundResult.kind) == 3
    assert "Warning" not in done.stderr
