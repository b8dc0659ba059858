"""Training on Banking77 against small-text 1.4.1, batch 16, the bundled encoder: ratios from one
run, the sides in turns.

    python -m tests.benchmarks.training DATA_DIR [--repeats 3] [--texts 320] [--threads 2] [--out
    results.json]

Ours: full tuning, the paper's adapter in all layers, the adapter above a frozen trunk of two thirds
of the layers, the same layers tuned fully, and a head on a frozen encoder. What the trunk gives for
the texts is computed before the clock starts, as it is once for all rounds and seeds; the time for
it is told. small-text pads to the maximum length, so it is measured at 64 and 128, with its best
settings and with its defaults; ours pads to the longest of a batch and is the same at both. Needs
Banking77 as a folder in DATA_DIR and, the first time, the network for small-text's virtual
environment."""

import argparse
import statistics
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from tests.benchmarks.conditions import conditions, line
from tests.benchmarks.smalltext_venv import FAIRNESS, Job, Settings, SmallText, Texts
from tests.benchmarks.table import Table
from tui_al.core.data.examples import Dataset
from tui_al.core.progress import TrainingProgress
from tui_al.core.settings.experiment import DataConfig
from tui_al.core.settings.model_catalog import default_settings
from tui_al.engine.data import load
from tui_al.engine.hub.sources import find
from tui_al.engine.models.learner import TransformerLearner

#: What is measured of ours: tuning and layers of the trunk.
OURS: dict[str, tuple[str, int | Literal["auto"]]] = {
    "full": ("full", 0),
    "adapter": ("adapter", 0),
    "adapter, trunk kept": ("adapter", "auto"),
    "full, trunk kept": ("full", "auto"),
    "head, all kept": ("head", "auto"),
}
LENGTHS = (64, 128)
SETTINGS: tuple[Settings, ...] = ("best", "default")


def silent(_: TrainingProgress) -> None:
    """A progress sink."""


class Ours:
    """One way to train, with its learner."""

    def __init__(self, name: str, dataset: Dataset, texts: int) -> None:
        tuning, layers = OURS[name]
        config = replace(
            default_settings("minilm", tuning), epochs=1, max_length=64, trunk_layers=layers
        )
        self.learner = TransformerLearner(config, find("minilm"), dataset, torch.device("cpu"))
        self.rows = np.arange(texts)
        self.answers: list[Any] = [dataset.train[row].answer for row in self.rows]
        began = time.perf_counter()
        self.learner.keep("train", self.rows, silent)
        self.kept_seconds = time.perf_counter() - began

    def rate(self) -> float:
        """Samples a second in one training."""
        began = time.perf_counter()
        report = self.learner.fit(self.rows, self.answers, 1, silent)
        return report.examples / (time.perf_counter() - began)


def measure(data_dir: str, texts: int, repeats: int, threads: int) -> dict[str, list[float]]:
    """Samples a second by what trained, one figure a repeat."""
    dataset = load(DataConfig("banking77", data_dir=data_dir, train_limit=texts, test_limit=10))
    ours = {name: Ours(name, dataset, texts) for name in OURS}
    for name, way in ours.items():
        if way.kept_seconds > 0.5:
            print(f"once: trunk of {texts} texts for {name}: {way.kept_seconds:.1f} s")
    split = Texts([e.text for e in dataset.train], [str(e.answer) for e in dataset.train])
    test = Texts(split.texts[:32], split.labels[:32])  # what is timed does not look at it
    job = Job(str(find("minilm").path), split, test, test, threads=threads)
    rates: dict[str, list[float]] = {}
    with SmallText(job) as rival:
        for length in LENGTHS:
            rival.train("best", length, 16, 1)  # tokenises, warms up
        for repeat in range(repeats):
            for name, way in ours.items():
                rates.setdefault(name, []).append(way.rate())
            for length in LENGTHS:
                for settings in SETTINGS:
                    answer = rival.train(settings, length, texts // 4, 1)
                    found = answer["samples"] / answer["seconds"]
                    rates.setdefault(f"small-text {settings} {length}", []).append(found)
            last = ", ".join(f"{name} {found[-1]:.0f}" for name, found in rates.items())
            print(f"samples/s, repeat {repeat + 1} of {repeats}: {last}", flush=True)
    return rates


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("data_dir")
    parser.add_argument("--texts", type=int, default=320)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    rates = measure(options.data_dir, options.texts, options.repeats, options.threads)
    rivals = [name for name in rates if name.startswith("small-text")]
    rows = []
    for name in (*OURS, *rivals):
        ratios = [_ratio(rates[name], rates[rival]) for rival in rivals]
        shown = [f"{x:.2f}" for x in ratios]
        rows.append((name, f"{statistics.median(rates[name]):.1f}", *shown))
    Table(
        "Training, against small-text 1.4.1 (Banking77, MiniLM-L6, batch 16, median of "
        f"{options.repeats})",
        "python -m tests.benchmarks.training DATA",
        line(conditions(options.threads)),
        ("what trains", "samples/s", *(f"× {rival[11:]}" for rival in rivals)),
        tuple(rows),
        (FAIRNESS,),
    ).tell(options.out)


def _ratio(ours: list[float], theirs: list[float]) -> float:
    return statistics.median(a / b for a, b in zip(ours, theirs, strict=True))


if __name__ == "__main__":
    main()
