"""The engine while people label: their desk in the store, and what it finds out about the pool
while they begin."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch

from tui_al.core.annotation.decisions import DecisionRecord
from tui_al.core.arrays import IntArray
from tui_al.core.data.examples import Dataset
from tui_al.core.loop.annotation_channel import (
    Command,
    LabelSnapshot,
    sample_audit,
    unlabelled_rows,
)
from tui_al.core.loop.annotation_loop import PeopleLoop
from tui_al.core.loop.phase_timer import Emit
from tui_al.core.loop.simulation import Models
from tui_al.core.session.events import EngineFinished
from tui_al.core.session.state import RunState
from tui_al.core.settings.experiment import ExperimentConfig
from tui_al.core.settings.model_catalog import BAG_OF_WORDS
from tui_al.engine.worker.label_features import label_features
from tui_al.engine.worker.patience import Patience
from tui_al.engine.worker.pool_analysis import mean_states, near_duplicates
from tui_al.store.decisions import DecisionLog
from tui_al.store.training_labels import LabelledPool

#: Seconds between two looks at what was decided.
_LOOK = 0.2

#: Seconds without any annotator after which an engine that has nothing to do ends, rather than hold
#: a GPU's memory for days.
ALONE = 900.0


class Listener(Protocol):
    """What people ask of the engine, see `tui_al.engine.worker.runner`."""

    command: str
    patient: Patience

    def poll_commands(self) -> None:
        """Take in what people ask; may wait while paused. Raises EngineStopped."""
        ...

    def clock(self) -> float:
        """Seconds, without those spent paused."""
        ...


@dataclass(slots=True)
class _StoreChannel:
    """The `AnnotationChannel` of `core.loop.annotation_channel` over a session's store."""

    log: DecisionLog
    labelled: LabelledPool
    listener: Listener
    _seq: int = -1
    _last_company: float = 0.0

    def snapshot(self) -> LabelSnapshot:
        """The labels now."""
        return self.listener.patient(self.labelled.snapshot)

    def publish(self, board: str, round_: int, body: Any) -> None:
        """Put up a board."""
        self.listener.patient(lambda: self.log.publish(board, round_, body))

    def poll_commands(self) -> None:
        """Wait while paused; raises EngineStopped."""
        self.listener.poll_commands()

    def wait(self) -> Command:
        """A moment's rest where nothing new was decided; what people want."""
        self.listener.poll_commands()
        command, self.listener.command = self.listener.command, ""
        seq = self.snapshot().seq
        if not command and seq == self._seq:
            time.sleep(_LOOK)
        now = time.monotonic()
        if seq != self._seq or self.listener.patient(self.log.present):
            self._last_company = now
        self._seq = seq
        if command == "train" or command == "finish":
            return "train" if command == "train" else "finish"
        return "leave" if now - self._last_company > ALONE else ""


def follow(
    directory: Path,
    run: RunState,
    config: ExperimentConfig,
    dataset: Dataset,
    device: torch.device,
    listener: Listener,
    build: Callable[[Dataset], Models],
    emit: Emit,
    decided: list[DecisionRecord],
) -> EngineFinished:
    """Work for the people of a session until they want to end, or nobody is there any more. Returns
    how it ended.

    `decided` are all decisions up to now, as `check_whole` read them; the list is emptied when they
    are taken in."""
    pool = unlabelled_rows(dataset)
    audit = sample_audit(run.seed, pool, config.loop.audit_share)
    with DecisionLog(directory) as log:
        labelled = LabelledPool(log, dataset, pool, audit, decided)
        decided.clear()
        channel = _StoreChannel(log, labelled, listener)

        def study() -> IntArray:
            return near_duplicates(directory, dataset, pool, audit, listener.poll_commands)

        asks_by_words = config.acquisition.model == BAG_OF_WORDS
        encoder = config.successor if asks_by_words else config.acquisition
        spare = mean_states(directory, dataset, encoder, device)
        encode = label_features(directory, dataset, config.acquisition, device)
        loop = PeopleLoop(
            run.seed, config, dataset, pool, audit, channel, build, study, encode, spare, emit,
            listener.clock
        )  # fmt: skip
        reason = "finished" if loop.run(run) == "finish" else "stopped"
        return EngineFinished(reason, lacks=loop.lacks)
