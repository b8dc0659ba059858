"""Runs inside small-text's own virtual environment, for `smalltext_venv`: one JSON command a line
in, one JSON answer a line out.

    {"do": "train", "settings": "default", "max_length": 64, "texts": 600, "epochs": 6}   seconds,
        samples, accuracy, length
    {"do": "score", "settings": "best", "max_length": 64, "texts": 2000}                  seconds,
        texts, length

`default` is what the library does if it is only told the model, the batch size of training and the
learning rate: a tenth of the labels held out for validation, every epoch's model and optimizer
written to disk, scoring with training's batch size. `best` switches both off and scores with the
batch size that is quickest here. Either pads to the maximum length, as its data set does."""

import json
import logging
import sys
import tempfile
import time
import warnings
from typing import Any

import numpy as np
import torch
from small_text import (
    LeastConfidence,
    TransformerBasedClassification,
    TransformerModelArguments,
    TransformersDataset,
)
from transformers import AutoTokenizer

#: Batch sizes tried for `best` scoring, on its first call at a length.
_SCORING_BATCHES = (16, 32, 64, 128)


class Runner:
    """The model and data named in the file that the command line gives, and what was tokenised and
    trained so far."""

    def __init__(self, path: str) -> None:
        with open(path, encoding="utf-8") as stream:  # noqa: PTH123
            self.job: dict[str, Any] = json.load(stream)
        torch.set_num_threads(self.job["threads"])
        self.tokenizer = AutoTokenizer.from_pretrained(self.job["model"])
        self.classes = sorted(set(self.job["train"]["labels"]))
        self.sets: dict[tuple[str, int], TransformersDataset] = {}
        self.scoring_batch: dict[int, int] = {}
        self.trained: Any = None

    def data(self, split: str, max_length: int) -> TransformersDataset:
        """A split, tokenised once for each length; not part of what is timed."""
        if (split, max_length) not in self.sets:
            number = {label: i for i, label in enumerate(self.classes)}
            labels = np.array([number[label] for label in self.job[split]["labels"]])
            self.sets[split, max_length] = TransformersDataset.from_arrays(
                self.job[split]["texts"], labels, self.tokenizer,
                target_labels=np.arange(len(self.classes)), max_length=max_length,
            )  # fmt: skip
        return self.sets[split, max_length]

    def train(self, settings: str, max_length: int, texts: int, epochs: int) -> dict[str, Any]:
        """Fit on the first `texts` of the training split and measure on the test split (which is
        not timed)."""
        train, test = self.data("train", max_length)[:texts], self.data("test", max_length)
        classifier = self.classifier(epochs)
        options: dict[str, Any] = {}
        seen = texts * epochs
        if settings == "best":
            options = {
                "validation_set": test[:1],
                "early_stopping": "none",
                "model_selection": "none",
            }
        else:
            seen = round(texts * (1 - classifier.validation_set_size)) * epochs
        began = time.perf_counter()
        classifier.fit(train, **options)
        seconds = time.perf_counter() - began
        self.trained = classifier
        accuracy = float(np.mean(classifier.predict(test) == test.y)) if len(test) else None
        return {
            "seconds": seconds,
            "samples": seen,
            "accuracy": accuracy,
            "length": self.length(train),
        }

    def score(self, settings: str, max_length: int, texts: int) -> dict[str, Any]:
        """Least confidence over the first `texts` of the pool."""
        if self.trained is None:
            self.train("best", max_length, 64, 1)
        pool = self.data("pool", max_length)[:texts]
        batch = self.job["batch"]
        if settings == "best":
            if max_length not in self.scoring_batch:
                timed = {
                    size: self.timed_score(pool[: min(texts, 512)], size)
                    for size in _SCORING_BATCHES
                }
                self.scoring_batch[max_length] = min(timed, key=timed.__getitem__)
            batch = self.scoring_batch[max_length]
        seconds = self.timed_score(pool, batch)
        return {"seconds": seconds, "texts": texts, "batch": batch, "length": self.length(pool)}

    def timed_score(self, pool: Any, batch: int) -> float:
        """Seconds that the query strategy needs for these texts."""
        self.trained.mini_batch_size = batch
        began = time.perf_counter()
        rows = np.arange(len(pool))
        LeastConfidence().query(self.trained, pool, rows, rows[:0], None, n=10)
        return time.perf_counter() - began

    def classifier(self, epochs: int) -> TransformerBasedClassification:
        """An untrained model."""
        return TransformerBasedClassification(
            TransformerModelArguments(self.job["model"]), len(self.classes), num_epochs=epochs,
            lr=self.job["learning_rate"], mini_batch_size=self.job["batch"],
            device=self.job["device"],
            cache_dir=tempfile.gettempdir(),
        )  # fmt: skip

    @staticmethod
    def length(data: Any) -> int:
        """Sub-tokens that each text is padded to."""
        return int(data.x[0].shape[-1])


def main() -> None:
    """Answer commands until the input ends."""
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    answers, sys.stdout = sys.stdout, sys.stderr
    runner = Runner(sys.argv[1])
    for line in sys.stdin:
        command = json.loads(line)
        answer = getattr(runner, command.pop("do"))(**command)
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
