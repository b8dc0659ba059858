"""Audit labels count in the order in which they are asked about: what was found by search waits for
its turn."""

from pathlib import Path

import numpy as np
import pytest

from tests.store.people import SEED, make_session, people_config, put_up_ranking, texts_pool
from tui_al.core.loop.annotation_channel import sample_audit
from tui_al.store.annotation_service import AnnotationService
from tui_al.store.decisions import DecisionLog
from tui_al.store.training_labels import LabelledPool

POOL = texts_pool([f"text number {n}" for n in range(60)], ("refund", "repair"))
ROWS = np.arange(60)
AUDIT = sample_audit(SEED, ROWS, 0.2)
IDS = [POOL.train[row].id for row in AUDIT.tolist()]


@pytest.fixture
def session(tmp_path: Path) -> Path:
    directory = make_session(tmp_path, POOL, config=people_config(audit_share=0.2))
    board = [{"id": i, "audit": True} for i in IDS]
    board += [{"id": e.id} for e in POOL.train if e.id not in IDS]
    put_up_ranking(directory, board, round_=1)
    return directory


def audited(directory: Path) -> list[str]:
    with DecisionLog(directory) as log:
        found = LabelledPool(log, POOL, ROWS, AUDIT).snapshot()
    assert not set(found.audit) & set(found.answers)
    return [POOL.train[row].id for row in found.audit]


def test_a_text_found_by_search_counts_when_its_turn_has_come(session: Path) -> None:
    with AnnotationService(session, "anna") as anna:
        for place in (3, 1):
            anna.label(anna.open(IDS[place]), "refund")
        assert audited(session) == []
        anna.label(anna.open(IDS[0]), "repair")
        assert audited(session) == IDS[:2]
        anna.flag(anna.open(IDS[2]), "odd")  # cannot be answered: passed over, not waited for
        assert audited(session) == [IDS[0], IDS[1], IDS[3]]


def test_what_is_skipped_holds_nothing_up(session: Path) -> None:
    with AnnotationService(session, "anna") as anna:
        anna.skip(anna.open(IDS[0]))
        anna.label(anna.open(IDS[1]), "refund")
        assert audited(session) == [IDS[1]]
        anna.label(anna.open(IDS[0]), "refund")
        assert audited(session) == IDS[:2]


def test_what_was_answered_along_with_a_near_duplicate_is_told(tmp_path: Path) -> None:
    directory = make_session(tmp_path, POOL, config=people_config(audit_share=0.0))
    first, second = POOL.train[4].id, POOL.train[5].id
    with DecisionLog(directory) as log:
        log.publish("folds", 0, [[first, second]])
    put_up_ranking(directory, [{"id": first}], round_=1)
    with AnnotationService(directory, "anna") as anna:
        item = anna.take()
        assert item is not None
        assert item.folded == (second,)
        anna.label(item, "refund")
    with DecisionLog(directory) as log:
        found = LabelledPool(log, POOL, ROWS, AUDIT[:0]).snapshot()
    assert found.folded == {5}
    assert found.answers == {4: "refund", 5: "refund"}
