"""From texts to sub-tokens: piece by piece, spread over the cores, as compact arrays."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerFast

from tui_al.core.arrays import IntArray
from tui_al.core.data.examples import Example, Task
from tui_al.engine.text.tokens import UNSEEN, IdArray, Tokens, offsets_of
from tui_al.errors import ModelError

#: Texts handed to the tokenizer at once, and their characters: what it makes of a text takes up to
#: a hundred times its length.
_CHUNK = 10_000
_CHUNK_CHARACTERS = 2_000_000

#: In the place of a word's number, for special tokens.
_NO_WORD = -1


def tokenize(
    tokenizer: PreTrainedTokenizerFast, task: Task, examples: Sequence[Example], max_length: int
) -> Tokens:
    """Tokenise a split, cutting each example at `max_length` sub-tokens."""
    return joined(list(pieces_of(tokenizer, task, examples, max_length)))


def joined(pieces: "Sequence[Piece]") -> Tokens:
    """What the pieces of a whole split hold."""
    empty = np.zeros(0, np.int32)
    return Tokens(
        ids=np.concatenate([p.ids for p in pieces]) if pieces else empty,
        offsets=offsets_of(np.concatenate([p.lengths for p in pieces]) if pieces else empty),
        heads=np.concatenate([p.heads for p in pieces]) if pieces else empty,
        word_offsets=offsets_of(np.concatenate([p.words for p in pieces]) if pieces else empty),
        cut=sum(p.cut for p in pieces),
    )


@dataclass(frozen=True, slots=True)
class Piece:
    """The sub-tokens of some consecutive examples; names as in `Tokens`, lengths in place of
    offsets."""

    ids: IdArray  # (sub-tokens,)
    lengths: NDArray[np.int32]  # (examples,)
    heads: NDArray[np.int32]  # (words,)
    words: NDArray[np.int32]  # (examples,)
    cut: int


def pieces_of(
    tokenizer: PreTrainedTokenizerFast, task: Task, examples: Sequence[Example], max_length: int
) -> Iterator[Piece]:
    """Tokenise piece by piece, so that memory does not grow with the split; the library spreads
    each over the cores."""
    backend = tokenizer.backend_tokenizer
    backend.enable_truncation(max_length, direction=tokenizer.truncation_side)
    backend.no_padding()
    few = max(tokenizer.get_vocab().values(), default=0) < 2**16
    id_type: Any = np.uint16 if few else np.int32
    for chunk in _chunks(examples):
        with tokenizer_told():
            if task is Task.TAGGING:
                inputs: list[Any] = [list(e.tokens) for e in chunk]
                encoded = backend.encode_batch(inputs, is_pretokenized=True)
            else:
                encoded = backend.encode_batch_fast([e.text for e in chunk])
        lengths = np.fromiter((len(e.ids) for e in encoded), np.int32, len(encoded))
        ids = np.fromiter(chain.from_iterable(e.ids for e in encoded), id_type, int(lengths.sum()))
        heads = words = np.zeros(0, np.int32)
        if task is Task.TAGGING:
            words = np.fromiter((len(e.tokens) for e in chunk), np.int32, len(chunk))
            owners = chain.from_iterable(e.word_ids for e in encoded)
            heads = first_subtokens(
                np.fromiter((_NO_WORD if w is None else w for w in owners), np.int64, len(ids)),
                lengths,
                words,
            )
        yield Piece(ids, lengths, heads, words, sum(bool(e.overflowing) for e in encoded))


def is_panic(error: BaseException) -> bool:
    """Whether it is the tokenizers library that gave up: its own kind of error, which is no
    Exception and cannot be imported."""
    return type(error).__name__ == "PanicException"


@contextlib.contextmanager
def tokenizer_told() -> Iterator[None]:
    """What the tokenizers library raises on a text, as a ModelError: a plain Exception, or a panic,
    past all `except Exception`, where a pattern of tokenizer.json takes too many steps."""
    try:
        yield
    except MemoryError:
        raise
    except BaseException as error:
        if not isinstance(error, Exception) and not is_panic(error):
            raise
        said = str(error).partition("\n")[0]
        raise ModelError(
            f"model: its tokenizer.json cannot take a text apart: {said}.",
            "Something in it is at fault; choose another model.",
        ) from error


def _chunks(examples: Sequence[Example]) -> Iterator[Sequence[Example]]:
    start = characters = 0
    for end, example in enumerate(examples):
        if end - start == _CHUNK or characters > _CHUNK_CHARACTERS:
            yield examples[start:end]
            start, characters = end, 0
        characters += len(example.text)
    if start < len(examples):
        yield examples[start:]


def first_subtokens(word_ids: IntArray, lengths: IntArray, words: IntArray) -> NDArray[np.int32]:
    """Position of each word's first sub-token in its sequence, UNSEEN where it has none.

    Args:
        word_ids: of each sub-token of all sequences, _NO_WORD for special ones, (sub-tokens,).
        lengths: of the sequences, (examples,).
        words: of the examples, (examples,).
    """
    heads = np.full(int(words.sum()), UNSEEN, np.int32)
    first_words = np.repeat(offsets_of(words)[:-1], lengths)  # (sub-tokens,)
    positions = np.arange(len(word_ids)) - np.repeat(offsets_of(lengths)[:-1], lengths)
    real = np.flatnonzero(word_ids != _NO_WORD)[::-1]  # backwards: the first one is written last
    heads[first_words[real] + word_ids[real]] = positions[real]
    return heads
