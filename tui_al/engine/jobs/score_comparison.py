"""How differently two models score one pool after training on the same labels: the paper's Table 4,
and its noise floor.

For each seed, the labels are those of the seed set that the loop would draw. Both models learn from
them and score the rest of the pool; the first does so a second time with another seed, because two
seeds of one model differ too: only what goes beyond that is mismatch between the models.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch

from tui_al.core.arrays import FloatArray, IntArray
from tui_al.core.data.examples import Dataset, Task
from tui_al.core.limits import computing_threads
from tui_al.core.loop.oracle import labelled_rows
from tui_al.core.loop.protocols import Learner, MonteCarlo
from tui_al.core.loop.simulation import Purpose, derived_seed
from tui_al.core.progress import TrainingProgress
from tui_al.core.query.strategies import Strategy, select, strategy
from tui_al.core.settings.experiment import Amount, DataConfig, LearnerConfig
from tui_al.core.settings.model_catalog import BAG_OF_WORDS
from tui_al.core.stats.score_distance import Agreement, Distances, agreement, distances
from tui_al.engine.data import load
from tui_al.engine.hub.sources import find
from tui_al.engine.models.bag_of_words import BagOfWordsLearner
from tui_al.engine.models.device import choose_device, prepare
from tui_al.engine.models.feature_cache import FeatureStore
from tui_al.engine.models.learner import TransformerLearner
from tui_al.errors import ConfigError, EngineStopped

#: Trainings of one seed, for each of the two models: what each is called, and which derived seed it
#: takes.
_TRAININGS = ((("first", 1), ("again", 2)), (("second", 3),))


@dataclass(frozen=True, slots=True)
class ComparisonConfig:
    """What is to be compared, and on what."""

    data: DataConfig
    models: tuple[LearnerConfig, LearnerConfig]
    score: str
    labels: Amount
    batch: Amount  #: of the queries whose overlap is told
    seeds: tuple[int, ...]
    passes: int  #: of Monte-Carlo dropout, where the score needs it
    dropout: float
    device: str


@dataclass(frozen=True, slots=True)
class SeedScores:
    """One seed's scores of the texts that are not labelled, and how far apart they are."""

    seed: int
    labelled: int
    first: FloatArray  # (pool - labelled,)
    again: FloatArray  #: of the first model trained with another seed
    second: FloatArray
    between: Distances
    floor: Distances  #: between the first model's two seeds
    ranking: Agreement
    floor_ranking: Agreement


@dataclass(frozen=True, slots=True)
class Comparison:
    """All seeds' scores, and what they were made on."""

    dataset: Dataset
    strategy: Strategy
    device: torch.device
    seeds: tuple[SeedScores, ...]


def compare_scores(
    plan: ComparisonConfig, say: Callable[[str], None], stop: Callable[[], bool]
) -> Comparison:
    """Train, score and compare, for every seed.

    Args:
        say: told what is being done, a line each.
        stop: asked between steps; true makes it leave.

    Raises:
        ConfigError, DataError, ModelError: the plan cannot be carried out; nothing has been
        trained.
        EngineStopped: `stop` said so.
    """
    chosen = strategy(plan.score)
    if chosen.scorer is None:
        raise ConfigError(
            f"score: {plan.score} gives no scores.", "Choose bald, lc, bt, entropy or mnlp."
        )
    dataset = load(plan.data)
    chosen.check(dataset.task)
    pool = labelled_rows(dataset)
    labels = plan.labels.of(len(pool))
    if labels + plan.batch.of(len(pool)) > len(pool):
        raise ConfigError(
            f"labels: {plan.labels} is {labels} texts, the pool has {len(pool)} with a label.",
            "Leave at least a batch of them to be scored.",
        )
    for settings in plan.models:
        _check(settings, dataset, chosen)
    device = choose_device(plan.device)
    prepare(device)
    torch.set_num_threads(computing_threads())
    feature_store = FeatureStore()

    def progress(_: TrainingProgress) -> None:
        if stop():
            raise EngineStopped("The comparison was stopped.", "It keeps nothing: run it again.")

    scores: dict[tuple[int, str], FloatArray] = {}
    trainings = len(plan.seeds) * sum(map(len, _TRAININGS))
    for settings, of_model in zip(plan.models, _TRAININGS, strict=True):
        learner = _learner(settings, dataset, device, feature_store)
        for seed in plan.seeds:
            rows = _labelled(seed, pool, labels)
            for name, number in of_model:
                say(
                    f"{len(scores) + 1} of {trainings}: {settings.model}, {settings.tuning}, seed "
                    f"{seed}: "
                    f"training on {labels} texts, scoring {len(pool) - labels}"
                )
                scores[seed, name] = _scored(
                    learner, dataset, rows, pool, number, seed, plan, progress
                )
        del learner  # before the next model takes its memory
    return Comparison(
        dataset,
        chosen,
        device,
        tuple(_compared(seed, labels, scores, plan, len(pool)) for seed in plan.seeds),
    )


