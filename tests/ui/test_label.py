"""The label screen, by keys: what they put on record, and what is to be seen."""

import signal
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot

from tests.ui.driving import SIZES, assert_clean, drive, shown, until
from tests.ui.fake_engine import FakeEngine
from tests.ui.labelling import LabellingSession, labelling_session, people
from tests.ui.sessions import LABELS, dataset
from tests.ui.torture import TEXTS
from tui_al.core.annotation.decisions import (
    Decision,
    Flag,
    Label,
    MergeLabels,
    Note,
    RenameLabel,
    Skip,
    Unfold,
)
from tui_al.core.annotation.label_state import Status
from tui_al.core.data.examples import example_ids
from tui_al.core.session.events import EngineFinished
from tui_al.host import process
from tui_al.store.annotation_service import AnnotationService
from tui_al.store.decisions import CLIENT_SECONDS, Client, DecisionLog
from tui_al.store.removal import remove_session
from tui_al.store.session import Session
from tui_al.ui.annotation_worker import AnnotationWorker
from tui_al.ui.app import TuiAl
from tui_al.ui.keymap import Keymap
from tui_al.ui.screens.home import HomeScreen
from tui_al.ui.screens.label import LabelScreen
from tui_al.ui.screens.run import RunScreen
from tui_al.ui.widgets.engine_line import EngineColumn, EngineLine

MANY = tuple(f"intent_{n:02}" for n in range(30))


def app_on(home: Path, session: LabellingSession, annotator: str = "anna", **options: Any) -> TuiAl:
    return TuiAl(home, session.directory, annotator=annotator, **options)


async def sees(pilot: Pilot[Any], *texts: str) -> str:
    """Wait until all of it is painted."""
    await until(pilot, lambda: all(text in shown(pilot.app) for text in texts))
    return shown(pilot.app)


def decided(session: LabellingSession) -> list[Decision]:
    with DecisionLog(session.directory) as log:
        return [record.decision for record in log.read()]


async def test_one_key_labels_saves_and_goes_on(home: Path) -> None:
    session = labelling_session(home)
    session.rank(1)
    first, second, third = session.ids[:3]
    async with drive(app_on(home, session)) as pilot:
        screen = await sees(pilot, session.text(first), "saved ✓ 0", "ranking of round 1")
        assert "1 billing ×0" in screen
        assert "▸ billing .41   enter takes it" in screen
        assert "asked: between billing .41 and delivery .38 · less sure than about 99 %" in screen
        await pilot.press("2")
        screen = await sees(pilot, "saved ✓ 1", session.text(second), "✓ delivery")
        assert "2 delivery ×1" in screen
        assert "· 2 of 10" in screen
        await pilot.press("enter")
        await sees(pilot, "saved ✓ 2", session.text(third))
        await pilot.press("5")
        await sees(pilot, "There is no label on this key.")
        assert_clean(pilot.app)
    one, two = decided(session)
    assert isinstance(one, Label)
    assert isinstance(two, Label)
    assert (one.ids, one.answer, one.via, one.suggestion, one.blind, one.ranking) == (
        (first,), "delivery", "key", "billing", False, 1,
    )  # fmt: skip
    assert (two.ids, two.answer, two.via) == ((second,), "billing", "suggestion")
    assert 0 < one.seconds < 60


@pytest.mark.slow
async def test_undo_and_redo_reach_over_a_restart_and_keys_wait_for_their_sample(
    home: Path,
) -> None:
    session = labelling_session(home)
    session.rank(1)
    first, second, third, fourth = session.ids[:4]
    async with drive(app_on(home, session)) as pilot:
        await sees(pilot, session.text(first))
        await pilot.press("1", "2", "3")
        await sees(pilot, "saved ✓ 3")
        await pilot.press("u", "u", "3")  # the third key is for the sample that the second u brings
        await sees(pilot, "saved ✓ 2", session.text(third))
        assert session.answers() == {first: "billing", second: "returns"}
    async with drive(app_on(home, session)) as pilot:
        await sees(pilot, "saved ✓ 2", "✓ returns")
        await pilot.press("u")
        await sees(pilot, "saved ✓ 1", session.text(second))
        await pilot.press("r")
        await sees(pilot, "saved ✓ 2")
        assert session.text(second) not in shown(pilot.app).split("recent")[0]
        await pilot.press("r")
        await sees(pilot, "There is nothing to redo.")
        await pilot.press("u", "u")
        await sees(pilot, "saved ✓ 0", session.text(first))
        await pilot.press("2")
        await sees(pilot, "saved ✓ 1")
        assert session.answers() == {first: "delivery"}
    assert fourth not in session.answers()


