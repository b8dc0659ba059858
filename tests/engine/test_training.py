"""Training: the schedule, what is trained at which rate, memory that runs out, numbers that are not
finite."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.optim import AdamW
from transformers import PreTrainedModel

from tests.engine import tiny
from tui_al.core.data.examples import Dataset
from tui_al.core.progress import TrainingProgress
from tui_al.core.settings.tunings import ADAPTERS, TUNINGS
from tui_al.engine.models import peft as tuning
from tui_al.engine.models import training
from tui_al.engine.models.learner import TransformerLearner
from tui_al.engine.models.training import _schedule
from tui_al.errors import EngineError

#: Twelve texts in three steps; a rate that moves every weight visibly.
FEW = range(12)


def weights(learner: TransformerLearner) -> dict[str, torch.Tensor]:
    return {n: p.detach().clone() for n, p in learner.model.named_parameters()}


def changed(learner: TransformerLearner, before: dict[str, torch.Tensor]) -> set[str]:
    after = weights(learner)
    return {name for name in before if not torch.equal(before[name], after[name])}


def assert_alike(one: TransformerLearner, other: TransformerLearner) -> None:
    """The same predictions, and all weights together the same, but for what Adam makes of single
    gradients next to zero."""
    rows = np.arange(len(one.dataset.test))
    mine, theirs = (learner.predict("test", rows, tiny.silent).probs for learner in (one, other))
    np.testing.assert_allclose(mine, theirs, atol=1e-5)
    expected, found = weights(other), weights(one)
    apart = [float((found[name] - weight).norm()) for name, weight in expected.items()]
    assert np.linalg.norm(apart) < 1e-3  # of weights that have moved by one and more


def limited(
    model: PreTrainedModel, monkeypatch: pytest.MonkeyPatch, fits: Callable[[int], bool]
) -> list[int]:
    """Make training passes of batches that do not fit run out of memory; the sizes that were
    tried."""
    tried: list[int] = []
    forward = model.forward

    def checked(*args: Any, **kwargs: Any) -> Any:
        if model.training:
            tried.append(len(kwargs["input_ids"]))
            if not fits(tried[-1]):
                raise torch.OutOfMemoryError("CUDA out of memory.")
        return forward(*args, **kwargs)

    monkeypatch.setattr(model, "forward", checked)
    return tried


def test_the_rate_warms_up_and_falls_to_zero() -> None:
    config = tiny.settings("m", "full", warmup=0.4, schedule="linear")
    factor = _schedule(config, 5)  # two steps of warm-up
    expected = [1 / 3, 2 / 3, 1, 2 / 3, 1 / 3, 0]
    assert [factor(step) for step in range(6)] == pytest.approx(expected)


def test_the_rate_stays_after_the_warm_up_if_constant() -> None:
    factor = _schedule(tiny.settings("m", "full", warmup=0.4, schedule="constant"), 5)
    assert [factor(step) for step in range(6)] == pytest.approx([1 / 3, 2 / 3, 1, 1, 1, 1])


@pytest.mark.parametrize("schedule", ["linear", "constant"])
def test_without_warm_up_the_first_step_has_the_full_rate(schedule: str) -> None:
    assert _schedule(tiny.settings("m", "full", warmup=0.0, schedule=schedule), 4)(0) == 1.0


def test_the_optimizer_follows_the_schedule(
    bert: Path, classified: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates: list[list[float]] = []

    class Recorded(AdamW):
        def step(self, closure: Any = None) -> Any:
            rates.append(sorted({group["lr"] for group in self.param_groups}))
            return super().step(closure)

    monkeypatch.setattr(training, "AdamW", Recorded)
    learner = tiny.learner(
        bert, "full", classified, batch_size=4, epochs=1, warmup=0.34, learning_rate=0.001,
        head_learning_rate=0.1,
    )  # fmt: skip
    report = tiny.fit(learner, FEW)
    assert report.steps == 3
    assert rates == [
        pytest.approx([0.0005, 0.05]),
        pytest.approx([0.001, 0.1]),
        pytest.approx([0.0005, 0.05]),
    ]


@pytest.mark.parametrize("method", ["full", "adapter", "head"])
def test_groups_have_their_rates_and_biases_no_decay(
    bert: Path, classified: Dataset, method: str
) -> None:
    learner = tiny.learner(
        bert, method, classified, learning_rate=0.003, head_learning_rate=0.02, weight_decay=0.5
    )
    tuning.reset(learner.model, learner.config, 0)
    names = {id(p): n for n, p in learner.model.named_parameters()}
    groups = tuning.parameter_groups(learner.model, learner.config)
    placed = {names[id(p)]: group for group in groups for p in group["params"]}
    assert set(placed) == set(learner.trainable())
    for name, group in placed.items():
        of_head = name.startswith(("classifier.", "bert.pooler."))
        assert group["lr"] == (0.02 if of_head else 0.003), name
        plain = name.endswith("bias") or "LayerNorm" in name
        assert group["weight_decay"] == (0.0 if plain else 0.5), name
    assert {"classifier.weight", "bert.pooler.dense.bias"} <= placed.keys()
    inside = {name for name in placed if ".encoder." in name}
    match method:
        case "head":
            assert not inside
        case "adapter":
            assert inside
            assert all(f"attention.output.adapters.{tuning.ADAPTER}" in name for name in inside)
        case "full":
            assert "bert.embeddings.word_embeddings.weight" in placed


@pytest.mark.parametrize("method", [one.name for one in TUNINGS.values() if one.reduction_factor])
def test_the_reduction_factor_is_what_the_adapter_has(
    bert: Path, classified: Dataset, method: str
) -> None:
    sizes = [
        sum(
            w.numel()
            for w in tiny.learner(bert, method, classified, reduction_factor=factor)
            .trainable()
            .values()
        )
        for factor in (2, 4, 8)
    ]
    assert sizes[0] > sizes[1] > sizes[2]


@pytest.mark.parametrize("method", TUNINGS)
def test_training_changes_what_the_tuning_says(
    bert: Path, classified: Dataset, method: str
) -> None:
    learner = tiny.learner(
        bert, method, classified, epochs=2, batch_size=4, learning_rate=0.05, weight_decay=0.0
    )
    tuning.reset(learner.model, learner.config, 5)
    before = weights(learner)
    tiny.fit(learner, FEW, seed=5)
    moved = changed(learner, before)
    head = {n for n in before if n.startswith(("classifier.", "bert.pooler."))}
    assert head <= moved
    inside = moved - head
    if method == "full":
        assert {n for n in inside if n.startswith("bert.embeddings.")}
        assert {n for n in inside if n.startswith("bert.encoder.layer.0.")}
    elif method == "head":
        assert not inside
    else:
        assert method in ADAPTERS
        assert inside
        assert all(tuning.ADAPTER in name for name in inside), inside


def test_a_share_of_the_weights_is_trained(bert: Path, classified: Dataset) -> None:
    shares = []
    for method in ("head", "adapter", "full"):
        learner = tiny.learner(bert, method, classified)
        tuning.reset(learner.model, learner.config, 0)
        counts = [(p.numel(), p.requires_grad) for p in learner.model.parameters()]
        shares.append(sum(n for n, trained in counts if trained) / sum(n for n, _ in counts))
    assert 0 < shares[0] < shares[1] < 0.5
    assert shares[2] == 1.0


@pytest.mark.parametrize("method", ["full", "adapter"])
def test_a_batch_that_does_not_fit_is_split_and_the_update_stays_the_same(
    bert: Path, classified: Dataset, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    whole, split = (
        tiny.learner(bert, method, classified, batch_size=8, epochs=2) for _ in range(2)
    )
    undisturbed = tiny.fit(whole, range(16))
    tried = limited(split.view, monkeypatch, lambda size: size <= 3)
    report = tiny.fit(split, range(16))
    assert tried == [8, 4] + 4 * [2, 2, 2, 2]  # later batches start in as many pieces
    assert report.steps == undisturbed.steps
    assert report.loss == pytest.approx(undisturbed.loss, abs=1e-5)
    assert_alike(split, whole)


def test_tagging_batches_are_split_by_their_words(
    bert: Path, tagged: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sentence of two words and one of seven weigh as much as their words, however the batch is
    split."""
    whole, split = (tiny.learner(bert, "full", tagged, batch_size=8, epochs=1) for _ in range(2))
    tiny.fit(whole, range(16))
    limited(split.view, monkeypatch, lambda size: size <= 2)
    tiny.fit(split, range(16))
    assert_alike(split, whole)


