"""Several trainings in one pass: each learns what it would have learned alone."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tests.engine import tiny
from tui_al.core.data.examples import Dataset
from tui_al.core.loop.protocols import Training
from tui_al.engine.models.learner import TransformerLearner
from tui_al.engine.models.together import Stacks, Weights, batches_together, side_by_side

pytestmark = pytest.mark.slow

#: Twenty-one texts each: two batches of eight and one of five.
SIZE = 21


@pytest.fixture(params=["classified", "tagged"])
def dataset(request: pytest.FixtureRequest) -> Dataset:
    return request.getfixturevalue(request.param)  # type: ignore[no-any-return]


def trainings(dataset: Dataset, count: int = 3) -> list[Training]:
    """Rows, answers and seeds of their own."""
    found = []
    for seed in range(count):
        rows = np.random.default_rng(seed).permutation(len(dataset.train))[:SIZE]
        found.append(Training(rows, [dataset.train[row].answer for row in rows], seed + 5))  # type: ignore[misc]
    return found


def together(path: Path, method: str, dataset: Dataset, **given: Any) -> TransformerLearner:
    settings = {"trunk_layers": "auto", "batch_size": 8, "epochs": 2, "clip": 0.5, **given}
    return tiny.learner(path, method, dataset, **settings)


def alone(learner: TransformerLearner, job: Training) -> Weights:
    learner.fit(job.rows, job.answers, job.seed, tiny.silent)
    return {name: weight.detach().clone() for name, weight in learner.trainable().items()}


def furthest(one: Weights, other: Weights) -> float:
    assert one.keys() == other.keys()
    return max(float((one[name] - other[name]).detach().abs().max()) for name in one)


@pytest.mark.parametrize("method", ["adapter", "double", "seq", "par", "head"])
def test_each_learns_what_it_would_have_learned_alone(
    bert: Path, dataset: Dataset, method: str
) -> None:
    learner, jobs = together(bert, method, dataset), trainings(dataset)
    assert learner.can_train_together()
    found = learner.fit_together(jobs, tiny.silent)
    own = [alone(learner, job) for job in jobs]
    for mine, theirs in zip(own, found, strict=True):
        assert furthest(mine, theirs) < 2e-4
    assert furthest(own[0], own[1]) > 0.1  # they are not the same training
    begun = [w.detach().clone() for w in learner.trainable().values()]
    learner._reset(jobs[2].seed)
    fresh = [w.detach() for w in learner.trainable().values()]
    moved = max(float((a - b).abs().max()) for a, b in zip(begun, fresh, strict=True))
    assert moved > 0.01  # nor one that learns nothing


@pytest.mark.parametrize("kind", ["electra", "distilbert", "roberta"])
def test_on_every_encoder(encoders: dict[str, Path], classified: Dataset, kind: str) -> None:
    learner, jobs = together(encoders[kind], "adapter", classified), trainings(classified, 2)
    found = learner.fit_together(jobs, tiny.silent)
    for job, theirs in zip(jobs, found, strict=True):
        assert furthest(alone(learner, job), theirs) < 2e-4


def test_the_learner_is_as_before(bert: Path, classified: Dataset) -> None:
    """To the last bit: what is trained alone afterwards, and what is put in its place."""
    learner, jobs = together(bert, "adapter", classified), trainings(classified)
    before = alone(learner, jobs[0])
    found = learner.fit_together(jobs, tiny.silent)
    assert furthest(alone(learner, jobs[0]), before) == 0
    learner.restore(found[1], jobs[1].seed)
    assert furthest(learner.trainable(), found[1]) == 0
    again = learner.fit_together(jobs, tiny.silent)
    assert max(furthest(a, b) for a, b in zip(found, again, strict=True)) == 0


@pytest.mark.parametrize(
    ("method", "given"),
    [
        ("adapter", {"dropout": 0.1}),  # its random numbers would be shared
        ("adapter", {"start": "warm"}),
        ("adapter", {"trunk_layers": 0}),
        ("full", {}),  # norms are no linear layers
        ("lora", {}),
        ("compacter", {}),
    ],
)
def test_what_does_not_go_together(
    bert: Path, classified: Dataset, method: str, given: dict[str, Any]
) -> None:
    assert not together(bert, method, classified, **given).can_train_together()


def test_memory_that_runs_out_splits_batches_across_all_trainings(
    bert: Path, classified: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    learner, jobs = together(bert, "adapter", classified), trainings(classified)
    whole = learner.fit_together(jobs, tiny.silent)
    real = learner._collate

    def scarce(split: Any, rows: Any) -> Any:
        if len(rows) > 10:
            raise torch.OutOfMemoryError("pretended")
        return real(split, rows)

    monkeypatch.setattr(learner, "_collate", scarce)
    for one, other in zip(whole, learner.fit_together(jobs, tiny.silent), strict=True):
        # all weights together: single ones go where Adam takes gradients next to zero
        apart = [float((one[name] - other[name]).detach().norm()) for name in one]
        assert np.linalg.norm(apart) < 1e-3


def test_batches_beside_each_other() -> None:
    """Two trainings with three texts, two a batch: each its own shuffling, the second's positions from 3 on."""
    rngs = [np.random.default_rng(seed) for seed in (1, 2)]
    found = batches_together(np.full(6, 4), 2, rngs)
    assert [batch.shape for batch in found] in ([(2, 2), (2, 2)], [(2, 2), (1, 2)], [(1, 2), (2, 2)])  # fmt: skip
    both = np.concatenate(found)
    assert sorted(both[:, 0]) in ([0, 1, 2], [-1, 0, 1, 2])
    assert sorted(p for p in both[:, 1] if p >= 0) == [3, 4, 5]


def test_a_smaller_batch_is_filled_up_with_what_is_nobodys() -> None:
    chosen, owners = side_by_side(np.array([[2, 3], [0, -1]]), texts=3)
    assert chosen.tolist() == [2, 0, 3, 3]
    assert owners.tolist() == [0, 0, 1, -1]


def test_clipping_is_each_trainings_own() -> None:
    """Gradients (3, 4) of norm 5 and (0.3, 0.4) of norm 0.5, clipped at 1: the first becomes (0.6, 0.8)."""
    model = nn.Module()
    model.layer = nn.Linear(2, 1, bias=False)
    begin = {"layer.weight": torch.zeros(1, 2)}
    stacks = Stacks(model, [begin, begin])  # type: ignore[arg-type]
    (weights,) = stacks._stack.values()
    weights.grad = torch.tensor([[[3.0, 4.0]], [[0.3, 0.4]]])
    stacks.clip(1.0)
    torch.testing.assert_close(weights.grad, torch.tensor([[[0.6, 0.8]], [[0.3, 0.4]]]))
