"""`tui-al import` on files as people have them, where the folder of such files lies beside the
project; skipped elsewhere."""

import os
from pathlib import Path

import pytest

from tests.helpers.command_line import Command
from tests.store.people import make_session, texts_pool
from tui_al.core.data.examples import Dataset, Example, Task, example_ids
from tui_al.core.data.offsets import tags_to_spans
from tui_al.core.data.word_split import words_of
from tui_al.core.settings.experiment import DataConfig
from tui_al.engine.data.loading import load
from tui_al.store.annotations import labels_of
from tui_al.store.session import Session

FIELD = Path(
    os.environ.get("TUI_AL_FIELD_CASES", Path(__file__).parents[3] / "shared" / "cases" / "field")
)

pytestmark = pytest.mark.skipif(not FIELD.is_dir(), reason=f"{FIELD} is not there")


@pytest.fixture
def sessions(tmp_path: Path) -> Path:
    """The home of the sessions CLS and NER, made of the texts that belong to the files."""
    home = tmp_path / "home"
    make_session(home, texts_pool(_lines("texts.txt"), ("kettle", "parcel", "billing")), "CLS")
    texts = _lines("ner_texts.txt")
    train = tuple(
        Example(i, text, None, words_of(text))
        for i, text in zip(example_ids(texts), texts, strict=True)
    )
    make_session(home, Dataset("pool", Task.TAGGING, ("PER", "LOC", "ORG"), train, ()), "NER")
    return home


def _lines(name: str) -> list[str]:
    return (FIELD / name).read_text(encoding="utf-8").splitlines()


def answers(home: Path, name: str) -> dict[str, object]:
    with Session.open(home, name) as session:
        return {a.text: a.answer for a in labels_of(session, each=True).annotations}


def test_regions_of_hypertext_are_the_same_entities(command: Command, sessions: Path) -> None:
    assert "new decisions: 12" in command("import", "NER", FIELD / "ls_right.json")[1]
    before = answers(sessions, "NER")
    code, _, aside = command("import", "NER", FIELD / "ls_hypertext.json")
    assert (code, answers(sessions, "NER")) == (0, before)
    assert "12 the same as here" in aside
    assert before["Tomas Vek flew to Drumm yesterday ."] == ((0, 9, "PER"), (18, 23, "LOC"))


def test_what_is_not_annotated_is_not_without_entities(command: Command, sessions: Path) -> None:
    code, said, aside = command("import", "NER", FIELD / "doccano_half.jsonl")
    assert (code, "new decisions: 9\n" in said) == (0, True)
    assert "left out: 9 with an empty list of entities" in aside
    assert () not in answers(sessions, "NER").values()
    assert "new decisions: 9\n" in command(
        "import", "NER", FIELD / "doccano_half.jsonl", "--accept-empty"
    )[1]  # fmt: skip
    assert list(answers(sessions, "NER").values()).count(()) == 9


def test_offsets_that_are_shifted_are_an_error(command: Command, sessions: Path) -> None:
    code, said, aside = command("import", "NER", FIELD / "ls_shifted.json")
    assert (code, said, answers(sessions, "NER")) == (3, "", {})
    assert (
        "entity 10-14 (PER) is 'flew' in the text, but 'Tomas Vek' in the file; and 8 more" in aside
    )


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("import_intent.csv", "label column: intent"),
        ("import_array.json", ""),
        ("import_ls_json_min.json", "label column: sentiment"),
        ("import_ls_other_key.json", "texts are read from 'review'"),
        ("prodigy_choice.jsonl", ""),
    ],
)
def test_whatever_the_columns_are_called(
    file: str,
    told: str,
    command: Command,
    sessions: Path,
) -> None:
    code, said, aside = command("import", "CLS", FIELD / file)
    assert (code, "new decisions: 30\n" in said) == (0, True), aside
    assert told in aside
    assert answers(sessions, "CLS")["my kettle hums and clicks off"] == "kettle"


def test_one_bad_item_can_be_left_out(command: Command, sessions: Path) -> None:
    code, said, aside = command("import", "NER", FIELD / "doccano_overlap.jsonl")
    assert (code, said) == (3, "")
    assert "--skip-mismatched" in aside
    code, said, aside = command(
        "import", "NER", FIELD / "doccano_overlap.jsonl", "--leave-out-misfits"
    )
    assert (code, "new decisions: 7\n" in said) == (0, True)
    assert "left out: 1 with entities that overlap (doccano_overlap.jsonl:4)" in aside


def test_contradictions_are_told(command: Command, sessions: Path) -> None:
    code, said, aside = command("import", "CLS", FIELD / "import_contradicting.csv")
    assert (code, "new decisions: 10\n" in said) == (0, True)
    assert "left out: 40 contradicting others of the same annotator and text" in aside
    assert set(answers(sessions, "CLS").values()) == {"kettle"}


def test_prodigy_as_data(command: Command, sessions: Path) -> None:
    data = load(DataConfig(str(FIELD / "prodigy_choice.jsonl"), test_share=0))
    assert data.labels == ("billing", "kettle", "parcel")
    assert sum(example.answer is None for example in data.train) == 1  # ignored
    tokens = load(DataConfig(str(FIELD / "prodigy_tokens.jsonl"), test_share=0, task="tagging"))
    first = tokens.train[0]
    assert first.tokens[:3] == ("Tomas", "Vek", "flew")
    assert isinstance(first.answer, tuple)
    assert tags_to_spans(first.text, first.tokens, first.answer) == ((0, 9, "PER"), (18, 23, "LOC"))
    assert "new decisions: 11\n" in command("import", "NER", FIELD / "prodigy_tokens.jsonl")[1]
