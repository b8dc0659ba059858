"""TF-IDF and logistic regression as a learner: features by hand, the fit against scikit-learn, and
a run with it asking."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from tests.engine import tiny
from tui_al.core.query.strategies import STRATEGIES
from tui_al.core.settings.experiment import Amount, DataConfig, ExperimentConfig, LoopConfig
from tui_al.core.settings.model_catalog import default_settings
from tui_al.engine.data import load
from tui_al.engine.models.bag_of_words import BagOfWordsLearner, _tf_idf, _vocabulary
from tui_al.engine.worker import runner
from tui_al.engine.worker.runner import run_session
from tui_al.engine.worker.session_io import StopSignal
from tui_al.engine.worker.session_setup import open_or_create
from tui_al.errors import ConfigError, ModelError

SETTINGS = default_settings("tfidf", "head")


@pytest.fixture
def learner() -> BagOfWordsLearner:
    return BagOfWordsLearner(SETTINGS, tiny.classified())


def test_features_by_hand() -> None:
    texts = ["A dog, a dog!", "a cat", "dog"]
    vocabulary, idf = _vocabulary(texts)
    assert vocabulary == {"a": 0, "dog": 1}  # the others are in one text only, pairs among them
    # both are in two of three texts: ln(4 / 3) + 1; "a" twice in the first text, weight 1 + ln 2
    assert idf == pytest.approx([np.log(4 / 3) + 1] * 2)
    rows = _tf_idf([*texts, "nothing known"], vocabulary, idf).toarray()
    assert rows[0] == pytest.approx([0.5**0.5, 0.5**0.5])
    assert rows[1].tolist() == [1.0, 0.0]
    assert rows[3].tolist() == [0.0, 0.0]


def test_the_fit_is_that_of_scikit_learn(learner: BagOfWordsLearner) -> None:
    train = learner.dataset.train
    rows = np.arange(0, 60)
    answers = [train[row].answer for row in rows]
    learner.fit(rows, answers, 1, tiny.silent)  # type: ignore[arg-type]
    features = learner._matrix("train")
    reference = LogisticRegression(C=10.0, tol=1e-8, max_iter=1000).fit(features[rows], answers)
    ours = learner.predict("test", np.arange(36), tiny.silent).probs
    theirs = reference.predict_proba(learner._matrix("test"))
    assert list(reference.classes_) == list(learner.dataset.outputs)
    assert ours == pytest.approx(theirs, abs=2e-3)


def test_it_learns_and_scores(learner: BagOfWordsLearner) -> None:
    train, test = learner.dataset.train, learner.dataset.test
    rows = np.arange(len(train))
    learner.fit(rows, [e.answer for e in train], 1, tiny.silent)  # type: ignore[misc]
    found = learner.predict("test", np.arange(len(test)), tiny.silent)
    best = [learner.dataset.outputs[i] for i in found.probs.argmax(axis=1)]
    assert np.mean([a == e.answer for a, e in zip(best, test, strict=True)]) > 0.9
    lc = STRATEGIES["lc"].scorer
    assert lc is not None
    scores = learner.score(rows[:5], {"lc": lc}, tiny.silent)["lc"]
    probs = learner.predict("train", rows[:5], tiny.silent).probs
    assert scores == pytest.approx(1 - probs.max(axis=1))


def experiment(tmp_path: Path, **changes: str) -> ExperimentConfig:
    data = DataConfig(changes.get("source", "tickets"), train_limit=60, test_limit=20)
    encoder = tiny.save_encoder(
        "bert", tmp_path / "small", [e.text for e in load(data).train], width=32
    )
    return ExperimentConfig(
        data,
        acquisition=SETTINGS,
        successor=tiny.settings(encoder, "full", epochs=1, max_length=24),
        loop=LoopConfig(changes.get("strategy", "lc"), Amount(10, False), Amount(5, False), 2),
        seeds=(7,),
        device="cpu",
    )


@pytest.mark.slow
def test_a_run_in_which_it_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "computing_threads", lambda: 1)
    with open_or_create(tmp_path, experiment(tmp_path), {}, "made") as session:
        state = run_session(session, lambda _: None, StopSignal())
    assert state.finished
    (run,) = state.runs.values()
    assert [point.labels for point in run.points] == [10, 15, 20]
    assert all(len(query.scores) == 5 for query in run.queries[1:])


@pytest.mark.slow
def test_what_it_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'adapter' does not fit tfidf"):
        default_settings("tfidf", "adapter")
    for changes, told in (
        ({"strategy": "bald"}, "no dropout, which bald needs"),
        ({"source": "events", "strategy": "mnlp"}, "this data set is for tagging"),
    ):
        with pytest.raises(ConfigError, match=told):
            open_or_create(tmp_path, experiment(tmp_path, **changes), {}, "bad")
    config = experiment(tmp_path)
    message = "^successor model: tfidf is not an encoder, so it cannot be the successor"
    with pytest.raises(ModelError, match=message):
        open_or_create(tmp_path, replace(config, successor=SETTINGS), {}, "bad")
