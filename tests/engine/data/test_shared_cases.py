"""The cases of ../shared/cases/field that are about reading files, where that folder is there: what
each comes out as."""

import os
from collections import Counter
from pathlib import Path

import pytest

from tui_al.core.data.examples import Dataset, Task
from tui_al.core.settings.experiment import DataConfig
from tui_al.engine.data import load
from tui_al.engine.data.stream import open_tables
from tui_al.engine.data.tables import LoadReport
from tui_al.engine.jobs.prediction import Texts
from tui_al.errors import DataError

CASES = Path(
    os.environ.get(
        "TUI_AL_FIELD_CASES", Path(__file__).resolve().parents[4] / "shared" / "cases" / "field"
    )
)

pytestmark = pytest.mark.skipif(
    not CASES.is_dir(), reason="no field cases (TUI_AL_FIELD_CASES names their folder)"
)


def simulated(name: str) -> Dataset:
    """As `simulate` reads it."""
    return load(DataConfig(str(CASES / name)))


def labelled(name: str, *labels: str) -> Dataset:
    """As `label` reads it."""
    return load(DataConfig(str(CASES / name), labels=labels or None, test_share=0), by_people=True)


def predicted(name: str) -> list[str]:
    """The texts that `predict` takes from it."""
    config, load_report = DataConfig(str(CASES / name)), LoadReport()
    tables = open_tables(CASES / name, name, config, load_report)
    return [e.text for _, es in Texts(Task.CLASSIFICATION, tables, config, load_report) for e in es]


@pytest.mark.parametrize(
    ("name", "labels", "rows"),
    [
        ("semicolon_comma_header.csv", "billing kettle parcel", 30),
        ("excel_sep.csv", "billing kettle parcel", 30),
        ("pandas_int_header.csv", "billing kettle parcel", 30),
        ("version_data.json", "billing kettle parcel", 30),
        ("space_after_comma.csv", "billing kettle parcel", 30),
        ("fasttext.txt", "billing kettle parcel", 30),
        ("label_tab_text.txt", "ham spam", 30),
        ("kaggle_folder", "billing kettle parcel", 24),
        ("tdata_folder", "billing kettle parcel", 30),
        ("single_folder", "billing kettle parcel", 30),
        ("floatmix_folder", "0 1 2", 30),
    ],
)
def test_rows_and_classes(name: str, labels: str, rows: int) -> None:
    data = simulated(name)
    counts = Counter(example.answer for example in (*data.train, *data.test))
    assert " ".join(data.labels) == labels
    assert counts.total() == rows
    assert None not in counts
    if (CASES / name).is_file():
        assert len(predicted(name)) == rows
        assert set(predicted(name)) == {example.text for example in (*data.train, *data.test)}


def test_the_first_of_texts_without_a_header() -> None:
    assert len(predicted("headerless_onecol.csv")) == 30
    assert predicted("headerless_onecol.csv")[0] == "my kettle hums and clicks off"


def test_columns_of_the_semicolon_file() -> None:
    told = "\n".join(simulated("semicolon_comma_header.csv").notes)
    assert "text column: Nachricht, gekürzt (" in told


def test_encodings() -> None:
    with pytest.raises(DataError) as caught:
        simulated("gbk.csv")
    assert "--encoding gb18030 (my 水壶 hums" in caught.value.hint
    assert predicted("utf16le_nobom.txt") == predicted("texts.txt")


def test_no_labels_that_nobody_named() -> None:
    named = ("kettle", "parcel", "billing")
    for name in ("metadata_only.csv", "onehot.csv", "pandas_int_header.csv"):
        data = labelled(name, *named)
        assert data.labels == named
        assert {example.answer for example in data.train} == {None}


@pytest.mark.parametrize(
    ("name", "message"),
    [("onehot.csv", "toxic, obscene, threat"), ("label_list_repr.csv", "holds a list")],
)
def test_several_labels_are_refused(name: str, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        simulated(name)
    assert "multi-label" in caught.value.hint


def test_a_test_without_labels_is_told() -> None:
    assert any(
        "test.csv has no column 'target'" in line for line in simulated("kaggle_folder").warnings
    )


def test_spellings_are_told() -> None:
    (warning,) = simulated("floatmix_folder").warnings
    assert (
        warning
        == "spellings of one label became one: 0 ('0', '0.0'), 1 ('1', '1.0'), 2 ('2', '2.0')"
    )
