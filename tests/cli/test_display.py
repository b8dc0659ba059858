"""What the displays write, event by event."""

import io
import json
import re
from collections.abc import Sequence
from dataclasses import replace

import pytest
from rich.console import Console

from tests.report.states import config, created, recorded, run_events, session, session_events
from tui_al.cli.console import Page, clock, duration, plot_style
from tui_al.cli.display import (
    Display,
    JsonDisplay,
    LiveDisplay,
    PlainDisplay,
    QuietDisplay,
    choose,
)
from tui_al.cli.live import Step, sparkline, steps
from tui_al.core.session import events as ev
from tui_al.core.session.state import SessionState, fold

RUNS = {7: (0.4, 0.6, 0.7), 8: (0.5, 0.6, 0.9)}


def console(encoding: str = "utf-8", *, terminal: bool = False, width: int = 80) -> Console:
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding, write_through=True)
    return Console(
        file=file, width=width, height=30, force_terminal=terminal, _environ={"TERM": "xterm"}
    )


def written(where: Console) -> str:
    file = where.file
    assert isinstance(file, io.TextIOWrapper) and isinstance(file.buffer, io.BytesIO)
    file.flush()
    return file.buffer.getvalue().decode(file.encoding)


def play(display: Display, events: Sequence[ev.Event], *, step: float = 1.0) -> None:
    """Show a session's events one by one, as `simulate` does."""
    records = recorded(events, step=step)
    state = fold(records[:1])
    with display:
        display.start(state)
        for record in records[1:]:
            state = fold([record], state)
            display.update(state, [record])
        display.finish(state)


def training(progress: Sequence[ev.Progress]) -> list[ev.Event]:
    """A session in the middle of training its second successor."""
    return [
        created(config(seeds=(7, 8))),
        ev.EngineStarted(1, "host", "cpu", False, {}),
        *run_events(7, (0.4,), finish=False),
        ev.PhaseStarted(7, 1, "train acquisition", 400),
        ev.PhaseFinished(7, 1, "train acquisition", 12.4, 0),
        ev.PhaseStarted(7, 1, "score pool", 950),
        ev.PhaseFinished(7, 1, "score pool", 1.4, 0),
        ev.QuerySelected(7, 1, "lc", tuple(map(str, range(50))), (), 950),
        ev.PhaseStarted(7, 1, "train successor", 800),
        *progress,
    ]


HALF = ev.Progress(7, 1, "train successor", 400, 800, 96.0, 4, 8, 25, 50, 0.312)


def test_plain_lines() -> None:
    where = console()
    play(PlainDisplay(where, "demo"), session_events(RUNS))
    text = written(where)
    assert "\x1b" not in text
    assert "note: the text is column body\nwarning: 3 rows are duplicates\n" in text
    assert "seed 7  round 1/2  train acquisition done in 12.0 s\n" in text
    assert (
        "seed 8  round 2/2  150 labels  accuracy 0.900  macro-F1 0.800  train 12.0 s  score 1.5 s "
        " successor 30 s\n" in text
    )
    assert "demo, mean ± sd of 2 seeds  .800 ±.141" in text
    assert (
        "    2     150  .800 ±.141      .700  12.0 s  1.5 s       30 s     0.5 s       50" in text
    )
    assert "area under the curve .613 ±.053" in text


def test_plain_tells_of_a_long_phase_now_and_then() -> None:
    where = console()
    display = PlainDisplay(where, "demo")
    records = recorded(training([HALF] * 70), step=1.0)
    state = fold(records)
    display.update(state, records)
    lines = [line for line in written(where).split("\n") if "train successor  50 %" in line]
    # 70 seconds of progress, a second apart: lines at 30 and 60
    assert len(lines) == 2
    assert lines[0] == (
        "seed 7  round 1/2  train successor  50 %  epoch 4 of 8  step 25 of 50  96 samples/s  "
        "0:04 left  loss 0.312"
    )


def test_plain_says_nothing_of_a_short_phase() -> None:
    where = console()
    display = PlainDisplay(where, "demo")
    records = recorded(training([HALF] * 20), step=1.0)
    display.update(fold(records), records)
    assert "50 %" not in written(where)


def test_plain_says_from_where_it_goes_on() -> None:
    where = console()
    PlainDisplay(where, "demo").start(session({7: (0.4, 0.6), 8: ()}, finish=False))
    assert "continuing: seed 7 after round 1" in written(where)


@pytest.mark.parametrize("kind", [PlainDisplay, QuietDisplay])
def test_failures_come_out(kind: type[QuietDisplay]) -> None:
    events = [
        created(config(seeds=(7,))),
        ev.EngineStarted(1, "host", "cpu", False, {}),
        *run_events(7, (0.4,), finish=False),
        ev.RunFailed(7, "Out of [bold]memory[/bold].", "Use a smaller batch."),
        ev.EngineFinished("failed"),
    ]
    where = console()
    play(kind(where, "demo"), events)
    assert (
        "seed 7 failed after 1 points: Out of [bold]memory[/bold]. Use a smaller batch."
        in written(where)
    )


