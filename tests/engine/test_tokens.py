"""Texts as sub-tokens, padded batches, and which examples go together."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerFast

from tests.engine import tiny
from tui_al.core.data.examples import Example, Task
from tui_al.engine.hub.sources import ModelSource
from tui_al.engine.models.pretrained import load_tokenizer
from tui_al.engine.text.tokenizing import first_subtokens, tokenize
from tui_al.engine.text.tokens import (
    UNSEEN,
    Tokens,
    collate,
    offsets_of,
    scoring_batches,
    training_batches,
)

LENGTHS = st.lists(st.integers(1, 60), max_size=200).map(np.array)


@pytest.fixture(scope="module")
def tokenizer(bert: Path) -> PreTrainedTokenizerFast:
    return load_tokenizer(ModelSource("tiny", bert), Task.CLASSIFICATION)


def text(words: str) -> Example:
    return Example("id", words, "x")


def sentence(*words: str) -> Example:
    return Example("id", " ".join(words), ("O",) * len(words), words)


def test_texts_keep_their_special_tokens_and_their_order(
    tokenizer: PreTrainedTokenizerFast,
) -> None:
    made = tokenize(tokenizer, Task.CLASSIFICATION, [text("the cat sleeps"), text("oslo")], 48)
    cls, sep = tokenizer.cls_token_id, tokenizer.sep_token_id
    words = tokenizer.convert_tokens_to_ids(["the", "cat", "sleeps", "oslo"])
    assert made.ids.tolist() == [cls, *words[:3], sep, cls, words[3], sep]
    assert made.offsets.tolist() == [0, 5, 8]
    assert made.lengths().tolist() == [5, 3]
    assert made.cut == 0
    assert len(made.heads) == 0


def test_texts_over_the_limit_are_cut_and_counted(tokenizer: PreTrainedTokenizerFast) -> None:
    long, exact = text("the cat sleeps today again"), text("the cat sleeps")
    made = tokenize(tokenizer, Task.CLASSIFICATION, [long, exact, long], 5)
    assert made.cut == 2
    assert made.lengths().tolist() == [5, 5, 5]
    assert made.ids[4] == tokenizer.sep_token_id  # the end is still marked


def test_more_texts_than_the_tokenizer_takes_at_once(
    tokenizer: PreTrainedTokenizerFast, monkeypatch: pytest.MonkeyPatch
) -> None:
    examples = [sentence(*e.text.split()) for e in tiny.classified().train[:10]]
    whole = tokenize(tokenizer, Task.TAGGING, examples, 8)
    monkeypatch.setattr("tui_al.engine.text.tokenizing._CHUNK", 3)
    in_parts = tokenize(tokenizer, Task.TAGGING, examples, 8)
    for field in ("ids", "offsets", "heads", "word_offsets"):
        assert np.array_equal(getattr(whole, field), getattr(in_parts, field))
    assert whole.cut == in_parts.cut > 0


def test_no_examples_at_all(tokenizer: PreTrainedTokenizerFast) -> None:
    made = tokenize(tokenizer, Task.TAGGING, [], 48)
    assert made.offsets.tolist() == made.word_offsets.tolist() == [0]
    assert made.cut == 0


def test_a_words_head_is_its_first_subtoken(tokenizer: PreTrainedTokenizerFast) -> None:
    made = tokenize(tokenizer, Task.TAGGING, [sentence("oslo", "catcat", "is")], 48)
    pieces = tokenizer.tokenize("catcat")
    assert len(pieces) > 1
    assert made.words_of(0).tolist() == [1, 2, 2 + len(pieces)]


def test_a_word_that_is_cut_off_or_empty_is_unseen(tokenizer: PreTrainedTokenizerFast) -> None:
    words = ("oslo", "\u200d\x07", "is", "cold")
    made = tokenize(tokenizer, Task.TAGGING, [sentence(*words), sentence("cold")], 4)
    assert made.words_of(0).tolist() == [1, UNSEEN, 2, UNSEEN]
    assert made.words_of(1).tolist() == [1]
    assert made.word_offsets.tolist() == [0, 4, 5]
    assert made.cut == 1


def test_first_subtokens_by_hand() -> None:
    word_ids = np.array([-1, 0, 0, 2, 2, 2, 3, -1, -1, -1, -1, 1, 0, -1])
    found = first_subtokens(word_ids, np.array([8, 2, 4]), np.array([5, 1, 2]))
    assert found.tolist() == [1, UNSEEN, 3, 6, UNSEEN, UNSEEN, 2, 1]


def test_collate_pads_to_the_longest_of_these_rows() -> None:
    tokens = Tokens(
        ids=np.array([2, 7, 3, 2, 3, 2, 5, 6, 5, 3], dtype=np.int32),
        offsets=np.array([0, 3, 5, 10]),
        heads=np.zeros(0, np.int32),
        word_offsets=np.zeros(4, np.int64),
        cut=0,
    )
    batch = collate(tokens, np.array([1, 0]), 9, tiny.CPU)
    assert batch.input_ids.tolist() == [[2, 3, 9], [2, 7, 3]]
    assert batch.attention_mask.tolist() == [[1, 1, 0], [1, 1, 1]]
    assert batch.unit_rows is None
    assert batch.unit_columns is None


def test_collate_points_at_the_seen_words() -> None:
    tokens = Tokens(
        ids=np.array([2, 7, 8, 3, 2, 5, 3], dtype=np.int32),
        offsets=np.array([0, 4, 7]),
        heads=np.array([1, UNSEEN, 2, 1, UNSEEN], dtype=np.int32),
        word_offsets=np.array([0, 3, 5]),
        cut=1,
    )
    batch = collate(tokens, np.array([1, 0]), 0, tiny.CPU)
    assert batch.unit_rows is not None
    assert batch.unit_columns is not None
    assert batch.unit_rows.tolist() == [0, 1, 1]
    assert batch.unit_columns.tolist() == [1, 1, 2]
    words = batch.input_ids[batch.unit_rows, batch.unit_columns]
    assert words.tolist() == [5, 7, 8]


@given(lengths=LENGTHS.filter(len), seed=st.integers(0, 99))
def test_a_batch_of_resident_subtokens_is_the_same(lengths: np.ndarray, seed: int) -> None:
    rng = np.random.default_rng(seed)
    ids = rng.integers(0, 2**16, lengths.sum()).astype(np.uint16)
    nothing = np.zeros(0, np.int32)
    tokens = Tokens(ids, offsets_of(lengths), nothing, np.zeros(len(lengths) + 1, np.int64), 0)
    rows = rng.integers(0, len(lengths), 5)
    sent = collate(tokens, rows, 3, tiny.CPU)
    there = collate(tokens, rows, 3, tiny.CPU, torch.from_numpy(ids.astype(np.int32)))
    assert there.input_ids.equal(sent.input_ids)
    assert there.attention_mask.equal(sent.attention_mask)


@given(lengths=LENGTHS, size=st.integers(1, 20), window=st.integers(1, 5))
def test_an_epoch_holds_every_example_once(lengths: np.ndarray, size: int, window: int) -> None:
    batches = training_batches(lengths, size, np.random.default_rng(1), window)
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    assert len(batches) == -(-len(lengths) // size)
    assert sum(len(batch) < size for batch in batches) <= 1
    assert all(1 <= len(batch) <= size for batch in batches)


@given(lengths=LENGTHS, seed=st.integers(0, 99))
def test_an_epoch_is_seeded(lengths: np.ndarray, seed: int) -> None:
    first, second = (training_batches(lengths, 4, np.random.default_rng(seed)) for _ in range(2))
    assert [b.tolist() for b in first] == [b.tolist() for b in second]


def test_two_epochs_differ_and_batches_are_of_like_length() -> None:
    lengths = np.random.default_rng(0).integers(4, 60, 128)
    rng = np.random.default_rng(2)
    first, second = (training_batches(lengths, 8, rng) for _ in range(2))
    assert {tuple(sorted(b)) for b in first} != {tuple(sorted(b)) for b in second}
    spread = np.mean([np.ptp(lengths[b]) for b in first])
    assert spread < 0.5 * np.ptp(lengths)
    longest = [int(lengths[b].max()) for b in first]
    assert longest != sorted(longest)  # not from short to long: the order of batches is shuffled


@given(lengths=LENGTHS, budget=st.integers(1, 300))
def test_scoring_covers_everything_within_the_budget(lengths: np.ndarray, budget: int) -> None:
    batches = list(scoring_batches(lengths, budget))
    order = [int(i) for batch in batches for i in batch]
    assert sorted(order) == list(range(len(lengths)))
    assert [int(lengths[i]) for i in order] == sorted((int(x) for x in lengths), reverse=True)
    for batch in batches:
        assert len(batch) == 1 or len(batch) * int(lengths[batch].max()) <= budget


def test_scoring_batches_are_as_large_as_the_budget_allows() -> None:
    batches = [b.tolist() for b in scoring_batches(np.array([2, 5, 5, 1, 3]), 10)]
    assert batches == [[1, 2], [4, 0, 3]]
