"""What a classifier's head reads: the first token or the mean of all, for every kind of tuning, and
logistic regression beside it.

    python -m tests.benchmarks.pooling DATA_DIR [--sets banking77 massive_en_intent] [--labels 200
    500 1500] [--seeds 2]
        [--ways head trunk adapter full] [--model minilm] [--test 1000] [--epochs N] [--out
        results.jsonl]

Accuracy on a cut of the test split after training on labels drawn at random, the same for every way
and pooling of a seed. Settings are the catalogue's; `trunk` is full tuning above a frozen trunk of
two thirds of the layers. "probe" is scikit-learn's logistic regression (C = 1 and C = 10, lbfgs to
its end) on the frozen encoder's states, the same that the tuning `head` reads. Needs the data sets
as folders in DATA_DIR.
"""

import argparse
import json
import statistics
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression

from tests.benchmarks.conditions import conditions, line
from tui_al.core.arrays import FloatArray, IntArray
from tui_al.core.data.examples import Dataset
from tui_al.core.progress import TrainingProgress
from tui_al.core.settings.experiment import DataConfig
from tui_al.core.settings.model_catalog import default_settings
from tui_al.engine.data import load
from tui_al.engine.hub.sources import find
from tui_al.engine.models.feature_cache import FeatureStore
from tui_al.engine.models.learner import Split, TransformerLearner

#: What is measured: tuning and layers of the trunk.
WAYS: dict[str, tuple[str, Any]] = {
    "head": ("head", "auto"),
    "trunk": ("full", "auto"),
    "adapter": ("adapter", 0),
    "full": ("full", 0),
}
Pooling = Literal["first", "mean"]
POOLINGS: tuple[Pooling, ...] = ("first", "mean")
CS = (1.0, 10.0)


def silent(_: TrainingProgress) -> None:
    """A progress sink."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One accuracy."""

    data: str
    way: str
    pooling: str
    labels: int
    seed: int
    accuracy: float
    seconds: float


def draw(dataset: Dataset, labels: int, seed: int) -> IntArray:
    """So many training rows at random; of a seed the smaller draws lie in the larger ones."""
    order = np.random.default_rng(seed).permutation(len(dataset.train))
    return order[:labels].astype(np.int64)


def learner(
    dataset: Dataset, feature_store: FeatureStore, way: str, pooling: Pooling, options: Any
) -> TransformerLearner:
    """The catalogue's settings with this pooling."""
    tuning, layers = WAYS[way]
    config = replace(
        default_settings(options.model, tuning), max_length=64, trunk_layers=layers, pooling=pooling
    )
    if options.epochs and way != "head":
        config = replace(config, epochs=options.epochs)
    return TransformerLearner(
        config, find(options.model), dataset, torch.device("cpu"), feature_store
    )


def accuracy(one: TransformerLearner, rows: IntArray, seed: int) -> float:
    """Trained on these rows, measured on the test split."""
    dataset = one.dataset
    one.fit(rows, [dataset.train[row].answer or "" for row in rows], seed, silent)
    found = one.predict("test", np.arange(len(dataset.test)), silent).probs.argmax(axis=1)
    gold = np.array([dataset.outputs.index(str(e.answer)) for e in dataset.test])
    return float((found == gold).mean())


def states(one: TransformerLearner, split: Split) -> FloatArray:
    """What the head of a frozen encoder reads of a split, (texts, width)."""
    count = len(one.dataset.train if split == "train" else one.dataset.test)
    rows = np.arange(count)
    one.keep(split, rows, silent)
    parts = np.array_split(rows, max(1, count // 256))
    kept = [one._collate(split, part).states for part in parts]
    return torch.cat([part[:, 0] for part in kept if part is not None]).numpy()


def probe(read: tuple[FloatArray, FloatArray], dataset: Dataset, rows: IntArray, c: float) -> float:
    """Accuracy of logistic regression on the states of these rows."""
    train, test = read
    model = LogisticRegression(C=c, max_iter=5_000)
    model.fit(train[rows], [str(dataset.train[row].answer) for row in rows])
    return float((model.predict(test) == [str(e.answer) for e in dataset.test]).mean())


def measure(data: str, options: argparse.Namespace, tell: Any) -> None:
    """All figures of one data set, each told as soon as it is there."""
    config = DataConfig(data, data_dir=options.data_dir, test_limit=options.test)
    dataset = load(config)
    feature_store = FeatureStore()
    for way in options.ways:
        for pooling in options.poolings:
            one = learner(dataset, feature_store, way, pooling, options)
            read = (states(one, "train"), states(one, "test")) if way == "head" else None
            for labels in options.labels:
                for seed in range(options.seeds):
                    rows = draw(dataset, labels, seed)
                    began = time.perf_counter()
                    found = accuracy(one, rows, seed)
                    took = time.perf_counter() - began
                    tell(Figure(data, way, pooling, labels, seed, found, took))
                    for c in CS if read else ():
                        began = time.perf_counter()
                        found = probe(read, dataset, rows, c)  # type: ignore[arg-type]
                        took = time.perf_counter() - began
                        tell(Figure(data, f"probe, C = {c:g}", pooling, labels, seed, found, took))


def table(figures: list[Figure]) -> str:
    """Means over seeds as Markdown, a row for each way and pooling."""
    columns = list(dict.fromkeys((one.data, one.labels) for one in figures))
    heads = [f"{data}, {labels:,}" for data, labels in columns]
    rows = ["| | " + " | ".join(heads) + " |", "| --- |" + " --- |" * len(heads)]
    for way, pooling in dict.fromkeys((one.way, one.pooling) for one in figures):
        cells = []
        for column in columns:
            found = [
                one.accuracy
                for one in figures
                if (one.data, one.labels) == column and (one.way, one.pooling) == (way, pooling)
            ]
            cells.append(f"{statistics.mean(found):.3f}" if found else "-")
        rows.append(f"| {way}, {pooling} | " + " | ".join(cells) + " |")
    return "\n".join(rows)


def main() -> None:
    """Measure, print each figure and the table of means."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data_dir")
    parser.add_argument("--sets", nargs="+", default=["banking77", "massive_en_intent"])
    parser.add_argument("--labels", nargs="+", type=int, default=[200, 500, 1500])
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--ways", nargs="+", choices=list(WAYS), default=list(WAYS))
    parser.add_argument("--poolings", nargs="+", choices=POOLINGS, default=list(POOLINGS))
    parser.add_argument("--model", default="minilm")
    parser.add_argument("--test", type=int, default=1000)
    parser.add_argument("--epochs", type=int, help="in place of the catalogue's, but for heads")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--out", type=Path, help="a figure a line, added to what is there")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    figures: list[Figure] = []

    def tell(one: Figure) -> None:
        figures.append(one)
        plain = {name: getattr(one, name) for name in Figure.__slots__}
        print(json.dumps(plain), flush=True)
        if options.out:
            with options.out.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(plain) + "\n")

    for data in options.sets:
        measure(data, options, tell)
    print(
        f"\n{line(conditions(options.threads))}; {options.model}, {options.seeds} seeds, "
        f"{options.test} test texts\n"
    )
    print(table(figures))


if __name__ == "__main__":
    main()