def test_an_example_that_does_not_fit_alone_ends_the_training(
    bert: Path, classified: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    learner = tiny.learner(bert, "full", classified, batch_size=5)
    tried = limited(learner.view, monkeypatch, lambda size: False)
    with pytest.raises(EngineError, match="runs out of memory with a single example") as caught:
        tiny.fit(learner, FEW)
    assert tried[-1] == 1
    assert len(tried) <= 5
    assert "Lower the maximum length" in caught.value.hint


def test_a_loss_that_is_not_finite_ends_the_training(bert: Path, classified: Dataset) -> None:
    learner = tiny.learner(bert, "head", classified, head_learning_rate=0.5, batch_size=4)
    embeddings = learner.model.get_input_embeddings()
    with torch.no_grad():
        embeddings.weight[5:] = float("nan")
    with pytest.raises(EngineError, match="the loss is nan at step") as caught:
        tiny.fit(learner, FEW)
    assert "Lower the learning rate" in caught.value.hint


@pytest.mark.slow
@pytest.mark.parametrize("method", ["full", "adapter"])
def test_it_learns(
    bert: Path, classified: Dataset, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    learner = tiny.learner(bert, method, classified, epochs=14, batch_size=8)
    ticks: list[TrainingProgress] = []
    rows = np.arange(len(classified.train))
    answers = [e.answer for e in classified.train]
    monkeypatch.setattr(training, "_TICK_SECONDS", 0.0)
    report = learner.fit(rows, answers, 5, ticks.append)  # type: ignore[arg-type]
    losses = [tick.loss for tick in ticks if tick.loss is not None]
    assert losses[0] > 0.8  # ln 3 is 1.1
    assert report.loss < 0.1
    best = learner.predict("test", np.arange(len(classified.test)), tiny.silent).probs.argmax(1)
    gold = [classified.labels.index(str(e.answer)) for e in classified.test]
    assert np.mean(best == gold) > 0.9


def test_ticks_tell_epoch_step_and_examples(
    bert: Path, classified: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "_TICK_SECONDS", 0.0)
    learner = tiny.learner(bert, "head", classified, epochs=2, batch_size=5)
    ticks: list[TrainingProgress] = []
    answers = [classified.train[i].answer for i in FEW]
    report = learner.fit(np.arange(12), answers, 1, ticks.append)  # type: ignore[arg-type]
    assert [(t.epoch, t.step) for t in ticks] == [(1, 1), (1, 2), (1, 3), (2, 4), (2, 5), (2, 6)]
    assert all((t.total, t.epochs, t.steps) == (24, 2, 6) for t in ticks)
    assert [ticks[2].done, ticks[5].done] == [12, 24]
    assert report.examples == 24
    last = [t.loss for t in ticks[3:] if t.loss is not None]
    assert report.loss == pytest.approx(np.mean(last), abs=1e-6)


def test_gradients_are_clipped(
    bert: Path, classified: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    norms: dict[float, list[float]] = {}
    for clip in (0.0, 0.01):

        class Recorded(AdamW):
            seen = norms.setdefault(clip, [])

            def step(self, closure: Any = None) -> Any:
                parts = [p.grad for group in self.param_groups for p in group["params"]]
                squares = sum(float((g**2).sum()) for g in parts if g is not None)
                self.seen.append(squares**0.5)
                return super().step(closure)

        monkeypatch.setattr(training, "AdamW", Recorded)
        tiny.fit(tiny.learner(bert, "full", classified, clip=clip, batch_size=4), FEW)
    assert min(norms[0.0]) > 0.02
    assert max(norms[0.01]) <= 0.01 * 1.001
