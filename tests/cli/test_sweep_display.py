"""The displays of `sweep`: the live table at two widths and without Unicode, lines, JSON; foreign
text stays text."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from tests.host.test_sweeping import DATA, SWEEP, SchedulerDouble
from tui_al.cli.sweep_display import JsonDisplay, LiveDisplay, PlainDisplay, QuietDisplay
from tui_al.core.session import events as ev
from tui_al.core.settings.sweep import Sweep, read_sweep
from tui_al.host.sweeping import Progress, work_through
from tui_al.store.session import Session

LONG = SWEEP.replace(
    '"random", "lc", "bt", "entropy"]',
    '"lc", "bt"]\nacquisition = [{ name = "[red]a\\u001b[2J name that is much longer than a '
    'terminal is wide[/]", tuning = "full" }]',
)


def console(width: int = 100, height: int = 20, encoding: str = "utf-8") -> Console:
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding, write_through=True)
    return Console(file=file, width=width, height=height, force_terminal=True, color_system=None)


def written(to: Console) -> str:
    to.file.seek(0)
    return to.file.read()


def worked(
    home: Path, display: QuietDisplay, sweep: Sweep, *, fails: str = "", dies: str = ""
) -> Progress:
    with display:
        display.start(2, 1)
        progress = work_through(
            home,
            sweep,
            SchedulerDouble(fails=fails, dies=dies),
            display.update,
            lambda: False,
            pause=0,
        )
        display.finish(progress)
    return progress


def test_the_live_table(tmp_path: Path) -> None:
    sweep = read_sweep(SWEEP, "s")
    to = console()
    display = LiveDisplay(to, sweep, tmp_path)
    progress = worked(tmp_path, display, sweep, fails="bt")
    lines = [line.plain.rstrip() for line in display.lines(progress)]
    assert lines[0].startswith("s · 7 finished, 1 failed · 0:0")
    assert lines[1:] == [
        "random   ✓       .800  ✓       .800".replace(".800  ✓", ".600  ✓", 1),
        "lc       ✓       .600  ✓       .800",
        "bt       ✓       .600  ✗ 0/1",
        "entropy  ✓       .600  ✓       .800",
    ]
    told = written(to)
    assert "bt  seed 8  failed: Loss is not finite. Lower it." in told
    assert "7 of 8 cells finished; report: tui-al report s" in told
    assert told.rstrip().endswith("report: tui-al report s")


def test_where_not_all_arms_fit_those_at_work_come_first(tmp_path: Path) -> None:
    sweep = read_sweep(SWEEP, "s")
    display = LiveDisplay(console(height=6), sweep, tmp_path)
    progress = worked(tmp_path, QuietDisplay(console(), sweep, tmp_path), sweep, fails="entropy")
    lines = [line.plain.rstrip() for line in display.lines(progress)]
    assert len(lines) == 4
    assert lines[1].startswith("entropy")
    assert lines[-1] == "and 2 more"


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_foreign_text_stays_text_and_lines_fit(tmp_path: Path, encoding: str) -> None:
    sweep = read_sweep(LONG, "s")
    to = console(60, encoding=encoding)
    display = LiveDisplay(to, sweep, tmp_path)
    progress = worked(tmp_path, display, sweep)
    rows = [line.plain for line in display.lines(progress)]
    assert all(len(row) <= 60 for row in rows)
    assert any("[red]a" in row for row in rows)
    assert "\x1b[2J" not in written(to)
    if encoding == "ascii":
        assert all(row.isascii() for row in rows)


def test_lines_and_json_tell_every_change(tmp_path: Path) -> None:
    sweep = read_sweep(SWEEP, "s")
    to = console()
    worked(tmp_path / "a", PlainDisplay(to, sweep, tmp_path), sweep)
    lines = [line.rstrip() for line in written(to).splitlines()]
    assert "  8 cells in 4 sessions, in " + str(tmp_path) in lines
    assert "  2 engines at once, 1 core each" in lines
    assert "lc  seed 7  running  round 0/1  10 labels  accuracy 0.500" in lines
    assert "lc  seed 8  finished  round 1/1  20 labels  accuracy 0.800" in lines
    assert any(
        line.split()[:6] == ["lc", "2/2", "20", "accuracy", ".700", "±.141"] for line in lines
    )

    to = console()
    worked(tmp_path / "b", JsonDisplay(to, sweep, tmp_path), sweep, dies="lc")
    events = [json.loads(line) for line in written(to).splitlines()]
    assert {event["kind"] for event in events[:-1]} == {"cell"}
    last = events[-1]
    assert (last["kind"], last["sweep"], len(last["cells"])) == ("finished", "s", 8)
    failed = [cell for cell in last["cells"] if cell["status"] == "failed"]
    assert {(c["arm"], c["seed"], c["error"]) for c in failed} == {
        ("lc", 7, "The engine was killed."), ("lc", 8, "The engine was killed."),
    }  # fmt: skip


@pytest.mark.parametrize("kind", [QuietDisplay, JsonDisplay, PlainDisplay, LiveDisplay])
def test_what_changes_the_meaning_of_the_figures_is_told_once(
    tmp_path: Path, kind: type[QuietDisplay], capsys: pytest.CaptureFixture[str]
) -> None:
    said = "3 of 90 texts are in the test split too [b]\x1b[2J."
    sweep = read_sweep(SWEEP, "s")
    for arm in sweep.arms:
        made = ev.SessionCreated(
            arm.config.to_dict(), "classification", ("a", "b"), 1, 1, (), (said,), {}
        )
        Session.create(tmp_path, arm.session, made, DATA).close()
    to = console()
    worked(tmp_path, kind(to, sweep, tmp_path), sweep)
    err, out = capsys.readouterr().err, written(to)
    aside = kind in (QuietDisplay, JsonDisplay)
    told, other = (err, out) if aside else (out, err)
    assert told.count("warning: tickets: 3 of 90 texts are in the test split too [b]") == 1
    assert "warning" not in other
    assert "\x1b[2J" not in out + err
