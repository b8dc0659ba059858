"""ELECTRA-base's true shape with random weights on a GPU: Table 1, launches against arithmetic, and
least confidence over a large pool.

    python -m tests.benchmarks.gpu_timing [--texts 10000] [--pool 120000] [--length 16] [--repeats
    3] [--out results.json]

Times do not depend on the values of weights, nor on what texts say, so both are made up: texts of
about `--length` sub-tokens. Three parts. *Table 1*: `tui-al timing`'s own measurement of full,
adapter, adapter on a frozen trunk and head, in bf16 and fp32. *Launches*: one training step of
fixed shape (batch 16), eager, and replayed as a captured CUDA graph: how much of a step is waiting
for kernels to be launched. *Scoring*: LC over the pool, with its share of the measured matrix rate.
This has not been run yet: there was no GPU where it was written; only the parts that a CPU can run
(`--device cpu`, tiny sizes) were tried."""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from torch.utils.flop_counter import FlopCounterMode
from transformers import ElectraConfig, ElectraModel, ElectraTokenizerFast

from tests.benchmarks.conditions import conditions, line
from tui_al.core.data.examples import Dataset, Example, Task
from tui_al.core.progress import TrainingProgress
from tui_al.core.query.strategies import least_confidence
from tui_al.core.settings.experiment import LearnerConfig
from tui_al.core.settings.model_catalog import default_settings
from tui_al.engine.hub.sources import ModelSource
from tui_al.engine.jobs.timing import matrix_rate, measure
from tui_al.engine.models.device import choose_device
from tui_al.engine.models.learner import TransformerLearner
from tui_al.engine.models.peft import parameter_groups
from tui_al.engine.models.precision import Precision
from tui_al.engine.models.training import unit_logits

CLASSES = tuple(f"class{i:02}" for i in range(77))
WAYS: tuple[tuple[str, Any], ...] = (
    ("full", 0),
    ("adapter", 0),
    ("adapter", "auto"),
    ("head", "auto"),
)


def silent(_: TrainingProgress) -> None:
    """A progress sink."""


def save_encoder(directory: Path, layers: int, width: int) -> Path:
    """ELECTRA-base as it is (12 layers, 768 wide, 30,522 sub-tokens), untrained, with a tokenizer
    of numbered words."""
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    words = special + [f"w{i}" for i in range(30_522 - len(special))]
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, "[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()  # ELECTRA's class asks for one
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    config = ElectraConfig(
        vocab_size=len(words), embedding_size=width, hidden_size=width, num_hidden_layers=layers,
        num_attention_heads=width // 64, intermediate_size=4 * width,
    )  # fmt: skip
    ElectraModel(config).save_pretrained(directory, safe_serialization=True)
    ElectraTokenizerFast(tokenizer_object=tokenizer).save_pretrained(directory)
    return directory


