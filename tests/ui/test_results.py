"""The results screen: numbers, comparison, where the models are, and what it writes."""

from pathlib import Path

import pytest

from tests.ui import sessions
from tests.ui.driving import SIZES, assert_clean, drive, shown, until
from tests.ui.sessions import FakeEngine, Recording
from tui_al.ui.app import TuiAl
from tui_al.ui.screens.results import ResultsScreen
from tui_al.ui.screens.run import RunScreen
from tui_al.ui.terminal import Terminal
from tui_al.ui.widgets.result_facts import Facts


@pytest.fixture(autouse=True)
def engine(monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    fake = FakeEngine()
    monkeypatch.setattr("tui_al.host.process.engine_end", fake.engine_end)
    return fake


@pytest.fixture
def finished(home: Path) -> Recording:
    """Two seeds, six rounds each, beside the same with random choice, which did worse by 0.05."""
    sessions.record(home, "by-chance", experiment=sessions.config(strategy="random")).finish(
        lift=-0.05
    )
    recording = sessions.record(home)
    recording.finish()
    return recording


def app_on(recording: Recording) -> TuiAl:
    return TuiAl(recording.directory.parent.parent, recording.directory, Terminal())


async def test_a_finished_session_opens_on_its_results(finished: Recording) -> None:
    app = app_on(finished)
    async with drive(app, (80, 24)) as pilot:
        await until(pilot, lambda: "Δ accuracy" in shown(app))
        text = shown(app)
        assert isinstance(app.screen, ResultsScreen)
        assert "✓ finished" in text.splitlines()[0]
        # seeds 1 and 2: 0.797 and 0.817 in the last round, sd 0.0141
        assert "accuracy 0.807 ± 0.014" in text
        assert "area 0.684 ± 0.014" in text
        assert "at 35 labels, 2 of 2 seeds" in text
        # a run: 3+4+5+6+7+8 s of acquisition, 2+...+8 s of successor
        assert "train acquisition 0:33" in text
        assert "train successor 0:35" in text
        assert "+0.050 ± 0.000" in text
        assert all(len(row) <= 80 for row in text.splitlines())


@pytest.mark.parametrize("size", SIZES)
async def test_the_last_mismatch_with_its_floor(finished: Recording, size: tuple[int, int]) -> None:
    for round_ in (1, 2):
        finished.gauge(1, round_, floors=0)
        finished.gauge(2, round_)
    app = app_on(finished)
    async with drive(app, size) as pilot:
        await until(pilot, lambda: "accuracy" in shown(app))
        facts = app.screen.query_one(Facts).plain()
        told = " ".join(facts.split())
        assert "mismatch WD .0123, floor .0040" in told
        assert "mismatch KL .022, floor .012" in told


async def test_where_the_models_are(finished: Recording) -> None:
    app = app_on(finished)
    async with drive(app, (120, 40)) as pilot:
        await until(pilot, lambda: "models" in shown(app))
        facts = app.screen.query_one(Facts)
        text = "".join(row[13:] for row in facts.plain().splitlines())
        assert str(finished.directory / "models/seed-1") in text
        assert "1 more beside it" in " ".join(facts.plain().split())


@pytest.mark.parametrize("size", SIZES)
async def test_sizes(finished: Recording, size: tuple[int, int]) -> None:
    app = app_on(finished)
    async with drive(app, size) as pilot:
        await until(pilot, lambda: "0.807" in shown(app))
        assert_clean(app)
        assert "accuracy on 20 test texts" in shown(app)


@pytest.mark.slow
async def test_results_of_a_run_under_way_follow_it(home: Path, engine: FakeEngine) -> None:
    recording = sessions.record(home, experiment=sessions.config(seeds=(1,)))
    recording.start()
    recording.rounds(1, 1)
    engine.live(recording.directory)
    app = app_on(recording)
    async with drive(app) as pilot:
        await until(pilot, lambda: "● running" in shown(app))
        await pilot.press("r")
        await until(pilot, lambda: "at 10 labels, 1 of 1 seeds" in shown(app))
        recording.rounds(1, 2, first=2)
        await until(pilot, lambda: "at 15 labels" in shown(app))
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))


@pytest.mark.slow
async def test_export(finished: Recording, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Path] = []
    monkeypatch.setattr(
        "tui_al.ui.screens.results.save_figure", lambda curves, path, title: drawn.append(path)
    )
    monkeypatch.chdir(tmp_path)
    app = app_on(finished)
    async with drive(app) as pilot:
        await until(pilot, lambda: "Δ accuracy" in shown(app))
        await pilot.press("x")
        await until(pilot, lambda: "Folder for tickets-lc.md" in shown(app))
        await pilot.press("end", *"/out", "enter")
        await until(pilot, lambda: "Written to" in shown(app))
    table = (tmp_path / "out/tickets-lc.md").read_text()
    assert "## tickets-lc" in table and "## Comparison" in table and "by-chance" in table
    assert (tmp_path / "out/tickets-lc.csv").read_text().startswith("session,seed,")
    assert drawn == [tmp_path / "out/tickets-lc.svg", tmp_path / "out/tickets-lc.png"]


@pytest.mark.slow
async def test_export_into_a_file_is_refused_at_the_field(
    finished: Recording, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").write_text("")
    app = app_on(finished)
    async with drive(app) as pilot:
        await until(pilot, lambda: "Δ accuracy" in shown(app))
        await pilot.press("x")
        await until(pilot, lambda: "Folder for" in shown(app))
        await pilot.press("end", *"/taken", "enter")
        await until(pilot, lambda: "is not a folder" in shown(app))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, ResultsScreen))
    assert [path.name for path in tmp_path.glob("*.md")] == []


async def test_nothing_to_export_yet(home: Path) -> None:
    recording = sessions.record(home)
    app = app_on(recording)
    async with drive(app) as pilot:
        app.push_screen(ResultsScreen(recording.directory))
        await until(pilot, lambda: "No round is finished yet." in shown(app))
        await pilot.press("x")
        await until(pilot, lambda: "nothing to export" in shown(app))