async def test_a_digit_right_after_space_is_for_the_next_sample(home: Path) -> None:
    session = labelling_session(home)
    session.rank(1)
    skipped, labelled = session.ids[:2]
    async with drive(app_on(home, session)) as pilot:
        await sees(pilot, session.text(skipped))
        for key, character in (("space", " "), ("2", "2")):  # both are there before either is heard
            pilot.app.post_message(events.Key(key, character))
        await sees(pilot, "saved ✓ 1", "✓ skipped")
    assert session.answers() == {labelled: "delivery"}
    assert session.label_state().label_status(skipped).status is Status.SKIPPED


@pytest.mark.slow
async def test_skip_unclear_note_and_unfold(home: Path) -> None:
    session = labelling_session(home)
    session.rank(1, folds=[session.ids[3:6]])
    skipped, unclear, noted, folded = session.ids[:4]
    async with drive(app_on(home, session)) as pilot:
        await sees(pilot, session.text(skipped))
        await pilot.press("space")
        await sees(pilot, session.text(unclear), "✓ skipped")
        await pilot.press("f")
        await sees(pilot, "Why is it unclear?", "1 two labels fit")
        await pilot.press("3")
        await sees(pilot, session.text(noted), "✓ unclear")
        await pilot.press("n")
        await pilot.press(*"ask [b]Eva", "enter")
        await sees(pilot, "note: ask [b]Eva")
        await pilot.press("f", *"odd", "escape")
        await pilot.press("1")
        await sees(pilot, session.text(folded), "+2 alike, o one by one")
        await pilot.press("o")
        await until(pilot, lambda: "alike" not in shown(pilot.app))
        await pilot.press("u")
        await until(pilot, lambda: len(session.label_state().unfolded()) == 0)
        await pilot.press("2")
        await until(pilot, lambda: len(session.answers()) >= 2)
    label_state = session.label_state()
    assert label_state.label_status(skipped).status is Status.SKIPPED
    assert label_state.label_status(unclear).status is Status.UNCLEAR
    assert label_state.note(noted) == "ask [b]Eva"
    kinds = [type(one) for one in decided(session)]
    assert kinds[:5] == [Skip, Flag, Note, Label, Unfold]
    assert [d.reason for d in decided(session) if isinstance(d, Flag)] == ["not enough context"]


async def test_one_answer_counts_for_folded_near_duplicates_and_undo_takes_it_back_for_all(
    home: Path,
) -> None:
    session = labelling_session(home)
    session.rank(1, folds=[session.ids[:3]])
    async with drive(app_on(home, session)) as pilot:
        await sees(pilot, "+2 alike")
        await pilot.press("3")
        await sees(pilot, "saved ✓ 3", session.text(session.ids[3]))
        assert session.answers() == dict.fromkeys(session.ids[:3], "returns")
        await pilot.press("u")
        await sees(pilot, "saved ✓ 0", "+2 alike")


