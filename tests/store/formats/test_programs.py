"""One generated set of annotated texts in the format of every annotation program, as data and for
`import`: all is read or told of."""

import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.store.formats.annotated_sets import (
    KNOWN_TYPES,
    UNKNOWN_TYPE,
    Fit,
    How,
    Item,
    annotated_sets,
    answer_of,
    cuts_words,
    fit_of,
)
from tests.store.formats.programs import PROGRAMS, Row, Written
from tests.store.people import make_session
from tui_al.cli.import_labels import guessed_format
from tui_al.core.annotation.records import Status
from tui_al.core.data.examples import Dataset, Example, Task, example_ids
from tui_al.core.data.offsets import CharSpan, tags_to_spans
from tui_al.core.data.word_split import split_words, words_of
from tui_al.core.settings.experiment import DataConfig
from tui_al.engine.data import load
from tui_al.engine.jobs.annotation_files import read_annotations
from tui_al.engine.jobs.annotation_tables import TABLE_FORMATS
from tui_al.store.annotations import labels_of
from tui_al.store.formats import READ_ONLY_FORMATS, TEXT_FORMATS
from tui_al.store.formats.reading import Read, ReadOptions
from tui_al.store.import_rules import MISFITS, ImportOptions
from tui_al.store.importing import import_annotations
from tui_al.store.session import Session

KNOWN = TEXT_FORMATS | TABLE_FORMATS | READ_ONLY_FORMATS
LENIENT = ReadOptions(leave_out_misfits=True)
PROPERTY = settings(max_examples=20, deadline=None)


def read(path: Path) -> Read:
    config = DataConfig(str(path), misfits="leave out")
    known = KNOWN[guessed_format(path, config) or ""]
    return read_annotations(path, known, Task.TAGGING, LENIENT, config)


