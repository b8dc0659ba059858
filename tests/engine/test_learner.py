"""A transformer as a learner: same seed, same model; scores that depend on the text alone;
Monte-Carlo dropout."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from tests.engine import tiny
from tui_al.core.arrays import FloatArray
from tui_al.core.data.examples import Dataset, Example, Task
from tui_al.core.loop.protocols import MonteCarlo
from tui_al.core.progress import TrainingProgress
from tui_al.core.query.predictions import Predictions
from tui_al.core.query.strategies import STRATEGIES, bald, entropy, least_confidence
from tui_al.core.settings.tunings import TUNINGS
from tui_al.engine.models import peft as tuning
from tui_al.engine.models import scoring as scoring_module
from tui_al.engine.models.learner import TransformerLearner
from tui_al.engine.models.scoring import SCORING_BUDGET, Scoring
from tui_al.engine.models.training import unit_logits
from tui_al.engine.text.tokens import Batch
from tui_al.errors import EngineError, ModelError

FEW = range(24)
MC = MonteCarlo(passes=4, rate=0.3, seed=9)


def probs(learner: TransformerLearner) -> FloatArray:
    """Of the whole test split, (units, classes)."""
    return learner.predict("test", np.arange(len(learner.dataset.test)), tiny.silent).probs


def everything(predictions: Predictions) -> FloatArray:
    """A scorer that tells texts apart: the first class's probability."""
    return np.asarray(predictions.probs[:, 0], dtype=np.float64)


def expected(predictions: Predictions) -> FloatArray:
    """A scorer: the passes' mean entropy, summed over an example's units."""
    assert predictions.expected_entropy is not None
    return predictions.sum_over_units(predictions.expected_entropy)


def total(predictions: Predictions) -> FloatArray:
    """A scorer: the entropy of the passes' mean, summed over an example's units."""
    return predictions.sum_over_units(entropy(predictions.probs))


@pytest.fixture
def trained(bert: Path, classified: Dataset) -> TransformerLearner:
    learner = tiny.learner(bert, "adapter", classified, epochs=2)
    tiny.fit(learner, FEW)
    return learner


@pytest.mark.parametrize("method", TUNINGS)
def test_a_cold_start_forgets_what_was_trained_before(
    bert: Path, classified: Dataset, method: str
) -> None:
    first = tiny.learner(bert, method, classified, dropout=0.1)
    tiny.fit(first, FEW, seed=1)
    fresh = probs(first)
    tiny.fit(first, range(30, 90), seed=2)  # something else in between
    first.score(np.arange(5), {"bald": bald}, tiny.silent, MC)
    assert not np.array_equal(probs(first), fresh)
    tiny.fit(first, FEW, seed=1)
    assert np.array_equal(probs(first), fresh)
    torch.manual_seed(123)
    second = tiny.learner(bert, method, classified, dropout=0.1)
    tiny.fit(second, FEW, seed=1)
    assert np.array_equal(probs(second), fresh)


def test_another_seed_gives_another_model(bert: Path, classified: Dataset) -> None:
    learner = tiny.learner(bert, "adapter", classified)
    tiny.fit(learner, FEW, seed=1)
    one = probs(learner)
    tiny.fit(learner, FEW, seed=2)
    assert np.abs(probs(learner) - one).max() > 0.01


@pytest.mark.slow
def test_a_warm_start_goes_on(bert: Path, classified: Dataset) -> None:
    cold, warm = (
        tiny.learner(bert, "full", classified, start=start, epochs=2) for start in ("cold", "warm")
    )
    losses = [[tiny.fit(one, seed=seed).loss for seed in (1, 2, 3)] for one in (cold, warm)]
    assert losses[0][0] == losses[1][0]  # both from the pretrained weights
    assert max(losses[1][1:]) < losses[1][0]
    assert max(losses[1][1:]) < min(losses[0])  # which begins anew each time
    assert losses[1][2] < 0.5 * losses[0][2]
    warm.forget()
    assert tiny.fit(warm, seed=1).loss == losses[0][0]


