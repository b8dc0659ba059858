"""The widgets' own logic: bars, sparklines, steps, columns, machine readings, redraws."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.content import Content

from tests.ui import sessions
from tests.ui.driving import shown, until
from tui_al.core.session import events as ev
from tui_al.host.gpu import GpuReading, GpuSample
from tui_al.host.machine import MachineReading
from tui_al.report import plot as plot_module
from tui_al.report.curves import Curve
from tui_al.ui.widgets.curve import CurvePlot
from tui_al.ui.widgets.glyphs import bar, spark
from tui_al.ui.widgets.lines import spread_out
from tui_al.ui.widgets.log import EventLog, tail, tell
from tui_al.ui.widgets.machine import MachinePanel, Usage
from tui_al.ui.widgets.progress import steps
from tui_al.ui.widgets.rounds import Column, columns, differences, fitting

GIB = 2**30


@pytest.mark.parametrize(
    ("share", "shown_bar"),
    [(0.0, "────"), (0.5, "━━──"), (0.63, "━━╸─"), (1.0, "━━━━"), (7.0, "━━━━"), (-1.0, "────")],
)
def test_bar(share: float, shown_bar: str) -> None:
    assert "".join(bar(share, 4, False)) == shown_bar
    assert "".join(bar(share, 4, True)).isascii()


def test_sparkline_thins_scales_and_leaves_gaps() -> None:
    assert spark([0, 1, 2, 3, 4, 5, 6, 7], 8, False) == "▁▂▃▄▅▆▇█"
    assert spark([0, 0, 7, 7], 2, False) == "▁█"
    assert spark([0, None, 100], 5, False, low=0, high=100) == "▁ █"
    assert spark([5, 5], 5, False) == "▁▁"
    assert spark([None], 5, False) == spark([], 5, False) == ""
    assert spark([0, 7], 5, True) == "_#"


def test_the_left_gives_way_to_the_right() -> None:
    assert spread_out(Content("a long name"), Content("end"), 12).plain == "a long…  end"
    assert spread_out(Content("name"), Content("end"), 3).plain == "end"


def test_steps_of_a_round(home: Path) -> None:
    recording = sessions.record(home, experiment=sessions.config(seeds=(1,)))
    recording.start()
    recording.rounds(1, 0)
    state = recording.session.state()
    assert [(s.mark, s.name) for s in steps(state, state.runs[1])] == [
        ("✓", "ask about 5"), ("✓", "train successor"), ("✓", "evaluate"),
    ]  # fmt: skip
    recording.phase(1, 1, ev.Phase.TRAIN_ACQUISITION)
    recording.phase(1, 1, ev.Phase.SCORE_POOL, done=0.5)
    state = recording.session.state()
    assert [tuple(step) for step in steps(state, state.runs[1])] == [
        ("✓", "train acquisition", "3.0 s"), ("▶", "score pool", ""), ("·", "query", ""),
        ("·", "train successor", ""), ("·", "evaluate", ""),
    ]  # fmt: skip


def test_a_successor_that_asks_itself_has_one_step_less(home: Path) -> None:
    told = sessions.config(seeds=(1,))
    one = replace(told, acquisition=told.successor)
    recording = sessions.record(home, experiment=one)
    recording.start()
    recording.rounds(1, 0)
    recording.phase(1, 1, ev.Phase.SCORE_POOL, done=0.5)
    state = recording.session.state()
    assert [tuple(step)[:2] for step in steps(state, state.runs[1])] == [
        ("▶", "score pool"), ("·", "query"), ("·", "train successor"), ("·", "evaluate"),
    ]  # fmt: skip


def test_differences_are_taken_seed_by_seed_at_equal_labels(home: Path) -> None:
    base = sessions.record(home, "base")
    base.rounds(1, 2)
    base.rounds(2, 1, lift=0.02)
    better = sessions.record(home, "better")
    better.rounds(1, 3, lift=0.1)
    better.rounds(2, 1, lift=0.1)
    found = differences(better.session.state(), base.session.state())
    assert sorted(found) == [0, 1, 2]  # base has no round 3
    assert (round(found[1].mean, 3), found[1].n) == (0.09, 2)  # 0.1 and 0.08
    assert (round(found[2].mean, 3), found[2].n) == (0.1, 1)


def test_columns_that_do_not_fit_go_by_rank(home: Path) -> None:
    recording = sessions.record(home)
    recording.rounds(1, 2)
    everything = columns(recording.session.state(), None)
    assert [column.header for column in everything] == [
        "round", "labels", "accuracy", "macro-F1", "acquisition", "scoring", "successor",
        "evaluation", "asked", "seeds",
    ]  # fmt: skip
    assert fitting(everything, 200) == everything
    narrow = [column.header for column in fitting(everything, 50)]
    assert narrow[:3] == ["round", "labels", "accuracy"]
    assert "evaluation" not in narrow and "acquisition" in narrow
    assert len(fitting(everything, 5)) == 3
    assert everything[2].cells == [".300", ".567", ".669"]
    assert everything[4].cells == ["–", "3.0 s", "4.0 s"]


def test_wide_labels_count_by_their_columns() -> None:
    wide = [Column(i, "日本語", ["x"]) for i in range(5)]
    assert len(fitting(wide, 32)) == 4  # 6 + 2 columns each


def test_sentences_on_events() -> None:
    told = tell(ev.QuerySelected(3, 2, "lc", ("a", "b"), (), 50))
    assert told and told.text == "seed 3, round 2: asked about 2 of 50 by lc"
    told = tell(ev.RoundResult(3, 2, 1400, 0, {"entity_f1": 0.5}, {}, {}, 0), "entity_f1")
    assert told and told.text == "seed 3, round 2: entity F1 0.500 with 1,400 labels"
    told = tell(ev.MismatchMeasured(3, 2, 10, 50, "lc", 0.0123, 0.045, None, None, 0))
    assert told
    assert told.text == "seed 3, round 2: mismatch: WD .0123  KL .045; floor: needs 2 seeds"
    assert tell(ev.Progress(1, 1, "evaluate", 1, 2, 3.0)) is None


def test_the_end_of_a_long_file(tmp_path: Path) -> None:
    path = tmp_path / "engine.log"
    assert tail(path) == ("engine.log: No such file or directory",)
    path.write_bytes(b"")
    assert tail(path) == ("engine.log is empty",)
    path.write_bytes(b"".join(b"line %d \xff\n" % i for i in range(20_000)))
    lines = tail(path)
    assert lines[-1] == "line 19999 \ufffd"
    assert lines[0].startswith("line ")
    assert len(lines) < 20_000


class Stage(App[None]):
    """One widget, alone."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012

    def __init__(self, widget: CurvePlot | MachinePanel | EventLog) -> None:
        super().__init__()
        self.widget = widget

    def compose(self) -> ComposeResult:
        yield self.widget


