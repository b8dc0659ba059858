"""The annotator's place: samples in the ranking's order, what is decided about them, and two
annotators at once."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.helpers.new_session import new_session
from tests.store.people import (
    make_session,
    people_config,
    put_up_ranking,
    sentences_pool,
    suggesting,
    texts_pool,
)
from tui_al.core.annotation import decisions as de
from tui_al.core.annotation.label_state import Status
from tui_al.core.loop.annotation_channel import unlabelled_rows
from tui_al.errors import SampleTakenError, SessionError
from tui_al.store.annotation_service import AnnotationService
from tui_al.store.decisions import DecisionLog
from tui_al.store.samples import Sample
from tui_al.store.training_labels import LabelledPool

POOL = texts_pool([f"text number {n}" for n in range(30)], ("refund", "repair", "scam"))
IDS = [example.id for example in POOL.train]


@pytest.fixture
def session(tmp_path: Path) -> Path:
    directory = make_session(tmp_path, POOL)
    put_up_ranking(directory, [{"id": i} for i in IDS])
    return directory


def take(service: AnnotationService) -> Sample:
    item = service.take()
    assert item is not None
    return item


class TestTaking:
    def test_nothing_before_the_first_ranking(self, tmp_path: Path) -> None:
        with AnnotationService(make_session(tmp_path, POOL), "anna") as service:
            assert service.take() is None
            assert service.ranking is None

    def test_the_ranking_s_order_with_all_that_the_model_thinks(self, session: Path) -> None:
        put_up_ranking(session, suggesting(POOL, "repair", 0.7)[::-1], round_=1, labels=4)
        with AnnotationService(session, "anna") as service:
            item = take(service)
            assert item.id == IDS[-1]
            assert item.example.text == "text number 29"
            assert item.top[0] == ("repair", 0.7)
            assert (item.suggestion, item.ranking, item.place) == ("repair", 1, 1)
            assert item.percentile == pytest.approx(1 / 30)
            assert take(service).id == IDS[-2]

    def test_a_new_ranking_takes_over_between_two_samples(self, session: Path) -> None:
        with AnnotationService(session, "anna") as service:
            first = take(service)
            put_up_ranking(session, suggesting(POOL, "scam")[::-1], round_=1, labels=4)
            service.refresh()
            service.label(first, "refund")
            assert take(service).id == IDS[-1]
            with AnnotationService(session, "ben") as ben:
                assert take(ben).id == IDS[-2]

    def test_gold_answers_never_reach_the_annotator(self, tmp_path: Path) -> None:
        labelled = replace(POOL, train=tuple(replace(e, answer="scam") for e in POOL.train))
        directory = make_session(tmp_path, labelled)
        put_up_ranking(directory, [{"id": i} for i in IDS])
        with AnnotationService(directory, "anna") as service:
            assert take(service).example.answer is None
            assert service.open(IDS[5]).example.answer is None

    def test_the_random_share_is_blind(self, session: Path) -> None:
        rows = suggesting(POOL, "repair")
        rows[0]["audit"] = True
        put_up_ranking(session, rows, round_=1, labels=4)
        with AnnotationService(session, "anna") as service:
            item = take(service)
            assert (item.blind, item.top, item.suggestion) == ("random check", (), None)
            (record,) = service.label(item, "refund")
            assert isinstance(record.decision, de.Label)
            assert record.decision.blind

    def test_a_simulated_session_is_refused(self, tmp_path: Path) -> None:
        config = people_config()
        simulated = replace(config, loop=replace(config.loop, oracle="gold"))
        new_session(tmp_path, "sim", simulated, POOL).close()
        with pytest.raises(SessionError, match="simulated experiment"):
            AnnotationService(tmp_path / "sessions" / "sim", "anna")


class TestDeciding:
    def test_label_skip_flag_and_note(self, session: Path) -> None:
        with AnnotationService(session, "anna") as service:
            items = [take(service) for _ in range(3)]
            service.note(items[0], "a remark")
            service.label(items[0], "refund", seconds=2.5)
            service.skip(items[1])
            service.flag(items[2], "two in one")
            assert [service.label_state.label_status(i.id).status for i in items] == [
                Status.LABELLED,
                Status.SKIPPED,
                Status.UNCLEAR,
            ]
            assert service.open(items[0].id).note == "a remark"
            assert service.open(items[0].id).answer == "refund"
        with AnnotationService(session, "anna") as again:  # all of it is on disk
            assert again.label_state.counts == {"refund": 1, "repair": 0, "scam": 0}
            assert again.label_state.count(Status.UNCLEAR) == 1

    def test_a_skipped_sample_comes_again_with_the_next_ranking(self, session: Path) -> None:
        with AnnotationService(session, "anna") as service:
            skipped = take(service)
            service.skip(skipped)
            assert take(service).id == IDS[1]
            put_up_ranking(session, [{"id": i} for i in IDS], round_=1)
            service.refresh()
            assert take(service).id == skipped.id

    def test_skipped_samples_come_last_when_nothing_else_is_left(self, session: Path) -> None:
        with AnnotationService(session, "anna") as service:
            service.skip(take(service))
            seen: list[str] = []
            while (item := service.take()) is not None and len(seen) < 40:
                seen.append(item.id)
                service.label(item, "refund")
            assert seen == [*IDS[1:], IDS[0]]

    def test_undo_brings_the_sample_back_across_restarts(self, session: Path) -> None:
        with AnnotationService(session, "anna") as service:
            first, second = take(service), take(service)
            service.label(first, "refund")
            service.label(second, "repair")
        with AnnotationService(session, "anna") as service:
            undo_result = service.undo()
            assert undo_result is not None and undo_result.item is not None
            assert undo_result.item.id == second.id
            assert service.label_state.label_status(second.id).status is Status.OPEN
            assert service.undo() is not None
            assert service.undo() is None
            assert service.redo() is not None
            assert service.label_state.answers() == {first.id: "refund"}
            assert take(service).id not in (first.id, second.id)  # the undone one is on the screen

    def test_near_duplicates_get_one_answer_and_unfold(self, session: Path) -> None:
        with DecisionLog(session) as log:
            log.publish("folds", 0, [[IDS[0], IDS[4], IDS[7]], [IDS[2], IDS[9]]])
        put_up_ranking(session, [{"id": i} for i in (IDS[0], IDS[1], IDS[2], IDS[9])], round_=1)
        with AnnotationService(session, "anna") as service:
            item = take(service)
            assert set(item.folded) == {IDS[4], IDS[7]}
            service.label(item, "scam")
            assert service.label_state.counts["scam"] == 3
            service.undo()
            assert service.label_state.counts["scam"] == 0
            take(service)
            pair = take(service)
            assert pair.folded == (IDS[9],)
            single = service.unfold(pair)
            service.label(single, "scam")
            assert service.label_state.counts["scam"] == 1
            assert take(service).id == IDS[9]

    def test_labels_are_managed_with_clear_refusals(self, session: Path) -> None:
        with AnnotationService(session, "anna") as service:
            item = take(service)
            with pytest.raises(SessionError, match="no label 'loss'"):
                service.label(item, "loss")
            service.add_label(" loss ", "lost on the way")
            service.label(item, "loss")
            service.rename_label("loss", "lost parcel")
            assert service.label_state.label_status(item.id).answer == "lost parcel"
            service.merge_labels("lost parcel", "scam")
            assert service.label_state.counts == {"refund": 0, "repair": 0, "scam": 1}
            refused: Sequence[tuple[Callable[[], object], str]] = (
                (lambda: service.add_label("scam"), "already"),
                (lambda: service.add_label(" "), "without a name"),
                (lambda: service.rename_label("gone", "x"), "no label 'gone'"),
                (lambda: service.label(item, "loss"), "no label 'loss' any more: it is 'scam' now"),
                (lambda: service.merge_labels("scam", "scam"), "with itself"),
            )
            for wrong, message in refused:
                with pytest.raises(SessionError, match=message):
                    wrong()

    def test_search_by_words_in_any_case(self, session: Path) -> None:
        with AnnotationService(session, "anna") as service:
            found = service.search("NUMBER 12")
            assert [hit.example.text for hit in found] == ["text number 12"]
            assert service.search("100%") == []
            assert service.search("_ext") == []

    def test_a_label_that_only_looks_new_is_refused(self, session: Path) -> None:
        with AnnotationService(session, "anna") as service:
            service.add_label("\u00c4rger")
            with pytest.raises(SessionError, match="already"):
                service.add_label("A\u0308rger")

    def test_what_was_refused_is_not_undone_in_another_s_place(self, session: Path) -> None:
        with AnnotationService(session, "anna") as service:
            kept = service.label(take(service), "refund")
            assert service.undo([]) is None
            assert service.label_state.answers() == {IDS[0]: "refund"}
            later = service.label(take(service), "repair")
            assert service.undo(kept) is not None  # the one that is meant, not the last one
            assert service.undo(kept) is None
            assert service.label_state.answers() == {IDS[1]: "repair"}
            assert service.undo(later) is not None
            assert service.label_state.answers() == {}


class TestOpenedAgain:
    def test_it_comes_with_what_its_annotator_said_and_what_counts(self, session: Path) -> None:
        with AnnotationService(session, "anna") as anna, AnnotationService(session, "ben") as ben:
            first, second, third = anna.take_some(3)
            anna.label(first, "refund")
            anna.flag(second, "two fit")
            assert (third.by_hand, third.is_done) == (False, False)
            opened = anna.open(first.id)
            assert (opened.answer, opened.counts, opened.status) == (
                "refund",
                "refund",
                Status.LABELLED,
            )
            assert opened.by_hand and opened.is_done
            again = anna.open(second.id)
            assert (again.answer, again.flag, again.status) == (None, "two fit", Status.UNCLEAR)
            assert again.is_done
            ben.refresh()
            ben.label(ben.open(first.id), "scam", anyway=True)
            ben.settle(first.id, "scam")
            anna.refresh()
            settled = anna.open(first.id)
            assert (settled.answer, settled.counts) == ("refund", "scam")
            blind = ben.open(second.id)  # not what others say
            assert (blind.answer, blind.counts) == (None, None)
            assert not anna.open(IDS[9]).is_done


class TestLabelledInTheData:
    """Some texts came with labels: nobody is asked about them, but what people say of them
    counts."""

    DATA = replace(
        POOL,
        train=tuple(replace(e, answer="scam" if n < 5 else None) for n, e in enumerate(POOL.train)),
    )

    def test_they_are_found_as_such_and_come_with_what_the_data_says(self, tmp_path: Path) -> None:
        directory = make_session(tmp_path, self.DATA)
        put_up_ranking(directory, [{"id": i} for i in IDS[5:]])
        with AnnotationService(directory, "anna") as service:
            service.rename_label("scam", "fraud")
            hits = [service.search(words)[0] for words in ("number 4", "number 7")]
            assert [(hit.example.id, hit.in_data) for hit in hits] == [
                (IDS[4], True),
                (IDS[7], False),
            ]
            item = service.open(IDS[4])
            assert (item.in_data, item.answer, item.is_done) == ("fraud", None, True)
            assert service.open(IDS[7]).in_data is None
            service.label(item, "repair")
            assert service.closed == 0  # no part of a batch, as for the engine
            service.label(service.open(IDS[7]), "repair")
            assert service.closed == 1

    def test_the_engine_trains_on_what_people_say_of_them(self, tmp_path: Path) -> None:
        directory = make_session(tmp_path, self.DATA)
        pool = unlabelled_rows(self.DATA)
        with DecisionLog(directory) as log, AnnotationService(directory, "anna") as service:
            labelled = LabelledPool(log, self.DATA, pool, pool[:0])
            assert dict(labelled.snapshot().answers) == dict.fromkeys(range(5), "scam")
            service.label(service.open(IDS[1]), "refund")
            service.flag(service.open(IDS[2]), "two fit")
            now = labelled.snapshot()
            assert dict(now.answers) == {0: "scam", 1: "refund", 3: "scam", 4: "scam"}
            assert now.closed == frozenset()
            service.undo()
            service.undo()
            assert dict(labelled.snapshot().answers) == dict.fromkeys(range(5), "scam")


class TestEntities:
    POOL = sentences_pool([("Anna", "Berg", "left", "Oslo"), ("Rain", "in", "Bern")])

    def test_spans_are_kept_as_offsets_and_half_tokens_refused(self, tmp_path: Path) -> None:
        directory = make_session(tmp_path, self.POOL)
        put_up_ranking(directory, suggesting(self.POOL, "PER"), round_=1, labels=3)
        with AnnotationService(directory, "anna") as service:
            item = take(service)
            assert item.suggestion == ((0, 4, "PER"),)
            for wrong, message in (
                (((0, 3, "PER"),), "tokens are marked whole"),
                (((0, 9, "PER"), (5, 14, "LOC")), "overlaps"),
                (((0, 4, "ORG"),), "no label 'ORG'"),
            ):
                with pytest.raises(SessionError, match=message):
                    service.label(item, wrong)
            assert not service.label_state.answers()
            service.label(item, ((15, 19, "LOC"), (0, 9, "PER")))
            assert service.label_state.answers() == {item.id: ((0, 9, "PER"), (15, 19, "LOC"))}

    def test_a_sentence_without_entities_is_an_answer(self, tmp_path: Path) -> None:
        directory = make_session(tmp_path, self.POOL)
        put_up_ranking(directory, [{"id": e.id, "top": []} for e in self.POOL.train], 1, labels=3)
        with AnnotationService(directory, "anna") as service:
            item = take(service)
            assert item.suggestion == ()
            service.label(item, ())
            assert service.label_state.label_status(item.id).status is Status.LABELLED


class TestTwoAnnotators:
    def test_no_sample_twice_and_nothing_lost(self, session: Path) -> None:
        with AnnotationService(session, "anna") as anna, AnnotationService(session, "ben") as ben:
            answered: list[str] = []
            while True:
                pair = [(service, service.take()) for service in (anna, ben)]
                if all(item is None for _, item in pair):
                    break
                for service, item in pair:
                    if item is not None:
                        service.label(item, "refund")
                        answered.append(item.id)
                    service.refresh()
            assert sorted(answered) == sorted(IDS)
            anna.refresh()
            assert anna.label_state.counts["refund"] == 30

    def test_a_sample_that_was_searched_for_is_nobody_elses(self, session: Path) -> None:
        with AnnotationService(session, "anna") as anna, AnnotationService(session, "ben") as ben:
            wanted = IDS[0]  # the ranking's first, by search
            found = anna.open(wanted)
            assert wanted not in {item.id for item in ben.take_some(len(IDS))}
            with pytest.raises(SampleTakenError, match="anna"):
                ben.label(ben.open(wanted), "repair")
            assert [r.annotator for r in anna.log.read()] == []
            anna.put_back([found])
            ben.put_back([ben.open(wanted)])
            ben.label(ben.open(wanted), "repair")
            assert [r.annotator for r in ben.log.read()] == ["ben"]

    def test_what_others_have_on_the_screen_can_be_looked_at(self, session: Path) -> None:
        """It is shown, and the answer refused unless it is insisted on."""
        with AnnotationService(session, "anna") as anna, AnnotationService(session, "ben") as ben:
            (item,) = anna.take_some(1)
            seen = ben.open(item.id)
            assert seen.example.text == item.example.text
            with pytest.raises(SampleTakenError):
                ben.label(seen, "repair")
            ben.put_back([seen])
            anna.label(item, "refund")
            assert [r.annotator for r in anna.log.read()] == ["anna"]

    def test_overlap_gives_a_second_blind_opinion_and_conflicts_are_settled(
        self, tmp_path: Path
    ) -> None:
        directory = make_session(tmp_path, POOL, config=people_config(overlap=1.0))
        put_up_ranking(directory, suggesting(POOL, "repair"), round_=1, labels=4)
        with (
            AnnotationService(directory, "anna") as anna,
            AnnotationService(directory, "ben") as ben,
        ):
            first = take(anna)
            anna.label(first, "refund")
            ben.refresh()
            second = take(ben)
            assert (second.id, second.blind) == (first.id, "second opinion")
            ben.label(second, "scam")
            assert ben.conflicts() == [first.id]
            assert not ben.label_state.answers()
            with AnnotationService(directory, "carla") as carla:
                assert take(carla).id != first.id
                carla.settle(first.id, "refund")
                assert carla.label_state.answers() == {first.id: "refund"}
