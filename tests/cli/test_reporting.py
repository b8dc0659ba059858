"""`tui-al report` on sweeps: the page, the directory of everything, and what is said of what is
missing."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.helpers.command_line import run_command
from tests.host.test_sweeping import DATA, SWEEP, SchedulerDouble, worked
from tui_al.core.session import events as ev
from tui_al.core.settings.sweep import Sweep, read_sweep
from tui_al.report.study import Study
from tui_al.store.session import Session
from tui_al.store.sweeps import record_of, write_record


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Holds the sweep "s": four strategies, of which one has a failed seed."""
    sweep = read_sweep(SWEEP, "s")
    directory = tmp_path / "sweeps" / "s"
    worked(directory, SchedulerDouble(fails="bt"), sweep)
    write_record(directory, record_of(sweep, 2, 1))
    return tmp_path


def said(home: Path, *arguments: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    return run_command(capsys, "report", *arguments, "--home", home)


def test_a_sweep_is_one_page(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(home, "s", capsys=capsys)
    assert code == 0
    assert out.startswith("# s\n")
    assert "**Against random sampling**" in out
    assert "**Not complete**: bt (seed 8 failed after 0 points Loss is not finite.)" in out
    code, out, _ = said(home, str(home / "sweeps/s"), "--format", "csv", capsys=capsys)
    rows = list(csv.DictReader(io.StringIO(out)))
    assert {row["session"] for row in rows} == {"random", "lc", "bt", "entropy"}
    code, out, _ = said(home, "s", "--format", "json", capsys=capsys)
    assert [arm["session"] for arm in json.loads(out)] == ["random", "lc", "bt", "entropy"]


def test_a_directory_gets_everything(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    code, _, _ = said(home, "s", "--out", str(out), capsys=capsys)
    assert code == 0
    names = sorted(str(p.relative_to(out)) for p in out.rglob("*") if p.is_file())
    assert names == ["figures/1-tickets.png", "figures/1-tickets.svg", "report.md", "study.json"]
    assert (out / "figures/1-tickets.png").read_bytes().startswith(b"\x89PNG")
    page = (out / "report.md").read_text()
    assert "](figures/1-tickets.png)" in page
    assert len(Study.from_json(out / "study.json").arms) == 4


def test_seeds_and_arms_that_left_the_sweep_are_left_out(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sweep = read_sweep(SWEEP, "s")
    arms = tuple(replace(arm, config=replace(arm.config, seeds=(7,))) for arm in sweep.arms[:2])
    never = replace(arms[0], session="never", label="never")
    begun = replace(arms[0], session="begun", label="begun")
    made = ev.SessionCreated(begun.config.to_dict(), "classification", ("a", "b"), 1, 1, (), (), {})
    Session.create(home / "sweeps/s", "begun", made, DATA).close()
    write_record(home / "sweeps/s", record_of(Sweep("s", "S", (*arms, never, begun)), 2, 1))
    _, out, _ = said(home, "s", capsys=capsys)
    assert "Note: never has not begun." in out
    assert "Note: begun has no point yet." in out
    assert "over 1 seeds" in out
    assert "entropy" not in out


def test_a_name_of_neither_kind(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = said(home, "nothing", capsys=capsys)
    assert code == 5
    assert "There is no session 'nothing'" in err


def test_sweeps_are_listed_with_the_sessions(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = run_command(capsys, "sessions", "--home", home).out
    assert "sweep s: 7/8 cells, stopped" in out
    assert "4 arms, 8 cells; tui-al report s, tui-al attach s" in out
