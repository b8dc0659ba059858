"""The log of decisions on disk: order, claims of several clients, boards, and what a killed writer
leaves."""

import multiprocessing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.store.people import make_session, texts_pool
from tui_al.core.annotation import decisions as de
from tui_al.core.annotation.decisions import DecisionRecord
from tui_al.store import decisions as store
from tui_al.store.decisions import Client, DecisionLog

POOL = texts_pool([f"text number {n}" for n in range(20)])
IDS = [example.id for example in POOL.train]


@pytest.fixture
def session(tmp_path: Path) -> Path:
    return make_session(tmp_path, POOL)


class TestLog:
    def test_what_is_appended_is_read_back_by_others(self, session: Path) -> None:
        anna = Client.new("anna")
        with DecisionLog(session) as mine, DecisionLog(session) as theirs:
            added = mine.append(anna, de.Label((IDS[0],), "refund", 1.5, "key"), de.Skip(IDS[1], 2))
            assert theirs.read() == added
            assert theirs.read(after=added[0].seq) == added[1:]
            assert [r.seq for r in added] == [1, 2]
            assert {r.annotator for r in added} == {"anna"}

    def test_records_of_another_machine_come_in_once(self, session: Path) -> None:
        records = [
            DecisionRecord(90, 5.0, "ben", "uid-1", de.Label((IDS[0],), "repair")),
            DecisionRecord(91, 6.0, "ben", "uid-2", de.Undo("uid-1")),
        ]
        with DecisionLog(session) as log:
            assert [r.seq for r in log.insert(records)] == [1, 2]
            assert log.insert(records) == []
            assert [(r.uid, r.time, r.annotator) for r in log.read()] == [
                ("uid-1", 5.0, "ben"),
                ("uid-2", 6.0, "ben"),
            ]

    @settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        text=st.text(), spans=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.text()))
    )
    def test_any_text_survives(
        self, session: Path, text: str, spans: list[tuple[int, int, str]]
    ) -> None:
        try:
            text.encode()
            for *_, kind in spans:
                kind.encode()
        except UnicodeEncodeError:
            return
        with DecisionLog(session) as log:
            (one, two) = log.append(
                Client.new("anna"), de.Note(IDS[0], text), de.Label((IDS[1],), tuple(spans))
            )
            assert log.read(after=one.seq - 1) == [one, two]


class TestClaims:
    def test_two_clients_never_get_the_same_example(self, session: Path) -> None:
        anna, ben = Client.new("anna"), Client.new("ben")
        with DecisionLog(session) as log:
            assert log.claim(anna, IDS, 3) == IDS[:3]
            assert log.claim(ben, IDS, 3) == IDS[3:6]
            log.release(anna, [IDS[1]])
            assert log.claim(ben, IDS[:3], 3) == [IDS[1]]

    def test_what_is_answered_stays_taken_even_after_its_client_left(self, session: Path) -> None:
        anna, ben = Client.new("anna"), Client.new("ben")
        with DecisionLog(session) as log:
            log.claim(anna, IDS, 2)
            log.append(anna, de.Label((IDS[0],), "refund"))
            log.release(anna)
            assert log.claim(ben, IDS, 1) == [IDS[1]]

    def test_a_skip_frees_and_an_undo_gives_it_back_to_its_annotator(self, session: Path) -> None:
        anna, ben = Client.new("anna"), Client.new("ben")
        with DecisionLog(session) as log:
            log.claim(anna, IDS, 1)
            log.append(anna, de.Skip(IDS[0]))
            assert log.claim(ben, IDS[:1], 1) == [IDS[0]]
            log.claim(anna, IDS[1:], 1)
            (label,) = log.append(anna, de.Label((IDS[1],), "refund"))
            log.append(anna, de.Undo(label.uid))
            assert log.claim(ben, [IDS[1]], 1) == []
            assert log.claim(anna, [IDS[1]], 1) == [IDS[1]]
            log.append(anna, de.Redo(label.uid))
            assert log.claim(anna, [IDS[1]], 1) == []

    def test_claims_of_the_dead_are_void(
        self, session: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        anna, ben = Client.new("anna"), Client.new("ben")
        with DecisionLog(session) as log:
            log.claim(anna, IDS, 1)
            assert {name for _, name in log.present()} == {"anna"}
            monkeypatch.setattr(store, "CLIENT_SECONDS", -1.0)
            assert log.claim(ben, IDS, 1) == [IDS[0]]

    def test_overlap_means_a_second_annotator_and_no_third(self, session: Path) -> None:
        with DecisionLog(session) as log:
            got = [log.claim(Client.new(n), IDS[:1], 1, annotators=2) for n in ("a", "b", "c")]
            assert got == [[IDS[0]], [IDS[0]], []]
            again = Client.new("a")  # the same person at another terminal
            assert log.claim(again, IDS[:1], 1, annotators=3) == []

    @pytest.mark.slow
    def test_many_processes_share_a_pool_without_a_double(self, session: Path) -> None:
        context = multiprocessing.get_context("spawn")
        with context.Pool(4) as pool:
            taken = pool.starmap(_work, [(session, f"annotator {n}") for n in range(4)])
        everything = [identity for some in taken for identity in some]
        assert sorted(everything) == sorted(IDS)
        with DecisionLog(session) as log:
            assert sorted(r.decision.about[0] for r in log.read()) == sorted(IDS)


def _work(session: Path, annotator: str) -> list[str]:
    done: list[str] = []
    client = Client.new(annotator)
    with DecisionLog(session) as log:
        while taken := log.claim(client, IDS, 2):
            for identity in taken:
                log.append(client, de.Label((identity,), "refund"))
                done.append(identity)
    return done


class TestBoards:
    def test_the_last_two_rounds_are_kept(self, session: Path) -> None:
        with DecisionLog(session) as log:
            assert log.board("ranking") is None
            assert log.latest("ranking") is None
            for round_ in range(4):
                log.publish("ranking", round_, {"rows": [round_]})
            assert log.latest("ranking") == 3
            assert log.board("ranking") == {"rows": [3]}
            assert log.board("ranking", 2) == {"rows": [2]}
            assert log.board("ranking", 1) is None
