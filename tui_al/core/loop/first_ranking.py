"""The order in which people are asked before a model has ranked: at random, the audit mixed in.

It needs no model, so it is put up when the session is made: the first sample is there as soon as
the app is, however many texts an engine has to read before it can do anything.
"""

from collections.abc import Set
from dataclasses import dataclass

import numpy as np

from tui_al.core.arrays import IntArray
from tui_al.core.data.examples import Dataset
from tui_al.core.loop.annotation_channel import sample_audit, unlabelled_rows
from tui_al.core.loop.ranking import Row, with_audit
from tui_al.core.loop.simulation import Purpose
from tui_al.core.session import events as ev
from tui_al.core.settings.experiment import ExperimentConfig

#: Rows on a ranking's board: the reserve from which people go on while models train.
_DEPTH_BATCHES, _DEPTH_LEAST, _DEPTH_MOST = 10, 200, 2_000


@dataclass(frozen=True, slots=True)
class FirstRanking:
    """What a new session begins with: ids of the audit, rows of the board, and what is told of
    it."""

    reserve: list[str]
    rows: list[Row]
    ranked: ev.RankingPublished


def first_ranking(config: ExperimentConfig, dataset: Dataset) -> FirstRanking:
    """Of a session in which nothing is decided yet."""
    seed, pool = config.seeds[0], unlabelled_rows(dataset)
    audit = sample_audit(seed, pool, config.loop.audit_share)
    rows, ranked = at_random(seed, config, dataset, pool, audit, frozenset())
    return FirstRanking([dataset.train[row].id for row in audit.tolist()], rows, ranked)


def at_random(
    seed: int,
    config: ExperimentConfig,
    dataset: Dataset,
    pool: IntArray,
    audit: IntArray,
    closed: Set[int],
) -> tuple[list[Row], ev.RankingPublished]:
    """The seed set's order, of the rows of the pool that are not `closed`; what is told of it, and
    the board's rows."""
    rows = open_rows(pool, audit, closed)
    batch = config.loop.batch.of(len(pool))
    order = np.random.default_rng([seed, 0, Purpose.SEED_SET]).permutation(len(rows))
    board: list[Row] = [{"id": dataset.train[row].id} for row in rows[order[: depth(batch)]]]
    mixed = mix_audit(board, seed, 0, config, dataset, pool, audit, closed)
    # For the first model whatever is labelled counts: an import may have come before the engine.
    return mixed, ev.RankingPublished(seed, 0, "seed set", 0, 0, len(rows), len(mixed))


def open_rows(pool: IntArray, audit: IntArray, closed: Set[int]) -> IntArray:
    """Rows still to be asked about, the audit left out."""
    left_out = set(audit.tolist()) | closed
    return np.array([row for row in pool.tolist() if row not in left_out], dtype=np.int64)


def depth(batch: int) -> int:
    """Rows on a board, where a batch has so many texts."""
    return min(_DEPTH_MOST, max(_DEPTH_LEAST, _DEPTH_BATCHES * batch))


def mix_audit(
    board: list[Row],
    seed: int,
    round_: int,
    config: ExperimentConfig,
    dataset: Dataset,
    pool: IntArray,
    audit: IntArray,
    closed: Set[int],
) -> list[Row]:
    """The board with the audit's open texts in their places, see `with_audit`."""
    texts = audit.tolist()
    return with_audit(
        board,
        [dataset.train[row].id for row in texts if row not in closed],
        len(closed),
        sum(row in closed for row in texts),
        config.loop.batch.of(len(pool)),
        config.loop.audit_share,
        np.random.default_rng([seed, round_, Purpose.AUDIT]),
    )
