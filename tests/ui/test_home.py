"""The list of sessions: order, what is said of each, and its keys."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from textual.pilot import Pilot

from tests.ui.driving import SIZES, assert_clean, drive, shown, until
from tests.ui.fake_engine import FakeEngine
from tests.ui.labelling import SEED, LabellingSession, labelling_session, people
from tests.ui.sessions import LABELS, dataset, record
from tests.ui.torture import TEXTS
from tui_al.core.annotation import decisions as de
from tui_al.core.annotation.decisions import DecisionRecord
from tui_al.core.session import events as ev
from tui_al.host.process import EngineEnd
from tui_al.store.annotation_service import AnnotationService
from tui_al.store.decisions import DecisionLog
from tui_al.store.session import Session
from tui_al.ui import summaries
from tui_al.ui.app import TuiAl
from tui_al.ui.screens.home import HomeScreen
from tui_al.ui.screens.list_screen import drawn
from tui_al.ui.screens.results import ResultsScreen
from tui_al.ui.screens.run import RunScreen
from tui_al.ui.screens.setup import SetupScreen
from tui_al.ui.summaries import Summary, ago, read_all
from tui_al.ui.sweep_summaries import read_home

#: Seconds since the epoch, in the middle of a day wherever one is.
SOME_DAY = 1_790_000_000.0


@contextmanager
def at_work(directory: Path) -> Iterator[None]:
    """Hold the session's lock as an engine does."""
    with (directory / "engine.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


async def mark(pilot: Pilot[Any], name: str) -> None:
    """Move the cursor to a session."""
    home = pilot.app.screen
    assert isinstance(home, HomeScreen)
    for _ in home.sessions:
        if home.marked is not None and home.marked.directory.name == name:
            return
        await pilot.press("down")
    assert home.marked is not None
    assert home.marked.directory.name == name


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished session, a stopped one, and one that an engine is to work on."""
    home = tmp_path_factory.mktemp("recorded")
    done = record(home, "done-one")
    done.finish()
    half = record(home, "half-one")
    half.start()
    half.rounds(half.config.seeds[0], 2)
    live = record(home, "live-one")
    live.start()
    live.rounds(live.config.seeds[0], 3)
    for recording in (done, half, live):
        recording.session.close()
    return home


@pytest.fixture
def three(recorded: Path, home: Path, engine: FakeEngine) -> Path:
    """Those sessions, to do with as a test likes."""
    shutil.copytree(recorded, home)
    return home


async def test_live_first_and_each_with_how_far_it_got(three: Path) -> None:
    with at_work(three / "sessions" / "live-one"):
        async with drive(TuiAl(three)) as pilot:
            await until(pilot, lambda: "3 sessions, 1 running" in shown(pilot.app))
            rows = [line for line in shown(pilot.app).splitlines() if "-one  " in line]
            assert rows[0].startswith("● live-one")
            assert "round 3/6, seed 1/2" in rows[0]
            assert any(
                line.startswith("✓ done-one") and "6 rounds, 2 seeds" in line for line in rows
            )
            assert any(
                line.startswith("○ half-one") and "stopped, just now" in line for line in rows
            )
            assert "live-one is running. Enter on it to watch." in shown(pilot.app)
            assert "minilm adapter → minilm full" in shown(pilot.app)


@pytest.mark.slow
async def test_where_people_label_it_says_how_many_are_waited_for(
    home: Path, engine: FakeEngine
) -> None:
    made = labelling_session(home)
    made.recording.start()
    made.recording.append(ev.RunStarted(SEED))
    made.rank(0)
    with AnnotationService(made.directory, "anna") as service:
        service.refresh()
        for _ in range(3):
            item = service.take()
            assert item
            service.label(item, LABELS[0])
    with at_work(made.directory):
        async with drive(TuiAl(home)) as pilot:
            await until(pilot, lambda: "waiting for you: 7" in shown(pilot.app))  # of 10
            (row,) = [line for line in shown(pilot.app).splitlines() if "3 labelled" in line]
            assert row.startswith("◐ tickets-anna")
            made.recording.append(ev.AuditEvaluated(SEED, 1, "accuracy", 0.831, 0.78, 0.88, 41))
            await until(pilot, lambda: ".83 [.78, .88] n=41" in shown(pilot.app))
            made.recording.append(ev.PhaseStarted(SEED, 1, "train acquisition", 100))
            await until(pilot, lambda: "train acquisition" in shown(pilot.app))
            assert "● tickets-anna" in shown(pilot.app) and "waiting" not in shown(pilot.app)


@pytest.mark.slow
async def test_enter_watches_what_runs_and_shows_the_results_of_what_is_done(three: Path) -> None:
    with at_work(three / "sessions" / "live-one"):
        async with drive(TuiAl(three)) as pilot:
            await until(pilot, lambda: "live-one" in shown(pilot.app))
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(pilot.app.screen, RunScreen))
            await pilot.press("escape")
            await until(pilot, lambda: isinstance(pilot.app.screen, HomeScreen))
            await mark(pilot, "done-one")
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(pilot.app.screen, ResultsScreen))


@pytest.mark.slow
async def test_a_session_that_starts_elsewhere_appears(three: Path, engine: FakeEngine) -> None:
    async with drive(TuiAl(three)) as pilot:
        await until(pilot, lambda: "3 sessions, 0 running" in shown(pilot.app))
        record(three, "fresh-one").session.close()
        await until(pilot, lambda: "fresh-one" in shown(pilot.app))


async def test_delete_asks_first_and_the_safe_answer_is_the_marked_one(three: Path) -> None:
    async with drive(TuiAl(three)) as pilot:
        await until(pilot, lambda: "3 sessions" in shown(pilot.app))
        home = pilot.app.screen
        assert isinstance(home, HomeScreen)
        assert home.marked is not None
        doomed = home.marked.directory
        await pilot.press("d")
        await until(pilot, lambda: f"Delete {doomed.name}?" in shown(pilot.app))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, HomeScreen))
        assert doomed.is_dir()
        await pilot.press("d", "y")
        await until(pilot, lambda: "2 sessions" in shown(pilot.app))
        assert not doomed.exists()
        assert [p.name for p in doomed.parent.iterdir() if p.name.startswith(".")] == []


async def test_stop_is_sent_after_a_question(three: Path) -> None:
    live = three / "sessions" / "live-one"
    with at_work(live):
        async with drive(TuiAl(three)) as pilot:
            await until(pilot, lambda: "● live-one" in shown(pilot.app))
            await pilot.press("s", "y")
            await until(pilot, lambda: "live-one stops" in shown(pilot.app))
        with Session(live) as session:
            assert [name for _, name in session.commands()] == ["stop"]


async def test_resume_starts_an_engine_and_watches_it(three: Path, engine: FakeEngine) -> None:
    async with drive(TuiAl(three)) as pilot:
        await until(pilot, lambda: "half-one" in shown(pilot.app))
        await mark(pilot, "half-one")
        await pilot.press("r")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunScreen))
        assert engine.started == [three / "sessions" / "half-one"]


@pytest.mark.slow
async def test_copy_sets_up_a_session_with_the_same_settings(
    three: Path, engine: FakeEngine
) -> None:
    async with drive(TuiAl(three)) as pilot:
        await until(pilot, lambda: "3 sessions" in shown(pilot.app))
        home = pilot.app.screen
        assert isinstance(home, HomeScreen)
        assert home.marked is not None
        assert isinstance(home.marked, Summary)
        config = home.marked.state.config
        assert config is not None
        engine.previews[config.data.source] = engine.previews["tickets"]
        await pilot.press("e")
        await until(pilot, lambda: isinstance(pilot.app.screen, SetupScreen))
        await pilot.press("enter")
        await until(pilot, lambda: engine.created)
        assert engine.created == [config]


@pytest.mark.parametrize(
    ("key", "reason"), [("s", "is not running"), ("r", "nothing to resume"), ("d", "stop it first")]
)
async def test_keys_that_cannot_act_say_why(three: Path, key: str, reason: str) -> None:
    name = "live-one" if key == "d" else "done-one"
    with at_work(three / "sessions" / "live-one"):
        async with drive(TuiAl(three), (120, 40)) as pilot:
            await until(pilot, lambda: "1 running" in shown(pilot.app))
            await mark(pilot, name)
            await pilot.press(key)
            await until(pilot, lambda: reason in shown(pilot.app))


async def test_one_that_was_asked_to_stop_is_not_to_be_stopped_once_more(three: Path) -> None:
    with at_work(three / "sessions" / "live-one"):
        async with drive(TuiAl(three), (120, 40)) as pilot:
            await until(pilot, lambda: "1 running" in shown(pilot.app))
            await mark(pilot, "live-one")
            await pilot.press("s", "y")
            await until(pilot, lambda: "stops at the next safe point" in shown(pilot.app))
            await pilot.press("d")
            await until(pilot, lambda: "is about to stop" in shown(pilot.app))


@pytest.mark.slow
async def test_without_sessions_every_key_leads_on(home: Path, engine: FakeEngine) -> None:
    async with drive(TuiAl(home)) as pilot:
        await pilot.press("escape")
        await until(pilot, lambda: "No session yet" in shown(pilot.app))
        await pilot.press("d")
        await until(pilot, lambda: "There is no session yet" in shown(pilot.app))
        await pilot.press("n")
        await until(pilot, lambda: isinstance(pilot.app.screen, SetupScreen))


async def test_a_dead_engine_and_a_damaged_session_are_told(
    three: Path, engine: FakeEngine
) -> None:
    engine.ends["half-one"] = EngineEnd("killed", "resume it", ())
    damaged = three / "sessions" / "damaged"
    damaged.mkdir()
    (damaged / "session.db").write_bytes(b"no database" * 100)
    async with drive(TuiAl(three)) as pilot:
        await until(pilot, lambda: "✗ damaged" in shown(pilot.app))
        assert any(
            line.startswith("✗ half-one") and "engine died" in line
            for line in shown(pilot.app).splitlines()
        )
        await mark(pilot, "damaged")
        await pilot.press("enter")
        await until(pilot, lambda: "cannot be read" in shown(pilot.app))


@pytest.mark.parametrize("width", [37, 57, 77, 117])
@pytest.mark.parametrize("name", TEXTS)
def test_rows_keep_their_width_whatever_the_name(name: str, width: int) -> None:
    summary = Summary(TEXTS[name], TEXTS[name], Path("x"), trouble=TEXTS[name] or "odd")
    (row,) = drawn([summary], width)
    assert all(cell_len(line) <= width for line in row.plain.split("\n"))


def test_only_what_was_written_is_read_again(three: Path) -> None:
    first = {s.directory: s for s in read_all(three, {})}
    again = {s.directory: s for s in read_all(three, first)}
    assert all(again[name] is first[name] for name in first)
    with Session(three / "sessions" / "half-one") as session:
        session.append(*[e.event for e in session.events()[-1:]])
    changed = {s.name for s in read_all(three, first) if s is not first[s.directory]}
    assert changed == {"half-one"}


def test_of_what_people_decided_only_the_new_is_read(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = labelling_session(home)
    made.rank(0)
    known: dict[Path, Summary] = {}
    reads: list[int] = []
    read = DecisionLog.read

    def counted(log: DecisionLog, after: int = 0) -> list[DecisionRecord]:
        reads.append(after)
        return read(log, after)

    def look() -> Summary:
        (summary,) = read_all(home, known)
        known[summary.directory] = summary
        return summary

    with AnnotationService(made.directory, "anna") as service, at_work(made.directory):
        for number in (1, 2):
            item = service.take()
            assert item
            (record,) = service.label(item, LABELS[0])
            with monkeypatch.context() as patch:
                patch.setattr(DecisionLog, "read", counted)
                summary = look()
                assert look() is summary  # though an engine is at work
            assert (summary.labelled, summary.wanted) == (number, 10 - number)
    assert reads == [0, record.seq - 1]


def test_a_session_of_the_same_name_is_read_from_its_beginning(home: Path, tmp_path: Path) -> None:
    made = labelling_session(home)
    made.rank(0)
    with AnnotationService(made.directory, "anna") as service:
        item = service.take()
        assert item
        service.label(item, LABELS[0])
    before = {s.directory: s for s in read_all(home, {})}
    assert before[made.directory].labelled == 1
    made.directory.rename(tmp_path / "away")  # or its inode would be used again
    labelling_session(home)
    assert read_all(home, before)[0].labelled == 0


def test_a_share_of_a_batch_is_of_the_texts_to_label(home: Path) -> None:
    data = dataset()
    half = tuple(replace(e, answer=e.answer if n % 2 else None) for n, e in enumerate(data.train))
    made = LabellingSession(
        record(home, "half", experiment=people("50%"), data=replace(data, train=half))
    )
    made.rank(0)
    with AnnotationService(made.directory, "anna") as service:
        assert service.batch.size == len(half[::2]) / 2
        assert read_all(home, {})[0].wanted == service.batch.to_go


def test_ago() -> None:
    noon = 1_767_268_800.0  # 2026-01-01 12:00 UTC
    assert ago(noon - 5, noon) == "just now"
    assert ago(noon - 300, noon) == "5 min ago"
    assert ago(noon - 40 * 86400, noon) == "2025-11-22"


@pytest.mark.parametrize("size", SIZES)
async def test_every_size(three: Path, size: tuple[int, int]) -> None:
    async with drive(TuiAl(three), size) as pilot:
        await until(pilot, lambda: "half-one" in shown(pilot.app))
        assert_clean(pilot.app)
        assert all(cell_len(line) <= size[0] for line in shown(pilot.app).splitlines())


async def test_why_an_engine_failed_is_told(three: Path, engine: FakeEngine) -> None:
    with Session(three / "sessions" / "half-one") as session:
        session.append(ev.EngineFinished("failed", "model: x [/b] is gone.", "Put it back."))
    async with drive(TuiAl(three)) as pilot:
        await until(pilot, lambda: "✗ half-one" in shown(pilot.app))
        await mark(pilot, "half-one")
        await until(pilot, lambda: "✗ model: x [/b] is gone. Put it back." in shown(pilot.app))


def test_the_list_does_not_wait_until_very_many_labels_are_counted(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(summaries, "_MANY", 3)
    made = labelling_session(home)
    made.rank(0)
    with AnnotationService(made.directory, "anna") as service:
        for _ in range(4):
            item = service.take()
            assert item is not None
            service.label(item, service.label_state.labels[0])
    (first,) = read_home(home, {})
    (second,) = read_home(home, {first.directory: first})
    (third,) = read_home(home, {first.directory: second})
    assert (first.progress, second.progress) == ("counting labels …", "4 labelled")
    assert first.facts != second.facts
    assert third is second
    assert read_all(home, {})[0].progress == "4 labelled"  # who prints a list once waits for it


async def test_who_did_what_names_accounts_and_whoever_used_the_name_of_another(
    home: Path, engine: FakeEngine
) -> None:
    made = labelling_session(home)
    ids = made.ids
    with DecisionLog(made.directory) as log:
        log.insert(
            DecisionRecord(0, SOME_DAY + number, "ben", f"uid-{number}",
                de.Label((ids[number],), LABELS[0]), account)
            for number, account in enumerate(("ben", "ben", "[/x] carol"))
        )  # fmt: skip
    async with drive(TuiAl(home)) as pilot:
        await until(pilot, lambda: "tickets-anna" in shown(pilot.app))
        await pilot.press("h")
        await until(pilot, lambda: "made the session" in shown(pilot.app))
        text = shown(pilot.app)
        assert " ben  labelled 2 until " in text
        assert " [/x] carol as ben  labelled" in text
        assert "annotator ben, by account: ben 2, [/x] carol 1" in text
        await pilot.press("e")
        await until(pilot, lambda: shown(pilot.app).count(f"→ {LABELS[0]}") == 3)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, HomeScreen))
