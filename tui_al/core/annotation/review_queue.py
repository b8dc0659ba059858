"""The queue of labels to look at again, from what the engine put up about them, and how far the
annotators of a session agree."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from tui_al.core.annotation.agreement import (
    cohens_kappa,
    krippendorff_alpha,
    span_agreement,
    word_agreement,
)
from tui_al.core.annotation.decisions import Label, UserAnswer
from tui_al.core.annotation.label_errors import Verdicts
from tui_al.core.annotation.label_state import LabelState, Status
from tui_al.core.data.examples import Dataset, Example
from tui_al.core.data.offsets import spans_to_tags


@dataclass(frozen=True, slots=True)
class Disputed:
    """A label that a model which did not learn from it finds less likely than another; for tagging
    both are tags of one word."""

    id: str
    given: str
    p_given: float
    other: str
    p_other: float
    word: tuple[int, int] | None = None  #: where that word is in the text


@dataclass(frozen=True, slots=True)
class SecondLook:
    """The queue, and what is to be known of it."""

    cases: tuple[Disputed, ...] = ()  #: the least likely label first
    labels: int = 0  #: texts whose labels were judged; 0 before any were
    folds: int = 0
    not_judged: Mapping[str, int] = field(default_factory=dict)
    #: Labels that too few texts have to be judged, with how many have them.


def board_of(verdicts: Verdicts, dataset: Dataset) -> dict[str, Any]:
    """What the engine puts up: JSON values."""
    return {
        "labels": verdicts.labels,
        "folds": verdicts.folds,
        "not_judged": verdicts.not_judged,
        "cases": [
            [dataset.train[e.row].id, e.given, e.p_given, e.other, e.p_other, *(e.word or ())]
            for e in verdicts.disputed
        ],
    }


def to_look_at(board: Any, label_state: LabelState) -> SecondLook:
    """Disputed labels that still stand and that nobody has confirmed; nothing of a board that an
    older version put up."""
    if not isinstance(board, dict):
        return SecondLook()
    cases = []
    for identity, given, p_given, other, p_other, *word in board["cases"]:
        place = (int(word[0]), int(word[1])) if word else None
        case = Disputed(identity, given, p_given, other, p_other, place)
        label_status = label_state.label_status(identity)
        changed = label_status.answer is None or _label(label_status.answer, place) != given
        if (
            label_status.status is Status.LABELLED
            and not changed
            and not label_state.confirmed(identity)
        ):
            cases.append(case)
    return SecondLook(tuple(cases), board["labels"], board["folds"], board["not_judged"])


def _label(answer: UserAnswer, word: tuple[int, int] | None) -> str:
    """The class, or the tag of the entities at a word."""
    if isinstance(answer, str):
        return answer
    start = word[0] if word else -1
    for first, after, kind in answer:
        if first <= start < after:
            return f"{'B' if first == start else 'I'}-{kind}"
    return "O"


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far annotators agree on what at least two of them answered; None where it cannot be
    said."""

    shared: int  #: examples
    annotators: tuple[str, ...]
    pairwise: (
        float | None
    )  #: classes: Cohen's kappa, entities: F1; the mean over pairs of annotators
    alpha: float | None  #: Krippendorff's; for entities over words


def shared_answers(label_state: LabelState) -> dict[str, dict[str, UserAnswer]]:
    """Examples that at least two annotators answered: each one's answer, in today's names."""
    found = {}
    for identity, _ in label_state.label_statuses():
        answers = {
            annotator: given
            for annotator, record in label_state.votes(identity).items()
            if isinstance(record.decision, Label)
            and (given := label_state.given(record)) is not None
        }
        if len(answers) > 1:
            found[identity] = answers
    return found


def agreement_of(
    answers: Mapping[str, Mapping[str, UserAnswer]], examples: Mapping[str, Example]
) -> Agreement:
    """Agreement on `shared_answers`; `examples` are needed for entities only, whose words are
    compared."""
    annotators = tuple(sorted({name for one in answers.values() for name in one}))
    if any(not isinstance(given, str) for one in answers.values() for given in one.values()):
        tags = [
            [_tags(one.get(name), examples[identity]) for identity, one in answers.items()]
            for name in annotators
        ]
        return Agreement(len(answers), annotators, span_agreement(tags), word_agreement(tags))
    kappas = [
        cohens_kappa([a.get(x) for a in answers.values()], [a.get(y) for a in answers.values()])
        for x, y in combinations(annotators, 2)
    ]
    known = [kappa for kappa in kappas if kappa is not None]
    alpha = krippendorff_alpha([list(one.values()) for one in answers.values()])
    return Agreement(len(answers), annotators, sum(known) / len(known) if known else None, alpha)


def _tags(given: UserAnswer | None, example: Example) -> tuple[str, ...] | None:
    if not isinstance(given, tuple):
        return None
    return spans_to_tags(example.text, example.tokens, given)
