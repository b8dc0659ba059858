"""What is known of models while people label: the estimate, what the strategy is worth."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from tests.store.people import texts_pool
from tui_al.core.arrays import IntArray
from tui_al.core.data.examples import Answer, Task
from tui_al.core.loop.annotation_channel import LabelSnapshot
from tui_al.core.loop.quality_monitor import compare_with_random, estimate
from tui_al.core.progress import TrainingProgress
from tui_al.core.query.predictions import Predictions
from tui_al.core.stats.audit_sample import Verdict

POOL = texts_pool([f"text {n}" for n in range(100)], ("a", "b"))


def silent(_: TrainingProgress) -> None:
    """A progress sink."""


@dataclass
class Parrot:
    """Knows the label of a text if a training row of the same number modulo 10 had it, else says
    "a"."""

    fits: list[list[int]] = field(default_factory=list)
    known: dict[int, Answer] = field(default_factory=dict)

    def fit(self, rows: IntArray, answers: Sequence[Answer], seed: int, progress: Any) -> None:
        self.fits.append(rows.tolist())
        self.known = {row % 10: answer for row, answer in zip(rows.tolist(), answers, strict=True)}

    def predict(self, split: str, rows: IntArray, progress: Any) -> Predictions:
        says_b = np.array([self.known.get(row % 10) == "b" for row in rows.tolist()], dtype=float)
        return Predictions.of_texts(np.stack([1 - says_b, says_b], axis=1))


class TestEstimate:
    def test_accuracy_by_hand(self) -> None:
        gold: dict[int, Answer] = {1: "a", 2: "b", 3: "a", 4: "a"}
        found = estimate(Task.CLASSIFICATION, gold, {1: "a", 2: "a", 3: "a", 9: "b"})
        assert found is not None
        assert found.value == pytest.approx(2 / 3)  # row 4 has no prediction
        assert estimate(Task.CLASSIFICATION, {}, {1: "a"}) is None

    def test_entities(self) -> None:
        gold: dict[int, Answer] = {1: ("B-PER", "O"), 2: ("B-LOC", "B-PER")}
        found = estimate(Task.TAGGING, gold, {1: ("B-PER", "O"), 2: ("B-LOC", "O")})
        assert found is not None
        assert found.value == pytest.approx(2 * 2 / (2 + 3))


class TestWorth:
    def test_a_strategy_that_asks_the_right_texts_is_better_than_random(self) -> None:
        # Texts whose number ends in 5 to 9 are "b". The seed set knows 0 to 4; the strategy asked 5
        # to 9, the audit is random among numbers that end in 0 to 4, so its labels teach nothing of
        # "b".
        answers: dict[int, Answer] = dict.fromkeys(range(5), "a")
        rankings = dict.fromkeys(answers, 0)
        answers |= dict.fromkeys(range(5, 10), "b")
        rankings |= dict.fromkeys(range(5, 10), 1)
        audit: dict[int, Answer] = {
            row: "b" if row % 10 >= 5 else "a" for row in (15, 16, 17, 28, 29, 36, 37, 39, 45, 46)
        }
        now = LabelSnapshot(1, ("a", "b"), answers, audit, frozenset(), rankings=rankings)
        learner = Parrot()
        found = compare_with_random(POOL, now, learner, 7, silent)  # type: ignore[arg-type]
        assert found is not None
        assert found.labels == 5
        assert found.comparison.examples == 10
        assert found.comparison.difference.value > 0
        by_strategy, at_random, again, other_half = learner.fits
        assert by_strategy == again == list(range(10))
        assert set(at_random[5:]) | set(other_half[5:]) == set(audit)
        assert not set(at_random[5:]) & set(other_half[5:])

    def test_labels_that_teach_the_same_are_not_told_apart(self) -> None:
        answers: dict[int, Answer] = {row: "b" if row >= 5 else "a" for row in range(10)}
        rankings = {row: int(row >= 5) for row in range(10)}
        audit: dict[int, Answer] = {row: "b" if row % 10 else "a" for row in range(10, 100, 5)}
        now = LabelSnapshot(1, ("a", "b"), answers, audit, frozenset(), rankings=rankings)
        found = compare_with_random(POOL, now, Parrot(), 7, silent)  # type: ignore[arg-type]
        assert found is not None
        assert found.comparison.verdict is Verdict.UNDECIDED

    def test_near_duplicates_answered_along_are_no_labels(self) -> None:
        # rows 5 to 9 were asked for, 10 to 14 answered along with them: five labels, and no copy in
        # either arm
        answers: dict[int, Answer] = {row: "b" if row >= 5 else "a" for row in range(15)}
        rankings = {row: int(row >= 5) for row in range(15)}
        audit: dict[int, Answer] = {row: "b" if row % 10 >= 5 else "a" for row in range(15, 40)}
        now = LabelSnapshot(
            1,
            ("a", "b"),
            answers,
            audit,
            frozenset(),
            rankings=rankings,
            folded=frozenset(range(10, 15)),
        )
        learner = Parrot()
        found = compare_with_random(POOL, now, learner, 7, silent)  # type: ignore[arg-type]
        assert found is not None
        assert found.labels == 5
        assert learner.fits[0] == list(range(10))
        assert not set(range(10, 15)) & {row for fit in learner.fits for row in fit}

    def test_nothing_to_compare(self) -> None:
        now = LabelSnapshot(1, ("a", "b"), {0: "a", 1: "b"}, {2: "a"}, frozenset(), rankings={0: 0})
        assert compare_with_random(POOL, now, Parrot(), 7, silent) is None  # type: ignore[arg-type]