def one_gpu(index: int = 0, **known: object) -> GpuReading:
    values: dict[str, object] = {
        "utilization": 71, "memory_used": 12 * GIB, "memory_total": 139 * GIB,
        "memory_ours": 9 * GIB,
        "power": 312.0, "power_limit": 700.0, "temperature": 54, "visible": True,
    }  # fmt: skip
    return GpuReading(index, f"GPU-{index}", "NVIDIA H200", **(values | known))  # type: ignore[arg-type]


def usage(*gpus: GpuReading, age: float = 0.5) -> Usage:
    machine = MachineReading(50.0, 16, 31 * GIB, 128 * GIB, 400.0, 3 * GIB, 2.0, None)
    return Usage(GpuSample(gpus, age), machine, (0.0, 50.0), tuple((0.0, 71.0) for _ in gpus))


async def panel_text(readings: Usage, *, on_gpu: bool, width: int) -> str:
    panel = MachinePanel()
    app = Stage(panel)
    async with app.run_test(size=(width, 40)) as pilot:
        await pilot.pause()
        panel.show(readings, on_gpu=on_gpu)
        await pilot.pause()
        return shown(app)


async def test_a_gpu_in_one_row() -> None:
    text = await panel_text(usage(one_gpu(), one_gpu(1)), on_gpu=True, width=80)
    row = text.splitlines()[0].rstrip()
    assert row == "GPU 0 ▁▆  71 %  12.0/139 GiB, ours 9.0 GiB  312 W  54 °C  +1 GPUs"


