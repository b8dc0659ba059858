"""Train, validation, test and pool; held-out tests; seeded cuts."""

from collections import Counter
from pathlib import Path

import pytest

from tests.engine.data.loading import Load
from tui_al.core.data.examples import Dataset
from tui_al.core.settings.experiment import DataConfig
from tui_al.engine.data import load
from tui_al.errors import ConfigError, DataError

HEAD = "text,label\n"


def numbered(prefix: str, count: int, labels: str = "ab") -> str:
    return HEAD + "".join(f"{prefix} {i},{labels[i % len(labels)]}\n" for i in range(count))


def texts(data: Dataset) -> tuple[set[str], set[str]]:
    return {row.text for row in data.train}, {row.text for row in data.test}


def test_validation_is_set_aside(load_folder: Load) -> None:
    files = {
        "train.csv": numbered("r", 6),
        "dev.csv": numbered("d", 4),
        "test.csv": numbered("t", 2),
    }
    data = load_folder(files)
    assert data.name == "mine"
    assert (len(data.train), len(data.test)) == (6, 2)
    assert "validation split: 4 rows set aside, not used" in data.notes


def test_validation_is_the_test_where_there_is_no_other(load_folder: Load) -> None:
    data = load_folder({"train.csv": numbered("r", 6), "valid.csv": numbered("d", 4)})
    assert texts(data)[1] == {"d 0", "d 1", "d 2", "d 3"}
    assert "there is no test split: the validation split (4 rows) is the test" in data.notes


def test_a_test_without_labels_is_not_used(load_folder: Load) -> None:
    files = {
        "train.csv": numbered("r", 6),
        "val.csv": numbered("d", 4),
        "test.csv": HEAD + "t 0,\nt 1,\n",
    }
    data = load_folder(files)
    assert texts(data)[1] == {"d 0", "d 1", "d 2", "d 3"}
    assert "the test split has no labels at all and is not used" in data.notes


def test_unlabelled_test_rows_are_counted(load_folder: Load) -> None:
    data = load_folder({"train.csv": numbered("r", 4), "test.csv": HEAD + "t 0,a\nt 1,\n"})
    assert len(data.test) == 1
    assert "test: 1 row without a label left out" in data.warnings


def test_the_held_out_test_is_stratified_seeded_and_told(load_text: Load) -> None:
    content = numbered("r", 90, "aab") + "lonely,z\n" + "no label,\n"
    data = load_text("a.csv", content, test_share=0.2)
    assert Counter(row.answer for row in data.test) == {"a": 12, "b": 6}
    assert any(
        "18 of 91 labelled rows held out as the test" in note and "stratified" in note
        for note in data.notes
    )
    again = load_text("a.csv", content, test_share=0.2)
    other = load_text("a.csv", content, test_share=0.2, split_seed=14)
    assert again == data
    assert texts(other)[1] != texts(data)[1]
    assert len(data.train) == 92 - 18


def test_equal_texts_stay_on_one_side(load_text: Load) -> None:
    content = HEAD + "".join(f"r {i % 20},{'ab'[i % 2]}\n" for i in range(60))
    data = load_text("a.csv", content, test_share=0.3)
    train, test = texts(data)
    assert len(test) == 6
    assert not train & test


def test_tagged_sentences_are_held_out_too(load_text: Load) -> None:
    content = "\n\n".join(f"w{i} B-X" for i in range(10))
    data = load_text("a.conll", content, test_share=0.3)
    assert (len(data.train), len(data.test)) == (7, 3)


def test_limits_cut_in_order_and_by_seed(load_folder: Load) -> None:
    files = {"train.csv": numbered("r", 50), "test.csv": numbered("t", 30)}
    data = load_folder(files, train_limit=10, test_limit=5)
    order = [int(row.text.split()[1]) for row in data.train]
    assert len(order) == 10
    assert order == sorted(order) != list(range(10))
    assert len(data.test) == 5
    assert "train: cut to 10 of 50 rows (train_limit, split_seed 13)" in data.notes
    assert texts(load_folder(files, train_limit=10, split_seed=1)) != texts(data)
    whole = load_folder(files, train_limit=50)
    assert not any("cut" in note for note in whole.notes)


