"""Parquet, Arrow and `save_to_disk`, with the class names that `datasets` leaves in the schema."""

from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tui_al.core.data.examples import Dataset
from tui_al.core.settings.experiment import DataConfig
from tui_al.engine.data import load
from tui_al.errors import DataError

TABLE = pa.table({"text": ["one two", "three", "four"], "label": ["x", "y", None]})


def read(path: Path, **settings: Any) -> Dataset:
    return load(DataConfig(str(path), **{"test_share": 0.0, **settings}))


def labelled(rows: list[int]) -> datasets.Dataset:
    features = datasets.Features(
        {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["ham", "spam"])}
    )
    texts = [f"text {i}" for i in range(len(rows))]
    return datasets.Dataset.from_dict({"text": texts, "label": rows}, features=features)


def test_parquet(tmp_path: Path) -> None:
    pq.write_table(TABLE, tmp_path / "a.parquet")
    data = read(tmp_path / "a.parquet")
    assert [example.answer for example in data.train] == ["x", "y", None]
    assert data.train[1].origin == "a.parquet row 2"
    assert "1 of 3 training rows unlabelled" in data.notes


@pytest.mark.parametrize("kind", [pa.ipc.new_file, pa.ipc.new_stream])
def test_arrow_file_and_stream(tmp_path: Path, kind: Any) -> None:
    path = tmp_path / "a.arrow"
    with kind(str(path), TABLE.schema) as writer:
        writer.write_table(TABLE)
    assert [example.text for example in read(path).train] == ["one two", "three", "four"]


@pytest.mark.parametrize("name", ["a.parquet", "a.arrow"])
def test_damaged_files_are_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"not this format at all")
    with pytest.raises(DataError, match=name):
        read(tmp_path / name)


def test_columns_of_other_types_are_left_out(tmp_path: Path) -> None:
    table = TABLE.append_column("picture", [[b"\x00", b"\x01", b"\x02"]])
    pq.write_table(table, tmp_path / "a.parquet")
    with pytest.raises(DataError, match="'picture'") as caught:
        read(tmp_path / "a.parquet", text_column="picture")
    assert "It has text, label." in caught.value.hint


def test_class_names_come_from_the_metadata(tmp_path: Path) -> None:
    labelled([1, 0, -1]).to_parquet(tmp_path / "a.parquet")
    data = read(tmp_path / "a.parquet")
    assert [example.answer for example in data.train] == ["spam", "ham", None]


def test_class_names_inside_lists(tmp_path: Path) -> None:
    names = datasets.ClassLabel(names=["O", "B-PER", "I-PER"])
    features = datasets.Features(
        {
            "tokens": datasets.Sequence(datasets.Value("string")),
            "ner_tags": datasets.Sequence(names),
        }
    )
    rows = {"tokens": [["Ann", "Lee", "ran"]], "ner_tags": [[1, 2, 0]]}
    datasets.Dataset.from_dict(rows, features=features).to_parquet(tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet").train[0].answer == ("B-PER", "I-PER", "O")


def test_class_number_without_a_name(tmp_path: Path) -> None:
    metadata = b'{"info": {"features": {"label": {"names": ["a", "b"], "_type": "ClassLabel"}}}}'
    table = pa.table({"text": ["x", "y"], "label": [0, 2]})
    pq.write_table(table.replace_schema_metadata({"huggingface": metadata}), tmp_path / "a.parquet")
    with pytest.raises(DataError, match="class number 2"):
        read(tmp_path / "a.parquet")


def test_numbers_without_names_are_kept_and_told(tmp_path: Path) -> None:
    table = pa.table({"text": ["x", "y", "z"], "label": [10.0, None, 2.0]})
    pq.write_table(table, tmp_path / "a.parquet")
    data = read(tmp_path / "a.parquet")
    assert [example.answer for example in data.train] == ["10", None, "2"]
    assert "labels are numbers without names: 10, 2" in data.notes


def test_saved_dataset(tmp_path: Path) -> None:
    labelled([1, 0, 1]).save_to_disk(tmp_path / "one")
    data = read(tmp_path / "one")
    assert [example.answer for example in data.train] == ["spam", "ham", "spam"]


def test_saved_dataset_dict(tmp_path: Path) -> None:
    splits = datasets.DatasetDict(
        {"train": labelled([1, 0, 1]), "validation": labelled([0]), "test": labelled([0, 1])}
    )
    splits.save_to_disk(tmp_path / "all")
    data = read(tmp_path / "all")
    assert (len(data.train), len(data.test)) == (3, 2)
    assert "validation split: 1 row set aside, not used" in data.notes
    assert data.test[1].origin == "test/data-00000-of-00001.arrow row 2"


def test_saved_splits_that_are_missing(tmp_path: Path) -> None:
    (tmp_path / "dataset_dict.json").write_text('{"splits": ["train"]}', encoding="utf-8")
    with pytest.raises(DataError, match=r"state\.json is missing"):
        read(tmp_path)
