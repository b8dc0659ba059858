"""`tui-al sweep` as people run it: interrupted, killed with everything it started, continued; and
mistakes told in time."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.engine import tiny
from tests.engine.test_resume import outcome
from tests.helpers.command_line import run_command
from tests.helpers.processes import Forks
from tui_al.core.session import events as ev
from tui_al.core.settings.bundled_sweeps import shipped_sweeps
from tui_al.core.settings.experiment import DataConfig
from tui_al.core.settings.sweep import read_sweep
from tui_al.engine.data import load
from tui_al.engine.worker import runner
from tui_al.engine.worker.runner import run_session
from tui_al.engine.worker.session_io import StopSignal
from tui_al.engine.worker.session_setup import open_or_create
from tui_al.store.engine_lock import is_live
from tui_al.store.session import Session
from tui_al.store.sweeps import read_record

SWEEP = """
title = "Two strategies"
seeds = [7, 8]
device = "cpu"
[data]
source = "tickets"
train_limit = 90
test_limit = 40
[learner]
model = "{encoder}"
epochs = 2
learning_rate = 2e-3
max_length = 24
[loop]
seed_size = "10"
batch = "10"
rounds = 2
[grid]
loop.strategy = ["random", "lc"]
"""


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    texts = [e.text for e in load(DataConfig("tickets", train_limit=90, test_limit=40)).train]
    return tiny.save_encoder("bert", tmp_path_factory.mktemp("sweep") / "small", texts, width=32)


@pytest.fixture
def file(encoder: Path, tmp_path: Path) -> Path:
    path = tmp_path / "two.toml"
    path.write_text(SWEEP.format(encoder=encoder))
    return path


def undisturbed(
    file: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, list[tuple[object, ...]]]:
    """Every arm by itself, in this process, sharing nothing; in one thread, as the forked engines
    of the sweep."""
    sweep = read_sweep(file.read_text(), "two")
    monkeypatch.setattr(runner, "computing_threads", lambda: 1)
    expected = {}
    for arm in sweep.arms:
        with open_or_create(home, arm.config, {}, arm.session) as session:
            run_session(session, lambda _: None, StopSignal())
        expected[arm.session] = by_seed(session.directory)
    return expected


def by_seed(directory: Path) -> list[tuple[object, ...]]:
    def seed(one: tuple[object, ...]) -> int:
        assert isinstance(one[1], int)
        return one[1]

    return sorted(outcome(directory), key=seed)


def happened(home: Path) -> int:
    """Events of all arms so far, without progress."""
    total = 0
    for log in (home / "sweeps").glob("*/sessions/[!.]*/session.db"):
        with Session(log.parent) as session:
            total += sum(not isinstance(r.event, ev.Progress) for r in session.events())
    return total


def start(file: Path, home: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "tui_al", "sweep", str(file), "--home", str(home), "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""},
    )  # fmt: skip


def until_happened(process: "subprocess.Popen[str]", home: Path, more: int) -> None:
    wanted = happened(home) + more
    deadline = time.monotonic() + 300
    while happened(home) < wanted and process.poll() is None:
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.02)


@pytest.mark.slow
def test_interrupted_and_killed_three_times_it_ends_as_if_nothing_had_happened(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forked: Forks
) -> None:
    home = tmp_path / "home"
    expected = undisturbed(file, tmp_path / "whole", monkeypatch)
    rng = np.random.default_rng(31)
    process = start(file, home)
    until_happened(process, home, 8)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=200)
    assert process.returncode == 130, err
    assert "Run the same command to go on" in err
    assert not any(is_live(log.parent) for log in home.rglob("session.db"))
    assert json.loads(out.splitlines()[-1])["kind"] == "finished"

    for _ in range(3):
        process = start(file, home)
        until_happened(process, home, int(rng.integers(6, 15)))
        assert process.poll() is None, "it was done before it was killed"
        forked.kill_all(tmp_path)  # the command, engines and what watches over them
        process.communicate(timeout=200)

    # a third seed is added meanwhile: the others' cells stay as they are
    file.write_text(file.read_text().replace("seeds = [7, 8]", "seeds = [7, 8, 9]"))
    process = start(file, home)
    out, err = process.communicate(timeout=500)
    assert process.returncode == 0, err
    last = json.loads(out.splitlines()[-1])
    assert [cell["status"] for cell in last["cells"]] == ["finished"] * 6
    directory = home / "sweeps" / "two"
    assert [arm.session for arm in read_record(directory).arms] == list(expected)
    for session, whole in expected.items():
        told = by_seed(directory / "sessions" / session)
        assert [one for one in told if one[1] != 9] == whole
        assert len([one for one in told if one[1] == 9]) == len(whole) / 2
    assert_the_first_points_were_computed_once(directory, list(expected))

    before = happened(home)
    process = start(file, home)
    out, err = process.communicate(timeout=200)
    assert (process.returncode, happened(home)) == (0, before), err  # nothing is computed again


def assert_the_first_points_were_computed_once(directory: Path, sessions: list[str]) -> None:
    """Of every seed one session computed round 0's point, the other took it over."""
    computed: list[int] = []
    for session in sessions:
        with Session(directory / "sessions" / session) as opened:
            for seed, run in opened.state().runs.items():
                if not run.points[0].shared_from:
                    computed.append(seed)
    assert sorted(computed) == [7, 8, 9]


