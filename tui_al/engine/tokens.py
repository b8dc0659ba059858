"""Texts as sub-tokens: done once for all rounds and seeds, kept ragged, padded only batch by batch."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerFast

from tui_al.core.predictions import IntArray
from tui_al.core.tasks import Example, Task

#: Texts handed to the tokenizer at once; it spreads them over the cores.
_CHUNK = 10_000

#: `Tokens.heads` of a word that has no sub-token of its own: cut off by the length limit, or nothing but control characters.
UNSEEN = -1


@dataclass(frozen=True, slots=True)
class Tokens:
    """The sub-tokens of a split, special tokens included.

    For tagging, `heads` gives each word's first sub-token as a position in its sequence, or UNSEEN; example i owns words
    word_offsets[i]:word_offsets[i + 1]. For classification both are empty.
    """

    ids: NDArray[np.int32]  # (sub-tokens of all examples,)
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


@dataclass(frozen=True, slots=True)
class Batch:
    """Padded inputs on a device. For tagging, unit k is at sequence `unit_rows[k]`, position `unit_columns[k]`.

    With a frozen trunk, its output `states` takes the place of the sub-tokens, see `tui_al.engine.trunk`.
    """

    input_ids: torch.Tensor  # (batch, longest)
    attention_mask: torch.Tensor  # (batch, longest)
    unit_rows: torch.Tensor | None  # (units,)
    unit_columns: torch.Tensor | None  # (units,)
    states: torch.Tensor | None = None  # (batch, longest, width)


def tokenize(
    tokenizer: PreTrainedTokenizerFast, task: Task, examples: Sequence[Example], max_length: int
) -> Tokens:
    """Tokenise a split, cutting each example at `max_length` sub-tokens."""
    ids: list[NDArray[np.int32]] = []
    lengths: list[int] = []
    heads: list[NDArray[np.int32]] = []
    words: list[int] = []
    cut = 0
    for start in range(0, len(examples), _CHUNK):
        chunk = examples[start : start + _CHUNK]
        tagging = task is Task.TAGGING
        encoded = tokenizer(
            [list(e.tokens) for e in chunk] if tagging else [e.text for e in chunk],
            is_split_into_words=tagging,
            truncation=True,
            max_length=max_length,
            return_attention_mask=False,
            return_token_type_ids=False,
        )
        for position, (sequence, example) in enumerate(
            zip(encoded["input_ids"], chunk, strict=True)
        ):
            ids.append(np.array(sequence, dtype=np.int32))
            lengths.append(len(sequence))
            cut += bool(encoded.encodings[position].overflowing)
            if tagging:
                found = first_subtokens(encoded.word_ids(position), len(example.tokens))
                heads.append(found)
                words.append(len(found))
    return Tokens(
        ids=np.concatenate(ids) if ids else np.zeros(0, np.int32),
        offsets=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        heads=np.concatenate(heads) if heads else np.zeros(0, np.int32),
        word_offsets=np.concatenate([[0], np.cumsum(words)]).astype(np.int64),
        cut=cut,
    )


def first_subtokens(word_ids: Iterable[int | None], words: int) -> NDArray[np.int32]:
    """Position of each word's first sub-token, UNSEEN where it has none, (words,)."""
    found = np.full(words, UNSEEN, dtype=np.int32)
    for position, word in enumerate(word_ids):
        if word is not None and found[word] == UNSEEN:
            found[word] = position
    return found


def collate(tokens: Tokens, rows: IntArray, pad_id: int, device: torch.device) -> Batch:
    """Pad these rows to the longest of them."""
    lengths = tokens.lengths()[rows]
    longest = int(lengths.max())
    inputs = np.full((len(rows), longest), pad_id, dtype=np.int64)
    for i, row in enumerate(rows):
        inputs[i, : lengths[i]] = tokens.ids[tokens.offsets[row] : tokens.offsets[row + 1]]
    mask = np.arange(longest) < lengths[:, None]
    unit_rows = unit_columns = None
    if len(tokens.heads):
        heads = [tokens.words_of(row) for row in rows]
        columns = np.concatenate(heads)
        owners = np.repeat(np.arange(len(rows)), [len(h) for h in heads])
        seen = columns != UNSEEN
        unit_rows = torch.from_numpy(owners[seen]).to(device)
        unit_columns = torch.from_numpy(columns[seen].astype(np.int64)).to(device)
    return Batch(
        torch.from_numpy(inputs).to(device),
        torch.from_numpy(mask.astype(np.int64)).to(device),
        unit_rows,
        unit_columns,
    )


def training_batches(
    lengths: IntArray, batch_size: int, rng: np.random.Generator, window: int = 16
) -> list[IntArray]:
    """A shuffled epoch as positions, batches of like length together to save padding.

    Examples are shuffled, sorted by length (blurred by a fifth, so that batches differ between epochs) within windows of
    `window` batches, cut into batches, and the batches are shuffled.
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
    """All positions, longest first, in batches of at most `budget` padded sub-tokens (one example at least)."""
    order = np.argsort(-lengths, kind="stable")
    start = 0
    while start < len(order):
        size = max(1, budget // max(1, int(lengths[order[start]])))
        yield order[start : start + size]
        start += size
