"""Search finds what looking at every text would find, in the order of the file, whether the folded
copy is there, partly, or not."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_al.core.data.caseless import fold_words, holds
from tui_al.core.data.examples import Dataset, Example, Task
from tui_al.store import folded_texts
from tui_al.store.examples import ExampleReader, append_examples, write_examples

#: Letters whose fold is longer, another letter, nothing, or holds a blank; what parts lines and
#: blocks; scripts without blanks.
_LETTERS = "aAbB ßẞİıIiäÄ\u0308ﬁ´\u00ad\u200b\n\t\r\u2028\x00東京ｶﾞが가"
_TEXTS = st.text(st.sampled_from(_LETTERS), max_size=12)

_DAMAGES = {
    "none": "SELECT 1",
    "earlier version": "DROP TABLE folded_texts",
    "other rules": "UPDATE folded_texts SET rules = '0'",
    "flipped bytes": "UPDATE folded_texts SET texts = zeroblob(length(texts)) WHERE first % 2",
    "another count": "UPDATE folded_texts SET count = count + 1 WHERE first % 2",
    "another place": "UPDATE folded_texts SET first = first + 1000 WHERE first % 2",
    "no bytes": "UPDATE folded_texts SET texts = 'abc' WHERE first % 2",
    "blocks lost": "DELETE FROM folded_texts WHERE first % 2",
}


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A few texts fill a block."""
    monkeypatch.setattr(folded_texts, "_BLOCK", 16)
    yield


def _dataset(texts: list[str]) -> Dataset:
    train = tuple(Example(f"id{place}", text) for place, text in enumerate(texts))
    return Dataset("made-up", Task.CLASSIFICATION, ("a", "b"), train, (Example("t", "aA 東京"),))


def _looked_through(texts: list[str], words: str, limit: int) -> list[str]:
    wanted = fold_words(words)
    found = [f"id{place}" for place, text in enumerate(texts) if wanted and holds(text, wanted)]
    return found[:limit]


@pytest.mark.slow
@pytest.mark.usefixtures("small_blocks")
@settings(max_examples=80)  # each writes a file to the disk
@given(
    st.sampled_from(sorted(_DAMAGES)),
    st.lists(_TEXTS, max_size=12),
    st.lists(_TEXTS, max_size=4),
    st.data(),
    st.integers(1, 6),
)
def test_as_many_as_by_looking_at_every_text(
    damage: str, texts: list[str], later: list[str], data: st.DataObject, limit: int
) -> None:
    every = texts + later
    pieces = st.sampled_from(every or [""]).flatmap(
        lambda text: st.integers(0, len(text)).flatmap(
            lambda start: st.integers(start, len(text)).map(lambda end: text[start:end])
        )
    )
    words = " ".join(data.draw(st.lists(st.one_of(pieces, _TEXTS), min_size=1, max_size=3)))
    with TemporaryDirectory() as directory:
        path = Path(directory, "examples.db")
        write_examples(path, _dataset(texts))
        append_examples(path, _dataset(every).train[len(texts) :])
        with closing(sqlite3.connect(path)) as db, db:
            db.execute(_DAMAGES[damage])
        with closing(ExampleReader(path)) as reader:
            found = [example.id for example in reader.search(words, limit)]
    assert found == _looked_through(every, words, limit)


def test_a_search_reads_the_texts_that_it_finds_and_no_others(tmp_path: Path) -> None:
    """Counted in SQLite's own steps: a row that is read takes several."""
    path = tmp_path / "examples.db"
    texts = [f"Text Nummer {number}" for number in range(2_000)]
    write_examples(path, _dataset(texts))
    steps = 0

    def step() -> int:
        nonlocal steps
        steps += 1
        return 0

    with closing(ExampleReader(path)) as reader:
        reader._db.set_progress_handler(step, 1)
        assert [one.id for one in reader.search("NUMMER 1999", 50)] == ["id1999"]
        assert steps < 500
        assert reader.search("nowhere", 50) == []
        assert steps < 1_000


@pytest.mark.parametrize(
    ("answers", "asked"), [((None, None), 2_000), (("a", "a"), 2_000), (("a", None), 1_000)]
)
def test_counting_what_there_is_to_label_reads_an_index_and_no_texts(
    tmp_path: Path, answers: tuple[str | None, str | None], asked: int
) -> None:
    path = tmp_path / "examples.db"
    data = _dataset([f"text {number}" for number in range(2_000)])
    train = tuple(replace(e, answer=answers[n % 2]) for n, e in enumerate(data.train))
    write_examples(path, replace(data, train=train))
    plans: list[str] = []
    with closing(ExampleReader(path)) as reader, closing(sqlite3.connect(path)) as planner:
        reader._db.set_trace_callback(plans.append)
        assert reader.askable() == asked
        assert reader.all_asked == (asked == 2_000)
        for question in plans:
            (*_, how), *_ = planner.execute(f"EXPLAIN QUERY PLAN {question}")
            assert "INDEX" in how or "ORDER BY position DESC" in question
