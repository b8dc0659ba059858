"""Stands in for `tui_al.host.process`: finds prepared data, records sessions, starts nothing."""

import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.ui.sessions import Recording, dataset, record
from tui_al.core.data.examples import Task
from tui_al.core.data.preview import Preview
from tui_al.core.settings.experiment import DataConfig, ExperimentConfig
from tui_al.errors import DataError, TuiAlError
from tui_al.host.estimate import Estimate
from tui_al.host.process import EngineEnd

ROWS = (("my parcel is late", "delivery"), ("the left side only crackles", "repair"))


def found(
    rows: tuple[tuple[str, str], ...] = ROWS,
    *,
    task: Task = Task.CLASSIFICATION,
    warnings: tuple[str, ...] = (),
) -> Preview:
    """A preview of these rows, each counted a hundred times."""
    counts = Counter(label for _, label in rows for _ in range(100))
    return Preview(
        name="tickets",
        task=task,
        labels=tuple(sorted(counts)),
        train=100 * len(rows),
        test=50,
        unlabelled=0,
        counts=dict(counts),
        rows=rows,
        words=5.0,
        notes=("The text is in column text.",),
        warnings=warnings,
    )


@dataclass
class FakeEngine:
    """What the screens asked for, and what they are told."""

    previews: dict[str, Preview] = field(default_factory=lambda: {"tickets": found()})
    asked: list[DataConfig] = field(default_factory=list)
    created: list[ExperimentConfig] = field(default_factory=list)
    started: list[Path] = field(default_factory=list)
    recordings: list[Recording] = field(default_factory=list)
    ends: dict[str, EngineEnd] = field(default_factory=dict)
    create_error: TuiAlError | None = None
    preview_error: TuiAlError | None = None
    hold: threading.Event | None = None  #: previews wait for it

    def preview(self, data: DataConfig) -> Preview:
        self.asked.append(data)
        if self.hold is not None:
            assert self.hold.wait(10)
        if self.preview_error is not None:
            raise self.preview_error
        if data.source not in self.previews:
            raise DataError(f"There is no data set {data.source!r}.", "Give a name or a path.")
        return self.previews[data.source]

    def estimate(self, config: ExperimentConfig, preview: Preview, home: Path) -> Estimate:
        trainings = 2 * config.loop.rounds + 1
        return Estimate(trainings=trainings, seconds=370.0, device="CPU, 2 cores", basis="measured")

    def create_session(self, home: Path, config: ExperimentConfig, name: str | None = None) -> Path:
        if self.create_error is not None:
            raise self.create_error
        self.created.append(config)
        recording = record(home, name or "made", experiment=config, data=dataset())
        self.recordings.append(recording)
        return recording.directory

    def start_engine(self, directory: Path) -> int:
        self.started.append(directory)
        return 4321

    def engine_end(self, directory: Path) -> EngineEnd | None:
        return self.ends.get(directory.name)