def test_quiet_is_the_table_only() -> None:
    where = console()
    play(QuietDisplay(where, "demo"), session_events(RUNS))
    lines = written(where).split("\n")
    assert lines[0].split() == [
        "round", "labels", "accuracy", "macro-F1", "train", "score", "successor", "evaluate",
        "queried",
    ]  # fmt: skip
    assert len([line for line in lines if re.match(r" +\d ", line)]) == 3
    assert "│" not in written(where)


def test_json_lines() -> None:
    where, diagnostics = console("ascii"), console()
    events = [
        *session_events(RUNS)[:-2],
        replace(HALF, loss=float("nan")),
        ev.WarningRaised("é is odd"),
        ev.SessionFinished(),
    ]
    play(JsonDisplay(where, diagnostics, "demo"), events)
    lines = [json.loads(line) for line in written(where).splitlines()]
    assert len(lines) == len(events)  # all but the first, and the end
    assert list(lines[0])[:3] == ["kind", "seq", "time"]
    assert lines[0]["kind"] == "engine_started"
    assert next(line for line in lines if line["kind"] == "progress")["loss"] is None
    assert [line["kind"] for line in lines].count("point") == 6
    assert lines[-1]["kind"] == "finished"
    assert lines[-1]["runs"][1]["points"][-1]["accuracy"] == 0.9
    assert written(diagnostics) == (
        "the text is column body\nwarning: 3 rows are duplicates\nwarning: é is odd\n"
    )


def screen(events: Sequence[ev.Event], where: Console) -> list[str]:
    state = fold(recorded(events))
    return [line.plain for line in LiveDisplay(where, "demo", now=lambda: 0.0).lines(state)]


def test_live_screen_shows_the_round_thing_by_thing() -> None:
    lines = screen(training([HALF]), console(terminal=True))
    assert lines[0].startswith("tickets · lc · minilm adapter → minilm full")
    assert lines[0].endswith("round 1/2 · seed 1/2 · 0:00")
    assert [line.rstrip() for line in lines[1:6]] == [
        "✓ train acquisition  12.4 s",
        "✓ score pool         1.4 s",
        "✓ query              50 texts",
        "▶ train successor    epoch 4/8 · step 25/50",
        "· evaluate",
    ]
    assert lines[6].startswith(
        "  ━━━━━━━━━━━━────────────   50 %  96 samples/s  0:04 left  loss 0.31"
    )
    assert lines[7] == "  after round 0:  50 labels  accuracy .400  macro-F1 .300"
    assert "●" in "".join(lines[8:])


@pytest.mark.parametrize("width", [20, 40, 80])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
def test_live_screen_fits_and_can_be_encoded(width: int, encoding: str) -> None:
    lines = screen(training([HALF]), console(encoding, terminal=True, width=width))
    assert len(lines) <= 30
    assert all(len(line) <= width for line in lines)
    "\n".join(lines).encode(encoding)
    if encoding != "utf-8":
        assert "[x] train acquisition"[:width] in lines[1]


def test_live_restores_the_terminal_when_interrupted() -> None:
    where = console(terminal=True)
    display = LiveDisplay(where, "demo")
    with pytest.raises(KeyboardInterrupt), display:
        display.start(session(RUNS, finish=False))
        assert "\x1b[?25l" in written(where)
        assert "\x1b[?25h" not in written(where)
        raise KeyboardInterrupt
    assert "\x1b[?25h" in written(where)


def test_live_redraws_four_times_a_second_at_most() -> None:
    now = 0.0
    where = console(terminal=True)
    display = LiveDisplay(where, "demo", now=lambda: now)
    state = fold(recorded(training([HALF])))
    with display:
        display.start(state)
        for tick in range(100):
            now = tick / 50
            display.update(state, [])
    drawn = written(where).count("train successor")
    assert 7 <= drawn <= 10


def test_live_end_keeps_curve_and_table_and_warnings() -> None:
    where = console(terminal=True)
    events = session_events(RUNS)
    play(
        LiveDisplay(where, "demo"),
        [*events[:-2], ev.WarningRaised("watch [out]\x1b[2J"), *events[-2:]],
    )
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", written(where))
    assert "warning: watch [out]␛[2J" in text
    assert "demo, mean ± sd of 2 seeds" in text
    assert text.rstrip().endswith("evaluate 1.5 s")


def test_no_color_leaves_no_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    where = Console(
        file=io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True),
        width=80,
        force_terminal=True,
        _environ={"TERM": "xterm-256color", "NO_COLOR": "1"},
    )
    play(LiveDisplay(where, "demo"), session_events(RUNS))
    codes = {
        code
        for found in re.findall(r"\x1b\[([0-9;]*)m", written(where))
        for code in found.split(";")
    }
    assert codes <= {"", "0", "1", "2"}


