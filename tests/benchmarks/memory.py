"""Memory and time by the size of the pool: `python -m tests.benchmarks.memory DATA_DIR [--sizes
10000 100000 1000000]`.

For each size, in processes of their own: the session's examples made from a CSV file, then what an
engine does with them: read, tokenised into an empty cache, every text scored by LC, BT and entropy
in one pass, a batch selected. The texts are Banking77's, numbered so that few are equal; the
encoder is a small one of random weights (2 layers, 64 wide) with the bundled one's vocabulary, as
what is measured is what grows with the pool. Needs Banking77 as a folder in DATA_DIR."""

import argparse
import csv
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
import psutil

from tests.benchmarks.conditions import conditions, line
from tests.benchmarks.table import Table
from tui_al.core.settings.experiment import DataConfig


class Measured(TypedDict):
    """What a process tells of its part: seconds by step, and its peak in bytes."""

    seconds: dict[str, float]
    peak: int


def main() -> None:
    """Measure each size and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split(":")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    found = {}
    for size in options.sizes:
        with tempfile.TemporaryDirectory() as folder:
            here = Path(folder)
            _write_pool(options.data, size, here / "pool.csv")
            found[size] = {part: _apart(part, here) for part in ("create", "work")}
    steps = [step for part in found[options.sizes[0]].values() for step in part["seconds"]]
    rows, notes = [], []
    for size, parts in found.items():
        peaks = [f"{part['peak'] / 2**20:,.0f} MiB" for part in parts.values()]
        seconds = [f"{s:.1f}" for part in parts.values() for s in part["seconds"].values()]
        rows.append((f"{size:,}", *peaks, *seconds))
    small, large = options.sizes[0], options.sizes[-1]
    for step in steps:
        few, many = (
            {**found[n]["create"]["seconds"], **found[n]["work"]["seconds"]}[step] / n
            for n in (small, large)
        )
        notes.append(f"{step} {many / few:.2f}")
    worst = max(part["peak"] for parts in found.values() for part in parts.values())
    Table(
        "Memory and time by the size of the pool (small random encoder, MiniLM's vocabulary)",
        "python -m tests.benchmarks.memory DATA",
        line(conditions(psutil.cpu_count() or 1)),
        ("texts", "peak making the session", "peak of the engine",
            *(f"{step}, s" for step in steps)),
        tuple(rows),
        (
            f"Time of a text among {large:,} over that among {small:,}: {', '.join(notes)}. "
            f"Highest peak {worst / 2**30:.2f} GiB.",
        ),
    ).tell(options.out)  # fmt: skip


def _write_pool(data: Path, size: int, path: Path) -> None:
    from tui_al.engine.data import load

    examples = load(DataConfig(str(data / "banking77"))).train
    with path.open("w", newline="", encoding="utf-8") as stream:
        rows = csv.writer(stream)
        rows.writerow(["text", "label"])
        for i in range(size):
            example = examples[i % len(examples)]
            rows.writerow([f"{example.text} {i // len(examples)}", example.answer])


def _apart(part: str, folder: Path) -> Measured:
    command = [sys.executable, "-m", "tests.benchmarks.memory", "--part", part, str(folder)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    answer: Measured = json.loads(done.stdout.splitlines()[-1])
    return answer


def _part(part: str, folder: Path) -> None:
    """Inside the process: do one part and tell seconds by step, and the process's peak in bytes."""
    seconds: dict[str, float] = {}

    def timed(name: str, work: Callable[[], Any]) -> Any:
        began = time.perf_counter()
        result = work()
        seconds[name] = time.perf_counter() - began
        return result

    if part == "create":
        from tui_al.engine.data import load
        from tui_al.store.examples import write_examples

        dataset = timed(
            "read file", lambda: load(DataConfig(str(folder / "pool.csv"), test_share=0.01))
        )
        timed("write session", lambda: write_examples(folder / "examples.db", dataset))
    else:
        _work(folder, timed)
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    told = Measured(seconds=seconds, peak=int(status["VmHWM"].split()[0]) * 1024)
    print(json.dumps(told))


def _work(folder: Path, timed: Callable[..., Any]) -> None:
    import torch
    from transformers import AutoTokenizer, BertConfig, BertModel

    from tui_al.core.loop.oracle import labelled_rows
    from tui_al.core.query.strategies import STRATEGIES, select
    from tui_al.core.settings.model_catalog import default_settings
    from tui_al.engine.hub.sources import find
    from tui_al.engine.models.learner import TransformerLearner
    from tui_al.engine.text.token_cache import TokenCache
    from tui_al.store.examples import read_examples

    encoder = folder / "encoder"
    tokenizer = AutoTokenizer.from_pretrained(find("minilm").path)
    BertModel(BertConfig(len(tokenizer), 64, 2, 4, 128)).save_pretrained(encoder)
    tokenizer.save_pretrained(encoder)
    dataset = timed("read examples", lambda: read_examples(folder / "examples.db"))
    settings = default_settings(str(encoder), "adapter")
    learner = TransformerLearner(
        settings,
        find(str(encoder)),
        dataset,
        torch.device("cpu"),
        cache=TokenCache(folder / "tokens"),
    )
    timed("tokenise", lambda: learner.tokens("train"))
    rows = labelled_rows(learner.dataset)
    some = rows[:16]
    learner.fit(some, [learner.dataset.train[r].answer or "" for r in some], 0, lambda _: None)
    scorers = {n: s for n in ("lc", "bt", "entropy") if (s := STRATEGIES[n].scorer)}
    scores = timed("score", lambda: learner.score(rows, scorers, lambda _: None))
    timed(
        "select",
        lambda: select(scores["lc"], np.ones(len(rows), np.int64), 100, np.random.default_rng(0)),
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--part"]:
        _part(sys.argv[2], Path(sys.argv[3]))
    else:
        main()