@pytest.mark.parametrize("method", ["full", "adapter", "compacter"])
def test_kept_weights_bring_a_warm_learner_back(
    bert: Path, classified: Dataset, method: str
) -> None:
    one, other = (
        tiny.learner(bert, method, classified, start="warm", dropout=0.1) for _ in range(2)
    )
    tiny.fit(one, FEW, seed=1)
    other.restore({n: w.detach().clone() for n, w in one.trainable().items()}, seed=77)
    assert np.array_equal(probs(one), probs(other))
    tiny.fit(one, range(40), seed=2)
    tiny.fit(other, range(40), seed=2)
    assert np.array_equal(probs(one), probs(other))


def test_scores_are_in_the_order_of_the_rows_whatever_the_batches(
    trained: TransformerLearner, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = np.random.default_rng(0).permutation(len(trained.dataset.train))[:50]
    scorers = {"first": everything, "lc": least_confidence}
    whole = trained.score(rows, scorers, tiny.silent)
    assert np.ptp(whole["first"]) > 0.01
    for budget in (1, 37):
        monkeypatch.setitem(SCORING_BUDGET, "cpu", budget)
        again = trained.score(rows, scorers, tiny.silent)
        for name in scorers:
            np.testing.assert_allclose(again[name], whole[name], atol=1e-5)
    backwards = trained.score(rows[::-1], scorers, tiny.silent)
    np.testing.assert_allclose(backwards["first"][::-1], whole["first"], atol=1e-5)
    alone = trained.score(rows[7:8], scorers, tiny.silent)
    np.testing.assert_allclose(alone["lc"], whole["lc"][7:8], atol=1e-5)
    of_rows = trained.predict("train", rows, tiny.silent)
    np.testing.assert_allclose(of_rows.probs[:, 0], whole["first"], atol=1e-5)


def test_probabilities_are_probabilities(trained: TransformerLearner) -> None:
    found = trained.predict("test", np.array([3, 1]), tiny.silent)
    assert found.probs.shape == (2, 3)
    np.testing.assert_allclose(found.probs.sum(axis=1), 1.0, atol=1e-6)
    np.testing.assert_allclose(found.probs, probs(trained)[[3, 1]], atol=1e-6)


def test_progress_counts_the_texts(
    trained: TransformerLearner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SCORING_BUDGET, "cpu", 40)
    ticks: list[TrainingProgress] = []
    trained.score(np.arange(20), {"lc": least_confidence}, ticks.append)
    done = [tick.done for tick in ticks]
    assert len(done) > 2
    assert done == sorted(done)
    assert ticks[-1] == TrainingProgress(20, 20)


def test_a_tagged_word_is_one_unit_and_a_cut_one_is_certainly_o(
    bert: Path, tagged: Dataset
) -> None:
    words = ("Anna", "left", "Oslo", "\u200d\x07", "for", "good", *("again",) * 20)
    tags = ("B-PER", "O", "B-LOC", "O", *("O",) * 22)
    long = Example("long", " ".join(words), tags, words)
    dataset = replace(tagged, test=(tagged.test[0], long, tagged.test[1]))
    learner = tiny.learner(bert, "full", dataset, max_length=12, epochs=1)
    tiny.fit(learner)
    found = learner.predict("test", np.array([2, 1, 0]), tiny.silent)
    lengths = [len(dataset.test[row].tokens) for row in (2, 1, 0)]
    assert found.lengths().tolist() == lengths
    assert dataset.tags[0] == "O"
    mine = found.probs[lengths[0] : lengths[0] + len(words)]
    certain = (mine[:, 0] == 1.0).nonzero()[0].tolist()
    assert 3 in certain
    assert certain[1:] == list(range(certain[1], len(words)))
    assert 6 <= certain[1] <= 11
    np.testing.assert_allclose(found.probs.sum(axis=1), 1.0, atol=1e-6)
    alone = learner.predict("test", np.array([1]), tiny.silent)
    np.testing.assert_allclose(alone.probs, mine, atol=1e-5)


def test_tagging_learns_its_words(bert: Path, tagged: Dataset) -> None:
    learner = tiny.learner(bert, "full", tagged, epochs=12, batch_size=8)
    tiny.fit(learner)
    best = probs(learner).argmax(axis=1)
    gold = [tagged.tags.index(tag) for e in tagged.test for tag in e.answer or ()]
    assert np.mean(best == gold) > 0.9


def test_cut_words_do_not_count_in_a_score(bert: Path, tagged: Dataset) -> None:
    short = ("Anna", "left", "Oslo")
    long = (*short, *("again",) * 40)
    train = tuple(
        Example(name, " ".join(w), ("O",) * len(w), w)
        for name, w in (("a", short), ("b", long), ("c", long + ("Bern",) * 9))
    )
    learner = tiny.learner(bert, "full", replace(tagged, train=train), max_length=12, epochs=1)
    tiny.fit(learner)
    scorers = {n: STRATEGIES[n].scorer for n in ("lc", "bt", "entropy", "mnlp")}
    found = learner.score(np.array([1, 2]), scorers, tiny.silent)  # type: ignore[arg-type]
    for name, scores in found.items():
        assert scores[0] == pytest.approx(scores[1], abs=1e-6), name
        assert scores[0] != 0


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[FloatArray]]:
    """Every forward pass's probabilities, in order."""
    passes: list[FloatArray] = []
    forward = Scoring._probs

    def noted(self: Scoring, batch: Batch) -> Any:
        found = forward(self, batch)
        passes.append(found.numpy().copy())
        return found

    monkeypatch.setattr(Scoring, "_probs", noted)
    yield passes


