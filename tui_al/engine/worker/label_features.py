"""Features of labelled texts that no label has shaped, for `tui_al.core.annotation.label_errors`:
states of the pretrained encoder, or TF-IDF.

Of a text it is the mean of the last layer's states. Of a word it is the state of its first
sub-token in the middle layer, which tells words apart better than the last one of a sentence
encoder, with those of the words before and after it. Rows have length one.

Only labelled texts are encoded, each once a process; the encoder is loaded when there are new ones
and let go afterwards."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from tui_al.core.annotation.label_errors import Encode
from tui_al.core.arrays import FloatArray, IntArray
from tui_al.core.data.examples import Dataset, Task
from tui_al.core.progress import ProgressCallback, TrainingProgress
from tui_al.core.query.softmax_regression import Features
from tui_al.core.settings.experiment import LearnerConfig
from tui_al.core.settings.model_catalog import BAG_OF_WORDS
from tui_al.engine.hub.sources import find
from tui_al.engine.models.bag_of_words import BagOfWordsLearner
from tui_al.engine.models.learner import positions_of
from tui_al.engine.models.pretrained import load_model, load_tokenizer
from tui_al.engine.text.tokenizing import tokenize
from tui_al.engine.text.tokens import UNSEEN, Tokens, collate, scoring_batches
from tui_al.engine.worker.pool_analysis import STATES_FILE, mean_of
from tui_al.store.kept_arrays import read_array

#: Padded sub-tokens encoded at once: less than a step of training takes, as both models are in
#: memory as well.
_BUDGET = 4_096


def label_features(
    directory: Path, dataset: Dataset, config: LearnerConfig, device: torch.device
) -> Encode:
    """What fits the acquisition model: its encoder as it was pretrained, or its TF-IDF."""
    if config.model != BAG_OF_WORDS:
        return _EncoderFeatures(directory, dataset, config, device)
    learner: list[
        BagOfWordsLearner
    ] = []  # its vocabulary is that of the whole pool: made when needed

    def encode(rows: IntArray, progress: ProgressCallback) -> Features:
        if not learner:
            learner.append(BagOfWordsLearner(config, dataset))
        progress(TrainingProgress(len(rows), len(rows)))
        return learner[0].features(rows)

    return encode


class _EncoderFeatures:
    """See `Encode`."""

    def __init__(
        self, directory: Path, dataset: Dataset, config: LearnerConfig, device: torch.device
    ) -> None:
        self._directory, self._dataset, self._config, self._device = (
            directory,
            dataset,
            config,
            device,
        )
        self._kept: dict[int, NDArray[np.float16]] = {}  # by row: (1, width), or (words, width)

    def __call__(self, rows: IntArray, progress: ProgressCallback) -> FloatArray:
        """Of these rows, (units, width)."""
        tagging = self._dataset.task is Task.TAGGING
        missing = [row for row in rows.tolist() if row not in self._kept]
        size = len(self._dataset.train)
        path = self._directory / STATES_FILE
        kept = None if tagging or not missing else read_array(path, (size, -1), np.float16)
        if kept is not None:
            self._kept.update((row, kept[row : row + 1]) for row in missing)
        elif missing:
            self._encode(missing, progress)
        parts = [self._kept[row].astype(np.float32) for row in rows.tolist()]
        return np.concatenate([_in_context(one) for one in parts] if tagging else parts)

    def _encode(self, rows: Sequence[int], progress: ProgressCallback) -> None:
        """Keep the states of these rows; what is kept when `progress` raises stays."""
        task = self._dataset.task
        source = find(self._config.model, self._config.revision)
        tokenizer = load_tokenizer(source, task)
        encoder = load_model(source, task, ("0", "1"), 0.0).base_model.to(self._device).eval()
        limit = min(self._config.max_length, positions_of(encoder))
        tokens = tokenize(tokenizer, task, [self._dataset.train[row] for row in rows], limit)
        done = 0
        for batch_rows in scoring_batches(tokens.lengths(), _BUDGET):
            batch = collate(tokens, batch_rows, tokenizer.pad_token_id or 0, self._device)
            with torch.inference_mode():
                layers = encoder(
                    input_ids=batch.input_ids,
                    attention_mask=batch.attention_mask,
                    output_hidden_states=True,
                ).hidden_states  # each (batch, longest, width), the embeddings first
            if task is Task.TAGGING:
                middle = layers[len(layers) // 2].float().cpu().numpy()
                found = [_of_words(tokens, i, middle[k]) for k, i in enumerate(batch_rows)]
            else:
                means = mean_of(layers[-1], batch.attention_mask).cpu().numpy()
                found = list(means.astype(np.float16)[:, None])
            self._kept.update((rows[i], one) for i, one in zip(batch_rows, found, strict=True))
            done += len(batch_rows)
            progress(TrainingProgress(done, len(rows)))


def _of_words(tokens: Tokens, row: int, states: NDArray[np.float32]) -> NDArray[np.float16]:
    """States of length one of a sentence's words, (words, width); 0 for a word that is cut off."""
    heads = tokens.words_of(row)
    found = states[np.maximum(heads, 0)]
    found /= np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9)
    found[heads == UNSEEN] = 0.0
    return found.astype(np.float16)


def _in_context(states: NDArray[np.float32]) -> FloatArray:
    """Each word's state beside those of its neighbours, (words, width) to (words, 3 width), of
    length one; 0 where the word has none."""
    nothing = np.zeros_like(states[:1])
    before, after = np.vstack([nothing, states[:-1]]), np.vstack([states[1:], nothing])
    found: FloatArray = np.hstack([states, before, after]) / np.sqrt(3)
    found[~states.any(axis=1)] = 0.0
    return found
