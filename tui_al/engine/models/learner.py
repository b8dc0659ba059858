"""A transformer as a Learner: resident between rounds and seeds, trained anew from the same
pretrained weights each time."""

import contextlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from tui_al.core.arrays import FloatArray, IntArray
from tui_al.core.data.examples import Answer, Dataset, Task
from tui_al.core.loop.protocols import FitReport, MonteCarlo, Scorer
from tui_al.core.progress import ProgressCallback, TrainingProgress
from tui_al.core.query.predictions import Predictions
from tui_al.core.settings.experiment import LearnerConfig
from tui_al.engine.hub.sources import ModelSource, pooling_note, resolve_pooling
from tui_al.engine.models import partial_forward as views
from tui_al.engine.models import peft as tuning
from tui_al.engine.models.checkpoint import save_model
from tui_al.engine.models.device import take_peak_bytes
from tui_al.engine.models.feature_cache import FeatureStore
from tui_al.engine.models.frozen_layers import FrozenLayers, trunk_layers
from tui_al.engine.models.model_files import left_out
from tui_al.engine.models.precision import SAMPLE, compare, resolve_precision
from tui_al.engine.models.pretrained import load_model, load_tokenizer
from tui_al.engine.models.scoring import Scoring
from tui_al.engine.models.sparse_embeddings import occurring_only
from tui_al.engine.models.training import MicroBatch, train, weight_decay_left
from tui_al.engine.text.token_cache import TokenCache
from tui_al.engine.text.tokenizing import tokenize
from tui_al.engine.text.tokens import (
    UNSEEN,
    Batch,
    Tokens,
    collate,
    gather,
    offsets_of,
    put,
    resident_ids,
)

log = logging.getLogger(__name__)

Split = Literal["train", "test"]


