"""Annotations for the tests of the formats: a small set by hand, and generated ones over hard
Unicode."""

from hypothesis import strategies as st

from tests.core.unicode_texts import TEXTS, tagged_texts
from tui_al.core.annotation.decisions import UserAnswer
from tui_al.core.annotation.records import Annotation, Header, Label, Status
from tui_al.core.data.examples import Task

CLASSES = Header(Task.CLASSIFICATION, (Label("refund", "wants money back"), Label("=b,c")), "first")
ENTITIES = Header(Task.TAGGING, (Label("PER"), Label("a-b c"), Label("場所", "places")), "second")
HEADERS = {Task.CLASSIFICATION: CLASSES, Task.TAGGING: ENTITIES}

ANNA = "Anna 👩\u200d👧 flew\nto New York."
ANNA_TOKENS = ("Anna", "👩\u200d👧", "flew", "to", "New", "York", ".")

#: Two annotators of one example, a note, both flags, an answer without entities.
BY_HAND = {
    Task.CLASSIFICATION: [
        Annotation("a", "money, \"back\"\r\nplease", "refund", annotator="ann", time=1e9 + 0.25),
        Annotation("a", "money, \"back\"\r\nplease", "=b,c", annotator="bob", note="or\nnot?"),
        Annotation("b", "=1+1", None, annotator="ann", status=Status.UNCLEAR, reason="no idea"),
        Annotation("c", "@later 👍🏽", None, annotator="ann", time=1e9, status=Status.SKIPPED),
    ],
    Task.TAGGING: [
        Annotation(
            "a", ANNA, ((0, 4, "PER"), (17, 25, "場所")), ANNA_TOKENS, "ann", 1e9 + 0.25, "n"
        ),
        Annotation("a", ANNA, (), ANNA_TOKENS, "bob"),
        Annotation("b", "x", None, ("x",), "ann", 0, "", Status.UNCLEAR, "which?"),
        Annotation("c", "y z", None, ("y", "z"), "ann", 1e9, status=Status.SKIPPED),
    ],
}  # fmt: skip

_WORDS = st.sampled_from(["", "ann", 'a, "b"\nc', "=x", "ünï 👍🏽", " spaced "])
_TIMES = st.one_of(st.just(0.0), st.floats(1, 1.7e9).map(lambda seconds: round(seconds, 6)))


@st.composite
def annotations(draw: st.DrawFn, task: Task) -> Annotation:
    """Any annotation of the task, labelled or flagged."""
    tokens: tuple[str, ...] = ()
    answer: UserAnswer | None
    if task is Task.CLASSIFICATION:
        text = draw(TEXTS)
        answer = draw(st.sampled_from(CLASSES.names))
    else:
        text, tokens, answer = draw(tagged_texts(ENTITIES.names))
    status, reason = draw(st.sampled_from(Status)), ""
    if status is not Status.LABELLED:
        answer, reason = None, draw(_WORDS)
    return Annotation(
        draw(st.sampled_from(["", "1f", "2f-2"])),
        text,
        answer,
        tokens,
        draw(_WORDS),
        draw(_TIMES),
        draw(_WORDS),
        status,
        reason,
    )
