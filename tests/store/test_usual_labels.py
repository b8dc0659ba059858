"""Rows of usual labels, which a pattern reads: the same comes of them as of the reader of all
rows, whatever they hold."""

import json
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.store.people import make_session, put_up_ranking, texts_pool
from tui_al.core.annotation import decisions as de
from tui_al.core.annotation.decisions import DecisionRecord
from tui_al.core.session.damage import BadRow
from tui_al.store import decision_rows
from tui_al.store.annotation_service import AnnotationService
from tui_al.store.decisions import DecisionLog
from tui_al.store.row_checks import RawRow

#: What SQLite can hold.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)

LABELS = st.builds(
    de.Label,
    ids=st.tuples(TEXTS),
    answer=TEXTS,
    seconds=st.floats(0, 1e12).map(lambda one: round(one, 2)) | st.floats(),
    via=TEXTS,
    suggestion=st.none() | TEXTS,
    blind=st.booleans(),
    ranking=st.none() | st.integers(0, 2**63 - 1),
)


@st.composite
def bodies(draw: st.DrawFn) -> str:
    """A label as it is written, and at times with some characters of it replaced."""
    plain = de.to_plain(draw(LABELS))
    account = draw(st.none() | TEXTS)
    if account is not None:
        plain["account"] = account
    body = json.dumps(plain, ensure_ascii=False)
    for _ in range(draw(st.sampled_from((0, 0, 1, 2)))):
        start = draw(st.integers(0, len(body)))
        end = draw(st.integers(start, min(start + 3, len(body))))
        body = (
            body[:start] + draw(st.text('"\\{}[]:,. 019eE-ntu\n\t\x1fa', max_size=3)) + body[end:]
        )
    return body


def both_ways(body: Any, when: Any = 5.5) -> list[DecisionRecord | BadRow]:
    """What comes of a row: by the pattern, if it matches, and without."""
    row = RawRow(7, ("uid-1", when, "anna", "label", body), verified=True)
    by_pattern = decision_rows.decision_of(row)
    with patch.object(decision_rows, "_usual_label", lambda *_: None):
        return [by_pattern, decision_rows.decision_of(row)]


def shown(found: DecisionRecord | BadRow) -> str:
    """With the types of its values, which equality does not tell apart; nan is itself."""
    return repr(found)


@given(bodies())
@example('{"ids": ["a"], "answer": "b", "seconds": 0.10, "via": "", "suggestion": null, '
         '"blind": false, "ranking": 0}')  # fmt: skip
@example('{"ids": ["a"], "answer": "b", "seconds": 1.0, "via": "", "suggestion": null, '
         '"blind": false, "ranking": 9223372036854775808}')  # fmt: skip
@example('{"ids": ["a"], "answer": "b", "seconds": 1١.0, "via": "", "suggestion": null, '
         '"blind": false, "ranking": 1}')  # fmt: skip
@example('{"ids": ["a"], "answer": "b", "seconds": 1.0, "via": "", "suggestion": null, '
         '"blind": false, "ranking": 1}x')  # fmt: skip
def test_a_pattern_reads_what_the_reader_of_all_rows_reads(body: str) -> None:
    by_pattern, closer = both_ways(body)
    assert shown(by_pattern) == shown(closer)


@pytest.mark.parametrize("when", [5, "5", None, float("nan"), b"5"])
def test_times_that_are_no_floats(when: Any) -> None:
    label = de.Label(("a",), "b", 1.5, "key")
    by_pattern, closer = both_ways(json.dumps(de.to_plain(label)), when)
    assert shown(by_pattern) == shown(closer)


@pytest.mark.parametrize("blind", [False, True])
def test_what_is_answered_is_a_usual_label(tmp_path: Path, blind: bool) -> None:
    """Else a field that is added would make the reading of a log twice as slow, unseen."""
    pool = texts_pool([f"text number {n}" for n in range(5)])
    session = make_session(tmp_path, pool)
    put_up_ranking(session, [{"id": one.id, "top": [["refund", 0.5]]} for one in pool.train])
    service = AnnotationService(session, "anna")
    (item,) = service.take_some(1)
    service.label(item, "refund", seconds=2.75, via="key", blind=blind)
    service.close()
    with DecisionLog(session) as log:
        (record,) = log.read()
    assert isinstance(record.decision, de.Label)
    plain = {**de.to_plain(record.decision), "account": record.account}
    body = json.dumps(plain, ensure_ascii=False)
    assert decision_rows._usual_label(1, "u", 1.5, "anna", "label", body) is not None