@pytest.mark.parametrize("task", ["classified", "tagged"])
def test_monte_carlo_figures_are_those_of_the_stacked_passes(
    bert: Path, request: pytest.FixtureRequest, recorded: list[FloatArray], task: str
) -> None:
    learner = tiny.learner(bert, "adapter", request.getfixturevalue(task), epochs=1)
    tiny.fit(learner, FEW)
    recorded.clear()
    rows = np.array([4])  # one example: one batch, so the passes follow each other
    scorers = {"bald": bald, "expected": expected, "total": total}
    found = learner.score(rows, scorers, tiny.silent, MC)
    assert len(recorded) == MC.passes
    stacked = np.stack(recorded).astype(np.float64)  # (passes, units, classes)
    logs = np.log(stacked)
    each = -(stacked * logs).sum(axis=2)  # (passes, units)
    mean = stacked.mean(axis=0)
    of_mean = -(mean * np.log(mean)).sum(axis=1)  # (units,)
    assert found["expected"][0] == pytest.approx(each.mean(axis=0).sum(), abs=1e-9)
    assert found["total"][0] == pytest.approx(of_mean.sum(), abs=1e-9)
    assert found["bald"][0] == pytest.approx(np.mean(of_mean - each.mean(axis=0)), abs=1e-9)
    assert np.ptp(stacked, axis=0).max() > 1e-3


@contextlib.contextmanager
def _nothing_shared(_: object) -> Iterator[Callable[[], None]]:
    yield lambda: None


@pytest.mark.parametrize("trunk", [0, 1])
@pytest.mark.parametrize("kind", ["bert", "electra", "distilbert", "roberta"])
def test_what_lies_before_the_first_dropout_is_computed_once(
    encoders: dict[str, Path], classified: Dataset, monkeypatch: pytest.MonkeyPatch, kind: str,
    trunk: int
) -> None:  # fmt: skip
    """The same scores to the last bit as when every pass computes it, and the model is left as it
    was."""
    learner = tiny.learner(encoders[kind], "adapter", classified, trunk_layers=trunk, epochs=1)
    tiny.fit(learner, FEW)
    monkeypatch.setitem(SCORING_BUDGET, "cpu", 100)
    rows, scorers = np.arange(40), {"bald": bald, "expected": expected, "total": total}
    norm = learner.model.base_model.embeddings.LayerNorm
    lookups: list[int] = []
    norm.register_forward_hook(lambda *_: lookups.append(1))
    inside = dict(learner.view.base_model.named_modules())
    shared = learner.score(rows, scorers, tiny.silent, MC)
    with_sharing = len(lookups)
    assert dict(learner.view.base_model.named_modules()) == inside
    monkeypatch.setattr(scoring_module, "shared_prefix", _nothing_shared)
    plain = learner.score(rows, scorers, tiny.silent, MC)
    for name in scorers:
        assert np.array_equal(shared[name], plain[name]), name
    if trunk:
        assert len(lookups) == with_sharing  # kept already
    else:
        assert len(lookups) - with_sharing == MC.passes * with_sharing


