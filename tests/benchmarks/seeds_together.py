"""Several seeds' trainings in one pass against one after the other, Banking77, above a frozen trunk; ratios from one run.

    python -m tests.benchmarks.seeds_together DATA_DIR [--seeds 2 3 5] [--threads 2] [--out results.json]

Trainings of 200 labels, fresh weights included; the best of three, in turns.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import torch

from tests.benchmarks.conditions import conditions, line
from tests.benchmarks.table import Table
from tui_al.core.settings.experiment import DataConfig
from tui_al.core.settings.model_catalog import default_settings
from tui_al.engine.data import load
from tui_al.engine.hub.sources import find
from tui_al.engine.models.cohort import gain
from tui_al.engine.models.learner import TransformerLearner

LABELS = 200


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)  # fmt: skip
    parser.add_argument("data_dir")
    parser.add_argument("--seeds", type=int, nargs="+", default=[2, 3, 5])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    dataset = load(DataConfig("banking77", data_dir=options.data_dir, train_limit=LABELS, test_limit=10))  # fmt: skip
    rows = []
    for tuning in ("adapter", "head"):
        config = replace(default_settings("minilm", tuning), max_length=64, trunk_layers="auto")
        learner = TransformerLearner(config, find("minilm"), dataset, torch.device("cpu"))
        found = [gain(learner, count, LABELS // config.batch_size) for count in options.seeds]  # fmt: skip
        rows.append((f"{tuning}, trunk kept", *(f"{one:.2f}" for one in found)))
        print(rows[-1], flush=True)
    Table(
        f"Several seeds in one pass: times as quick as one after the other (Banking77, {LABELS} labels, MiniLM-L6, batch 16)",
        "python -m tests.benchmarks.seeds_together DATA",
        line(conditions(options.threads)),
        ("what trains", *(f"{count} seeds" for count in options.seeds)),
        tuple(rows),
    ).tell(options.out)


if __name__ == "__main__":
    main()
