"""What an engine keeps on disk besides events: each run's last models, and weights that a warm start goes on from."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file

from tui_al.core import events as ev
from tui_al.core.config import ExperimentConfig
from tui_al.core.models import ADAPTERS
from tui_al.core.state import RunState
from tui_al.engine.bag_of_words import BagOfWordsLearner
from tui_al.engine.learner import TransformerLearner
from tui_al.store.kept_models import remove_at_once

AnyLearner = TransformerLearner | BagOfWordsLearner


@dataclass(slots=True)
class Keeper:
    """Keeps models on disk: each run's last successor and the adapter that asked last, and weights for warm starts."""

    directory: Path
    run: RunState
    config: ExperimentConfig
    learners: dict[str, AnyLearner]
    pool: int

    def keep(self, event: ev.Event) -> tuple[ev.Event, ...]:
        """Save what belongs to the event before it goes on record; further events to record with it."""
        if isinstance(event, ev.PhaseFinished):
            for role, phase in _TRAININGS.items():
                if event.phase == phase and self._warm(role):
                    self._save_weights(role, event.round)
            trained = event.phase == ev.Phase.TRAIN_ACQUISITION
            if trained and self._for_people and self._is_adapter:
                self.learners["acquisition"].save(self.directory / self._acquisition)
        if isinstance(event, ev.Queried) and self._is_last(event) and self._is_adapter:
            self.learners["acquisition"].save(self.directory / self._acquisition)
        if isinstance(event, ev.Point) and self._is_to_be_kept(event):
            path = self._successor(event.round)
            self.learners["successor"].save(self.directory / path)
            saved = {"acquisition": self._acquisition, "successor": path}
            return tuple(
                ev.ModelSaved(event.seed, event.round, role, str(place))
                for role, place in saved.items()
                if (self.directory / place).is_dir()
            )
        return ()

    def tidy_successors(self, newest: int) -> None:
        """While people label there is a successor each round; the ones before the newest go."""
        folder = self.directory / "models" / f"seed-{self.run.seed}"
        for old in folder.glob("successor-*"):
            if old.name != self._successor(newest).name:
                remove_at_once(old)

    def _successor(self, round_: int) -> Path:
        name = f"successor-{round_:04d}" if self._for_people else "successor"
        return Path("models") / f"seed-{self.run.seed}" / name

    @property
    def _acquisition(self) -> Path:
        return Path("models") / f"seed-{self.run.seed}" / "acquisition"

    def _is_last(self, query: ev.Queried) -> bool:
        """Whether a model asks for the last time: all rounds are over then, or the pool is used up."""
        return bool(query.scores) and (
            query.round == self.config.loop.rounds or len(query.ids) == query.pool
        )

    @property
    def _is_adapter(self) -> bool:
        """Whether the acquisition model is kept: one of its own that is an adapter, which takes little room."""
        learner = self.learners["acquisition"]
        small = isinstance(learner, TransformerLearner) and learner.config.tuning in ADAPTERS
        return self.config.save_models and small and learner is not self.learners["successor"]

    @property
    def _for_people(self) -> bool:
        return self.config.loop.oracle == "person"

    def restore(self) -> None:
        """Make warm learners go on from their last recorded training; cold ones start afresh anyway."""
        asked = max((q.round for q in self.run.queries), default=0)
        if self.run.ranked is not None:
            asked = self.run.ranked.round - 1
        for role, round_ in (("acquisition", asked), ("successor", self.run.last_round)):
            if not self._warm(role):
                continue
            self.learners[role].forget()
            path = self._weights_path(role, round_)
            if path.exists():
                self.learners[role].restore(load_file(path), self.run.seed)

    def tidy(self) -> None:
        """Remove the weights that only a continued run would need."""
        for role in _TRAININGS:
            for path in self._kept(role):
                path.unlink()
        shutil.rmtree(self._making, ignore_errors=True)

    def _save_weights(self, role: str, round_: int) -> None:
        path = self._weights_path(role, round_)
        shutil.rmtree(self._making, ignore_errors=True)  # what an engine killed while saving left
        self._making.mkdir(parents=True)
        weights = {
            n: w.detach().cpu().contiguous() for n, w in self.learners[role].trainable().items()
        }
        making = self._making / path.name
        save_file(weights, making)
        making.rename(path)
        for old in self._kept(role)[:-2]:
            old.unlink()

    @property
    def _making(self) -> Path:
        return self.directory / "warm" / ".making"

    def _weights_path(self, role: str, round_: int) -> Path:
        return self.directory / "warm" / f"{self.run.seed}-{role}-{round_:04d}.safetensors"

    def _kept(self, role: str) -> list[Path]:
        return sorted((self.directory / "warm").glob(f"{self.run.seed}-{role}-*.safetensors"))

    def _warm(self, role: str) -> bool:
        return self.learners[role].config.start == "warm"

    def _is_to_be_kept(self, point: ev.Point) -> bool:
        last = point.round == self.config.loop.rounds or point.labels == self.pool
        return self.config.save_models and (last or self._for_people) and not point.shared_from


_TRAININGS: dict[str, Any] = {
    "acquisition": ev.Phase.TRAIN_ACQUISITION,
    "successor": ev.Phase.TRAIN_SUCCESSOR,
}
