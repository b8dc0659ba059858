"""The simulated oracle: which experiments it can answer, and its gold answers, some of them wrong
if asked for."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from tui_al.core.arrays import IntArray
from tui_al.core.data.examples import Answer, Dataset, Task
from tui_al.core.data.tags import spans_of, tags_of
from tui_al.core.loop.simulation import LabelRequest, OracleAnswers, Purpose
from tui_al.core.query.strategies import strategy
from tui_al.core.settings.experiment import ExperimentConfig
from tui_al.core.settings.model_catalog import check_bag_of_words
from tui_al.errors import ConfigError, DataError


def check(config: ExperimentConfig, dataset: Dataset) -> None:
    """Raise ConfigError or DataError for an experiment that cannot run, before anything is
    trained."""
    asked = strategy(config.loop.strategy)
    asked.check(dataset.task)
    check_bag_of_words(
        config, tagging=dataset.task is Task.TAGGING, dropout=asked.needs == "monte carlo"
    )
    if config.loop.budget_unit == "tokens" and dataset.task is not Task.TAGGING:
        raise ConfigError(
            "budget unit: tokens are counted for tagging only; this data set is for "
            "classification.",
            "Use examples.",
        ).at("budget_unit")
    if not dataset.test:
        raise DataError(
            f"{dataset.name} has no labelled test examples to measure on.", _why_none(dataset)
        ).at("data.source")
    pool = len(labelled_rows(dataset))
    seeds = config.loop.seed_size.of(pool)
    if config.loop.budget_unit == "examples" and seeds > pool:
        raise ConfigError(
            f"seed size: {config.loop.seed_size} is {seeds} examples, the training split has "
            f"{pool} with a label.",
            "Choose fewer.",
        ).at("seed_size")


def _why_none(dataset: Dataset) -> str:
    """What to do where there is nothing to test on."""
    seen = Counter(e.answer for e in dataset.train if isinstance(e.answer, str))
    if len(seen) > 1 and max(seen.values()) == 1:
        return (
            f"Each of the {len(seen):,} labels occurs once, as numbers of rows do, so none can be "
            "held out: "
            "check --label-column, or give a test file."
        )
    return "Give a test file, or label some rows: a share of them is held out."


def labelled_rows(dataset: Dataset) -> IntArray:
    """Training rows that a simulated oracle can answer: those with a gold answer."""
    return np.array(
        [i for i, e in enumerate(dataset.train) if e.answer is not None], dtype=np.int64
    )


@dataclass(frozen=True, slots=True)
class SimulatedOracle:
    """Answers from the data set.

    With `noise`, each text gets a wrong class with that probability, or each entity a wrong type
    (none, if there is but one type). Which ones are wrong depends on seed and row only, not on when
    or in what company a row is asked for."""

    dataset: Dataset
    seed: int
    noise: float = 0.0

    def answer(self, wanted: LabelRequest) -> OracleAnswers:
        """One answer a row; `by` says "gold", or "noise" where the answer is not the gold one."""
        pairs = [self._answer(int(row)) for row in wanted.rows]
        return OracleAnswers([answer for answer, _ in pairs], [by for _, by in pairs])

    def _answer(self, row: int) -> tuple[Answer, str]:
        gold = self.dataset.train[row].answer
        if gold is None:
            raise ValueError(f"row {row} has no gold answer")
        if not self.noise:
            return gold, "gold"
        rng = np.random.default_rng([self.seed, row, Purpose.LABEL_NOISE])
        given = (
            self._noisy_class(gold, rng) if isinstance(gold, str) else self._noisy_tags(gold, rng)
        )
        return given, "gold" if given == gold else "noise"

    def _noisy_class(self, gold: str, rng: np.random.Generator) -> str:
        if rng.random() >= self.noise:
            return gold
        others = [label for label in self.dataset.labels if label != gold]
        return others[rng.integers(len(others))]

    def _noisy_tags(self, gold: tuple[str, ...], rng: np.random.Generator) -> tuple[str, ...]:
        spans = []
        for start, end, kind in spans_of(gold):
            if rng.random() >= self.noise:
                spans.append((start, end, kind))
                continue
            others = [label for label in self.dataset.labels if label != kind]
            if others:
                spans.append((start, end, others[rng.integers(len(others))]))
        return tuple(tags_of(spans, len(gold)))
