"""`import` reads tagged files as a simulation does: the same sentences, the same entities, the same
things told."""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.data.test_tag_round_trips import FORMATS as FILES
from tests.engine.data.test_tag_round_trips import SCHEMES, SURE, Rows, Sentence, sentences
from tui_al.core.annotation.records import Annotation, Header
from tui_al.core.data.examples import Task
from tui_al.core.data.offsets import CharSpan, tags_to_spans
from tui_al.core.data.tags import tags_of
from tui_al.core.settings.experiment import DataConfig
from tui_al.engine.data import load
from tui_al.engine.jobs.annotation_files import guessed_format, read_annotations
from tui_al.engine.jobs.annotation_tables import TABLE_FORMATS
from tui_al.errors import DataError
from tui_al.store.formats import TEXT_FORMATS
from tui_al.store.formats.conll import CONLL
from tui_al.store.formats.reading import Read, ReadOptions

KNOWN = TEXT_FORMATS | TABLE_FORMATS


def _objects(tokens: str, tags: str) -> Callable[[Rows], str]:
    return lambda rows: "".join(json.dumps({tokens: a, tags: b}) + "\n" for a, b in rows)


FORMATS: dict[str, Callable[[Rows], str]] = {
    **FILES,
    "ner.jsonl": _objects("tokens", "ner_tags"),
    "words.jsonl": _objects("words", "labels"),
    "array.json": lambda rows: json.dumps([{"tokens": a, "ner_tags": b} for a, b in rows]),
    "inside.json": lambda rows: json.dumps({"data": [{"tokens": a, "tags": b} for a, b in rows]}),
    "rows.jsonl": lambda rows: "".join(
        json.dumps({"sentence_id": number, "token": token, "tag": tag}) + "\n"
        for number, row in enumerate(rows)
        for token, tag in zip(*row, strict=True)
    ),
}


def imported(path: Path, *, leave_out: bool = False, **more: str) -> Read:
    misfits = "leave out" if leave_out else "refuse"
    config = DataConfig(str(path), misfits=misfits, **more)  # type: ignore[arg-type]
    known = KNOWN[guessed_format(path, config) or ""]
    options = ReadOptions(leave_out_misfits=leave_out)
    return read_annotations(path, known, Task.TAGGING, options, config)


Found = list[tuple[str, tuple[str, ...], tuple[CharSpan, ...]]]


def entities(read: Read) -> Found:
    return [(a.text, a.tokens, a.spans) for a in read.annotations]


def loaded(path: Path) -> Found:
    rows = load(DataConfig(str(path), test_share=0.0)).train
    return [
        (row.text, row.tokens, tags_to_spans(row.text, row.tokens, row.answer))
        for row in rows
        if isinstance(row.answer, tuple)
    ]


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=8, deadline=None)
@given(drawn=st.lists(sentences(), max_size=5), scheme=st.sampled_from(sorted(SCHEMES)))
def test_the_same_entities(name: str, drawn: list[Sentence], scheme: str) -> None:
    whole = [*SURE, *drawn]
    rows = [(tokens, SCHEMES[scheme]((tokens, spans))) for tokens, spans in whole]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_text(FORMATS[name](rows), encoding="utf-8", newline="")
        read = imported(path)
        assert entities(read) == loaded(path)
    assert len(read.annotations) == len(whole)
    assert read.left_out.counts == {}
    if scheme in ("BMES", "BIOES", "BILOU"):
        assert any(
            note.startswith("tags: BMES" if scheme == "BMES" else "tags: BIO") or "BILOU" in note
            for note in read.notes
        )


@pytest.mark.parametrize("kind", ["names", "numbers"])
def test_parquet(kind: str, tmp_path: Path) -> None:
    tags: list[list[object]] = [["B-PER", "O", "B-LOC"], ["O", "I-LOC"]]
    if kind == "numbers":
        tags = [[1, 0, 3], [0, 4]]
        names = "O\nB-PER\nI-PER\nB-LOC\nI-LOC\n"
        (tmp_path / "labels.txt").write_text(names, encoding="utf-8")
    tokens = [["Ann", "in", "Ulm"], ["to", "Bern"]]
    path = tmp_path / "in.parquet"
    pq.write_table(pa.table({"tokens": tokens, "ner_tags": tags}), path)
    read = imported(path)
    assert entities(read) == [
        ("Ann in Ulm", ("Ann", "in", "Ulm"), ((0, 3, "PER"), (7, 10, "LOC"))),
        ("to Bern", ("to", "Bern"), ((3, 7, "LOC"),)),
    ]
    assert any("malformed" in note for note in read.notes) or kind == "names"


