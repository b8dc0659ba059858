"""When the engine ranks anew: how far a batch of decisions is, and what training still lacks."""

from collections.abc import Iterable
from dataclasses import dataclass

from tui_al.core.annotation.decisions import UserAnswer
from tui_al.core.data.examples import Task
from tui_al.core.session.events import RankingPublished
from tui_al.core.settings.experiment import LoopConfig


@dataclass(frozen=True, slots=True)
class Batch:
    """The decisions that make the engine rank anew, and how many of them were made."""

    size: int = 0
    #: Below 0 where more was taken back than was decided since the ranking.
    decided: int = 0

    @property
    def to_go(self) -> int:
        """How many more the engine waits for; more than `size` where `decided` is below 0."""
        return max(0, self.size - self.decided)

    @property
    def is_full(self) -> bool:
        """Whether the engine waits for no more."""
        return not self.to_go


def batch_since(loop: LoopConfig, ranked: RankingPublished | None, pool: int, closed: int) -> Batch:
    """The batch after a ranking: a seed set's worth of decisions before the first model, then a
    batch's, or all that were left of the pool.

    Args:
        loop: the settings.
        ranked: the newest ranking; None before the first.
        pool: texts to label.
        closed: those of them that were decided on.
    """
    before = ranked.answered if ranked else 0
    amount = loop.seed_size if ranked is None or ranked.round == 0 else loop.batch
    size = min(amount.of(max(1, pool)), max(0, pool - before))
    return Batch(size, closed - before)


def lacking(answers: Iterable[UserAnswer], task: Task) -> str:
    """What a model needs before it can learn anything, as it is told: "labels of 2 classes"; ""
    once that is there.

    Args:
        answers: what it would be trained on, people's and the data's; read only as far as needed.
        Entities of tagging in any form
            that is empty where there is none.
        task: what is labelled.
    """
    if task is Task.TAGGING:
        return "" if any(answers) else "a first entity"
    first: UserAnswer | None = None
    for answer in answers:
        first = answer if first is None else first
        if answer != first:
            return ""
    return "labels of 2 classes"
