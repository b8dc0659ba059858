"""What an experiment does when nobody reads what it prints, or when it cannot be printed; and
foreign text on a terminal."""

import errno
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.console import Console

from tests.cli.test_commands import QUICK, encoder  # noqa: F401 - a fixture
from tests.helpers.processes import Forks
from tests.ui.terminals import ROOT
from tui_al import cli
from tui_al.cli.output_guard import OutputGuard
from tui_al.cli.predict import PredictOptions, _output
from tui_al.core.session import events as ev
from tui_al.store.session import Session


@dataclass
class Stop:
    """As signal handlers set it."""

    requested: bool = False


@pytest.mark.slow
def test_a_reader_that_leaves_stops_the_experiment_in_good_order(
    tmp_path: Path,
    encoder: str,  # noqa: F811
    forked: Forks,
) -> None:
    """`tui-al simulate --json ... | head -1`."""
    models = ("--acquisition", encoder, "--successor", encoder, "--seed", "7", "--session", "cut")
    surroundings = {
        **os.environ,
        "TUI_AL_HOME": str(tmp_path),
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": "1",
    }
    process = subprocess.Popen(
        [forked.stub, "-m", "tui_al", "simulate", "tickets", *QUICK, *models, "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=surroundings, cwd=tmp_path,
    )  # fmt: skip
    assert process.stdout is not None and process.stderr is not None
    assert process.stdout.readline()
    process.stdout.close()
    said = process.stderr.read()
    process.stderr.close()
    assert process.wait(120) == 130
    assert "Nobody reads the output any more: stopping at the next step." in said
    assert "Traceback" not in said and "error" not in said.replace("error: Session cut was", "")
    with Session(tmp_path / "sessions" / "cut") as session:
        events = [record.event for record in session.events()]
        assert session.state().status == "stopped"
    assert ev.EngineFinished("stopped") in events
    assert not any(isinstance(event, ev.RunFailed) for event in events)


@pytest.mark.parametrize(
    ("number", "stops", "said"),
    [
        (errno.EPIPE, True, "Nobody reads the output any more"),
        (errno.ENOSPC, False, "No space left on device"),
        (errno.EIO, False, "Input/output error"),
    ],
)
def test_output_that_fails_is_told_once_and_the_experiment_lives(
    number: int, stops: bool, said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    stop, calls = Stop(), []
    guard = OutputGuard(stop, Console(stderr=True, soft_wrap=True))
    number_of_stdout = sys.stdout.fileno()
    before = os.dup(number_of_stdout)

    def fails() -> None:
        calls.append(number)
        raise OSError(number, os.strerror(number))

    try:
        guard(fails)
        guard(fails)
    finally:
        os.dup2(before, number_of_stdout)
        os.close(before)
    assert (calls, stop.requested) == ([number], stops)
    assert capfd.readouterr().err.count(said) == 1


RECORD = 'a,"b\x1b[31m\x07\x9b2Jc\u202ed"\r\n'


def test_foreign_text_cannot_steer_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = os.openpty()
    with os.fdopen(theirs, "w", encoding="utf-8") as terminal:
        monkeypatch.setattr(sys, "stdout", terminal)
        with _output(PredictOptions()) as stream:
            stream.write(RECORD)
        shown = os.read(ours, 1000).decode()
    os.close(ours)
    assert shown.rstrip("\r\n") == 'a,"b␛[31m␇\ufffd2Jc\ufffdd"'


def test_a_pipe_gets_it_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = os.pipe()
    with os.fdopen(theirs, "w", encoding="utf-8", newline="") as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)
        with _output(PredictOptions()) as stream:
            stream.write(RECORD)
        assert os.read(ours, 1000).decode() == RECORD
    os.close(ours)


def test_an_interrupt_before_a_command_has_begun_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted(_arguments: list[str]) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_run", interrupted)
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert left.value.code == 130