@pytest.mark.slow
async def test_blind_samples_and_blind_mode_show_no_opinion_of_the_model(home: Path) -> None:
    session = labelling_session(home)
    session.rank(1, audit=session.ids[:1])
    async with drive(app_on(home, session)) as pilot:
        screen = await sees(pilot, "audit sample: no suggestion, so it can measure the model")
        assert ".41" not in screen
        await pilot.press("enter")
        await sees(pilot, "No suggestion is shown for this one")
        await pilot.press("1")
        await sees(pilot, "▸ billing .41")
        await pilot.press("b")
        await sees(pilot, "blind: suggestions are hidden, b shows them")
        assert ".41" not in shown(pilot.app)
        assert ".38" not in shown(pilot.app)
        await pilot.press("enter", "2")
        await sees(pilot, "saved ✓ 2")
        await pilot.press("b")
        await sees(pilot, "▸ billing .41")
        await pilot.press("3")
        await sees(pilot, "saved ✓ 3")
    assert [d.blind for d in decided(session) if isinstance(d, Label)] == [True, True, False]


async def test_with_many_labels_digits_choose_among_the_likeliest_nine(home: Path) -> None:
    session = labelling_session(home, data=dataset(labels=MANY))
    top = [(MANY[20 - n], 0.3 - n / 50) for n in range(9)]
    session.rank(1, top=top)
    async with drive(app_on(home, session)) as pilot:
        screen = await sees(pilot, "1 intent_20 .30", "9 intent_12 .14", "/ 21 others by name")
        assert "0 intent" not in screen
        await pilot.press("3")
        await sees(pilot, "saved ✓ 1")
        await pilot.press("b")
        await sees(pilot, "1 intent_00", "9 intent_08", "/ 21 others by name")  # blind
        assert ".30" not in shown(pilot.app)
        await pilot.press("1")
        await sees(pilot, "saved ✓ 2")
    assert list(session.answers().values()) == ["intent_18", "intent_00"]


@pytest.mark.slow
@pytest.mark.parametrize("blind", [False, True])
async def test_many_labels_keep_their_digits_where_no_model_ranks_them(
    home: Path, blind: bool
) -> None:
    session = labelling_session(home, data=dataset(labels=MANY))
    if blind:
        session.rank(1, audit=session.ids)
    else:
        session.rank(0)
    async with drive(app_on(home, session)) as pilot:
        await sees(pilot, "1 intent_00", "9 intent_08")
        await pilot.press(*"/29", "enter", *"55598")
        await sees(pilot, "saved ✓ 6", "1 intent_00 ×0", "5 intent_04 ×3", "9 intent_08 ×1")
        given = ["intent_29", *["intent_04"] * 3, "intent_08", "intent_07"]
        assert list(session.answers().values()) == given
        with DecisionLog(session.directory) as log:
            log.append(
                Client.new("ben"),
                RenameLabel("intent_04", "new name"),
                MergeLabels("intent_01", "intent_00"),
            )
        await sees(
            pilot, "1 intent_00", "2 intent_29", "3 intent_02", "5 new name ×3", "9 intent_08"
        )
    async with drive(app_on(home, session)) as pilot:  # and at the next sitting
        await sees(pilot, "1 intent_00", "2 intent_29", "3 intent_02", "5 new name ×3")


@pytest.mark.slow
async def test_a_new_ranking_takes_over_between_two_samples(home: Path, engine: FakeEngine) -> None:
    session = labelling_session(home)
    async with drive(app_on(home, session)) as pilot:
        await sees(pilot, "No engine is at work on this session: t starts it")
        await pilot.press("t")
        await sees(pilot, "The engine is starting.")
        assert engine.started == [session.directory]
        await pilot.press("1", "enter", "space", "f", "n", "o")  # nothing to decide on, no harm
        session.rank(0)
        await sees(pilot, session.text(session.ids[0]), "random order", "there is no model yet")
        await pilot.press("1")
        await sees(pilot, "saved ✓ 1", session.text(session.ids[1]))
        session.rank(1, [*reversed(session.ids[10:])])
        await sees(pilot, "· 1 of 10")
        screen = shown(pilot.app)
        assert session.text(session.ids[1]) in screen
        assert "random order" in screen  # that is where this sample comes from
        await pilot.press("2")
        await sees(pilot, session.text(session.ids[-1]), "ranking of round 1")
    with DecisionLog(session.directory) as log:  # what was not shown is free for others
        other = Client.new("bob")
        assert log.claim(other, session.ids[2:5], 3) == session.ids[2:5]


