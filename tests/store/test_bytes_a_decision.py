"""How much memory a decision takes in everybody's app and in the engine, which all hold the whole
log."""

import gc
import time
import tracemalloc
import uuid
from pathlib import Path

from tests.store.people import make_session, texts_pool
from tui_al.core.annotation.decisions import DecisionRecord, Label
from tui_al.core.annotation.label_state import LabelState
from tui_al.store.decisions import DecisionLog

LABELS = ("red", "green", "blue", "yellow")
DECISIONS = 2_000
POOL = texts_pool([f"text number {n}" for n in range(20)])

#: Bytes: its name of 81, an example's id of 61, two numbers, two records, and a place in three
#: tables.
ENOUGH = 520


def test_a_decision_takes_a_bounded_amount_of_memory(tmp_path: Path) -> None:
    with DecisionLog(make_session(tmp_path, POOL)) as log:
        log.insert(
            DecisionRecord(
                0, time.time(), "anna", uuid.uuid4().hex,
                Label((f"{place:012x}",), LABELS[place % 4], 1.25 + place, "key", LABELS[place % 3],
                    False, 1),
            )
            for place in range(DECISIONS)
        )  # fmt: skip
        gc.collect()
        tracemalloc.start()
        try:
            before = tracemalloc.get_traced_memory()[0]
            label_state = LabelState(LABELS)
            while new := log.read(after=label_state.seq):
                label_state.apply(new)
            del new
            gc.collect()
            each = (tracemalloc.get_traced_memory()[0] - before) / DECISIONS
        finally:
            tracemalloc.stop()
    assert label_state.counts == dict.fromkeys(LABELS, DECISIONS / 4)
    assert each < ENOUGH, f"{each:.0f} bytes"


def test_equal_labels_and_names_are_kept_once(tmp_path: Path) -> None:
    spans = ((0, 2, "place"), (3, 5, "name"))
    with DecisionLog(make_session(tmp_path, POOL)) as log:
        log.insert(
            DecisionRecord(0, 1.0 + place, "anna", f"uid {place}",
                Label((f"id {place}",), spans, 1.0, "key"))
            for place in range(2)
        )  # fmt: skip
        one, two = log.read()
    assert isinstance(one.decision, Label)
    assert isinstance(two.decision, Label)
    assert (one.decision.answer, two.decision.answer) == (spans, spans)
    assert one.decision.answer[0][2] is two.decision.answer[0][2]
    assert one.decision.via is two.decision.via
    assert one.annotator is two.annotator