def made_up(count: int, length: int) -> Dataset:
    """Texts of `length` sub-tokens, give or take half, with classes at random."""
    rng = np.random.default_rng(1)
    sizes = rng.integers(max(1, length // 2 - 2), length + length // 2 - 1, count)
    texts = [" ".join(f"w{w}" for w in rng.integers(0, 30_000, size)) for size in sizes]
    examples = tuple(
        Example(str(i), text, CLASSES[i % len(CLASSES)]) for i, text in enumerate(texts)
    )
    return Dataset("made up", Task.CLASSIFICATION, CLASSES, examples, examples[:100])


def settings(path: Path, tuning: str, layers: Any, precision: Precision) -> LearnerConfig:
    """The paper's: 15 epochs, batch 16, no dropout."""
    own = default_settings(str(path), tuning, "paper")
    return replace(own, trunk_layers=layers, precision=precision)


def seconds_each(step: Callable[[], object], device: torch.device, times: int = 50) -> float:
    """Of one step, mean of `times`, after a few to warm up."""
    for _ in range(5):
        step()
    wait(device)
    began = time.perf_counter()
    for _ in range(times):
        step()
    wait(device)
    return (time.perf_counter() - began) / times


def wait(device: torch.device) -> None:
    """For what the GPU has been given to do."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def launches(learner: TransformerLearner) -> dict[str, float]:
    """Milliseconds of a training step of one fixed batch, eager and as a CUDA graph (on a GPU)."""
    device, model = learner.device, learner.view
    rows = np.arange(16)
    learner.fit(rows, [learner.dataset.train[i].answer for i in rows], 1, silent)  # type: ignore[misc]
    model.train()
    batch = learner._collate("train", rows)
    batch = replace(batch, attention_mask=torch.ones_like(batch.attention_mask))
    targets = torch.arange(16, device=device)
    groups = parameter_groups(model, learner.config)
    optimizer = torch.optim.AdamW(groups, fused=True, capturable=device.type == "cuda")

    def step() -> None:
        optimizer.zero_grad(set_to_none=False)
        logits = unit_logits(model, batch, learner.config.precision)
        torch.nn.functional.cross_entropy(logits, targets).backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    found = {"eager": 1000 * seconds_each(step, device)}
    if device.type == "cuda":
        side = torch.cuda.Stream()  # type: ignore[no-untyped-call] # torch's own has no types
        with torch.cuda.stream(side):
            for _ in range(3):
                step()
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        try:
            with torch.cuda.graph(graph):
                step()
        except RuntimeError as error:  # a model that asks the GPU something while it is captured
            print(f"no graph: {str(error).splitlines()[0]}")
        else:
            found["graph"] = 1000 * seconds_each(graph.replay, device)
    model.eval()
    return found


def scoring(learner: TransformerLearner, pool: int, peak: float) -> dict[str, float]:
    """Seconds of LC over the pool, and the share of the matrix rate that its multiplications
    reach."""
    rows = np.arange(pool)
    learner.score(rows[:256], {"lc": least_confidence}, silent)
    with FlopCounterMode(display=False) as counter:
        learner.score(rows[:1024], {"lc": least_confidence}, silent)
    began = time.perf_counter()
    learner.score(rows, {"lc": least_confidence}, silent)
    seconds = time.perf_counter() - began
    return {"seconds": seconds, "share": counter.get_total_flops() / 1024 * pool / seconds / peak}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--texts", type=int, default=10_000)
    parser.add_argument("--pool", type=int, default=120_000)
    parser.add_argument("--length", type=int, default=16)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--max-steps", type=int, default=200)
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--width", type=int, default=768)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    device = choose_device(options.device)
    found: dict[str, Any] = conditions(torch.get_num_threads())
    print(line(found))
    with tempfile.TemporaryDirectory() as home:
        path = save_encoder(Path(home) / "electra", options.layers, options.width)
        dataset = made_up(options.texts, options.length)
        for precision in ("bf16", "fp32"):
            ways = [settings(path, tuning, layers, precision) for tuning, layers in WAYS]
            table = measure(
                dataset,
                ways,
                (0.02, 0.06, 0.12),
                device,
                options.repeats,
                options.max_steps,
                1,
                lambda *_: None,
            )
            found[f"table {precision}"] = asdict(table)
            full = [
                sum(one) for one in zip(*(m.seconds for m in table.ways[0].trainings), strict=True)
            ]
            for way in table.ways:
                own = [sum(one) for one in zip(*(m.seconds for m in way.trainings), strict=True)]
                ratios = [a / b for a, b in zip(own, full, strict=True)]
                print(
                    f"{precision} {way.learner.tuning:8} frozen {way.layers:2}: "
                    f"{np.median(own):9.1f} s, {np.median(ratios):.3f} of full, "
                    f"{way.peak_share:.1%} of peak"
                )
            for config in ways[:3]:
                learner = TransformerLearner(config, ModelSource(str(path), path), dataset, device)
                steps = launches(learner)
                found[f"step {precision} {config.tuning} {config.trunk_layers}"] = steps
                print(
                    f"{precision} {config.tuning} frozen {learner.config.trunk_layers}: a step in "
                    f"ms: {steps}"
                )
            pool = made_up(options.pool, 40)
            learner = TransformerLearner(ways[1], ModelSource(str(path), path), pool, device)
            learner.fit(np.arange(16), [pool.train[i].answer for i in range(16)], 1, silent)  # type: ignore[misc]
            scored = scoring(learner, options.pool, matrix_rate(device, precision))
            found[f"scoring {precision}"] = scored
            print(f"{precision} LC over {options.pool:,} texts: {scored}")
    if options.out:
        options.out.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
