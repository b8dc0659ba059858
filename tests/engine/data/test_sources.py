"""From a source to files: paths, names, folders of named sets, the Hub, and everything else."""

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tui_al.core.data.examples import Task
from tui_al.core.settings.dataset_catalog import (
    NAMED_SETS,
    PARQUET_REVISION,
    bundled_folder,
    named_set,
)
from tui_al.core.settings.experiment import DataConfig
from tui_al.engine import data as data_package
from tui_al.engine.data import load
from tui_al.errors import DataError, HubError

REAL_DATA = Path(
    os.environ.get("TUI_AL_TEST_DATA", Path(__file__).resolve().parents[4] / "shared" / "data")
)
ROWS = "text,label\na,x\nb,y\n"

HubCall = tuple[str, str | None, str | None]


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[HubCall]:
    """A Hub that has one MASSIVE-like data set under every id; gives the calls it got."""
    table = pa.table(
        {"id": ["1", "2"], "utt": ["wake me", "play it"], "intent": ["alarm", "music"]}
    )
    calls: list[HubCall] = []

    def files(repo_id: str, subset: str | None, revision: str | None) -> dict[str, list[Path]]:
        calls.append((repo_id, subset, revision))
        paths = {
            split: [tmp_path / f"{split}.parquet"] for split in ("train", "test", "unofficial")
        }
        for path in paths.values():
            pq.write_table(table, path[0])
        return paths

    import tui_al.engine.hub.models

    monkeypatch.setattr(tui_al.engine.hub.models, "dataset_parquet_files", files)
    return calls


