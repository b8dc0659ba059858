"""Texts as sub-tokens: kept ragged, padded only batch by batch."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from tui_al.core.arrays import IntArray

#: `Tokens.heads` of a word that has no sub-token of its own: cut off by the length limit, or
#: nothing but control characters.
UNSEEN = -1

#: Of a GPU's free memory, what the sub-tokens of one split may take to stay there.
_RESIDENT_SHARE = 0.05

IdArray = NDArray[np.uint16] | NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Tokens:
    """The sub-tokens of a split, special tokens included.

    For tagging, `heads` gives each word's first sub-token as a position in its sequence, or UNSEEN;
    example i owns words word_offsets[i]:word_offsets[i + 1]. For classification both are empty.
    """

    ids: IdArray  # (sub-tokens of all examples,)
    offsets: NDArray[np.int64]  # (examples + 1,)
    heads: NDArray[np.int32]  # (words of all examples,)
    word_offsets: NDArray[np.int64]  # (examples + 1,)
    cut: int  #: examples longer than the limit

    def lengths(self) -> IntArray:
        """Sub-tokens of each example, (examples,)."""
        return np.diff(self.offsets)

    def words_of(self, row: int) -> NDArray[np.int32]:
        """`heads` of one example, (words,)."""
        return self.heads[self.word_offsets[row] : self.word_offsets[row + 1]]

    def seen(self, rows: IntArray) -> IntArray:
        """How many of their words the model sees, (rows,)."""
        heads, words = gather(self.heads, self.word_offsets, rows)
        owners = np.repeat(np.arange(len(rows)), words)
        return np.bincount(owners[heads != UNSEEN], minlength=len(rows))


@dataclass(frozen=True, slots=True)
class Batch:
    """Padded inputs on a device. For tagging, unit k is at sequence `unit_rows[k]`, position
    `unit_columns[k]`.

    With a frozen trunk, its output `states` takes the place of the sub-tokens, see
    `tui_al.engine.models.frozen_layers`."""

    input_ids: torch.Tensor  # (batch, longest)
    attention_mask: torch.Tensor  # (batch, longest)
    unit_rows: torch.Tensor | None  # (units,)
    unit_columns: torch.Tensor | None  # (units,)
    states: torch.Tensor | None = None  # (batch, longest, width)


def collate(
    tokens: Tokens,
    rows: IntArray,
    pad_id: int,
    device: torch.device,
    resident: torch.Tensor | None = None,
) -> Batch:
    """Pad these rows to the longest of them; `resident` sub-tokens, see below, need not be sent to
    the device."""
    lengths = tokens.offsets[rows + 1] - tokens.offsets[rows]
    longest = int(lengths.max())
    if resident is None:
        ids, _ = gather(tokens.ids, tokens.offsets, rows)
        own = np.arange(longest) < lengths[:, None]
        padded = np.full(own.shape, pad_id, dtype=np.int64)
        padded[own] = ids
        inputs, mask = put(padded, device), put(own.astype(np.int64), device)
    else:
        given = put(np.stack([tokens.offsets[rows], lengths]), device)
        columns = torch.arange(longest, device=device)
        there = columns < given[1, :, None]
        index = torch.where(there, given[0, :, None] + columns, 0)
        inputs = torch.where(there, resident[index].long(), pad_id)
        mask = there.long()
    unit_rows = unit_columns = None
    if len(tokens.heads):
        heads, words = gather(tokens.heads, tokens.word_offsets, rows)
        owners = np.repeat(np.arange(len(rows)), words)
        seen = heads != UNSEEN
        unit_rows = put(owners[seen], device)
        unit_columns = put(heads[seen].astype(np.int64), device)
    return Batch(inputs, mask, unit_rows, unit_columns)


def resident_ids(tokens: Tokens, device: torch.device) -> torch.Tensor | None:
    """All of a split's sub-tokens on a GPU, (sub-tokens,) int32, if they take little of what is
    free there; else None."""
    if device.type != "cuda":
        return None
    free, _ = torch.cuda.mem_get_info(device)
    if 4 * len(tokens.ids) > _RESIDENT_SHARE * free:
        return None
    own = np.array(tokens.ids, dtype=np.int32)  # the cache's memory may be read-only
    return torch.from_numpy(own).to(device)


def put(values: NDArray[Any], device: torch.device) -> torch.Tensor:
    """Values on a device; a GPU fetches them from pinned memory while the program goes on."""
    tensor = torch.from_numpy(values)
    if device.type == "cuda":
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)


def offsets_of(lengths: IntArray) -> NDArray[np.int64]:
    """Where each of so many things begins and the last one ends, (n,) to (n + 1,)."""
    offsets = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def gather(
    values: NDArray[Any], offsets: NDArray[np.int64], rows: IntArray
) -> tuple[NDArray[Any], IntArray]:
    """The values of these rows one after the other, (sum of lengths,), and the lengths, (rows,)."""
    lengths = offsets[rows + 1] - offsets[rows]
    into = offsets_of(lengths)
    index = np.arange(into[-1]) + np.repeat(offsets[rows] - into[:-1], lengths)
    return values[index], lengths


def training_batches(
    lengths: IntArray, batch_size: int, rng: np.random.Generator, window: int = 16
) -> list[IntArray]:
    """A shuffled epoch as positions, batches of like length together to save padding.

    Examples are shuffled, sorted by length (blurred by a fifth, so that batches differ between
    epochs) within windows of `window` batches, cut into batches, and the batches are shuffled.
    """
    order = rng.permutation(len(lengths))
    blurred = lengths[order] * rng.uniform(0.8, 1.2, len(lengths))
    span = window * batch_size
    batches = []
    for start in range(0, len(order), span):
        inside = order[start : start + span][np.argsort(blurred[start : start + span])]
        batches += [inside[i : i + batch_size] for i in range(0, len(inside), batch_size)]
    return [batches[i] for i in rng.permutation(len(batches))]


def scoring_batches(lengths: IntArray, budget: int) -> Iterator[IntArray]:
    """All positions, longest first, in batches of at most `budget` padded sub-tokens (one example
    at least)."""
    order = np.argsort(-lengths, kind="stable")
    start = 0
    while start < len(order):
        size = max(1, budget // max(1, int(lengths[order[start]])))
        yield order[start : start + size]
        start += size