@pytest.mark.slow
async def test_a_disk_that_fails_keeps_the_labels_and_says_so(home: Path) -> None:
    session = labelling_session(home)
    session.rank(1)
    async with drive(app_on(home, session)) as pilot:
        await sees(pilot, session.text(session.ids[0]))
        screen = pilot.app.screen
        assert isinstance(screen, LabelScreen)
        append = DecisionLog.append
        with pytest.MonkeyPatch.context() as patch:

            def fail(*_: object, **__: object) -> None:
                raise sqlite3.OperationalError("database or disk is full")

            patch.setattr(DecisionLog, "append", fail)
            await pilot.press("1", "2")
            await sees(
                pilot, "✗ 2 not saved", "saved ✓ 0", "disk is full", session.text(session.ids[2])
            )
            await pilot.press("q")
            await sees(pilot, "2 decisions are not on disk. Leave without them?")
            await pilot.press("n")
            patch.setattr(DecisionLog, "append", append)
            await sees(pilot, "saved ✓ 2")
        assert "not saved" not in shown(pilot.app)
        assert list(session.answers().values()) == ["billing", "delivery"]


async def test_a_label_that_went_away_is_refused_and_the_sample_comes_back(home: Path) -> None:
    session = labelling_session(home)
    session.rank(1)
    async with drive(app_on(home, session)) as pilot:
        await sees(pilot, session.text(session.ids[0]))
        screen = pilot.app.screen
        assert isinstance(screen, LabelScreen)
        screen.answer("gone[/]", "key")
        await sees(pilot, "There is no label 'gone[/]'")
        await pilot.press("escape")
        await sees(pilot, session.text(session.ids[0]), "saved ✓ 0")
        await pilot.press("1")
        await sees(pilot, "saved ✓ 1")
    assert session.answers() == {session.ids[0]: "billing"}


def suspended(session: LabellingSession, annotator: str) -> None:
    """As if the annotator's apps had been stopped for a little longer than claims last."""
    with sqlite3.connect(session.directory / "session.db") as db:
        db.execute(
            "UPDATE clients SET seen = seen - ? WHERE annotator = ?",
            (CLIENT_SECONDS + 1, annotator),
        )
    db.close()


@pytest.mark.slow
async def test_after_a_suspension_an_answer_is_not_given_beside_another_s_unawares(
    home: Path,
) -> None:
    session = labelling_session(home)
    session.rank(1)
    first = session.ids[0]
    async with drive(app_on(home, session)) as pilot:
        await sees(pilot, session.text(first))
        suspended(session, "anna")
        with AnnotationService(session.directory, "ben") as ben:
            item, *_ = ben.take_some(4)
            ben.label(item, "returns")
            await pilot.press("1")
            await sees(
                pilot, "Not saved", "ben has answered this sample meanwhile.", "space goes on"
            )
            await pilot.press("enter")
            await sees(pilot, session.text(first), "saved ✓ 1")
            assert session.answers() == {first: "returns"}
            await pilot.press("1")  # all the same
            await sees(pilot, "✓ billing")
            assert session.label_state().label_status(first).status is Status.CONFLICT
            await sees(pilot, session.text(session.ids[4]))  # ben has those before it


@pytest.mark.slow
async def test_after_a_suspension_a_sample_that_another_has_gives_way(home: Path) -> None:
    session = labelling_session(home)
    session.rank(1)
    async with drive(app_on(home, session)) as pilot:
        await sees(pilot, session.text(session.ids[0]))
        suspended(session, "anna")
        with AnnotationService(session.directory, "ben") as ben:
            ben.take_some(4)
            screen = pilot.app.screen
            assert isinstance(screen, LabelScreen)
            screen.ask("alive", AnnotationService.alive)
            await sees(pilot, "This app was suspended", session.text(session.ids[4]))
            await pilot.press("1")
            await sees(pilot, "saved ✓ 1")
    assert session.answers() == {session.ids[4]: "billing"}