def test_a_saved_data_set(tmp_path: Path) -> None:
    import datasets

    classes = datasets.ClassLabel(names=["O", "B-PER", "I-PER"])
    features = datasets.Features(
        {"id": datasets.Value("string"), "tokens": datasets.List(datasets.Value("string")),
            "ner_tags": datasets.List(classes)}
    )  # fmt: skip
    rows = {"id": ["0"], "tokens": [["Ann", "Lee", "left"]], "ner_tags": [[1, 2, 0]]}
    datasets.Dataset.from_dict(rows, features).save_to_disk(tmp_path / "set")
    config = DataConfig(str(tmp_path / "set"))
    read = read_annotations(
        tmp_path / "set", KNOWN["datasets"], Task.TAGGING, ReadOptions(), config
    )
    assert entities(read) == [("Ann Lee left", ("Ann", "Lee", "left"), ((0, 7, "PER"),))]


def test_what_else_an_object_says_of_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    row = {
        "id": 7,
        "text": "Ann  left",
        "tokens": ["Ann", "left"],
        "ner_tags": ["S-PER", "O"],
        "annotator": "eve",
        "note": "sure",
    }
    other = {"text": "not these words", "tokens": ["in", "Ulm"], "ner_tags": ["O", "S-LOC"]}
    path.write_text(f"{json.dumps(row)}\n{json.dumps(other)}\n", encoding="utf-8")
    first, second = imported(path).annotations
    assert (first.id, first.text, first.annotator, first.note) == ("7", "Ann  left", "eve", "sure")
    assert (second.text, second.answer) == ("in Ulm", ((3, 6, "LOC"),))


def test_every_object_is_read_or_told_of(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    lines = [
        '{"tokens": ["Ann", "left"], "ner_tags": ["B-PER", "O"]}',
        '{"tokens": ["who"], "ner_tags": null}',
        '{"tokens": ["a", "b"], "ner_tags": ["O"]}',
        '{"tokens": ["a", "b"], "ner_tags": ["O", "NOUN"]}',
        '{"tokens": [], "ner_tags": []}',
        '"a string"',
        "{broken",
        '{"tokens": ["no", "one"], "ner_tags": ["O", "O"]}',
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(DataError, match=r"in\.jsonl:3: 2 tokens but 1 tag; and 4 more"):
        imported(path)
    read = imported(path, leave_out=True)
    assert [a.answer for a in read.annotations] == [((0, 3, "PER"),), ()]
    assert read.left_out.told() == [
        "2 with tags that cannot be read (in.jsonl:3, in.jsonl:4)",
        "1 without a token (in.jsonl:5)",
        "1 that are no objects (in.jsonl:6)",
        "1 that are not valid JSON (in.jsonl:7)",
        "1 without an answer (in.jsonl:2)",
    ]


ODD = st.sampled_from(
    ["#", "//", "1", "O", "B", "B-PER", "_", "a=b", "<s>", "==", "\u3000x", "x\u2028y"]
)


@st.composite
def exported(draw: st.DrawFn) -> Annotation:
    """A sentence, most often of few words that are not easily told from tags, numbers and
    comments."""
    tokens, spans = draw(sentences())
    tokens = [draw(st.one_of(ODD, st.just(token))) for token in tokens]
    text = " ".join(tokens)
    kinds = {"PER": "O", "LOC": "B"} if draw(st.booleans()) else {}
    tags = tags_of([(a, b, kinds.get(kind, kind)) for a, b, kind in spans], len(tokens))
    return Annotation("", text, tags_to_spans(text, tokens, tags), tuple(tokens))


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(given_out=st.lists(exported(), min_size=1, max_size=4))
def test_columns_of_our_own_are_read_back_whole(given_out: list[Annotation]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "out.conll"
        CONLL.write(path, Header(Task.TAGGING, (), "s"), given_out)
        read = imported(path)
    assert entities(read) == [(a.text, a.tokens, a.spans) for a in given_out]
    assert (read.notes, read.left_out.counts) == ([], {})