def _learner(
    settings: LearnerConfig, dataset: Dataset, device: torch.device, feature_store: FeatureStore
) -> Learner:
    if settings.model == BAG_OF_WORDS:
        return BagOfWordsLearner(settings, dataset)
    source = find(settings.model, settings.revision)
    return TransformerLearner(settings, source, dataset, device, feature_store)


def _check(settings: LearnerConfig, dataset: Dataset, score: Strategy) -> None:
    """Raise ConfigError, or ModelError, for a model that is not there or cannot give this score."""
    if settings.model != BAG_OF_WORDS:
        find(settings.model, settings.revision)
    elif dataset.task is Task.TAGGING:
        raise ConfigError(
            f"models: {BAG_OF_WORDS} is for classification, {dataset.name} is for tagging.",
            "Choose an encoder.",
        )
    elif score.needs == "monte carlo":
        raise ConfigError(
            f"models: {BAG_OF_WORDS} has no dropout, which the score {score.name} needs.",
            "Choose --score lc, bt or entropy.",
        )


def _labelled(seed: int, pool: IntArray, labels: int) -> IntArray:
    """The seed set that the loop draws, see `tui_al.core.loop.simulation`."""
    rng = np.random.default_rng([seed, 0, Purpose.SEED_SET])
    return pool[select(np.zeros(len(pool)), np.ones(len(pool), dtype=np.int64), labels, rng)]


def _scored(
    learner: Learner,
    dataset: Dataset,
    labelled: IntArray,
    pool: IntArray,
    number: int,
    seed: int,
    plan: ComparisonConfig,
    progress: Callable[[TrainingProgress], None],
) -> FloatArray:
    chosen = strategy(plan.score)
    assert chosen.scorer is not None
    answers = [answer for row in labelled if (answer := dataset.train[row].answer) is not None]
    learner.fit(labelled, answers, derived_seed(seed, number, Purpose.TRAIN_ACQUISITION), progress)
    drawn = derived_seed(seed, number, Purpose.MONTE_CARLO)
    sampling = (
        MonteCarlo(plan.passes, plan.dropout, drawn) if chosen.needs == "monte carlo" else None
    )
    rest = np.setdiff1d(pool, labelled)
    return learner.score(rest, {plan.score: chosen.scorer}, progress, sampling)[plan.score]


def _compared(
    seed: int,
    labels: int,
    scores: Mapping[tuple[int, str], FloatArray],
    plan: ComparisonConfig,
    pool: int,
) -> SeedScores:
    first, again, second = (scores[seed, name] for name in ("first", "again", "second"))
    batch = plan.batch.of(pool)
    return SeedScores(
        seed,
        labels,
        first,
        again,
        second,
        distances(first, second),
        distances(first, again),
        agreement(first, second, batch, np.random.default_rng(seed)),
        agreement(first, again, batch, np.random.default_rng(seed)),
    )