def said(*arguments: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    return run_command(capsys, "sweep", *arguments)


@pytest.mark.slow
@pytest.mark.usefixtures("forked")
@pytest.mark.parametrize(
    ("given", "code", "told"),
    [
        ('data.source = "tickts"', 3, "bad, random: There is no data set 'tickts'."),
        ('data.source = "HERE/p12.tx"', 3, "Did you mean HERE/p12.txt? "),
        (
            'data.source = "tickets"\nsuccessor.model = "minilmm"',
            4,
            "Did you mean minilm or minilm-3? ",
        ),
        ('data.source = "tickets"\ndevice = "cuda:7"', 2, "device: cuda:7 is not there"),
    ],
)
def test_a_name_with_a_typing_error_is_told_before_any_arm_begins(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], given: str, code: int, told: str
) -> None:
    (tmp_path / "p12.txt").write_text("a text\n")
    file, here = tmp_path / "bad.toml", str(tmp_path)
    grid = '\n[grid]\nloop.strategy = ["random", "lc"]'
    file.write_text(f"seeds = [7]\n{given}{grid}".replace("HERE", here))
    found, _, err = said(str(file), "--home", str(tmp_path / "home"), capsys=capsys)
    assert found == code
    assert told.replace("HERE", here) in " ".join(err.split())
    assert not (tmp_path / "home").exists()


def test_mistakes_are_told_before_anything_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bad.toml"
    file.write_text('data.source = "tickets"\n[learner]\nepochs = "six"')
    home = tmp_path / "home"
    code, _, err = said(str(file), "--home", str(home), capsys=capsys)
    assert (code, home.exists()) == (2, False)
    assert "epochs = 'six' is not a whole number" in err
    code, _, err = said("nothing-like-it", capsys=capsys)
    assert code == 2
    assert "there is no file 'nothing-like-it'" in err


@pytest.mark.slow
@pytest.mark.usefixtures("forked")
def test_a_dry_run_shows_the_cells_and_the_time_and_writes_nothing(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    code, out, _ = said(str(file), "--dry-run", "--home", str(home), capsys=capsys)
    assert code == 0
    assert "4 cells in 2 sessions" in out
    assert "good to a factor of two" in out
    assert not home.exists()


@pytest.mark.parametrize("name", shipped_sweeps())
def test_the_sweeps_that_come_along_can_be_read(name: str) -> None:
    from tui_al.core.settings.bundled_sweeps import sweep_text

    sweep = read_sweep(sweep_text(name)[1], name)
    assert len(sweep.arms) > 1
