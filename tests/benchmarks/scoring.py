"""Scoring a pool by least confidence, Banking77 and the bundled encoder: ratios from one run, the
sides in turns.

    python -m tests.benchmarks.scoring DATA_DIR [--texts 600] [--repeats 3] [--threads 2]

Against small-text 1.4.1 at maximum lengths 64 and 128, to which it pads; and against bare matrix
products: those of our own batches, same shapes, same number, nothing else. Tokens are made before
the clock starts, on both sides; so is what a kept trunk gives. Needs Banking77 as a folder in
DATA_DIR and, the first time, the network for small-text's virtual environment."""

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import torch

from tests.benchmarks.conditions import conditions, line
from tests.benchmarks.smalltext_venv import FAIRNESS, Job, Settings, SmallText, Texts
from tests.benchmarks.table import Table
from tui_al.core.arrays import IntArray
from tui_al.core.data.examples import Dataset, Example
from tui_al.core.query.strategies import least_confidence
from tui_al.core.settings.experiment import DataConfig
from tui_al.core.settings.model_catalog import default_settings
from tui_al.engine.data import load
from tui_al.engine.hub.sources import find
from tui_al.engine.models.learner import TransformerLearner
from tui_al.engine.models.precision import resolve_precision
from tui_al.engine.models.scoring import SCORING_BUDGET
from tui_al.engine.text.tokens import scoring_batches

#: Tuning and layers of the trunk.
OURS: dict[str, tuple[str, int | Literal["auto"]]] = {
    "full": ("full", 0),
    "adapter": ("adapter", 0),
    "adapter, trunk kept": ("adapter", "auto"),
}
LENGTHS = (64, 128)
SETTINGS: tuple[Settings, ...] = ("best", "default")
CPU = torch.device("cpu")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0] if __doc__ else "")
    parser.add_argument("data", type=Path)
    for name, value in (("--texts", 600), ("--repeats", 3), ("--threads", 2)):
        parser.add_argument(name, type=int, default=value)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    dataset = load(DataConfig(str(options.data / "banking77"), train_limit=options.texts))
    sides = _ours(dataset)
    train, test = _texts(dataset.train), _texts(dataset.test[:1])
    job = Job(str(find("minilm").path), train, test, train, threads=options.threads)
    with SmallText(job) as rival:
        for settings in SETTINGS:
            for length in LENGTHS:
                sides[f"small-text {length}, {settings}"] = partial(
                    _rival_seconds, rival, settings, length, options.texts
                )
        seconds = _in_turns(sides, options.repeats)
    _table(seconds, options.texts, options.threads).tell(options.out)


def _ours(dataset: Dataset) -> dict[str, Callable[[], float]]:
    """What measures each of our sides once, in seconds; each is warm."""
    sides: dict[str, Callable[[], float]] = {}
    rows = np.arange(len(dataset.train))
    for name, (tuning, layers) in OURS.items():
        precisions: list[Literal["fp32", "auto"]] = ["fp32"]
        if name == "full" and resolve_precision("auto", CPU) != "fp32":
            precisions.append("auto")
        for precision in precisions:
            config = replace(
                default_settings("minilm", tuning),
                epochs=1,
                max_length=128,
                trunk_layers=layers,
                precision=precision,
            )
            learner = TransformerLearner(config, find("minilm"), dataset, CPU)
            learner.fit(
                rows[:16], [dataset.train[r].answer or "" for r in rows[:16]], 0, lambda _: None
            )
            title = f"{name}, auto" if precision == "auto" else name
            sides[title] = partial(_scoring, learner, rows)
            sides[title]()
            if precision == "fp32":
                below = int(learner.config.trunk_layers)
                lengths = learner.tokens("train").lengths()
                sides[f"bare products of {name}"] = partial(
                    _bare, lengths, learner.model.config, below
                )
    return sides


def _scoring(learner: TransformerLearner, rows: IntArray) -> float:
    began = time.perf_counter()
    learner.score(rows, {"lc": least_confidence}, lambda _: None)
    return time.perf_counter() - began


def _bare(lengths: IntArray, shape: object, below: int) -> float:
    """Seconds for the multiplications of the layers above `below`, of the last one as far as the
    first token needs them."""
    width, wide, heads, layers = (
        int(getattr(shape, n))
        for n in ("hidden_size", "intermediate_size", "num_attention_heads", "num_hidden_layers")
    )
    square, up, down = torch.randn(width, width), torch.randn(width, wide), torch.randn(wide, width)
    total = 0.0
    for batch in scoring_batches(lengths, SCORING_BUDGET["cpu"]):
        texts, longest = len(batch), int(lengths[batch].max())
        states, inner = torch.randn(texts * longest, width), torch.randn(texts * longest, wide)
        first, inner_first = states[:texts], inner[:texts]
        parts = torch.randn(texts * heads, longest, width // heads)
        weights = torch.randn(texts * heads, longest, longest)
        began = time.perf_counter()
        for layer in range(below, layers):
            last = layer == layers - 1
            some, some_inner = (first, inner_first) if last else (states, inner)
            for given in (some, states, states, some):  # query, key, value, output
                torch.mm(given, square)
            torch.bmm(parts[:, :1] if last else parts, parts.transpose(1, 2))
            torch.bmm(weights[:, :1] if last else weights, parts)
            torch.mm(some, up)
            torch.mm(some_inner, down)
        total += time.perf_counter() - began
    return total


def _texts(examples: tuple[Example, ...]) -> Texts:
    return Texts([e.text for e in examples], [str(e.answer) for e in examples])


def _rival_seconds(rival: SmallText, settings: Settings, length: int, texts: int) -> float:
    return rival.score(settings, length, texts)["seconds"]


def _in_turns(sides: dict[str, Callable[[], float]], repeats: int) -> dict[str, list[float]]:
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(repeats):
        for name, measure in sides.items():
            seconds[name].append(measure())
    return seconds


def _table(seconds: dict[str, list[float]], texts: int, threads: int) -> Table:
    rivals = [name for name in seconds if name.startswith("small-text")]
    rows = []
    for name, found in seconds.items():
        bare = seconds.get(f"bare products of {name.removesuffix(', auto')}")
        share = f"{_ratio(bare, found):.2f}" if bare else ""
        ratios = [f"{_ratio(seconds[rival], found):.2f}" for rival in rivals]
        rows.append((name, f"{texts / statistics.median(found):,.0f}", share, *ratios))
    return Table(
        f"Scoring by least confidence, against small-text 1.4.1 (Banking77, {texts} texts, "
            f"MiniLM-L6, median of {len(seconds['full'])})",
        "python -m tests.benchmarks.scoring DATA",
        line(conditions(threads)),
        ("what scores", "texts/s", "rate of the bare products",
            *(f"× {rival[11:]}" for rival in rivals)),
        tuple(rows),
        (FAIRNESS,),
    )  # fmt: skip


def _ratio(theirs: list[float], ours: list[float]) -> float:
    return statistics.median(a / b for a, b in zip(theirs, ours, strict=True))


if __name__ == "__main__":
    main()
