"""The frozen trunk: embeddings and the lowest layers, whose output for a text is computed once and
kept.

Nothing below the first trained layer changes while a session lasts, so what it gives for a text
serves all rounds, strategies and seeds, and both models where they have the same trunk. Dropout in
the trunk is off, in training as in scoring; Monte-Carlo dropout therefore acts above it. Where the
whole encoder is the trunk (tuning `head`) only what the head reads is kept: a text's first token or
the mean of all its tokens, or each word's first sub-token.
"""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import PreTrainedModel

from tui_al.core.arrays import IntArray
from tui_al.core.progress import ProgressCallback
from tui_al.core.settings.experiment import LearnerConfig
from tui_al.engine.models import partial_forward as views
from tui_al.engine.models.device import free_memory, is_out_of_memory
from tui_al.engine.models.feature_cache import CachedFeatures, FeatureStore
from tui_al.engine.models.pooling import masked_mean
from tui_al.engine.models.scoring import SCORING_BUDGET
from tui_al.engine.text.tokens import UNSEEN, Batch, Tokens, collate, scoring_batches
from tui_al.errors import ConfigError, EngineError


def trunk_layers(model: PreTrainedModel, config: LearnerConfig) -> int:
    """How many layers are frozen; `auto` is two thirds of them, and all for the tuning `head`,
    which trains none anyway.

    The depth does not change how much is kept, only what is left to run: two thirds cost next to
    nothing in accuracy where that was measured (see `tui-al docs benchmarks`). On an encoder whose
    layers cannot be run apart, `auto` is 0.

    Raises:
        ConfigError: more layers than there are, none left to train, or an encoder whose layers
        cannot be run apart.
    """
    asked = config.trunk_layers
    if asked == 0:
        return 0
    possible = model.config.model_type in views.TRUNKS and not getattr(
        model.config, "conv_kernel_size", 0
    )
    if not possible:
        if asked == "auto":
            return 0
        raise ConfigError(
            f"freeze_layers: the layers of {config.model} ({model.config.model_type}) cannot be "
            "run apart.",
            f"Use 0, or an encoder of the kinds {', '.join(views.TRUNKS)}.",
        )
    there = len(views.layers(model))
    if asked != "auto" and not int(asked) < there + (config.trains == "head"):
        raise ConfigError(
            f"freeze_layers = {asked}: {config.model} has {there} layers, and {config.tuning} "
            "trains at least one of them.",
            f"Use 0 to {there - 1}, or auto.",
        )
    if config.trains == "head":
        return there
    return round(there * 2 / 3) if asked == "auto" else int(asked)


@dataclass(slots=True)
class FrozenLayers:
    """One model's trunk and what is kept of it."""

    run: Any  #: see `views.lower`
    layers: int
    whole: bool  #: nothing is above it but the head
    mean: bool  #: the head of a classifier reads the mean of a text's states, not the first
    identity: tuple[
        object, ...
    ]  #: of the encoder and its texts: weights, tokenizer, maximum length
    feature_store: FeatureStore
    precision: str
    pad_id: int
    device: torch.device
    _found: dict[str, CachedFeatures] = field(default_factory=dict)

    def make(self, split: str, tokens: Tokens, rows: IntArray, progress: ProgressCallback) -> None:
        """Compute what these rows need and is not kept yet."""
        self._states(split, tokens).make(rows, lambda some: self._compute(tokens, some), progress)

    def batch(self, split: str, tokens: Tokens, rows: IntArray) -> Batch:
        """What the layers above take: states in place of sub-tokens. Call `make` before."""
        states = self._states(split, tokens)
        given = states.gather(rows, lambda some: self._compute(tokens, some)).to(self.device)
        if not self.whole:
            return replace(collate(tokens, rows, self.pad_id, self.device), states=given)
        lengths = states.lengths[rows]
        mask = torch.from_numpy(np.arange(given.shape[1]) < lengths[:, None]).to(self.device)
        units = mask.nonzero(as_tuple=True) if len(tokens.heads) else (None, None)
        whole = mask.to(torch.int64)
        return Batch(whole, whole, units[0], units[1], given)

    def lengths(self, split: str, tokens: Tokens) -> IntArray:
        """States of each text, (texts,)."""
        return self._states(split, tokens).lengths

    def note(self, split: str, tokens: Tokens) -> str:
        """What to say where there is no room for all; else nothing."""
        states = self._states(split, tokens)
        if states.texts == len(states.lengths):
            return ""
        room = f"{self.feature_store.budget / 2**30:.1f} GiB of memory and the disk allow"
        return (
            f"the frozen layers' output is kept for {states.texts:,} of {len(states.lengths):,} "
            f"{split} texts, as {room}; for the others it is computed each time"
        )

    def _states(self, split: str, tokens: Tokens) -> CachedFeatures:
        if split in self._found:
            return self._found[split]
        read = self.whole and self.mean
        key = (
            *self.identity,
            self.layers,
            self.whole,
            read,
            self.precision,
            str(self.device),
            split,
        )
        dtype = torch.bfloat16 if self.precision == "bf16" else torch.float32
        width = self.run.config.hidden_size
        batches = list(scoring_batches(tokens.lengths(), SCORING_BUDGET[self.device.type]))
        # short texts first: where memory is short, there is room for more of them
        batches.reverse()
        found = self.feature_store.states(
            key, self._lengths(tokens), batches, width, dtype, self.device
        )
        self._found[split] = found
        return found

    def _lengths(self, tokens: Tokens) -> NDArray[Any]:
        if not self.whole:
            return tokens.lengths()
        if not len(tokens.heads):
            return np.ones(len(tokens.offsets) - 1, np.int64)
        seen = np.concatenate([[0], np.cumsum(tokens.heads != UNSEEN)])
        return np.asarray(np.diff(seen[tokens.word_offsets]))

    def _compute(self, tokens: Tokens, rows: IntArray) -> torch.Tensor:
        """The states of these rows one below the other, (sum of their lengths, width); in parts
        where memory is short."""
        found = self._try(tokens, rows)
        if found is not None:
            return found
        free_memory()
        if len(rows) == 1:
            raise EngineError(
                "The frozen layers run out of memory with a single text of "
                f"{int(tokens.lengths()[rows[0]])} sub-tokens.",
                "Lower the maximum length, choose a smaller model, or free memory on the device.",
            )
        middle = len(rows) // 2
        return torch.cat([self._compute(tokens, some) for some in (rows[:middle], rows[middle:])])

    def _try(self, tokens: Tokens, rows: IntArray) -> torch.Tensor | None:
        try:
            return self._run(tokens, rows)
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            return None

    @torch.no_grad()
    def _run(self, tokens: Tokens, rows: IntArray) -> torch.Tensor:
        batch = collate(tokens, rows, self.pad_id, self.device)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.precision == "bf16"):
            found: torch.Tensor = self.run(
                input_ids=batch.input_ids, attention_mask=batch.attention_mask
            ).last_hidden_state
        if not self.whole:
            return found[batch.attention_mask.bool()]
        if batch.unit_rows is None:
            return masked_mean(found, batch.attention_mask) if self.mean else found[:, 0]
        return found[batch.unit_rows, batch.unit_columns]
