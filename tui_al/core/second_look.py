"""The queue of labels to look at again, from what the engine put up about them, and how far the annotators of a session agree."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from tui_al.core.agreement import cohens_kappa, krippendorff_alpha, span_agreement, word_agreement
from tui_al.core.decisions import Given, Label
from tui_al.core.disputes import Opinion, disputed
from tui_al.core.labelling import Labelling, Status
from tui_al.core.offsets import spans_to_tags
from tui_al.core.tasks import Example

#: Per round, the oldest first: example to its label, the model's probability of it, the likeliest other label and its probability;
#: for tags also the first character of their word and the one after its last.
Board = Sequence[Mapping[str, Sequence[str | float]]]


@dataclass(frozen=True, slots=True)
class Disputed:
    """A label that the models of the last rounds would not have given; for tagging both are tags of one word."""

    id: str
    given: str
    p_given: float  #: mean over the rounds
    other: str
    p_other: float
    against: int  #: rounds that found the other one likelier
    rounds: int
    word: tuple[int, int] | None = None  #: where that word is in the text


def to_look_at(board: Board, labelling: Labelling) -> list[Disputed]:
    """Disputed labels that still stand and that nobody has confirmed, the most disputed first."""
    ids = list(dict.fromkeys(identity for one in board for identity in one))
    names = list(dict.fromkeys(str(said[2]) for one in board for said in one.values()))
    if not names:
        return []
    given = {identity: str(said[0]) for one in board for identity, said in one.items()}
    words = {
        identity: (int(said[4]), int(said[5]))
        for one in board
        for identity, said in one.items()
        if len(said) > 4
    }
    opinions = [_opinion(one, ids, {name: i for i, name in enumerate(names)}) for one in board]
    found = []
    for dispute in disputed(opinions):
        identity = ids[dispute.position]
        standing = labelling.standing(identity)
        word = words.get(identity)
        changed = standing.answer is None or _label(standing.answer, word) != given[identity]
        if standing.status is not Status.LABELLED or changed or labelling.confirmed(identity):
            continue
        found.append(
            Disputed(
                identity, given[identity], dispute.given, names[dispute.other_class], dispute.other,
                dispute.against, dispute.rounds, word,
            )
        )  # fmt: skip
    return found


def _label(answer: Given, word: tuple[int, int] | None) -> str:
    """The class, or the tag of the entities at a word."""
    if isinstance(answer, str):
        return answer
    start = word[0] if word else -1
    for first, after, kind in answer:
        if first <= start < after:
            return f"{'B' if first == start else 'I'}-{kind}"
    return "O"


def _opinion(
    said: Mapping[str, Sequence[str | float]], ids: Sequence[str], place: Mapping[str, int]
) -> Opinion:
    rows = [said.get(identity) for identity in ids]
    return Opinion(
        np.array([np.nan if row is None else float(row[1]) for row in rows]),
        np.array([np.nan if row is None else float(row[3]) for row in rows]),
        np.array([-1 if row is None else place[str(row[2])] for row in rows]),
        np.zeros(len(ids), dtype=np.int64),
    )


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far annotators agree on what at least two of them answered; None where it cannot be said."""

    shared: int  #: examples
    annotators: tuple[str, ...]
    pairwise: (
        float | None
    )  #: classes: Cohen's kappa, entities: F1; the mean over pairs of annotators
    alpha: float | None  #: Krippendorff's; for entities over words


def shared_answers(labelling: Labelling) -> dict[str, dict[str, Given]]:
    """Examples that at least two annotators answered: each one's answer, in today's names."""
    found = {}
    for identity, _ in labelling.standings():
        answers = {
            annotator: given
            for annotator, record in labelling.stands(identity).items()
            if isinstance(record.decision, Label) and (given := labelling.given(record)) is not None
        }
        if len(answers) > 1:
            found[identity] = answers
    return found


def agreement_of(
    answers: Mapping[str, Mapping[str, Given]], examples: Mapping[str, Example]
) -> Agreement:
    """Agreement on `shared_answers`; `examples` are needed for entities only, whose words are compared."""
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


def _tags(given: Given | None, example: Example) -> tuple[str, ...] | None:
    if not isinstance(given, tuple):
        return None
    return spans_to_tags(example.text, example.tokens, given)