@pytest.mark.parametrize("settings", [{"test_share": 1.0}, {"train_limit": 0}, {"test_limit": -1}])
def test_impossible_amounts(load_folder: Load, settings: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=next(iter(settings))):
        load_folder({"train.csv": numbered("r", 4)}, **settings)


def test_the_pool_joins_train_unlabelled(load_folder: Load) -> None:
    files = {
        "train.csv": numbered("r", 4),
        "test.csv": numbered("t", 2),
        "unlabelled.txt": "p 0\np 1\n",
    }
    data = load_folder(files)
    assert [row.answer for row in data.train] == ["a", "b", "a", "b", None, None]
    assert "2 of 6 training rows unlabelled" in data.notes


def test_a_pool_may_call_its_text_otherwise(load_folder: Load) -> None:
    files = {"train.csv": numbered("r", 10), "pool.jsonl": '{"body": "p 0"}\n'}
    data = load_folder(files)
    assert "p 0" in texts(data)[0]


def test_ids_are_unique_across_splits(load_folder: Load) -> None:
    data = load_folder({"train.csv": numbered("r", 4), "test.csv": HEAD + "r 0,a\nr 1,b\n"})
    ids = [row.id for row in (*data.train, *data.test)]
    assert len(set(ids)) == 6
    assert data.test[0].id == f"{data.train[0].id}-2"


def test_too_few_rows_for_a_test(load_text: Load) -> None:
    data = load_text("a.csv", HEAD + "a,x\nb,y\n", test_share=0.5)
    assert data.test == ()
    assert any("too few labelled rows" in note for note in data.notes)


def test_a_train_file_named_alone(load_folder: Load, tmp_path: Path) -> None:
    load_folder({"train.csv": numbered("r", 10), "test.csv": numbered("t", 2)})
    data = load(DataConfig(str(tmp_path / "mine" / "train.csv")))
    assert not {row.text for row in data.test} & {"t 0", "t 1"}
    assert "test.csv beside it is not read: name the folder to use both" in data.notes


def test_files_in_a_data_folder(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "README.md").write_text("words", encoding="utf-8")
    (tmp_path / "data" / "train.csv").write_text(numbered("r", 10), encoding="utf-8")
    assert len(load(DataConfig(str(tmp_path))).train) == 8


def test_shards_make_one_split_but_twins_do_not(load_folder: Load) -> None:
    data = load_folder(
        {
            "train-00000-of-00002.csv": numbered("r", 4),
            "train-00001-of-00002.csv": numbered("s", 4),
            "test.csv": numbered("t", 2),
            "README.md": "words",
            "extra.csv": HEAD,
        }
    )
    assert len(data.train) == 8
    assert "not used, since their names name no split: extra.csv" in data.notes
    with pytest.raises(DataError, match=r"several files for test: test\.csv, test\.tsv"):
        load_folder({"test.tsv": numbered("t", 2)})


def test_names_of_conll_2003(load_folder: Load) -> None:
    files = {
        "eng.train": "a I-X\n\nb O\n",
        "eng.testa": "c O\n",
        "eng.testb": "d I-X\n",
    }
    data = load_folder(files)
    assert (len(data.train), texts(data)[1]) == (2, {"d"})


def test_dev_and_valid_together_are_refused(load_folder: Load) -> None:
    files = {name: numbered("r", 4) for name in ("train.csv", "dev.csv", "valid.csv")}
    with pytest.raises(DataError, match="two validation splits"):
        load_folder(files)


def test_a_folder_needs_train(load_folder: Load) -> None:
    with pytest.raises(DataError, match="no train split, only dev, test"):
        load_folder({"test.csv": numbered("t", 2), "dev.csv": numbered("d", 2)})


def test_a_test_that_lacks_the_label_column(load_folder: Load) -> None:
    with pytest.raises(DataError, match=r"test\.csv has no column 'label'"):
        load_folder({"train.csv": numbered("r", 4), "test.csv": "text,gold\na,b\n"})


def test_files_of_two_kinds_are_refused(load_folder: Load) -> None:
    with pytest.raises(DataError, match="holds tagged tokens"):
        load_folder({"train.csv": numbered("r", 4), "test.conll": "a B-X\n"})
