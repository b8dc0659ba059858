"""Data sets of the Hub as Parquet files, through a double of it on the loopback interface."""

import pytest

from tests.hub_double import HubDouble
from tui_al.engine.hub import client as hub_access
from tui_al.engine.hub.datasets import CONVERTED, parquet_layout
from tui_al.engine.hub.models import dataset_parquet_files
from tui_al.errors import DataError, HubError


def test_parquet_files_are_sorted_into_subsets_and_splits() -> None:
    layout = parquet_layout(
        [
            "README.md",
            "data/train-00001-of-00002-b42a775f407cee45.parquet",
            "data/train-00000-of-00002-a42a775f407cee45.parquet",
            "data/test-00000-of-00001.parquet",
            "en-US/train/0001.parquet",
            "en-US/train/0000.parquet",
            "de-DE/partial-train/0000.parquet",
            "fr/dev.parquet",
            "ner/auxiliary_train-00000-of-00001.parquet",
            "train/part-00000-of-00001.parquet",
            "data/0000.parquet",
            "nothing.parquet",
            "train_and_test.parquet",
        ]
    )
    assert layout == {
        "default": {
            "train": [
                "data/train-00000-of-00002-a42a775f407cee45.parquet",
                "data/train-00001-of-00002-b42a775f407cee45.parquet",
                "train/part-00000-of-00001.parquet",
            ],
            "test": ["data/test-00000-of-00001.parquet"],
        },
        "en-US": {"train": ["en-US/train/0000.parquet", "en-US/train/0001.parquet"]},
        "de-DE": {"train": ["de-DE/partial-train/0000.parquet"]},
        "fr": {"validation": ["fr/dev.parquet"]},
        "ner": {"auxiliary_train": ["ner/auxiliary_train-00000-of-00001.parquet"]},
    }


def test_parquet_files_of_main_are_fetched_and_cached(hub: HubDouble) -> None:
    files = {
        "data/train-00000-of-00002.parquet": b"one",
        "data/train-00001-of-00002.parquet": b"two",
        "data/test-00000-of-00001.parquet": b"three",
    }
    hub.datasets["lab/set"] = {
        "main": files | {"loader.py": b"raise SystemExit", "README.md": b"# Set"},
        CONVERTED: {"default/train/0000.parquet": b"converted"},
    }
    found = dataset_parquet_files("lab/set")
    content = {split: [path.read_bytes() for path in paths] for split, paths in found.items()}
    assert content == {"train": [b"one", b"two"], "test": [b"three"]}
    assert sorted(hub.fetched()) == sorted(f"datasets/lab/set/{path}" for path in files)
    hub.stop()
    assert dataset_parquet_files("lab/set") == found
    found["train"][1].unlink()
    with pytest.raises(HubError, match="the data set lab/set"):
        dataset_parquet_files("lab/set")


def test_a_cached_copy_without_our_record_needs_all_its_shards(hub: HubDouble) -> None:
    """Such as other programs leave behind."""
    shards = [f"data/train-0000{number}-of-00002.parquet" for number in range(2)]
    hub.datasets["lab/set"] = {"main": dict.fromkeys(shards, b"rows")}
    hub_access.fetch("dataset", "lab/set", "main", shards[:1])
    assert [path.name for path in dataset_parquet_files("lab/set")["train"]] == [
        "train-00000-of-00002.parquet",
        "train-00001-of-00002.parquet",
    ]
    hub.datasets["lab/whole"] = {"main": dict.fromkeys(shards, b"rows")}
    hub_access.fetch("dataset", "lab/whole", "main", shards)
    hub.stop()
    assert len(dataset_parquet_files("lab/whole")["train"]) == 2


def test_the_conversion_serves_a_data_set_with_a_script(hub: HubDouble) -> None:
    hub.datasets["lab/script"] = {
        "main": {"script.py": b"raise SystemExit", "raw.csv": b"a,b"},
        CONVERTED: {
            "en-US/train/0000.parquet": b"train",
            "en-US/test/0000.parquet": b"test",
            "de-DE/partial-train/0000.parquet": b"train",
        },
    }
    for subset, problem in ((None, "2 subsets, and none is chosen"), ("fr", "no subset 'fr'")):
        with pytest.raises(DataError, match=problem) as caught:
            dataset_parquet_files("lab/script", subset)
        assert caught.value.hint == "Choose one with --subset: de-DE, en-US."
    found = dataset_parquet_files("lab/script", "en-US")
    assert {split: path.read_bytes() for split, (path,) in found.items()} == {
        "train": b"train",
        "test": b"test",
    }
    assert len(hub.fetched()) == 2
    hub.stop()
    assert dataset_parquet_files("lab/script", "en-US") == found
    with pytest.raises(DataError, match="2 subsets"):
        dataset_parquet_files("lab/script")


def test_a_data_set_without_parquet_says_what_it_holds(hub: HubDouble) -> None:
    hub.datasets["lab/raw"] = {"main": {"a.csv": b"a,b", "b.jsonl": b"{}", "README.md": b"#"}}
    with pytest.raises(DataError, match=r"it holds \.csv, \.jsonl files"):
        dataset_parquet_files("lab/raw")
    with pytest.raises(DataError) as caught:
        dataset_parquet_files("lab/raw", revision="main")
    assert "leave the revision out" in caught.value.hint
    with pytest.raises(HubError, match="no data set lab/missing"):
        dataset_parquet_files("lab/missing")
    with pytest.raises(HubError, match="no revision 'v9'"):
        dataset_parquet_files("lab/raw", revision="v9")