@pytest.mark.slow
async def test_after_a_suspension_what_a_dialog_asks_of_a_sample_is_not_done_to_the_next(
    home: Path,
) -> None:
    session = labelling_session(home)
    session.rank(1)
    first = session.ids[0]
    async with drive(app_on(home, session)) as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, LabelScreen)
        await sees(pilot, session.text(first))
        await pilot.press("f")
        await sees(pilot, "Why is it unclear?")
        suspended(session, "anna")
        with AnnotationService(session.directory, "ben") as ben:
            ben.take()
            screen.ask("alive", AnnotationService.alive)
            done: list[object] = []
            screen.ask("more", lambda _: None, then=done.append)
            await until(pilot, lambda: done)
            await pilot.pause()
            await pilot.press(*"no label", "enter")
            await sees(pilot, "Not saved")
    assert session.label_state().count(Status.UNCLEAR) == 0


@pytest.mark.slow
async def test_labels_never_seen_raise_an_alarm_once_enough_is_labelled(home: Path) -> None:
    session = labelling_session(home)
    session.rank(1)
    async with drive(app_on(home, session), (120, 40)) as pilot:
        await sees(pilot, session.text(session.ids[0]))
        await pilot.press(*"22222")
        await sees(pilot, "saved ✓ 5")
        assert "never seen" not in shown(pilot.app)
        await pilot.press("2")
        await sees(pilot, "⚠ never seen (2): billing, returns  s searches the pool", "×0!")
        await pilot.press("1")
        await sees(pilot, "⚠ never seen: returns")


@pytest.mark.slow
async def test_two_annotators_get_different_samples_and_the_same_one_only_where_asked(
    home: Path,
) -> None:
    session = labelling_session(home, experiment=people(overlap=0.0))
    session.rank(1)
    async with drive(app_on(home, session, "anna")) as anna:
        await sees(anna, "saved ✓ 0", session.text(session.ids[0]))
        async with drive(app_on(home, session, "bob"), (120, 40)) as bob:
            await sees(bob, "saved ✓ 0", "with anna")
            for number in range(12):
                await anna.press("1")
                await bob.press("2")
                await until(anna, lambda n=number: len(session.answers()) == 2 * n + 2)  # type: ignore[misc]
            await sees(anna, "saved ✓ 24")
            async with drive(app_on(home, session, "anna"), (120, 40)) as again:
                await sees(again, "with anna in another window, bob")
            await sees(bob, "saved ✓ 24")
    labels = [d for d in decided(session) if isinstance(d, Label)]
    assert len({d.ids for d in labels}) == len(labels) == 24
    assert {d.answer for d in labels} == {"billing", "delivery"}


