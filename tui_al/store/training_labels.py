"""The engine's side of a labelling session: the decisions on record as training data, and boards
for the people."""

from collections.abc import Iterable, Mapping
from itertools import takewhile
from typing import Any

from tui_al.core.annotation import decisions as de
from tui_al.core.annotation.decisions import DecisionRecord, UserAnswer
from tui_al.core.annotation.label_state import CLOSED, LabelState, LabelStatus, Status
from tui_al.core.arrays import IntArray
from tui_al.core.data.examples import Answer, Dataset, Example
from tui_al.core.data.offsets import spans_to_tags
from tui_al.core.data.tags import apply_renames
from tui_al.core.loop.annotation_channel import LabelSnapshot
from tui_al.store.decisions import DecisionLog


class LabelledPool:
    """The labels of a session as rows of its data set; `audit` rows are apart from those to train
    on.

    Texts that came with labels are trained on as the data has them, unless a person says otherwise
    of one. What was `decided` so far, from the log's first record on, is not read again.
    """

    def __init__(
        self,
        log: DecisionLog,
        dataset: Dataset,
        pool: IntArray,
        audit: IntArray,
        decided: Iterable[DecisionRecord] = (),
    ) -> None:
        self._log = log
        self._dataset = dataset
        self._row_of = {dataset.train[row].id: int(row) for row in pool}
        self._order = [int(row) for row in audit]
        self._audit = frozenset(self._order)
        pool_rows = frozenset(self._row_of.values())
        self._given: Mapping[int, Answer] = {
            row: example.answer
            for row, example in enumerate(dataset.train)
            if example.answer is not None and row not in pool_rows
        }
        self._given_row_of = {dataset.train[row].id: row for row in self._given}
        self._labelling = LabelState(dataset.labels)
        self._labelling.apply(decided)
        self._snapshot: LabelSnapshot | None = None

    def snapshot(self) -> LabelSnapshot:
        """The labels now; cheap while nothing was decided."""
        new = self._log.read(after=self._labelling.seq)
        if new or self._snapshot is None:
            self._labelling.apply(new)
            self._snapshot = self._take()
        return self._snapshot

    def publish(self, board: str, round_: int, body: Any) -> None:
        """Put up a board."""
        self._log.publish(board, round_, body)

    def _take(self) -> LabelSnapshot:
        renamed = self._labelling.renamed
        answers: dict[int, Answer] = {
            row: apply_renames(answer, renamed) or answer for row, answer in self._given.items()
        }
        audit: dict[int, Answer] = {}
        closed: set[int] = set()
        rankings: dict[int, int] = {}
        folded: set[int] = set()
        for identity, label_status in self._labelling.label_statuses():
            row = self._row_of.get(identity)
            if row is None:
                self._correct(answers, identity, label_status)
                continue
            if label_status.status in CLOSED:
                closed.add(row)
            if label_status.answer is not None:
                kept = audit if row in self._audit else answers
                kept[row] = trained_answer(self._dataset.train[row], label_status.answer)
                decision = label_status.last.decision if label_status.last else None
                if isinstance(decision, de.Label):
                    if decision.ranking is not None:
                        rankings[row] = decision.ranking
                    if decision.about[0] != identity:
                        folded.add(row)
        unfolded = {self._row_of[i] for i in self._labelling.unfolded() if i in self._row_of}
        return LabelSnapshot(
            self._labelling.seq,
            self._labelling.labels,
            answers,
            {row: audit[row] for row in self._in_turn() if row in audit},
            frozenset(closed),
            frozenset(unfolded),
            renamed,
            rankings,
            frozenset(folded),
        )

    def _in_turn(self) -> list[int]:
        """Rows of the audit up to the first that nobody has looked at yet, in the order in which
        they are asked about.

        They are drawn at random, so that any beginning of their order is a random sample, whatever
        became of the others. A text that somebody found by search, or whose answer was imported,
        counts when its turn has come; till then it would bias the estimate towards what people look
        for.
        """
        train, label_status = self._dataset.train, self._labelling.label_status
        return list(
            takewhile(
                lambda row: label_status(train[row].id).status is not Status.OPEN, self._order
            )
        )

    def _correct(
        self, answers: dict[int, Answer], identity: str, label_status: LabelStatus
    ) -> None:
        """What people say of a text that came with a label: theirs counts, or none where they find
        it unclear or differ."""
        row = self._given_row_of.get(identity)
        if row is None or label_status.status not in CLOSED:
            return
        answers.pop(row, None)
        if label_status.answer is not None:
            answers[row] = trained_answer(self._dataset.train[row], label_status.answer)


def trained_answer(example: Example, given: UserAnswer) -> Answer:
    """A person's answer as models are trained on it: the class, or IOB2 tags of the example's
    tokens.

    Raises:
        ValueError: entities that do not fit the tokens; the screens and imports refuse them before
        they are on record.
    """
    if isinstance(given, str):
        return given
    return spans_to_tags(example.text, example.tokens, given)
