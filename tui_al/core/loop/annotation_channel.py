"""Labelling by people as the loop sees it: the labels at one moment, the desk where it meets them,
the share kept for measuring."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np

from tui_al.core.annotation.decisions import UserAnswer
from tui_al.core.arrays import IntArray
from tui_al.core.data.examples import Answer, Dataset, Example, Task
from tui_al.core.data.offsets import tags_to_spans
from tui_al.core.loop.simulation import Purpose
from tui_al.core.query.strategies import strategy
from tui_al.core.settings.experiment import ExperimentConfig
from tui_al.core.settings.model_catalog import check_bag_of_words
from tui_al.core.stats.audit_sample import audit_rows
from tui_al.errors import ConfigError

#: Texts of the audit at most: more would tell little.
AUDIT_MOST = 1_000

#: What people may want of the engine: to train at once, to train a last time and leave, or to leave
#: as it is.
Command = Literal["", "train", "finish", "leave"]


@dataclass(frozen=True, slots=True)
class LabelSnapshot:
    """The labels at one moment; rows are positions in the training split."""

    seq: int  #: of the last decision that it knows
    labels: tuple[str, ...]
    answers: Mapping[int, Answer]  #: to train on
    audit: Mapping[int, Answer]  #: to measure on: those of the audit that were answered in turn
    closed: frozenset[
        int
    ]  #: rows that nobody needs to be asked about: labelled, unclear, disputed by annotators
    unfolded: frozenset[int] = frozenset()  #: rows to be asked apart from their near-duplicates
    renamed: Mapping[str, str] = field(
        default_factory=dict
    )  #: labels of the data set to today's names
    rankings: Mapping[int, int] = field(
        default_factory=dict
    )  #: rows that a ranking asked about, to its round
    folded: frozenset[int] = frozenset()  #: rows answered along with a near-duplicate, not asked


class AnnotationChannel(Protocol):
    """Where the engine meets the people."""

    def snapshot(self) -> LabelSnapshot:
        """The labels now."""
        ...

    def publish(self, board: str, round_: int, body: Any) -> None:
        """Put something up for the people: JSON values."""
        ...

    def poll_commands(self) -> None:
        """Wait while paused; raises EngineStopped when people stop the engine."""
        ...

    def wait(self) -> Command:
        """Rest for a moment; what they want since the last call. Raises EngineStopped."""
        ...


def sample_audit(seed: int, pool: IntArray, share: float) -> IntArray:
    """The audit, in the order in which it is asked about: a random sample of the pool, the same for
    the same seed."""
    if not share:
        return pool[:0]
    rng = np.random.default_rng([seed, 0, Purpose.AUDIT])
    return pool[audit_rows(len(pool), share, rng)][:AUDIT_MOST]


def unlabelled_rows(dataset: Dataset) -> IntArray:
    """Training rows for people to label: those without an answer; where all have one, all, and the
    answers stay hidden."""
    rows = [row for row, example in enumerate(dataset.train) if example.answer is None]
    return np.array(rows or range(len(dataset.train)), dtype=np.int64)


def check(config: ExperimentConfig, dataset: Dataset) -> None:
    """Raise ConfigError for a session that people cannot work on."""
    chosen = strategy(config.loop.strategy)
    chosen.check(dataset.task)
    if chosen.selector is not None:
        raise ConfigError(
            f"strategy: {chosen.name} ({chosen.package}) chooses whole batches; people are asked "
            "one text after the other, by scores.",
            "Choose one without a selector, as lc.",
        )
    check_bag_of_words(
        config,
        tagging=dataset.task is Task.TAGGING,
        dropout=chosen.needs == "monte carlo",
    )
    if len(config.seeds) != 1:
        raise ConfigError(
            f"seeds: {len(config.seeds)} are given.", "People label once: give one seed."
        )
    if config.loop.budget_unit != "examples":
        raise ConfigError("budget unit: people label examples.", "Leave it at examples.").at(
            "budget_unit"
        )


def spans_in(example: Example, answer: Answer) -> UserAnswer:
    """A model's answer as people give it: a class name, or entities by character offsets."""
    if isinstance(answer, str):
        return answer
    return tags_to_spans(example.text, example.tokens, answer)
