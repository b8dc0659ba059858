"""Sub-tokens on disk: what the tokenizer gives, made once, shared, bounded, and made again when
damaged."""

import multiprocessing
import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from transformers import (
    BertTokenizerFast,
    DistilBertTokenizerFast,
    ElectraTokenizerFast,
    PreTrainedTokenizerFast,
)

from tests.engine import tiny
from tui_al.core.data.examples import Dataset, Example, Task
from tui_al.engine.hub.sources import ModelSource
from tui_al.engine.models.pretrained import load_tokenizer
from tui_al.engine.text import token_cache
from tui_al.engine.text.token_cache import TokenCache, digest
from tui_al.engine.text.tokenizing import pieces_of, tokenize
from tui_al.engine.text.tokens import UNSEEN, Tokens

TEXT, TAGS = Task.CLASSIFICATION, Task.TAGGING


@pytest.fixture(scope="module")
def tokenizer(bert: Path) -> PreTrainedTokenizerFast:
    return load_tokenizer(ModelSource("tiny", bert), TEXT)


@pytest.fixture
def cache(tmp_path: Path) -> TokenCache:
    return TokenCache(tmp_path / "tokens")


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many examples each tokenisation was asked for."""
    made: list[int] = []

    def counted(
        tokenizer: PreTrainedTokenizerFast, task: Task, examples: Sequence[Example], limit: int
    ) -> object:
        made.append(len(examples))
        return pieces_of(tokenizer, task, examples, limit)

    monkeypatch.setattr(token_cache, "pieces_of", counted)
    return made


def same(one: Tokens, other: Tokens) -> bool:
    names = ("ids", "offsets", "heads", "word_offsets")
    return one.cut == other.cut and all(
        np.array_equal(getattr(one, n), getattr(other, n)) for n in names
    )


def by_hand(
    tokenizer: PreTrainedTokenizerFast, task: Task, examples: Sequence[Example], limit: int
) -> tuple[list[list[int]], list[list[int]]]:
    """Each example's sub-tokens and each word's first one, from the tokenizer itself, one example
    at a time."""
    ids, heads = [], []
    for example in examples:
        words = task is TAGS
        text = list(example.tokens) if words else example.text
        found = tokenizer(text, is_split_into_words=words, truncation=True, max_length=limit)
        ids.append(found["input_ids"])
        owners = found.word_ids() if words else []
        heads.append(
            [owners.index(i) if i in owners else UNSEEN for i in range(len(example.tokens))]
        )
    return ids, heads


@pytest.mark.parametrize("kind", ["bert", "roberta"])
@pytest.mark.parametrize("task", ["classified", "tagged"])
@pytest.mark.parametrize("limit", [5, 48])
def test_the_file_holds_what_the_tokenizer_gives(
    encoders: dict[str, Path], request: pytest.FixtureRequest, cache: TokenCache, kind: str,
    task: str, limit: int,
    monkeypatch: pytest.MonkeyPatch, calls: list[int],
) -> None:  # fmt: skip
    monkeypatch.setattr("tui_al.engine.text.tokenizing._CHUNK", 7)
    dataset: Dataset = request.getfixturevalue(task)
    tokenizer = load_tokenizer(ModelSource("tiny", encoders[kind]), dataset.task)
    made = cache.tokens(tokenizer, dataset.task, dataset.train, limit)
    again = cache.tokens(tokenizer, dataset.task, dataset.train, limit)
    assert calls == [len(dataset.train)]
    assert same(made, again)
    ids, heads = by_hand(tokenizer, dataset.task, dataset.train, limit)
    assert [
        made.ids[a:b].tolist() for a, b in zip(made.offsets, made.offsets[1:], strict=False)
    ] == ids
    assert made.ids.dtype == np.uint16
    assert isinstance(made.ids, np.memmap)
    if dataset.task is TAGS:
        assert [made.words_of(i).tolist() for i in range(len(heads))] == heads
    else:
        assert len(made.heads) == 0
    whole, _ = by_hand(tokenizer, dataset.task, dataset.train, 48)
    assert made.cut == sum(len(i) > limit for i in whole)


def test_what_a_file_depends_on(tokenizer: PreTrainedTokenizerFast, tmp_path: Path) -> None:
    """Texts in their order, words and where they end, task, maximum length, vocabulary; not
    answers, ids or origins."""
    one, two = tiny.tagged().train[:2]
    found = {
        digest(tokenizer, TEXT, [one, two], 48),
        digest(tokenizer, TEXT, [two, one], 48),
        digest(tokenizer, TEXT, [one], 48),
        digest(tokenizer, TEXT, [], 48),
        digest(tokenizer, TAGS, [one, two], 48),
        digest(tokenizer, TAGS, [replace(one, tokens=one.tokens + two.tokens)], 48),
        digest(tokenizer, TEXT, [one, two], 47),
    }
    assert len(found) == 7
    other = replace(one, id="x", answer=None, origin="elsewhere")
    assert digest(tokenizer, TEXT, [other, two], 48) in found
    larger = BertTokenizerFast(tokenizer_object=tiny.wordpiece([*tiny.corpus(), "zebra"]))
    assert digest(larger, TEXT, [one, two], 48) not in found


def test_models_with_the_same_vocabulary_share(cache: TokenCache, calls: list[int]) -> None:
    raw = tiny.wordpiece(tiny.corpus())
    for kind in (BertTokenizerFast, ElectraTokenizerFast, DistilBertTokenizerFast):
        tokenizer = kind(tokenizer_object=raw)
        tokenizer.backend_tokenizer.enable_truncation(9)  # a state of its own is not a difference
        cache.tokens(tokenizer, TEXT, tiny.classified().train, 48)
    assert len(calls) == 1


@pytest.mark.parametrize(
    "damage", ["bit in the sub-tokens", "bit in the header", "cut", "empty", "lengths"]
)
def test_a_damaged_file_is_made_again(
    tokenizer: PreTrainedTokenizerFast, cache: TokenCache, calls: list[int], damage: str
) -> None:
    examples = tiny.tagged().train
    made = cache.tokens(tokenizer, TAGS, examples, 9)
    (path,) = cache.directory.iterdir()
    whole = path.read_bytes()
    path.unlink()  # `made` still reads it
    where = {
        "bit in the sub-tokens": 600,
        "bit in the header": whole.index(b'"cut": ') + 7,
        "lengths": len(whole) - 90,
    }
    if damage in where:
        broken = bytearray(whole)
        broken[where[damage]] ^= 1
        path.write_bytes(broken)
    else:
        path.write_bytes(whole[:700] if damage == "cut" else b"")
    assert same(cache.tokens(tokenizer, TAGS, examples, 9), made)
    assert len(calls) == 2
    assert path.read_bytes() == whole


def test_a_large_vocabulary_takes_four_bytes(
    tokenizer: PreTrainedTokenizerFast, cache: TokenCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    examples = tiny.classified().train
    narrow = cache.tokens(tokenizer, TEXT, examples, 48)
    shutil.rmtree(cache.directory)
    monkeypatch.setattr(type(tokenizer), "get_vocab", lambda _: {"last": 2**16})
    wide = cache.tokens(tokenizer, TEXT, examples, 48)
    assert narrow.ids.dtype == np.uint16
    assert wide.ids.dtype == np.int32
    assert same(narrow, wide)


def test_the_least_recently_used_go_when_there_is_no_room(
    tokenizer: PreTrainedTokenizerFast, tmp_path: Path, calls: list[int]
) -> None:
    examples = tiny.classified().train
    unbounded = TokenCache(tmp_path)
    for age, limit in ((30, 10), (20, 11), (10, 12)):
        unbounded.tokens(tokenizer, TEXT, examples, limit)
        newest = max(tmp_path.iterdir(), key=lambda p: p.stat().st_mtime_ns)
        os.utime(newest, (1e9 - age, 1e9 - age))
    unbounded.tokens(tokenizer, TEXT, examples, 10)  # used: now the newest
    size = sum(p.stat().st_size for p in tmp_path.iterdir()) + 500  # 13 takes more than 11
    left = tmp_path / "killed.part"
    left.touch()
    os.utime(left, (1e9, 1e9))
    TokenCache(tmp_path, budget=size).tokens(tokenizer, TEXT, examples, 13)
    calls.clear()
    assert not left.exists()
    assert sum(p.stat().st_size for p in tmp_path.iterdir()) <= size
    for limit in (10, 12, 13):
        unbounded.tokens(tokenizer, TEXT, examples, limit)
    assert not calls
    unbounded.tokens(tokenizer, TEXT, examples, 11)
    assert len(calls) == 1


def test_without_room_even_for_one_it_is_still_there(
    tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    cache = TokenCache(tmp_path, budget=0)
    made = cache.tokens(tokenizer, TEXT, tiny.classified().train, 48)
    assert len(made.lengths()) == 108
    assert len(list(tmp_path.iterdir())) == 1


def test_without_a_usable_disk_tokens_are_kept_in_memory(
    tokenizer: PreTrainedTokenizerFast, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    cache = TokenCache(tmp_path / "file" / "tokens")
    made = cache.tokens(tokenizer, TEXT, tiny.classified().train, 48)
    assert len(made.lengths()) == 108
    assert "kept in memory" in caplog.text


@pytest.mark.slow
def test_several_processes_at_once_leave_one_good_file(bert: Path, tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=_fill, args=(bert, tmp_path)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [p.exitcode for p in processes] == [0, 0, 0]
    assert not list(tmp_path.glob("*.part"))
    tokenizer = load_tokenizer(ModelSource("tiny", bert), TEXT)
    made = TokenCache(tmp_path).tokens(tokenizer, TEXT, tiny.classified().train, 48)
    assert isinstance(made.ids, np.memmap)


def _fill(bert: Path, directory: Path) -> None:
    """Make the file and drop it, again and again; whatever the others do meanwhile, the tokens are
    right."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false"  # its threads do not survive a fork
    tokenizer = load_tokenizer(ModelSource("tiny", bert), TEXT)
    examples = tiny.classified().train
    right = tokenize(tokenizer, TEXT, examples, 48)
    for _ in range(8):
        assert same(TokenCache(directory).tokens(tokenizer, TEXT, examples, 48), right)
        for path in directory.glob("*.tokens"):
            path.unlink(missing_ok=True)