@pytest.mark.parametrize("method", TUNINGS)
def test_every_tuning_disagrees_with_itself_under_dropout(
    bert: Path, classified: Dataset, method: str
) -> None:
    """Also where training had no dropout at all; and by Jensen, the mean pass is no surer than the
    passes' mean."""
    learner = tiny.learner(bert, method, classified, dropout=0.0, epochs=2)
    tiny.fit(learner, FEW)
    scorers = {"bald": bald, "expected": expected, "total": total}
    rows = np.arange(30)
    found = learner.score(rows, scorers, tiny.silent, MC)
    assert (found["expected"] <= found["total"] + 1e-12).all()
    assert (found["bald"] > 1e-6).all()
    still = learner.score(rows, scorers, tiny.silent, MonteCarlo(4, 1e-9, 9))
    assert still["bald"].max() < 1e-6
    again = learner.score(rows, scorers, tiny.silent, MC)
    assert np.array_equal(again["bald"], found["bald"])  # its own seed, whatever came before


@pytest.mark.parametrize(
    "kind", ["bert", "electra", "distilbert", "roberta", "deberta-v2", "modernbert"]
)
@pytest.mark.parametrize("method", TUNINGS)
def test_every_dropout_is_turned_on_and_off(
    encoders: dict[str, Path], classified: Dataset, kind: str, method: str
) -> None:
    """Rates are read off the modules; the attention's is checked by what
    `scaled_dot_product_attention` is told."""
    if kind == "modernbert" and method in ("prefix", "unipelt"):
        with pytest.raises(ModelError, match=f"does not take the tuning {method}"):
            tiny.learner(encoders[kind], method, classified)
        return
    learner = tiny.learner(encoders[kind], method, classified, dropout=0.0, epochs=1)
    tiny.fit(learner, range(8))
    drops = [m for m in learner.model.modules() if isinstance(m, nn.Dropout)]
    assert drops
    inside = [
        n
        for n, m in learner.model.named_modules()
        if isinstance(m, nn.Dropout) and tuning.ADAPTER in n
    ]
    assert bool(inside) == (
        method in ("adapter", "double", "seq", "par", "lora", "unipelt", "compacter", "prefix")
    ), inside
    told: list[float] = []
    attention = nn.functional.scaled_dot_product_attention

    def noted(*args: Any, **kwargs: Any) -> Any:
        told.append(kwargs.get("dropout_p", 0.0))
        return attention(*args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nn.functional, "scaled_dot_product_attention", noted)
        learner.score(np.arange(2), {"bald": bald}, tiny.silent, MonteCarlo(2, 0.25, 1))
        assert {m.p for m in drops} == {0.25}
        assert not told or set(told) == {0.25}
        if told:
            told.clear()
            learner.predict("test", np.arange(2), tiny.silent)
            assert set(told) == {0.0}
    assert not learner.model.training
    tiny.fit(learner, range(8))
    assert {m.p for m in learner.model.modules() if isinstance(m, nn.Dropout)} <= {0.0, 1e-9}


def test_the_model_is_left_in_evaluation_mode(trained: TransformerLearner) -> None:
    before = probs(trained)
    trained.score(np.arange(10), {"bald": bald}, tiny.silent, MC)
    assert not trained.model.training
    assert np.array_equal(probs(trained), before)
    assert np.array_equal(probs(trained), before)


