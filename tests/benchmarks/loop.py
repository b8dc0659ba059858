"""Twelve rounds of least confidence on Banking77: what the acquisition model costs, by how it is
trained; ratios from one run.

    python -m tests.benchmarks.loop DATA_DIR [--train-limit 800] [--repeats 3] [--successor]
    [--threads 2] [--out results.json]

Each round trains the acquisition model on what is labelled and scores what is not: 1 % to start
with, 1 % more each round. Timed is all of that, the frozen trunk's one pass over the pool included.
The ways take turns; every repeat has a seed of its own, and every way trains and asks with it.
Training and scoring both grow with the size of the training split, so a random cut of it (the
default) gives the ratios of the whole. `--successor` also trains and tests the successor (full
tuning) on what each way asked for, which takes far longer and is not timed: its area under the
accuracy curve, mean and deviation over the seeds."""

import argparse
import statistics
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tests.benchmarks.conditions import conditions, line
from tests.benchmarks.table import Table
from tui_al.core.data.examples import Dataset
from tui_al.core.progress import TrainingProgress
from tui_al.core.query.strategies import least_confidence
from tui_al.core.settings.experiment import PAPER_SEEDS, DataConfig
from tui_al.core.settings.model_catalog import default_settings
from tui_al.engine.data import load
from tui_al.engine.hub.sources import find
from tui_al.engine.models.feature_cache import FeatureStore
from tui_al.engine.models.learner import TransformerLearner

#: Ways to train the acquisition model: tuning and layers of the trunk.
WAYS: dict[str, tuple[str, Any]] = {
    "full": ("full", 0),
    "adapter": ("adapter", 0),
    "adapter, trunk kept": ("adapter", "auto"),
    "head, all kept": ("head", "auto"),
}
ROUNDS = 12


def silent(_: TrainingProgress) -> None:
    """A progress sink."""


class Loop:
    """The loop with one acquisition model."""

    def __init__(self, way: str, dataset: Dataset) -> None:
        tuning, layers = WAYS[way]
        self.config = replace(
            default_settings("minilm", tuning), max_length=64, trunk_layers=layers
        )
        self.dataset = dataset
        self.learner = self._learner()
        self.answers: list[Any] = [e.answer for e in dataset.train]
        self.learner.fit(np.arange(32), self.answers[:32], 0, silent)  # warm-up

    def run(self, seed: int) -> tuple[dict[str, float], list[np.ndarray[Any, Any]]]:
        """Seconds of training and of scoring, and what was labelled after each round."""
        learner = self.learner
        if learner.config.trunk_layers:  # every loop computes its trunk's output itself
            learner = self._learner()
        total = len(self.dataset.train)
        step = max(1, round(total / 100))
        order = np.random.default_rng(seed).permutation(total)
        labelled, pool = order[:step], order[step:]
        seconds = {"train": 0.0, "score": 0.0}
        sets = [labelled]
        for _ in range(ROUNDS):
            began = time.perf_counter()
            learner.fit(labelled, [self.answers[row] for row in labelled], seed, silent)
            trained = time.perf_counter()
            scores = learner.score(pool, {"lc": least_confidence}, silent)["lc"]
            asked = np.argsort(-scores, kind="stable")[:step]
            seconds["train"] += trained - began
            seconds["score"] += time.perf_counter() - trained
            labelled = np.concatenate([labelled, pool[asked]])
            pool = np.delete(pool, asked)
            sets.append(labelled)
        return seconds, sets

    def _learner(self) -> TransformerLearner:
        device = torch.device("cpu")
        learner = TransformerLearner(
            self.config, find("minilm"), self.dataset, device, FeatureStore()
        )
        learner.tokens("train")
        return learner


def area(successor: TransformerLearner, sets: list[np.ndarray[Any, Any]], seed: int) -> float:
    """Mean of the successor's accuracies over the curve, by trapezoids."""
    dataset = successor.dataset
    gold = np.array([dataset.labels.index(str(e.answer)) for e in dataset.test])
    points = []
    for labelled in sets:
        answers: list[Any] = [dataset.train[row].answer for row in labelled]
        successor.fit(labelled, answers, seed, silent)
        probs = successor.predict("test", np.arange(len(gold)), silent).probs
        points.append(float(np.mean(probs.argmax(1) == gold)))
    return float(np.trapezoid(points) / (len(points) - 1))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("data_dir")
    parser.add_argument("--train-limit", type=int, default=800)
    parser.add_argument("--test-limit", type=int, default=500)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--successor", action="store_true")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    dataset = load(
        DataConfig(
            "banking77",
            data_dir=options.data_dir,
            train_limit=options.train_limit,
            test_limit=options.test_limit,
        )
    )
    loops = {way: Loop(way, dataset) for way in WAYS}
    successor = None
    if options.successor:
        successor = TransformerLearner(
            replace(default_settings("minilm", "full"), max_length=64),
            find("minilm"),
            dataset,
            torch.device("cpu"),
        )
    seconds: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
    areas: dict[str, list[float]] = {way: [] for way in WAYS}
    for repeat, seed in enumerate(PAPER_SEEDS[: options.repeats]):
        for way, loop in loops.items():
            spent, sets = loop.run(seed)
            seconds[way].append(spent)
            if successor:
                areas[way].append(area(successor, sets, seed))
            print(
                f"repeat {repeat + 1}: {way}: {spent['train']:.1f} + {spent['score']:.1f} s "
                f"{areas[way][-1:]}",
                flush=True,
            )
    whole = [sum(one.values()) for one in seconds["full"]]
    rows = []
    for way in WAYS:
        ratios = [sum(a.values()) / b for a, b in zip(seconds[way], whole, strict=True)]
        train, score = (
            statistics.median(one[part] for one in seconds[way]) for part in ("train", "score")
        )
        spread = statistics.stdev(areas[way]) if len(areas[way]) > 1 else 0.0
        told = f"{statistics.fmean(areas[way]):.4f} ± {spread:.4f}" if areas[way] else ""
        rows.append((way, f"{train:.1f}", f"{score:.1f}", f"{statistics.median(ratios):.3f}", told))
    Table(
        f"What asking costs in {ROUNDS} rounds (Banking77, {len(dataset.train)} texts, MiniLM-L6, "
        f"1 % a round, {options.repeats} seeds)",
        f"python -m tests.benchmarks.loop DATA --train-limit {options.train_limit}"
        + (" --successor" if successor else ""),
        line(conditions(options.threads)),
        ("acquisition model", "training, s", "scoring, s", "of full", "successor's area"),
        tuple(rows),
    ).tell(options.out)


if __name__ == "__main__":
    main()
