"""The mismatch gauge: how differently the acquisition model and the successor see the pool, round
by round.

Whenever the acquisition model has learned from a round's labels, its scores of a sample of the pool
are held against those of the successor that learned from the same labels. Successors of earlier
runs of the session, at the same round, give the noise floor: two seeds of one model differ too,
here by their labels as well, so that the floor errs on the high side.

The score is least confidence for texts and MNLP for sentences, whatever the strategy asks by: so
the numbers of all strategies, and of random sampling's first point, which they share, are of one
kind. Nothing here draws from a run's seed or trains anything."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from tui_al.core.arrays import FloatArray, IntArray
from tui_al.core.data.examples import Dataset, Task
from tui_al.core.loop.protocols import Learner, Scorer
from tui_al.core.progress import ProgressCallback
from tui_al.core.query.strategies import Strategy, strategy
from tui_al.core.session import events as ev
from tui_al.core.session.state import RunState
from tui_al.core.stats.score_distance import distances

#: Draws the sample; not a run's seed, so that all runs of a session, and of a sweep, have the same
#: texts.
_SAMPLE_SEED = 20251107

#: Fewer texts than this say nothing about a distribution.
_FEWEST = 20

#: The gauge's name among the scorers of a pass over the pool.
NAME = "gauge"


@dataclass(frozen=True, slots=True)
class MismatchMonitor:
    """The sample of one session, and what scores it."""

    rows: IntArray  #: training rows, ascending, (sample,)
    ids: tuple[str, ...]
    score: Strategy

    @property
    def scorer(self) -> Scorer:
        """What both models' predictions are turned into numbers by."""
        assert self.score.scorer is not None
        return self.score.scorer

    def of_successor(self, learner: Learner, progress: ProgressCallback) -> tuple[float, ...]:
        """The successor's scores of the whole sample, short enough to be kept with its point."""
        scores = learner.score(self.rows, {NAME: self.scorer}, progress)[NAME]
        return tuple(_short(scores))

    def among(self, rows: IntArray, scores: FloatArray) -> FloatArray:
        """Scores of these rows as the sample has them, NaN for a row that is not among them,
        (sample,)."""
        found = np.full(len(self.rows), np.nan)
        inside, mine, theirs = np.intersect1d(self.rows, rows, return_indices=True)
        assert len(inside) == len(mine)
        found[mine] = _short(scores[theirs])
        return found

    def read(
        self,
        seed: int,
        round_: int,
        acquisition: FloatArray,
        successor: Sequence[float],
        labelled: Iterable[str],
        others: Sequence[RunState],
    ) -> ev.MismatchMeasured | None:
        """What both models' scores say before query `round_`; None where there are too few, or
        nothing to hold them against.

        Args:
            acquisition: scores as `among` gives them, NaN for what is labelled.
            successor: scores of the sample by the last point's successor.
            labelled: ids that both have learned from.
            others: further runs of the session; those that are as far give the floor.
        """
        open_ = np.isfinite(acquisition)
        if len(successor) != len(self.rows) or open_.sum() < _FEWEST:
            return None
        mine = np.asarray(successor)
        if not np.isfinite(mine).all():
            return None
        found = distances(mine[open_], acquisition[open_])
        known = set(labelled)
        floors = []
        for other in others:
            theirs = next((p.sample for p in other.points if p.round == round_ - 1), ())
            if len(theirs) != len(self.rows):
                continue
            asked = known.union(*(q.ids for q in other.queries if q.round < round_))
            apart = np.array([identity not in asked for identity in self.ids])
            if apart.sum() >= _FEWEST:
                floors.append(distances(mine[apart], np.asarray(theirs)[apart]))
        return ev.MismatchMeasured(
            seed,
            round_,
            len(known),
            found.size,
            self.score.name,
            found.wasserstein,
            found.kl,
            fmean(floor.wasserstein for floor in floors) if floors else None,
            fmean(floor.kl for floor in floors) if floors else None,
            len(floors),
        )


def _short(scores: FloatArray) -> list[float]:
    """Six digits, of both models alike, so that equal scores stay equal."""
    return [float(f"{score:.6g}") for score in scores]


def monitor_of(size: int, dataset: Dataset, pool: IntArray) -> MismatchMonitor | None:
    """The gauge of a session with `size` texts of its pool; None of size 0, which switches it
    off."""
    if not size or not len(pool):
        return None
    drawn = np.random.default_rng(_SAMPLE_SEED).permutation(len(pool))[:size]
    rows = np.sort(pool[drawn])
    name = "lc" if dataset.task is Task.CLASSIFICATION else "mnlp"
    return MismatchMonitor(rows, tuple(dataset.train[row].id for row in rows), strategy(name))