def test_a_text_as_long_as_the_encoder_has_positions_for(
    encoders: dict[str, Path], classified: Dataset
) -> None:
    long = Example("long", "the cat " * 60, "animal")
    dataset = replace(classified, test=(long,))
    for kind, path in encoders.items():
        learner = tiny.learner(path, "full", dataset, max_length=500, epochs=1)
        longest = int(learner.tokens("test").lengths()[0])
        assert longest == (62 if kind == "roberta" else 64)
        tiny.fit(learner, range(4))
        assert probs(learner).shape == (1, 3)


class TestOutOfMemory:
    """A device that takes at most so many examples at once."""

    def small_device(
        self, learner: TransformerLearner, monkeypatch: pytest.MonkeyPatch, room: int
    ) -> list[int]:
        sizes: list[int] = []

        def logits(model: Any, batch: Batch, precision: str) -> torch.Tensor:
            sizes.append(len(batch.input_ids))
            if len(batch.input_ids) > room:
                raise torch.OutOfMemoryError("no room")
            return unit_logits(model, batch, precision)

        monkeypatch.setattr(scoring_module, "unit_logits", logits)
        return sizes

    def test_scoring_goes_on_in_smaller_batches(
        self, trained: TransformerLearner, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = probs(trained)
        sizes = self.small_device(trained, monkeypatch, room=3)
        np.testing.assert_allclose(probs(trained), before, atol=1e-6)
        assert max(sizes) > 3
        assert sum(size for size in sizes if size <= 3) == len(before)

    def test_a_single_example_that_does_not_fit_is_named(
        self, trained: TransformerLearner, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.small_device(trained, monkeypatch, room=0)
        with pytest.raises(EngineError, match="single example of up to") as caught:
            probs(trained)
        assert "maximum length" in caught.value.hint


@pytest.mark.parametrize(
    "kind", ["bert", "electra", "distilbert", "roberta", "deberta-v2", "modernbert"]
)
@pytest.mark.parametrize("method", TUNINGS)
@pytest.mark.parametrize("task", list(Task))
def test_what_shares_a_batch_changes_no_score(
    encoders: dict[str, Path], kind: str, method: str, task: Task
) -> None:
    """A text alone is scored as it is among much longer ones, with everything at work that is
    trained."""
    dataset = tiny.classified() if task is Task.CLASSIFICATION else tiny.tagged()
    try:
        learner = tiny.learner(encoders[kind], method, dataset, epochs=1)
    except ModelError as error:
        assert kind == "modernbert"
        assert method in error.message
        return
    tiny.fit(learner, range(16))
    rows = np.argsort(learner.tokens("train").lengths(), kind="stable")
    rows = np.concatenate([rows[:3], rows[-6:]])
    together = learner.predict("train", rows, tiny.silent)
    for place, row in enumerate(rows[:3]):
        alone = learner.predict("train", np.array([row]), tiny.silent).probs
        among = together.probs[together.offsets[place] : together.offsets[place + 1]]
        np.testing.assert_allclose(among, alone, atol=1e-5)


@pytest.mark.parametrize("method", TUNINGS)
def test_first_weights_are_drawn_on_the_processor(
    bert: Path, classified: Dataset, method: str
) -> None:
    """What is on the device is never drawn there, only copied to it: another device would draw
    other numbers."""
    learner = tiny.learner(bert, method, classified)
    names = {n: w for n, w in learner.model.named_parameters() if tuning.ADAPTER not in n}
    there = {weight.data_ptr(): name for name, weight in names.items()}

    class Watched(TorchDispatchMode):  # type: ignore[no-untyped-call] # torch's own has no types
        def __torch_dispatch__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            if any(
                word in func._schema.name
                for word in ("normal_", "uniform_", "random_", "bernoulli_")
            ):
                assert args[0].device.type == "cpu"
                assert args[0].data_ptr() not in there, there[args[0].data_ptr()]
            return func(*args, **(kwargs or {}))

    head = {n: w.detach().clone() for n, w in tuning.head(learner.model).named_parameters()}
    with Watched():  # type: ignore[no-untyped-call] # torch's own has no types
        learner._reset(7)
    after = dict(tuning.head(learner.model).named_parameters())
    assert any(not torch.equal(after[n], w) for n, w in head.items())