class TransformerLearner:
    """An encoder with a head on the data of one session. See
    `tui_al.core.loop.protocols.Learner`."""

    def __init__(
        self,
        config: LearnerConfig,
        source: ModelSource,
        dataset: Dataset,
        device: torch.device,
        feature_store: FeatureStore | None = None,
        cache: TokenCache | None = None,
    ) -> None:
        self.source = source
        self.dataset = dataset
        self.device = device
        self.tokenizer = load_tokenizer(source, dataset.task)
        pooling = resolve_pooling(config.pooling, dataset.task, source)
        self._pooling_note = pooling_note(config.pooling, dataset.task, source)
        self.model = load_model(source, dataset.task, dataset.outputs, config.dropout, pooling).to(
            device
        )
        self.config = replace(
            config,
            pooling=pooling,
            precision=resolve_precision(config.precision, device, *_shape(self.model)),
            trunk_layers=trunk_layers(self.model, config),
        )
        self._limit = min(config.max_length, positions_of(self.model))
        self._cache = cache
        self._tokens: dict[str, Tokens] = {}
        self._resident: dict[str, torch.Tensor | None] = {}
        self._output = {name: i for i, name in enumerate(dataset.outputs)}
        self._fresh = True
        #: How bf16 ranks against fp32, and whether that is too different; of the first pool that it
        #: scored.
        self.rounding: tuple[str, bool] | None = None
        #: What was done in smaller parts because the device's memory was short, in words.
        self.shortages: set[str] = set()
        tuning.prepare(self.model, self.config)
        #: All that training changes of the encoder, to start from again; an adapter is made anew.
        self._pretrained = {
            n: w.detach().clone() for n, w in self.trainable().items() if config.trains != "adapter"
        }
        self._trunk = (
            self._freeze(feature_store or FeatureStore()) if self.config.trunk_layers else None
        )
        first = (
            dataset.task is Task.CLASSIFICATION
            and pooling == "first"
            and views.can_read_first_token(self.model, config.tuning)
        )
        #: What of the model is run, in training and in scoring; it shares its weights.
        self.view = views.upper(self.model, int(self.config.trunk_layers), first)

    def tokens(self, split: Split) -> Tokens:
        """A split's sub-tokens, made at the first call."""
        if split not in self._tokens:
            examples = self.dataset.train if split == "train" else self.dataset.test
            make = self._cache.tokens if self._cache else tokenize
            self._tokens[split] = make(self.tokenizer, self.dataset.task, examples, self._limit)
        return self._tokens[split]

    def keep(self, split: Split, rows: IntArray, progress: ProgressCallback) -> None:
        """Compute what a frozen trunk gives for these rows, where that is not known yet; training
        and scoring do it too."""
        if self._trunk:
            self._trunk.make(split, self.tokens(split), rows, progress)

    def fit(
        self, rows: IntArray, answers: Sequence[Answer], seed: int, progress: ProgressCallback
    ) -> FitReport:
        """Train on these training rows; cold, or on from the last training where the configuration
        says warm."""
        if self._fresh or self.config.start == "cold":
            self._reset(seed)
        else:
            torch.manual_seed(seed)
        self._fresh = False
        tuning.set_dropout(self.model, self.config.dropout)
        tokens = self.tokens("train")
        self.keep("train", rows, progress)
        targets = [self._targets(tokens, row, a) for row, a in zip(rows, answers, strict=True)]

        def batch(positions: IntArray) -> MicroBatch:
            chosen = np.concatenate([targets[i] for i in positions])
            return MicroBatch(self._collate("train", rows[positions]), put(chosen, self.device))

        lengths = tokens.lengths()[rows]
        with self._trained_embeddings(tokens, rows):
            report = train(self.view, self.config, lengths, batch, seed, progress)
        self.view.eval()
        if report.pieces > 1:
            what = (
                "where dropout is on, it is drawn otherwise than for whole ones"
                if self.config.dropout
                else "to the same updates"
            )
            self.shortages.add(
                f"memory is short: batches of {self.config.batch_size} are trained on in "
                f"{report.pieces} parts, {what}"
            )
        return report

    def forget(self) -> None:
        """Start the next training from the pretrained weights, also where the configuration says
        warm."""
        self._fresh = True

    def trainable(self) -> dict[str, torch.Tensor]:
        """The weights that training changes, by name; they are the model's own, not copies."""
        return {n: p for n, p in self.model.named_parameters() if p.requires_grad}

    def restore(self, weights: Mapping[str, torch.Tensor], seed: int) -> None:
        """Go on from `trainable` weights of an earlier process (warm start after a kill)."""
        self._reset(seed)
        with torch.no_grad():
            for name, parameter in self.trainable().items():
                parameter.copy_(weights[name])
        self._fresh = False

    def score(
        self,
        rows: IntArray,
        scorers: Mapping[str, Scorer],
        progress: ProgressCallback,
        monte_carlo: MonteCarlo | None = None,
    ) -> dict[str, FloatArray]:
        """Every scorer's value for these training rows, (rows,) each. Words cut off by the length
        limit do not count."""
        scores: dict[str, FloatArray] = {name: np.zeros(len(rows)) for name in scorers}
        for positions, predictions in self._predictions("train", rows, progress, monte_carlo):
            for name, scorer in scorers.items():
                scores[name][positions] = scorer(predictions)
        if (
            self.config.precision == "bf16"
            and self.rounding is None
            and not monte_carlo
            and scorers
            and len(rows)
        ):
            self.rounding = self._rounding(rows, scores, scorers)
            log.info("%s (%s): %s", self.config.model, self.config.tuning, self.rounding[0])
        return scores

    def _rounding(
        self, rows: IntArray, scores: Mapping[str, FloatArray], scorers: Mapping[str, Scorer]
    ) -> tuple[str, bool]:
        """Compare the first of these scores with what the whole model gives in fp32, on a sample
        spread over the rows."""
        name, scorer = next(iter(scorers.items()))
        sample = np.unique(np.linspace(0, len(rows) - 1, min(SAMPLE, len(rows))).astype(np.int64))
        tokens = self.tokens("train")
        plain = Scoring(
            self.model, self.model, replace(self.config, precision="fp32"),
            lambda some: collate(tokens, rows[sample[some]], self._pad, self.device),
        )  # fmt: skip
        exact = np.zeros(len(sample))
        for positions, probs, _ in plain.batches(tokens.lengths()[rows[sample]]):
            exact[positions] = scorer(self._as_predictions(probs, None, rows[sample[positions]]))
        return compare(exact, scores[name][sample])

    def predict(self, split: Split, rows: IntArray, progress: ProgressCallback) -> Predictions:
        """Probabilities in the order of `rows`; for tagging one unit a word, those cut off being
        certainly O."""
        classes = len(self._output)
        if self.dataset.task is Task.CLASSIFICATION:
            probs = np.zeros((len(rows), classes), dtype=np.float32)
            for positions, predictions in self._predictions(split, rows, progress):
                probs[positions] = predictions.probs
            return Predictions.of_texts(probs)
        tokens = self.tokens(split)
        offsets = offsets_of(np.diff(tokens.word_offsets)[rows])
        probs = np.zeros((offsets[-1], classes), dtype=np.float32)
        probs[:, self._output["O"]] = 1.0
        for positions, predictions in self._predictions(split, rows, progress):
            heads, _ = gather(tokens.heads, tokens.word_offsets, rows[positions])
            places, _ = gather(np.arange(offsets[-1]), offsets, positions)
            probs[places[heads != UNSEEN]] = predictions.probs
        return Predictions(probs, offsets)

    def save(self, directory: Path) -> None:
        """Write model, tokenizer and label names to `directory`, see
        `tui_al.engine.models.checkpoint`."""
        save_model(
            directory,
            self.model,
            self.tokenizer,
            self.config,
            self.source,
            self.dataset,
            self._limit,
        )

    def notes(self) -> list[str]:
        """What a user should know about how the texts are read: pooling as files say, cut texts,
        states without room in memory."""
        found = [self._pooling_note] if self._pooling_note else []
        if unknown := left_out(self.source.path, self.source.name):
            found.append(
                f"the config.json of {self.source.name} has settings that its kind does not know, "
                f"which are left out: {', '.join(unknown[:10])}."
            )
        splits: dict[Split, int] = {
            "train": len(self.dataset.train),
            "test": len(self.dataset.test),
        }
        for split, count in splits.items():
            tokens = self.tokens(split)
            if tokens.cut:
                what = "words beyond it count as O" if len(tokens.heads) else "the rest is not read"
                found.append(
                    f"{tokens.cut} of {count} {split} texts are longer than "
                    f"{self.config.max_length} sub-tokens; {what}."
                )
            if self._trunk and (note := self._trunk.note(split, tokens)):
                found.append(f"{note}.")
        return found

    def peak_bytes(self) -> int:
        """Peak memory since the last call, see `take_peak_bytes`."""
        return take_peak_bytes(self.device)

    def _reset(self, seed: int) -> None:
        weights = self.trainable()
        with torch.no_grad():
            for name, pretrained in self._pretrained.items():
                weights[name].copy_(pretrained)
        tuning.reset(self.model, self.config, seed)
        self.model.eval()

    def _freeze(self, feature_store: FeatureStore) -> FrozenLayers:
        layers = int(self.config.trunk_layers)
        texts = hash(tuple(e.id for e in (*self.dataset.train, *self.dataset.test)))
        return FrozenLayers(
            run=views.lower(self.model, layers),
            layers=layers,
            whole=layers == len(views.layers(self.model)),
            mean=self.config.pooling == "mean",
            identity=(str(self.source.path), self.source.commit, self._limit, texts),
            feature_store=feature_store,
            precision=self.config.precision,
            pad_id=self._pad,
            device=self.device,
        )

    def _targets(
        self, tokens: Tokens, row: int, answer: Answer
    ) -> np.ndarray[Any, np.dtype[np.int64]]:
        """Class indices of an example's units: one, or one for each word that the model sees."""
        if isinstance(answer, str):
            return np.array([self._output[answer]], dtype=np.int64)
        seen = tokens.words_of(row) != UNSEEN
        classes = np.array([self._output[tag] for tag in answer], dtype=np.int64)
        return np.asarray(classes[seen])

    def _trained_embeddings(
        self, tokens: Tokens, rows: IntArray
    ) -> contextlib.AbstractContextManager[None]:
        if self._trunk or self.config.trains != "encoder":  # there are none
            return contextlib.nullcontext()
        left = weight_decay_left(self.config, len(rows))
        return occurring_only(self.view, self._occurring(tokens, rows), left)

    def _occurring(self, tokens: Tokens, rows: IntArray) -> IntArray:
        """The numbers of the sub-tokens of these rows, and of padding, sorted."""
        ids, _ = gather(tokens.ids, tokens.offsets, rows)
        return np.union1d(ids, self._pad).astype(np.int64)

    @property
    def _pad(self) -> int:
        return self.tokenizer.pad_token_id or 0

    def _collate(self, split: Split, rows: IntArray) -> Batch:
        tokens = self.tokens(split)
        if self._trunk:
            return self._trunk.batch(split, tokens, rows)
        if split not in self._resident:
            self._resident[split] = resident_ids(tokens, self.device)
        return collate(tokens, rows, self._pad, self.device, self._resident[split])

    def _predictions(
        self,
        split: Split,
        rows: IntArray,
        progress: ProgressCallback,
        monte_carlo: MonteCarlo | None = None,
    ) -> Iterator[tuple[IntArray, Predictions]]:
        """Positions in `rows` and their predictions over seen units, batch by batch, longest
        first."""
        tokens = self.tokens(split)
        lengths = tokens.lengths()[rows]
        self.keep(split, rows, progress)
        if self._trunk:
            lengths = self._trunk.lengths(split, tokens)[rows]
        scoring = Scoring(
            self.view, self.model, self.config, lambda some: self._collate(split, rows[some]),
            lambda: self.shortages.add("memory is short: texts are scored in smaller batches"),
        )  # fmt: skip
        done = 0
        for positions, probs, expected in scoring.batches(lengths, monte_carlo):
            done += len(positions)
            yield positions, self._as_predictions(probs, expected, rows[positions], split)
            progress(TrainingProgress(done, len(rows)))

    def _as_predictions(
        self, probs: FloatArray, expected: FloatArray | None, rows: IntArray, split: Split = "train"
    ) -> Predictions:
        if self.dataset.task is Task.CLASSIFICATION:
            return Predictions.of_texts(probs, expected)
        return Predictions(probs, offsets_of(self.tokens(split).seen(rows)), expected)


def _shape(model: Any) -> tuple[int, int]:
    """Width of an encoder's states and of its feed-forward layers, as far as its configuration
    tells."""
    width = int(getattr(model.config, "hidden_size", 768))
    return width, int(getattr(model.config, "intermediate_size", 4 * width))


def positions_of(model: Any) -> int:
    """The longest sequence the encoder has positions for."""
    limit = getattr(model.config, "max_position_embeddings", 512)
    offset = (
        model.config.pad_token_id + 1
        if model.config.model_type in ("roberta", "xlm-roberta", "camembert")
        else 0
    )
    return int(limit) - offset
