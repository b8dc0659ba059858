"""How far people got with a session, kept up to date by what was appended since the last look."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tui_al.core.labelling import Labelling, Status, lacking
from tui_al.core.state import SessionState
from tui_al.core.tasks import Task
from tui_al.store.decisions import DecisionLog
from tui_al.store.examples import ExampleReader


@dataclass(slots=True)
class Headway:
    """The decisions on record, folded; `read` takes in further ones."""

    directory: Path
    labelling: Labelling
    pool: int  #: texts to label, which percentages of a batch are of

    @classmethod
    def of(cls, directory: Path) -> Self:
        """Nothing is read yet."""
        examples = ExampleReader(directory / "examples.db")
        try:
            *_, labels = examples.facts()
            return cls(directory, Labelling(labels), examples.askable())
        finally:
            examples.close()

    def read(self) -> None:
        """Take in what was decided since the last time."""
        with DecisionLog(self.directory) as log:
            self.labelling.apply(log.read(after=self.labelling.seq))

    @property
    def labelled(self) -> int:
        """Texts that have a label."""
        return self.labelling.count(Status.LABELLED)

    @property
    def closed(self) -> int:
        """Those, and the unclear, ambiguous and disputed ones."""
        open_ = (Status.OPEN, Status.SKIPPED)
        return sum(self.labelling.count(status) for status in Status if status not in open_)

    def lacks(self, state: SessionState) -> str:
        """What is needed before the engine can train, though there are labels enough; "" if nothing is."""
        if not state.task or self.wanted(state) or self.labelled == self.pool:
            return ""
        return lacking(self.labelling.counts, Task(state.task))

    def wanted(self, state: SessionState) -> int:
        """How many more decisions the engine waits for until it ranks anew: as many as make a batch, or as are left."""
        run = next(iter(state.runs.values()), None)
        if state.config is None or run is None:
            return 0
        loop, ranked = state.config.loop, run.ranked
        amount = loop.seed_size if ranked is None or ranked.round == 0 else loop.batch
        new = self.closed - (ranked.answered if ranked else 0)
        return max(0, min(amount.of(max(1, self.pool)) - new, self.pool - self.closed))