def test_a_path_wins_over_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tickets").mkdir()
    (tmp_path / "tickets" / "train.csv").write_text(ROWS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    data = load(DataConfig("tickets", test_share=0))
    assert data.labels == ("x", "y")
    assert "tickets is the one here on disk, not the known data set" in data.notes


def test_names_forgive_case_and_dashes() -> None:
    assert named_set("AG-News") is NAMED_SETS["ag_news"]
    assert named_set("nothing") is None


@pytest.mark.parametrize(
    ("name", "task"), [("tickets", Task.CLASSIFICATION), ("events", Task.TAGGING)]
)
def test_bundled_sets(name: str, task: Task) -> None:
    data = load(DataConfig(name))
    assert (data.name, data.task) == (name, task)
    assert data.train
    assert data.test
    assert not any("guessed" in note for note in data.notes)


def test_bundled_files_inside_the_installed_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tui_al.core.settings.dataset_catalog as module

    inside = tmp_path / "site" / "tui_al" / "sample_data" / "tickets"
    inside.mkdir(parents=True)
    monkeypatch.setattr(
        module, "__file__", str(tmp_path / "site/tui_al/core/settings/dataset_catalog.py")
    )
    assert bundled_folder("tickets") == inside
    assert bundled_folder("events") is None


def test_data_dir_holds_named_sets(tmp_path: Path) -> None:
    folder = tmp_path / "massive_en_intent"
    folder.mkdir()
    (folder / "train.csv").write_text(ROWS, encoding="utf-8")
    data = load(DataConfig("massive", data_dir=str(tmp_path), test_share=0))
    assert (data.name, data.labels) == ("massive", ("x", "y"))
    assert "terms of massive: CC BY 4.0." in data.notes
    assert any("2 rows here, 11,514 in the published massive" in line for line in data.warnings)
    own = load(DataConfig("massive_en_intent", data_dir=str(tmp_path), test_share=0))
    assert own.warnings == ()


def test_data_dir_without_the_set_lists_what_is_there(tmp_path: Path) -> None:
    for name in ("banking77", "other"):
        (tmp_path / name).mkdir()
    with pytest.raises(DataError, match="conll2003 or conll2003_en") as caught:
        load(DataConfig("conll2003", data_dir=str(tmp_path)))
    assert caught.value.hint == "It has banking77, other."
    with pytest.raises(DataError, match="is not a folder"):
        load(DataConfig("conll2003", data_dir=str(tmp_path / "absent")))


def test_named_sets_come_from_the_hub_as_parquet(hub: list[HubCall]) -> None:
    data = load(DataConfig("massive"))
    assert hub == [("AmazonScience/massive", "en-US", PARQUET_REVISION)]
    assert [row.answer for row in data.train] == ["alarm", "music"]
    assert "read from the Hub: AmazonScience/massive (en-US)" in data.notes
    assert "the split unofficial is not used" in data.notes
    load(DataConfig("massive", subset="de-DE", revision="abc"))
    assert hub[1] == ("AmazonScience/massive", "de-DE", "abc")


def test_other_hub_ids(hub: list[HubCall]) -> None:
    data = load(DataConfig("owner/some.set"))
    assert hub == [("owner/some.set", None, None)]
    assert data.name == "owner/some.set"
    assert "text column: utt (guessed; --text-column overrides)" in data.notes


def test_hub_errors_pass_through(monkeypatch: pytest.MonkeyPatch) -> None:
    import tui_al.engine.hub.models

    def refuse(repo_id: str, subset: str | None, revision: str | None) -> dict[str, list[Path]]:
        raise HubError("The Hub does not answer.")

    monkeypatch.setattr(tui_al.engine.hub.models, "dataset_parquet_files", refuse)
    with pytest.raises(HubError, match="does not answer"):
        load(DataConfig("ag_news"))


def test_slots_are_local_only() -> None:
    with pytest.raises(DataError, match="not on the Hub") as caught:
        load(DataConfig("massive_slots"))
    assert "--data-dir" in caught.value.hint


def test_unknown_names_get_suggestions() -> None:
    with pytest.raises(DataError, match="no data set 'bankng77'") as caught:
        load(DataConfig("bankng77"))
    assert caught.value.hint.startswith("Did you mean banking77?")
    assert all(name in caught.value.hint for name in NAMED_SETS)


def test_missing_files_get_suggestions_and_no_download(tmp_path: Path, hub: list[HubCall]) -> None:
    (tmp_path / "reviews.csv").write_text(ROWS, encoding="utf-8")
    with pytest.raises(DataError, match="no file or folder") as caught:
        load(DataConfig(str(tmp_path / "review.csv")))
    assert f"Did you mean {tmp_path}/reviews.csv?" in caught.value.hint
    with pytest.raises(DataError, match="no file or folder"):
        load(DataConfig("data/review.csv"))
    assert hub == []


def test_settings_of_the_hub_are_not_silently_ignored(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(ROWS, encoding="utf-8")
    data = load(DataConfig(str(tmp_path / "a.csv"), subset="en", revision="v1", test_share=0))
    assert any("subset en is not used" in note for note in data.notes)
    assert any("revision v1 is not used" in note for note in data.notes)


def test_only_load_is_public() -> None:
    assert data_package.__all__ == ["load"]


@pytest.mark.slow
@pytest.mark.skipif(
    not REAL_DATA.is_dir(), reason="no benchmark data (TUI_AL_TEST_DATA names its folder)"
)
@pytest.mark.parametrize(
    ("name", "labels", "train", "test"),
    [
        ("banking77", 77, 10_003, 3_080),
        ("ag_news", 4, 44_047, 7_600),
        ("massive", 60, 11_514, 2_974),
        ("massive_slots", 55, 11_514, 2_974),
        ("conll2003", 4, 14_041, 3_453),
    ],
)
def test_benchmark_data(name: str, labels: int, train: int, test: int) -> None:
    data = load(DataConfig(name, data_dir=str(REAL_DATA)))
    assert (len(data.labels), len(data.train), len(data.test)) == (labels, train, test)
    published = (NAMED_SETS[name].train_size, NAMED_SETS[name].test_size) == (train, test)
    assert published != any("in the published" in warning for warning in data.warnings)
    assert len(data.outputs) == NAMED_SETS[name].classes


@pytest.mark.slow
@pytest.mark.skipif(
    not REAL_DATA.is_dir(), reason="no benchmark data (TUI_AL_TEST_DATA names its folder)"
)
def test_entities_of_conll_2003() -> None:
    data = load(DataConfig("conll2003", data_dir=str(REAL_DATA)))
    for rows, tokens, entities in ((data.train, 203_621, 23_499), (data.test, 46_435, 5_648)):
        assert sum(len(row.tokens) for row in rows) == tokens
        assert sum(tag[0] == "B" for row in rows for tag in row.answer or ()) == entities