async def test_a_gpu_in_full_and_the_cpu_below_it() -> None:
    text = await panel_text(usage(one_gpu(), one_gpu(1)), on_gpu=True, width=120)
    assert text.index("GPU 0 NVIDIA H200") < text.index("CPU 16 cores")
    assert "ours 9.0 GiB" in text and "312 W  54 °C" in text
    assert "ours 3.0 GiB" in text and "25 % of CPU" in text  # 400 % of one core, 16 cores


async def test_on_the_cpu_the_cpu_comes_first() -> None:
    text = await panel_text(usage(one_gpu()), on_gpu=False, width=120)
    assert text.index("CPU 16 cores") < text.index("GPU 0 NVIDIA H200")
    row = await panel_text(usage(one_gpu()), on_gpu=False, width=80)
    assert row.startswith("CPU ▁▅  50 % of 16 cores  memory 31.0/128 GiB, ours 3.0 GiB")


async def test_what_the_driver_does_not_tell_is_not_0() -> None:
    mig = one_gpu(utilization=None, memory_ours=None, power=None, temperature=None, mig=True)
    text = await panel_text(usage(mig), on_gpu=True, width=80)
    assert " n/a  12.0/139 GiB, ours n/a  n/a W  n/a °C" in text
    nothing = one_gpu(utilization=None, memory_used=None, memory_total=None, memory_ours=None)
    assert "mem" in await panel_text(usage(nothing), on_gpu=True, width=120)


async def test_a_driver_that_hangs_and_many_gpus() -> None:
    many = [one_gpu(i, memory_ours=9 * GIB if i == 3 else 0) for i in range(12)]
    text = await panel_text(usage(*many, age=42.0), on_gpu=True, width=120)
    assert "no reading for 42 s" in text
    assert text.startswith("GPU 3 NVIDIA H200")  # ours first
    assert "and 4 more GPUs" in text


def a_curve(*mean: float) -> Curve:
    n = len(mean)
    return Curve("one", "accuracy", "labels", tuple(range(1, n + 1)), mean, (0.0,) * n, (1,) * n)


@pytest.mark.slow
async def test_the_curve_is_redrawn_once_a_second_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = 0
    draw = plot_module.draw

    def counted(*args: object, **options: object) -> object:
        nonlocal drawn
        drawn += 1
        return draw(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(plot_module, "draw", counted)
    plot = CurvePlot()
    app = Stage(plot)
    async with app.run_test(size=(60, 15)) as pilot:
        plot.show([a_curve(0.1, 0.2)], "first")
        await until(pilot, lambda: "first" in shown(app))
        before = drawn
        for i in range(20):
            plot.show([a_curve(0.1, 0.2 + i / 100)], f"title {i}")
            await asyncio.sleep(0.01)
        assert drawn == before
        await until(pilot, lambda: "title 19" in shown(app))
        assert drawn == before + 1
        plot.show([a_curve(0.1, 0.39)], "title 19")  # the same again
        await asyncio.sleep(0)
        assert drawn == before + 1


async def test_the_log_wraps_and_stays_at_its_end() -> None:
    log = EventLog()
    app = Stage(log)
    async with app.run_test(size=(30, 6)) as pilot:
        news = [ev.Recorded(i, 0.0, ev.WarningRaised(f"number {i} of many")) for i in range(40)]
        log.tell(news, "accuracy", {})
        await until(pilot, lambda: "number 39" in shown(app))
        log.scroll_home(animate=False)
        await until(pilot, lambda: "number 0" in shown(app))
        log.tell([ev.Recorded(99, 0.0, ev.WarningRaised("later"))], "accuracy", {})
        await pilot.pause()
        assert "later" not in shown(app)
        log.scroll_end(animate=False)
        await until(pilot, lambda: "later" in shown(app))
