"""The tagged files of the field cases, and CoNLL-2003 itself, where they are at hand beside the
repository."""

import os
from pathlib import Path

import pytest

from tui_al.core.data.examples import Dataset, Task
from tui_al.core.data.tags import spans_of
from tui_al.core.settings.experiment import DataConfig
from tui_al.engine.data import load
from tui_al.errors import DataError

DATA = Path(
    os.environ.get("TUI_AL_TEST_DATA", Path(__file__).resolve().parents[4] / "shared" / "data")
)
FIELD, CONLL = DATA.parent / "cases" / "field", DATA / "conll2003_en"

needs_field = pytest.mark.skipif(not FIELD.is_dir(), reason=f"no field cases in {FIELD}")
needs_conll = pytest.mark.skipif(not CONLL.is_dir(), reason=f"no CoNLL-2003 in {CONLL}")

FIRST = ("Tomas", "Vek", "flew", "to", "Drumm", "yesterday", ".")
ENTITIES = [(0, 2, "PER"), (4, 5, "LOC")]


def _all(name: str) -> Dataset:
    return load(DataConfig(str(FIELD / name), test_share=0.0))


@needs_field
@pytest.mark.parametrize(
    ("name", "count", "first", "entities", "told"),
    [
        ("words_tags.tsv", 20, FIRST, ENTITIES, "read as CoNLL columns"),
        ("list_repr.csv", 24, FIRST, ENTITIES, "lists written as strings"),
        ("conllu_ner.conll", 20, FIRST, ENTITIES, "tokens are column 2 and tags column 10 of 10"),
        ("germeval_comments.conll", 10, FIRST, ENTITIES, "10 comment lines skipped"),
        ("free_comments.conll", 10, FIRST, ENTITIES, "10 comment lines skipped"),
        (
            "conllu_comments.txt",
            20,
            ("Ole", "van", "Brandt", "left", "Osk", "."),
            [(0, 3, "PER"), (4, 5, "LOC")],
            "40 comment lines skipped",
        ),
        (
            "bmes.conll",
            12,
            ("Ole", "van", "Brandt", "left", "Osk", "."),
            [(0, 3, "PER"), (4, 5, "LOC")],
            "tags: BMES converted to IOB2",
        ),
        (
            "untyped_bio.conll",
            12,
            FIRST,
            [(0, 2, "ENTITY"), (4, 5, "ENTITY")],
            "every entity is called ENTITY",
        ),
        (
            "blank_in_token.conll",
            16,
            ("Ole", "van", "Brandt", "New York", "Osk", "."),
            [(0, 3, "PER"), (4, 5, "LOC")],
            "",
        ),
    ],
)
def test_field_cases(
    name: str, count: int, first: tuple[str, ...], entities: list[object], told: str
) -> None:
    data = _all(name)
    assert data.task is Task.TAGGING
    assert len(data.train) == count
    assert data.train[0].tokens == first
    assert spans_of(data.train[0].answer or ()) == entities
    assert any(told in note for note in data.notes) or not told


@needs_field
def test_field_cases_that_are_asked_about() -> None:
    with pytest.raises(DataError, match=r"one sentence only.* are the blank lines missing"):
        _all("no_blank_lines.conll")
    with pytest.raises(DataError, match="the tags are numbers, and nothing names them"):
        _all("int_tags.jsonl")
    names = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-ORG", "I-ORG")
    data = load(DataConfig(str(FIELD / "int_tags.jsonl"), test_share=0.0, labels=names))
    assert spans_of(data.train[0].answer or ()) == ENTITIES
    assert data.labels == ("LOC", "ORG", "PER")


@pytest.mark.slow
@needs_conll
def test_conll_2003_is_what_was_published(tmp_path: Path) -> None:
    """Sentences, tokens and entities of Table 2 of the shared task; written as columns in IOB1,
    they are read the same."""
    data = load(DataConfig(str(CONLL)))
    assert [len(data.train), len(data.test)] == [14_041, 3_453]
    assert sum(len(row.tokens) for row in data.train) == 203_621
    assert sum(len(spans_of(row.answer or ())) for row in data.train) == 23_499
    assert sum(len(spans_of(row.answer or ())) for row in data.test) == 5_648
    path = tmp_path / "eng.testb"
    path.write_text(
        "-DOCSTART- -X- -X- O\n\n"
        + "".join(
            "".join(f"{a} NN I-NP {b}\n" for a,
                b in zip(row.tokens, row.answer or (), strict=True)) + "\n"
            for row in data.test
        ),
        encoding="utf-8",
    )  # fmt: skip
    again = load(DataConfig(str(path), test_share=0.0))
    assert [(row.tokens, row.answer) for row in again.train] == [
        (row.tokens, row.answer) for row in data.test
    ]
