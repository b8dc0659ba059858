"""What an engine keeps on disk besides events: each run's last models, and weights that a warm
start goes on from."""

import logging
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file

from tui_al.core.session import events as ev
from tui_al.core.session.state import RunState
from tui_al.core.settings.experiment import ExperimentConfig
from tui_al.engine.models.bag_of_words import BagOfWordsLearner
from tui_al.engine.models.learner import TransformerLearner
from tui_al.errors import SessionError
from tui_al.store.file_hashes import hashes_of, sha256_of
from tui_al.store.kept_models import clear_leftovers, remove_atomically
from tui_al.store.sharing import fit_tree, make_directory

AnyLearner = TransformerLearner | BagOfWordsLearner

log = logging.getLogger(__name__)

#: Weights for a warm start: seed, role, round, and the SHA-256 of the file, which older programs
#: did not write.
_WARM = re.compile(r"\d+-[a-z]+-(\d+)(?:-([0-9a-f]{64}))?\.safetensors")


@dataclass(slots=True)
class ModelSaver:
    """Keeps models on disk: each run's last successor and the adapter that asked last, and weights
    for warm starts."""

    directory: Path
    run: RunState
    config: ExperimentConfig
    learners: dict[str, AnyLearner]
    pool: int

    def keep(self, event: ev.Event) -> tuple[ev.Event, ...]:
        """Save what belongs to the event before it goes on record; further events to record with
        it."""
        if isinstance(event, ev.PhaseFinished):
            for role, phase in _TRAININGS.items():
                if event.phase == phase and self._warm(role):
                    self._save_weights(role, event.round)
            trained = event.phase == ev.Phase.TRAIN_ACQUISITION
            if trained and self._for_people and self._is_adapter:
                return (self._saved("acquisition", event.round),)
        if isinstance(event, ev.QuerySelected) and self._is_last(event) and self._is_adapter:
            clear_leftovers(self._models)
            self.learners["acquisition"].save(self.directory / self._place("acquisition"))
        if isinstance(event, ev.RoundResult) and self._is_to_be_kept(event):
            acquisition = self._place("acquisition")
            asked = (self.directory / acquisition).is_dir() and not self._for_people
            before = (self._noted("acquisition", event.round, acquisition),) if asked else ()
            return (*before, self._saved("successor", event.round))
        return ()

    def tidy_models(self, newest: Iterable[ev.Event]) -> None:
        """While people label there is a model of a role each round; those before the newest go,
        once that is on record."""
        for event in newest:
            if isinstance(event, ev.ModelSaved) and self._for_people:
                kept = Path(event.path)
                for old in (self.directory / kept.parent).glob(f"{event.role}*"):
                    if old.name != kept.name:
                        remove_atomically(old)

    def _saved(self, role: str, round_: int) -> ev.ModelSaved:
        """Save a role's model, and the event that tells of it."""
        clear_leftovers(self._models)
        place = self._place(role, round_)
        self.learners[role].save(self.directory / place)
        return self._noted(role, round_, place)

    def _noted(self, role: str, round_: int, place: Path) -> ev.ModelSaved:
        hashes = hashes_of(self.directory / place)
        return ev.ModelSaved(self.run.seed, round_, role, place.as_posix(), hashes)

    def _place(self, role: str, round_: int = 0) -> Path:
        """Where to save a model, from the session's directory.

        One that is on record is never overwritten: killed between the saving and the event, an
        engine would leave a model with the hashes of another. A simulation saves each once; while
        people label, each has a name that no other has."""
        folder = Path("models") / f"seed-{self.run.seed}"
        if not self._for_people:
            return folder / role
        base = name = f"{role}-{round_:04d}"
        number = 1
        while (self.directory / folder / name).exists():
            number += 1
            name = f"{base}-{number}"
        return folder / name

    def _is_last(self, query: ev.QuerySelected) -> bool:
        """Whether a model asks for the last time: all rounds are over then, or the pool is used
        up."""
        return bool(query.scores) and (
            query.round == self.config.loop.rounds or len(query.ids) == query.pool
        )

    @property
    def _is_adapter(self) -> bool:
        """Whether the acquisition model is kept: one of its own that is an adapter, which takes
        little room."""
        learner = self.learners["acquisition"]
        small = isinstance(learner, TransformerLearner) and learner.config.trains == "adapter"
        return self.config.save_models and small and learner is not self.learners["successor"]

    @property
    def _for_people(self) -> bool:
        return self.config.loop.oracle == "person"

    def restore(self) -> tuple[str, ...]:
        """Make warm learners go on from their last recorded training; cold ones start afresh
        anyway. What a person should know.

        Raises:
            SessionError: weights to go on from are damaged.
        """
        asked = max((q.round for q in self.run.queries), default=0)
        if self.run.ranked is not None:
            asked = self.run.ranked.round - 1
        missing = []
        for role, round_ in (("acquisition", asked), ("successor", self.run.last_round)):
            if not self._warm(role):
                continue
            self.learners[role].forget()
            path = self._weights(role, round_)
            if path is not None:
                self.learners[role].restore(load_file(path), self.run.seed)
            elif self._was_trained(role, round_):
                missing.append(
                    f"seed {self.run.seed}: the weights of the {role} after round {round_} are "
                    f"not in {self._folder}, so its "
                    "next training starts from the pretrained ones, not from those."
                )
        return tuple(missing)

    def tidy(self) -> None:
        """Remove the weights that only a continued run would need, and what a killed engine
        left. What the machine refuses to remove stays: the run is finished without that."""
        try:
            for role in _TRAININGS:
                for path in self._kept(role):
                    path.unlink()
            shutil.rmtree(self._making, ignore_errors=True)
            clear_leftovers(self._models)
        except OSError as error:
            log.warning("what only a continued run would need stays: %s", error)

    def _save_weights(self, role: str, round_: int) -> None:
        shutil.rmtree(self._making, ignore_errors=True)  # what an engine killed while saving left
        make_directory(self._making)
        weights = {
            n: w.detach().cpu().contiguous() for n, w in self.learners[role].trainable().items()
        }
        making = self._making / "weights"
        save_file(weights, making)
        name = f"{self.run.seed}-{role}-{round_:04d}-{sha256_of(making)}.safetensors"
        kept = self._folder / name
        fit_tree(making.parent)  # what writes the weights makes them this account's alone
        making.rename(kept)
        fit_tree(self._folder)
        there = self._kept(role)
        rounds = sorted({_WARM.fullmatch(p.name)[1] for p in there})[-2:]  # type: ignore[index]
        for path in there:
            number = _WARM.fullmatch(path.name)[1]  # type: ignore[index]
            if number not in rounds or (int(number) == round_ and path != kept):
                path.unlink()

    def _weights(self, role: str, round_: int) -> Path | None:
        """The weights that a role had after a round, None where they are not there; SessionError
        where they are damaged."""
        for path in self._kept(role):
            number, expected = _WARM.fullmatch(path.name).groups()  # type: ignore[union-attr]
            if int(number) == round_:
                actual = sha256_of(path)
                if expected is None or actual == expected:
                    return path
                raise SessionError(
                    f"{path} is damaged: its SHA-256 is {actual[:12]}…, not {expected[:12]}…, so "
                    "no warm training can go on from it.",
                    "Put the file back from a backup. Or delete it: then the next training starts "
                    "from the pretrained weights, "
                    "and the session says so.",
                )
        return None

    @property
    def _models(self) -> Path:
        return self.directory / "models" / f"seed-{self.run.seed}"

    @property
    def _folder(self) -> Path:
        return self.directory / "warm"

    @property
    def _making(self) -> Path:
        return self._folder / ".making"

    def _kept(self, role: str) -> list[Path]:
        """A role's weights, those of older programs too, whose names hold no hash."""
        found = self._folder.glob(f"{self.run.seed}-{role}-*.safetensors")
        return sorted(path for path in found if _WARM.fullmatch(path.name))

    def _was_trained(self, role: str, round_: int) -> bool:
        """Whether there ever were weights of a role after this round."""
        if role == "successor":
            return bool(self.run.points)
        if self.learners["acquisition"] is self.learners["successor"]:
            return False
        return round_ >= (0 if self._for_people else 1)

    def _warm(self, role: str) -> bool:
        return self.learners[role].config.start == "warm"

    def _is_to_be_kept(self, point: ev.RoundResult) -> bool:
        last = point.round == self.config.loop.rounds or point.labels == self.pool
        return self.config.save_models and (last or self._for_people) and not point.shared_from


_TRAININGS: dict[str, Any] = {
    "acquisition": ev.Phase.TRAIN_ACQUISITION,
    "successor": ev.Phase.TRAIN_SUCCESSOR,
}
