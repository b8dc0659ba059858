"""A model's probabilities for many texts: longest first, in batches of so many sub-tokens, without
waiting for the device.

Batches of like length need next to no padding, and on a processor the small ones are quickest: what
a layer hands to the next stays in the caches. Under Monte-Carlo dropout the passes over a batch
follow each other, so their sums are all that is kept, and what lies before the first dropout is
computed at the first pass only.
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from transformers import PreTrainedModel

from tui_al.core.arrays import FloatArray, IntArray
from tui_al.core.loop.protocols import MonteCarlo
from tui_al.core.settings.experiment import LearnerConfig
from tui_al.engine.models import partial_forward as views
from tui_al.engine.models import peft as tuning
from tui_al.engine.models.device import free_memory, is_out_of_memory
from tui_al.engine.models.training import out_of_memory, unit_logits
from tui_al.engine.text.tokens import Batch, scoring_batches

#: Padded sub-tokens in one scoring batch. The processor's was measured (MiniLM, texts of 16: 0.79
#: of bare products at 1,024, 0.68 at 4,096).
SCORING_BUDGET = {"cpu": 1_024, "mps": 16_384, "cuda": 65_536}

#: Probabilities of a batch's units, (units, classes), and under Monte-Carlo dropout the passes'
#: mean entropies in nats, (units,).
Found = tuple[torch.Tensor, torch.Tensor | None]


@dataclass(frozen=True, slots=True)
class Scoring:
    """How to get from rows to probabilities."""

    view: PreTrainedModel  #: what is run, see `tui_al.engine.models.partial_forward`
    model: PreTrainedModel  #: the whole of it, whose dropouts are set
    config: LearnerConfig
    collate: Callable[[IntArray], Batch]  #: of positions in what `lengths` are of
    halved: Callable[[], None] = lambda: None  #: told when a batch did not fit

    def batches(
        self, lengths: IntArray, monte_carlo: MonteCarlo | None = None
    ) -> Iterator[tuple[IntArray, FloatArray, FloatArray | None]]:
        """Positions with their units' probabilities and expected entropies, batch by batch, longest
        first.

        While the device works on a batch the next one is prepared; a batch that does not fit is
        halved."""
        if monte_carlo:
            torch.manual_seed(monte_carlo.seed)
            tuning.set_dropout(self.model, monte_carlo.rate)
        self.view.train(monte_carlo is not None)
        waiting = list(scoring_batches(lengths, SCORING_BUDGET[self.view.device.type]))[::-1]
        temp_dir: tuple[IntArray, Found] | None = None
        with shared_prefix(self.view) if monte_carlo else contextlib.nullcontext() as forget:
            while waiting:
                positions = waiting.pop()
                if forget:
                    forget()
                begun = self._begin(positions, monte_carlo)
                if begun is None:
                    free_memory()
                    if len(positions) == 1:
                        raise out_of_memory(self.config, int(lengths[positions[0]]))
                    self.halved()
                    middle = len(positions) // 2
                    waiting += [positions[middle:], positions[:middle]]
                    continue
                if temp_dir:
                    yield _fetched(*temp_dir)
                temp_dir = positions, begun
            if temp_dir:
                yield _fetched(*temp_dir)
        self.view.eval()

    def _begin(self, positions: IntArray, monte_carlo: MonteCarlo | None) -> Found | None:
        """Set a batch going; None where memory runs out: what it held is free when this returns,
        not before."""
        try:
            with torch.inference_mode():
                batch = self.collate(positions)
                return self._sums(batch, monte_carlo) if monte_carlo else (self._probs(batch), None)
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            return None

    def _probs(self, batch: Batch) -> torch.Tensor:
        return functional.softmax(unit_logits(self.view, batch, self.config.precision), dim=-1)

    def _sums(self, batch: Batch, monte_carlo: MonteCarlo) -> Found:
        """Mean probability and mean entropy of the passes, by running sums: memory does not depend
        on their number."""
        exact = torch.float32 if self.view.device.type == "mps" else torch.float64
        total = entropies = None
        for _ in range(monte_carlo.passes):
            probs = self._probs(batch).to(exact)
            entropy = torch.special.entr(probs).sum(dim=-1)
            total = probs if total is None else total.add_(probs)
            entropies = entropy if entropies is None else entropies.add_(entropy)
        assert total is not None
        assert entropies is not None
        return total / monte_carlo.passes, entropies / monte_carlo.passes


def _fetched(positions: IntArray, found: Found) -> tuple[IntArray, FloatArray, FloatArray | None]:
    probs, expected = found
    return positions, probs.cpu().numpy(), None if expected is None else expected.cpu().numpy()


@contextlib.contextmanager
def shared_prefix(view: PreTrainedModel) -> Iterator[Callable[[], None]]:
    """Compute the embeddings up to their dropout, the first there is, once for all passes over a
    batch.

    Gives what to call before each new batch. The passes draw the same random numbers as without:
    nothing else changes. Where a frozen trunk stands in for the embeddings, or the encoder is of a
    kind that we do not know, there is nothing to share."""
    encoder = view.base_model
    embeddings: Any = encoder._modules.get("embeddings")
    known = view.config.model_type in views.TRUNKS
    if not known or not isinstance(getattr(embeddings, "dropout", None), nn.Dropout):
        yield lambda: None
        return
    once = _Once(embeddings)
    encoder._modules["embeddings"] = once
    try:
        yield once.forget
    finally:
        encoder._modules["embeddings"] = embeddings


class _Once(nn.Module):
    """In the place of embeddings that end with a dropout: what comes before it is kept from the
    first call."""

    def __init__(self, embeddings: Any) -> None:
        super().__init__()
        self.embeddings = embeddings
        self._kept: torch.Tensor | None = None

    def forget(self) -> None:
        """The next call is for another batch."""
        self._kept = None

    def forward(self, *arguments: Any, **named: Any) -> torch.Tensor:
        """What the embeddings give, their dropout drawn anew."""
        dropout = self.embeddings.dropout
        if self._kept is None:
            rate, dropout.p = dropout.p, 0.0  # at 0 it draws no random numbers
            try:
                self._kept = self.embeddings(*arguments, **named)
            finally:
                dropout.p = rate
        return dropout(self._kept)  # type: ignore[no-any-return]
