"""How quick labelling is while an engine trains on all cores, with a pool of 100,000 texts: `python
-m tests.benchmarks.label_latency`.

The app runs on a pseudo-terminal of 80x24, as over SSH. Measured are, as the frames arrive at the
terminal: from a label's key to the next sample, and from the same key to the mark that says that
the label is on disk. Takes about four minutes."""

import re
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil

from tests.benchmarks.conditions import conditions, line
from tests.benchmarks.table import Table
from tests.ui.terminals import Pty, until
from tui_al.core.data.examples import Dataset, Example, Task, example_ids
from tui_al.core.session import events as ev
from tui_al.core.settings.experiment import Amount, ExperimentConfig
from tui_al.core.settings.presets import sample_experiment
from tui_al.host import process
from tui_al.store.annotation_service import AnnotationService
from tui_al.store.session import Session

POOL, BEFORE, PRESSES, BETWEEN, LABELS = 100_000, 60, 200, 0.4, 8
_WORDS = [
    "parcel",
    "refund",
    "broken",
    "login",
    "screen",
    "invoice",
    "courier",
    "battery",
    "email",
    "charger",
    "late",
    "swap",
    "wrong",
    "colour",
    "size",
    "price",
]

#: Each text begins with a number of its own, so that the frame that shows it can be told.
_NUMBER = re.compile(rb"n(\d{6})n")
_SAVED = re.compile("saved .*?✓.*? (\\d+)".encode())


def main() -> None:
    """Measure and print a table."""
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory)
        session = _session(home)
        process.start_engine(session)
        try:
            _until_it_trains(session)
            shown, saved = _label(home)
            still = _phase(session)
        finally:
            process.stop_engine(session)
    assert still == ev.Phase.TRAIN_ACQUISITION.value, f"the engine had gone on to {still}"
    rows = []
    for name, values in (
        ("key to next sample painted", shown),
        ("key to saved mark painted", saved),
    ):
        numbers = (np.median(values), np.percentile(values, 95), max(values))
        rows.append((name, *(f"{number * 1000:.3g} ms" for number in numbers)))
    Table(
        f"Labelling while the engine trains on all cores, pool of {POOL:,}, {len(shown)} keys, "
        "80x24",
        "python -m tests.benchmarks.label_latency",
        line(conditions(psutil.cpu_count() or 1)),
        ("what", "median", "p95", "worst"),
        tuple(rows),
    ).tell(Path(sys.argv[2]) if sys.argv[1:2] == ["--out"] else None)


def _session(home: Path) -> Path:
    """A pool of made-up texts, and a training that lasts longer than the measurement."""
    rng = np.random.default_rng(1)
    texts = [
        f"n{number:06}n {' '.join(rng.choice(_WORDS, size=int(rng.integers(8, 30))))}"
        for number in range(POOL)
    ]
    train = tuple(Example(i, text) for i, text in zip(example_ids(texts), texts, strict=True))
    labels = tuple(f"label {n}" for n in range(LABELS))
    config = _config()
    dataset = Dataset("made-up", Task.CLASSIFICATION, labels, train, ())
    created = ev.SessionCreated(config.to_dict(), dataset.task.value, labels, POOL, 0, (), (), {})
    with Session.create(home, "bench", created, dataset) as session:
        return session.directory


def _config() -> ExperimentConfig:
    sample = sample_experiment()
    loop = replace(
        sample.loop,
        oracle="person",
        seed_size=Amount(40, percent=False),
        batch=Amount(5_000, percent=False),
    )
    return replace(
        sample, loop=loop, acquisition=replace(sample.acquisition, tuning="full", epochs=10_000)
    )


def _until_it_trains(session: Path) -> None:
    with AnnotationService(session, "before") as service:
        until(lambda: (service.refresh(), service.ranking)[1] is not None, 120)
        for number in range(BEFORE):
            item = service.take()
            assert item is not None
            service.label(item, f"label {number % LABELS}")
    until(lambda: _phase(session) == ev.Phase.TRAIN_ACQUISITION.value, 600)
    time.sleep(5)


def _phase(session: Path) -> str:
    with Session(session) as opened:
        return next(iter(opened.state().runs.values())).phase


def _label(home: Path) -> tuple[list[float], list[float]]:
    """Seconds from key to next sample, and to the mark that it is saved."""
    terminal = Pty(home, ["label", "bench", "--annotator", "anna"], size=(80, 24))
    terminal.read_until(lambda: _NUMBER.search(terminal.output))
    now = _let(terminal, 3.0)
    shown, saved = [], []
    for press in range(PRESSES):
        terminal.output.clear()
        began = time.perf_counter()
        terminal.press(str(press % LABELS + 1))

        def another(before: bytes = now) -> bool:
            return any(found != before for found in _NUMBER.findall(terminal.output))

        shown.append(_seconds(terminal, another, began))

        def on_disk(number: int = BEFORE + press + 1) -> bool:
            return any(int(found) == number for found in _SAVED.findall(terminal.output))

        saved.append(_seconds(terminal, on_disk, began))
        now = _NUMBER.findall(terminal.output)[-1]
        _let(terminal, BETWEEN)
    terminal.press("q")
    terminal.read_until(lambda: terminal.process.poll() is not None)
    terminal.hang_up()
    return shown, saved


def _seconds(terminal: Pty, what: Callable[[], object], began: float) -> float:
    while not what():
        assert terminal.read(10), "nothing was painted"
    return time.perf_counter() - began


def _let(terminal: Pty, seconds: float) -> bytes:
    """Let it go on, and read what it writes; the number of the sample that is shown then, if it was
    painted meanwhile."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        terminal.read(max(0.0, deadline - time.monotonic()))
    found = _NUMBER.findall(terminal.output)
    return found[-1] if found else b""


if __name__ == "__main__":
    main()
