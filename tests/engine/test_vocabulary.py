"""Training the embeddings that occur gives the same model as training all of them."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.optim import AdamW

from tests.engine import tiny
from tui_al.core.data.examples import Dataset
from tui_al.engine.models import sparse_embeddings as vocabulary
from tui_al.engine.models.learner import TransformerLearner
from tui_al.engine.models.training import weight_decay_left

SOME = range(10)


def train(
    path: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch, share: float, **settings: object
) -> tuple[TransformerLearner, float, int]:
    """A learner trained twice, its last loss, and how many numbers the optimizer saw."""
    seen: list[int] = []
    step = AdamW.step

    def counted(self: AdamW, *arguments: object) -> object:
        seen.append(sum(p.numel() for group in self.param_groups for p in group["params"]))
        return step(self, *arguments)

    options = {"learning_rate": 1e-2, "weight_decay": 0.5, "epochs": 3, "batch_size": 4} | settings
    with monkeypatch.context() as patch:
        patch.setattr(AdamW, "step", counted)
        patch.setattr(vocabulary, "_SHARE", share)
        learner = tiny.learner(path, "full", dataset, **options)
        tiny.fit(learner, range(30), seed=1)  # what it leaves is reset, or gone on from
        report = tiny.fit(learner, SOME, seed=2)
    return learner, report.loss, seen[-1]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["bert", "electra", "distilbert", "roberta"])
@pytest.mark.parametrize("start", ["cold", "warm"])
def test_the_same_model_comes_out(
    encoders: dict[str, Path], classified: Dataset, monkeypatch: pytest.MonkeyPatch, kind: str,
    start: str
) -> None:  # fmt: skip
    plain, whole_loss, all_numbers = train(
        encoders[kind], classified, monkeypatch, 0.0, start=start
    )
    quick, loss, numbers = train(encoders[kind], classified, monkeypatch, 1.0, start=start)
    assert numbers < all_numbers
    assert loss == pytest.approx(whole_loss, abs=1e-5)
    trained = quick.trainable()
    for name, weight in plain.trainable().items():
        torch.testing.assert_close(trained[name], weight, atol=2e-5, rtol=1e-4, msg=name)


def test_what_does_not_occur_is_decayed(
    bert: Path, classified: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three epochs of three steps at a constant rate of 0.01, weight decay 0.5: 0.995 nine
    times."""
    learner, *_ = train(bert, classified, monkeypatch, 1.0, schedule="constant", warmup=0.0)
    assert weight_decay_left(learner.config, len(SOME)) == pytest.approx(0.995**9)
    table = learner.model.get_input_embeddings().weight
    before = learner._pretrained["bert.embeddings.word_embeddings.weight"]
    absent = np.setdiff1d(
        np.arange(len(table)), learner._occurring(learner.tokens("train"), np.array(SOME))
    )
    assert len(absent) > 5
    torch.testing.assert_close(table[absent], before[absent] * 0.995**9)
    assert type(learner.model.get_input_embeddings()) is torch.nn.Embedding


def test_a_training_that_fails_leaves_the_table_whole(
    bert: Path, classified: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vocabulary, "_SHARE", 1.0)
    learner = tiny.learner(bert, "full", classified)
    table = learner.model.get_input_embeddings()

    def stop(_: object) -> None:
        assert learner.model.get_input_embeddings() is not table
        raise KeyboardInterrupt

    answers = [classified.train[row].answer for row in SOME]
    with pytest.raises(KeyboardInterrupt):
        learner.fit(np.array(SOME), answers, 1, stop)  # type: ignore[arg-type]
    assert learner.model.get_input_embeddings() is table


def test_where_most_occur_all_are_trained(
    bert: Path, classified: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, _, numbers = train(bert, classified, monkeypatch, 0.01)
    _, _, all_numbers = train(bert, classified, monkeypatch, 0.0)
    assert numbers == all_numbers