@pytest.mark.slow
async def test_the_run_is_one_key_away_and_back_and_home_counts_labels(
    home: Path, engine: FakeEngine
) -> None:
    session = labelling_session(home)
    session.rank(1)
    async with drive(app_on(home, session)) as pilot:
        await sees(pilot, session.text(session.ids[0]))
        await pilot.press("1", "e")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunScreen))
        for key in ("e", "escape"):
            await pilot.press(key)
            await sees(pilot, session.text(session.ids[1]), "saved ✓ 1")
            await pilot.press("e")
            await until(pilot, lambda: isinstance(pilot.app.screen, RunScreen))
        await pilot.press("escape", "escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, HomeScreen))
        await sees(pilot, "tickets-anna", "1 labelled")
        await pilot.press("enter")
        await sees(pilot, session.text(session.ids[1]), "saved ✓ 1")
        assert isinstance(pilot.app.screen, LabelScreen)


async def test_t_asks_a_live_engine_to_train(home: Path, engine: FakeEngine) -> None:
    from tests.ui.sessions import FakeEngine as Locks

    session = labelling_session(home)
    session.rank(1)
    session.recording.start()
    locks = Locks()
    locks.live(session.directory)
    try:
        async with drive(app_on(home, session)) as pilot:
            await sees(pilot, "engine waits for 10 more")
            await pilot.press("t")
            await sees(pilot, "The engine cannot train yet: it needs labels of 2 classes.")
            await pilot.press("1", "2")
            await sees(pilot, "saved ✓ 2")
            await pilot.press("t")
            await sees(pilot, "The engine trains on")
    finally:
        locks.leave()
    with Session(session.directory) as opened:
        assert [name for _, name in opened.commands()] == ["train"]
    assert engine.started == []


async def test_keys_of_ones_own_are_bound_and_shown(home: Path) -> None:
    session = labelling_session(home)
    session.rank(1)
    own = Keymap(
        {"label.skip": "j", "label.answer": "a,s,d", "label.search": "w"}, {"returns": "i"}
    )
    async with drive(app_on(home, session, keymap=own)) as pilot:
        await sees(pilot, "a billing", "s delivery", "i returns", "j skip")
        await pilot.press("j")
        await sees(pilot, session.text(session.ids[1]), "✓ skipped")
        await pilot.press("space", "1")
        await pilot.press("i")
        await sees(pilot, "saved ✓ 1")
    assert session.answers() == {session.ids[1]: "returns"}


@pytest.mark.slow
async def test_every_text_is_shown_whole_and_harmless_at_every_size(home: Path) -> None:
    # A lone surrogate cannot be in stored data: reading it replaces it.
    texts = [text or " " for name, text in TEXTS.items() if name != "surrogate"]
    base = dataset(labels=(*LABELS, "[/x] odd\x1b[31m", "日本語" * 20))
    examples = tuple(
        replace(base.train[n], id=identity, text=text)
        for n, (identity, text) in enumerate(zip(example_ids(texts), texts, strict=True))
    )
    session = labelling_session(home, data=replace(base, train=examples))
    session.rank(1)
    async with drive(app_on(home, session)) as pilot:
        await sees(pilot, "closes nothing")
        for number, text in enumerate(texts):
            for size in SIZES:
                await pilot.resize_terminal(*size)
                await pilot.pause()
                assert_clean(pilot.app)
            words = [w for w in text.split() if w.isascii() and w.isprintable()][:3]
            await sees(pilot, *(word[:30] for word in words))
            await pilot.press("down", "pagedown", "1")
            await until(pilot, lambda n=number: len(session.answers()) == n + 1)  # type: ignore[misc]
        await sees(pilot, "There is nothing left to label")


async def test_the_service_is_left_alone_at_the_end_of_a_ranking(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    do = AnnotationWorker.do

    def counted(worker: AnnotationWorker, kind: str, *rest: Any, **options: Any) -> int:
        asked.append(kind)
        return do(worker, kind, *rest, **options)

    monkeypatch.setattr(AnnotationWorker, "do", counted)
    session = labelling_session(home)
    session.rank(1, session.ids[:2])  # fewer than the hand holds
    async with drive(app_on(home, session)) as pilot:
        await until(pilot, lambda: session.text(session.ids[0]) in shown(pilot.app))
        for _ in range(20):
            await pilot.pause()
        assert asked.count("take") <= 3


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
async def test_why_the_engine_failed_is_told(home: Path, size: tuple[int, int]) -> None:
    session = labelling_session(home)
    async with drive(app_on(home, session), size) as pilot:
        await sees(pilot, "No engine is at work")
        with Session(session.directory) as store:
            store.append(EngineFinished("failed", "model: x [/b] is unknown.", "Choose another."))
        await sees(pilot, "The engine failed: model: x [/b] is", "unknown. Choose another.")
        assert shown(pilot.app).count("failed") == 1
        session.rank(1)
        await sees(pilot, "✗ engine failed", "[/b] is")  # beside the sample, too
        assert shown(pilot.app).count("failed") == 1
        assert_clean(pilot.app)


@pytest.mark.parametrize("size", [(80, 24), (40, 24), (80, 12), (40, 12), (160, 50)])
async def test_why_the_engine_failed_and_what_to_press_are_both_read_beside_a_sample(
    home: Path, size: tuple[int, int]
) -> None:
    """Of a long reason the end gives way, not the key; at 24 rows the whole cause is there."""
    session = labelling_session(home)
    session.rank(1)
    cause, hint = process._explain(-signal.SIGKILL, session.directory, ())
    with Session(session.directory) as store:
        store.append(EngineFinished("failed", cause, hint))
    async with drive(app_on(home, session), size) as pilot:
        await sees(pilot, session.text(session.ids[0]), "✗ engine failed")
        wide = size[0] > 100  # a column of its own
        line = pilot.app.screen.query_one(EngineColumn if wide else EngineLine)
        said = " ".join(row.strip("│ ") for row in line.plain().splitlines())
        assert said.endswith("t starts it again.")
        assert "The engine was" in said
        if size[1] > 12:
            assert cause in said
        rows = line.region
        assert rows.bottom < size[1] and rows.height >= len(line.plain().splitlines())


@pytest.mark.slow
async def test_a_failure_is_said_in_passing_where_the_label_screen_does_not_show_it(
    home: Path,
) -> None:
    session = labelling_session(home)
    session.rank(1)
    async with drive(app_on(home, session)) as pilot:
        await sees(pilot, session.text(session.ids[0]))
        await pilot.press("h")
        await sees(pilot, "0 decisions")
        with Session(session.directory) as store:
            store.append(EngineFinished("failed", "model: x is unknown.", "Choose another."))
        await sees(pilot, "The engine failed: the label screen says why.")


@pytest.mark.slow
async def test_a_pool_smaller_than_a_batch_is_used_up(home: Path) -> None:
    base = dataset()
    session = labelling_session(
        home, experiment=people("20"), data=replace(base, train=base.train[:12])
    )
    session.rank(0)
    async with drive(app_on(home, session)) as pilot:
        await sees(pilot, "1 of 12")
        for count in range(12):
            await pilot.press("1" if count % 2 else "2")
            await until(pilot, lambda n=count: len(session.answers()) == n + 1)  # type: ignore[misc]
        await sees(pilot, "all texts are labelled", "12 of 12")


@pytest.mark.slow
@pytest.mark.parametrize("above", ["", "h"], ids=["on the sample", "in the history"])
async def test_a_session_that_is_deleted_under_the_person_is_told_at_once(
    home: Path, engine: FakeEngine, above: str
) -> None:
    session = labelling_session(home)
    session.rank(1)
    async with drive(app_on(home, session)) as pilot:
        await sees(pilot, session.text(session.ids[0]))
        await pilot.press("1")
        await sees(pilot, "saved ✓ 1")
        await pilot.press(*above)
        await pilot.pause()
        remove_session(session.directory)
        await sees(pilot, "Session tickets-anna was deleted while it was open.", "gone with it")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, HomeScreen))


async def test_what_is_given_after_a_session_was_deleted_is_never_called_saved(
    home: Path, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "tui_al.ui.annotation_worker.LOOK", 60.0
    )  # nothing but the answer itself finds out
    session = labelling_session(home)
    session.rank(1)
    async with drive(app_on(home, session)) as pilot:
        await sees(pilot, session.text(session.ids[0]))
        remove_session(session.directory)
        await pilot.press("1")
        await sees(pilot, "was deleted while it was open", "Your last decision could not")
        assert "saved ✓ 1" not in shown(pilot.app)


@pytest.mark.slow
async def test_a_session_that_is_renamed_under_the_person_keeps_every_answer(
    home: Path, engine: FakeEngine
) -> None:
    session = labelling_session(home)
    session.rank(1)
    new = session.directory.with_name("renamed")
    async with drive(app_on(home, session)) as pilot:
        await sees(pilot, session.text(session.ids[0]))
        session.directory.rename(new)
        await pilot.press("1", "2")
        screen = await sees(pilot, "Session tickets-anna was moved or renamed while it was open.")
        assert "renamed" in screen.split("while it was open.")[1]
    with DecisionLog(new) as log:
        assert [record.decision.kind for record in log.read()] == ["label", "label"]
