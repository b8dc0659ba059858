"""TF-IDF and logistic regression as an acquisition model: as far from a transformer as a classifier
can be, and trained in a moment.

Features are words and pairs of neighbours, weighted by term frequency (logarithmic) and inverse
document frequency over the training texts, which need no labels for it, and scaled to length one.
The classifier is multinomial logistic regression with an L2 penalty, fitted by L-BFGS from zero, so
it depends on no seed.
"""

import itertools
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from scipy.sparse import csr_matrix

from tui_al.core.arrays import FloatArray, IntArray
from tui_al.core.data.examples import Answer, Dataset
from tui_al.core.loop.protocols import FitReport, MonteCarlo, Scorer
from tui_al.core.progress import ProgressCallback, TrainingProgress
from tui_al.core.query import softmax_regression
from tui_al.core.query.predictions import Predictions
from tui_al.core.settings.experiment import LearnerConfig
from tui_al.engine.models.device import take_peak_bytes

_ITERATIONS = 200

_WORD = re.compile(r"\w+|[^\w\s]")


class BagOfWordsLearner:
    """See `tui_al.core.loop.protocols.Learner`; for classification, and for asking only: it is not
    kept as a model."""

    def __init__(self, config: LearnerConfig, dataset: Dataset) -> None:
        self.config = replace(config, start="cold")
        self.dataset = dataset
        self._classes = {name: i for i, name in enumerate(dataset.outputs)}
        self._vocabulary, self._idf = _vocabulary([e.text for e in dataset.train])
        self._features: dict[str, csr_matrix] = {}
        self._weights: FloatArray = np.zeros((len(self._classes), 1))  # (classes, features + 1)

    def fit(
        self, rows: IntArray, answers: Sequence[Answer], seed: int, progress: ProgressCallback
    ) -> FitReport:
        """Fit from zero; `seed` changes nothing."""
        del seed
        features = self._matrix("train")[rows]
        seen = np.unique(features.indices)  # others keep the weight 0, by the penalty
        x = features[:, seen]
        y = np.array([self._classes[str(answer)] for answer in answers])
        done = 0

        def step() -> None:
            nonlocal done
            done += 1
            progress(
                TrainingProgress(
                    min(done, _ITERATIONS) * len(rows), _ITERATIONS * len(rows), 1, 1, done
                )
            )

        weights, loss = softmax_regression.fit(x, y, len(self._classes), _ITERATIONS, step)
        self._weights = np.zeros((len(self._classes), len(self._vocabulary) + 1))
        self._weights[:, seen], self._weights[:, -1] = weights[:, :-1], weights[:, -1]
        return FitReport(done, done * len(rows), loss / len(rows))

    def score(
        self,
        rows: IntArray,
        scorers: Mapping[str, Scorer],
        progress: ProgressCallback,
        monte_carlo: MonteCarlo | None = None,
    ) -> dict[str, FloatArray]:
        """Every scorer's value for these training rows, (rows,) each."""
        assert monte_carlo is None  # it has no dropout: see `check_bag_of_words`
        predictions = self.predict("train", rows, progress)
        return {name: scorer(predictions) for name, scorer in scorers.items()}

    def predict(
        self, split: Literal["train", "test"], rows: IntArray, progress: ProgressCallback
    ) -> Predictions:
        """Probabilities in the order of `rows`."""
        probs = softmax_regression.probabilities(self._matrix(split)[rows], self._weights)
        progress(TrainingProgress(len(rows), len(rows)))
        return Predictions.of_texts(probs)

    def features(self, rows: IntArray) -> csr_matrix:
        """TF-IDF of these training rows, (rows, terms)."""
        return self._matrix("train")[rows]

    def notes(self) -> Sequence[str]:
        """Nothing of a text is cut off."""
        return ()

    def forget(self) -> None:
        """Every training starts from zero anyway."""

    def trainable(self) -> dict[str, torch.Tensor]:
        """Nothing to go on from: it has no warm start."""
        return {}

    def restore(self, weights: Mapping[str, torch.Tensor], seed: int) -> None:
        """The inverse of `trainable`."""

    def save(self, directory: Path) -> None:
        """It only asks; what ships is the successor."""
        raise NotImplementedError(f"{directory}: a bag of words is not kept")

    def peak_bytes(self) -> int:
        """Of this process."""
        return take_peak_bytes(torch.device("cpu"))

    def _matrix(self, split: Literal["train", "test"]) -> csr_matrix:
        if split not in self._features:
            examples = self.dataset.train if split == "train" else self.dataset.test
            texts = [example.text for example in examples]
            self._features[split] = _tf_idf(texts, self._vocabulary, self._idf)
        return self._features[split]


def _terms(text: str) -> list[str]:
    """Words in lower case, and pairs of neighbours."""
    words = _WORD.findall(text.lower())
    return words + [f"{a} {b}" for a, b in itertools.pairwise(words)]


def _vocabulary(texts: Sequence[str]) -> tuple[dict[str, int], FloatArray]:
    """Column of each term that is in two texts or more, and its inverse document frequency, ln((1 +
    n) / (1 + df)) + 1."""
    documents = Counter(term for text in texts for term in set(_terms(text)))
    kept = sorted(term for term, count in documents.items() if count > 1)
    idf = np.array([np.log((1 + len(texts)) / (1 + documents[term])) + 1 for term in kept])
    return {term: column for column, term in enumerate(kept)}, idf


def _tf_idf(texts: Sequence[str], vocabulary: Mapping[str, int], idf: FloatArray) -> csr_matrix:
    """(texts, terms), rows of length one; a text without a known term is a row of zeros."""
    values, columns, starts = [], [], [0]
    for text in texts:
        counts = Counter(vocabulary[term] for term in _terms(text) if term in vocabulary)
        row = np.array([(1 + np.log(n)) * idf[column] for column, n in counts.items()])
        values.append(row / (np.linalg.norm(row) or 1.0))
        columns += list(counts)
        starts.append(len(columns))
    data = np.concatenate(values) if values else np.zeros(0)
    return csr_matrix((data, columns, starts), shape=(len(texts), len(vocabulary)))