@pytest.mark.parametrize("program", PROGRAMS)
@PROPERTY
@given(texts=annotated_sets())
def test_every_annotation_is_read_or_told_of(program: str, texts: list[Item]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for file in PROGRAMS[program](texts, Path(folder)):
            found = read(file.path)
            assert found.left_out.counts == Counter(row.why for row in file.rows if row.why)
            assert [(a.text, a.answer, a.annotator, a.time,
                a.status) for a in found.annotations] == [
                (row.text, row.answer, row.who, row.time,
                    row.status) for row in file.rows if not row.why
            ]  # fmt: skip


def counted(kind: str, told: tuple[str, ...]) -> Counter[str]:
    """How many there are of each reason in warnings such as `a.jsonl: left out: 2 with entities
    that overlap (a.jsonl:3 ...)`."""
    found: Counter[str] = Counter()
    for line in told:
        before, mark, after = line.partition(f": {kind}: ")
        if mark and before.count(":") == 0:
            number, _, reason = after.partition(" ")
            found[reason.rpartition(" (")[0]] += int(number)
    return found


BORDERS = "with entities that do not begin and end with the file's words"
DIFFER = "texts that annotators label differently"


def data_outcome(rows: tuple[Row, ...]) -> tuple[str, tuple[CharSpan, ...] | None, str]:
    """What a record becomes as data: "read", "unlabelled" or "left out"; its answer; and the reason
    that is told."""
    misfits = [row.why if row.is_misfit else BORDERS for row in rows if is_misfit(row)]
    read = [row for row in rows if not is_misfit(row)]
    if not read:
        return "left out", None, misfits[0]
    answers = {
        row.answer for row in read if row.answer is not None and row.status is Status.LABELLED
    }
    if len(answers) == 1:
        return "read", answers.pop(), ""
    skipped = read[0].status is Status.SKIPPED
    why = DIFFER if answers else "skipped in the file" if skipped else read[0].why
    return "unlabelled", None, why


def is_misfit(row: Row) -> bool:
    if row.is_misfit or row.words is None or row.answer is None or row.status is Status.SKIPPED:
        return row.is_misfit
    return cuts_words(row.text, row.answer, row.words)


@pytest.mark.parametrize("program", PROGRAMS)
@PROPERTY
@given(texts=annotated_sets(), by_people=st.booleans())
def test_as_data_every_record_is_a_row_or_told_of(
    program: str, texts: list[Item], by_people: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for file in PROGRAMS[program](texts, Path(folder)):
            config = DataConfig(str(file.path), test_share=0.0, misfits="leave out")
            data = load(config, by_people=by_people)
            outcomes = [(record[0].text, *data_outcome(record)) for record in file.records]
            rows = [(text, answer) for text, what, answer, _ in outcomes if what != "left out"]
            assert [(e.text, entities(e)) for e in data.train] == rows
            for kind in ("left out", "unlabelled"):
                told = Counter(why for _, what, _, why in outcomes if what == kind)
                assert counted(kind, data.warnings) == told
            assert data.labels == tuple(sorted({k for _, answer in rows for *_, k in answer or ()}))


def entities(example: Example) -> tuple[CharSpan, ...] | None:
    if example.answer is None:
        return None
    return tags_to_spans(example.text, example.tokens, example.answer)


def pool(texts: list[str]) -> Dataset:
    examples = [
        Example(i, text, None, words_of(text))
        for i, text in zip(example_ids(texts), texts, strict=True)
    ]
    return Dataset("pool", Task.TAGGING, KNOWN_TYPES, tuple(examples), ())


def stored(home: Path) -> set[tuple[str, str, object, Status]]:
    with Session.open(home, "s") as session:
        found = labels_of(session, each=True).annotations
    return {(a.text, a.annotator, a.answer, a.status) for a in found}


UNKNOWN_LABEL = (
    f"with labels that the session does not know, as {UNKNOWN_TYPE} (--add-labels adds them)"
)


@pytest.mark.parametrize("program", PROGRAMS)
@settings(max_examples=3, deadline=None)
@given(texts=annotated_sets(), add_labels=st.booleans())
def test_what_is_on_record_after_an_import_is_what_was_annotated(
    program: str, texts: list[Item], add_labels: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for number, file in enumerate(PROGRAMS[program](texts, Path(folder))):
            home = Path(folder) / f"home{number}"
            make_session(home, pool([record[0].text for record in file.records]), "s")
            found = read(file.path)
            with Session.open(home, "s") as session:
                import_options = ImportOptions(add_labels=add_labels, leave_out_misfits=True)
                result = import_annotations(session, found.annotations, import_options)
            kept, why = imported(file, add_labels)
            assert result.left_out.counts == why
            told = result.answers + result.left_out.total + found.left_out.total
            assert (told, result.examples, result.notes) == (len(file.rows), 0, 0)
            assert stored(home) == kept


def imported(
    file: Written, add_labels: bool
) -> tuple[set[tuple[str, str, object, Status]], dict[str, int]]:
    """The decisions that a file makes, and the reasons why others of its annotations make none."""
    kept: set[tuple[str, str, object, Status]] = set()
    why = Counter[str]()
    for row in file.rows:
        kinds = {kind for *_, kind in row.answer or ()}
        if row.why:
            continue
        if not add_labels and (strange := sorted(kinds - set(KNOWN_TYPES))):
            why[UNKNOWN_LABEL.replace(UNKNOWN_TYPE, strange[0])] += 1
        elif cuts_words(row.text, row.answer or (), split_words(row.text)):
            why[MISFITS] += 1
        else:
            answer = None if row.status is Status.SKIPPED else row.answer
            kept.add((row.text, row.who or "import", answer, row.status))
    return kept, dict(why)


def oddities(item: Item) -> set[str]:
    """What there is in one text, in words."""
    found = {f"{len(item.said)} annotators"}
    marks = {"emoji": "\U0001f469", "combining": "\u0301", "CRLF": "\r\n"}
    found |= {name for name, mark in marks.items() if mark in item.text}
    found |= {"the same"} if len({one.entities for one in item.said}) < len(item.said) else set()
    for said in item.said:
        fit = fit_of(item.text, said.entities)
        found |= {
            said.how,
            fit or "well",
            *(["apart"] if said.apart else ["none"] * (not said.entities)),
        }
        if fit is not Fit.WELL:
            continue
        spans = answer_of(item.text, said.entities)
        found |= {"trimmed"} if set(spans) != set(said.entities) else set()
        found |= {"touching"} if {s for s, _, _ in spans} & {e for _, e, _ in spans} else set()
        found |= {"unknown type"} if UNKNOWN_TYPE in {kind for *_, kind in spans} else set()
        found |= (
            {"line break inside"} if any("\n" in item.text[s:e] for s, e, _ in spans) else set()
        )
        found |= {"cut word"} if cuts_words(item.text, spans, split_words(item.text)) else set()
    return found


@pytest.mark.slow
def test_the_generator_makes_everything_that_can_go_wrong() -> None:
    met: set[str] = set()

    @settings(max_examples=60, derandomize=True, database=None, phases=[Phase.generate])
    @given(texts=annotated_sets())
    def draw(texts: list[Item]) -> None:
        for item in texts:
            met.update(oddities(item))

    draw()
    assert met == {
        "0 annotators", "1 annotators", "2 annotators", "the same", "emoji", "combining", "CRLF",
        *How, "well", Fit.OUTSIDE, Fit.OVERLAP,
        "apart", "none", "trimmed", "touching", "unknown type", "line break inside", "cut word",
    }  # fmt: skip