def test_steps_of_the_seed_set_and_of_random() -> None:
    new = fold(recorded([created(config()), ev.RunStarted(7)]))
    assert [s.name for s in steps(new, new.runs[7])] == [
        "take the seed set",
        "train successor",
        "evaluate",
    ]
    random = fold(
        recorded(
            [
                created(config(strategy="random")),
                *run_events(7, (0.4,), finish=False),
                ev.PhaseStarted(7, 1, "train successor", 1),
            ]
        )
    )
    found = steps(random, random.runs[7])
    assert [(s.name, s.status) for s in found] == [
        ("query", "ahead"),
        ("train successor", "now"),
        ("evaluate", "ahead"),
    ]


def test_a_successor_that_asks_itself_is_not_trained_before_it_asks() -> None:
    told = config()
    one = replace(told, acquisition=told.successor)
    events = [
        created(one),
        *run_events(7, (0.4,), finish=False),
        ev.PhaseStarted(7, 1, "score pool", 1),
    ]
    state = fold(recorded(events))
    assert [s.name for s in steps(state, state.runs[7])][:2] == ["score pool", "query"]
    again = fold(recorded([*events[:-1], ev.PhaseStarted(7, 1, "train acquisition", 1)]))
    assert steps(again, again.runs[7])[0] == Step("train acquisition", "now", "starting")


def test_displays_bear_a_session_without_anything() -> None:
    for kind in (PlainDisplay, QuietDisplay, LiveDisplay):
        with kind(console(terminal=True), "demo") as display:
            display.start(SessionState())
            display.update(SessionState(), [])
            display.finish(SessionState())


def test_choice() -> None:
    terminal, pipe = console(terminal=True), console()
    assert isinstance(choose("a", terminal, pipe), LiveDisplay)
    assert isinstance(choose("a", pipe, pipe), PlainDisplay)
    assert isinstance(choose("a", terminal, pipe, quiet=True), QuietDisplay)
    assert isinstance(choose("a", terminal, pipe, as_json=True, quiet=True), JsonDisplay)
    dumb = Console(file=io.StringIO(), force_terminal=True, _environ={"TERM": "dumb"})
    assert isinstance(choose("a", dumb, pipe), PlainDisplay)


def test_times() -> None:
    assert [duration(s) for s in (1.44, 19.96, 38.4, 125, 4330)] == [
        "1.4 s", "20 s", "38 s", "2 min 05 s", "1 h 12 min",
    ]  # fmt: skip
    assert [clock(s) for s in (2, 872, 3725)] == ["0:02", "14:32", "1:02:05"]


def test_sparkline() -> None:
    assert sparkline((8.0, 4.5, 1.0), 12) == "█▄▁" or sparkline((8.0, 4.5, 1.0), 12) == "█▅▁"
    assert sparkline((1.0, 1.0), 12) == "▁▁"
    assert sparkline((), 12) == ""
    assert sparkline((float("nan"), 1.0, 2.0), 12) == "▁█"
    assert len(sparkline(tuple(map(float, range(240))), 12)) == 12


def test_plot_styles_are_of_the_terminal() -> None:
    assert plot_style("series0") == "cyan"
    assert plot_style("band1") == "dim yellow"
    assert plot_style("series6") == plot_style("series0")


class TestTable:
    """Words to the left, numbers to the right, the last column in its cell or below."""

    ROWS = (("name", "texts", "what it is"), ("a", "1,258", "one two three four five six seven"))

    def lines(self, width: int, *, terminal: bool = True) -> list[str]:
        out = io.StringIO()
        Page(Console(file=out, width=width, force_terminal=terminal, no_color=True)).table(
            [*self.ROWS, ("longer", "9", "eight")], numbers=[1]
        )
        return re.sub(r"\x1b\[[0-9;]*m", "", out.getvalue()).splitlines()

    def test_where_there_is_room(self) -> None:
        assert self.lines(60) == [
            "name    texts  what it is",
            "a       1,258  one two three four five six seven",
            "longer      9  eight",
        ]

    def test_a_cell_is_wrapped(self) -> None:
        rows = [("name", "what it is"), ("a", "one two three four five six seven eight nine ten")]
        out = io.StringIO()
        Page(Console(file=out, width=40, force_terminal=True, no_color=True)).table(rows)
        assert re.sub(r"\x1b\[[0-9;]*m", "", out.getvalue()).splitlines() == [
            "name  what it is",
            "a     one two three four five six seven",
            "      eight nine ten",
        ]

    def test_without_room_it_stands_below(self) -> None:
        assert self.lines(40) == [
            "name    texts",
            "a       1,258",
            "    one two three four five six seven",
            "longer      9",
            "    eight",
        ]

    def test_a_script_finds_each_row_whole(self) -> None:
        assert self.lines(20, terminal=False) == self.lines(60)
