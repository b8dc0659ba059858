"""Readers, exporters and models of other packages: found, used, noted, and told with their package
where they are broken."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.plugins.packages import on_path, write_package
from tests.store.test_migrations import stored
from tui_al.api.settings import make_experiment
from tui_al.cli.app import app
from tui_al.core.settings.experiment import DataConfig
from tui_al.core.settings.model_catalog import default_settings
from tui_al.core.settings.used_plugins import missing, noted, used_plugins
from tui_al.engine.data import load, plugin_readers
from tui_al.engine.hub.sources import find
from tui_al.errors import ConfigError, DataError, PluginError
from tui_al.report.model_card import _hub_id
from tui_al.ui.field_options import model_choices

CODE = """
    from tui_al.core.settings.model_catalog import MODELS, CatalogueModel, Rates
    from dataclasses import replace

    def notes(path):
        for line in path.read_text().splitlines():
            kind, _, text = line.partition(" | ")
            yield {"text": text, "label": kind}

    def stops(path):
        yield {"text": "a b", "label": "x"}
        raise KeyError("field")

    def lists(path):
        return [["a", "b"]]

    def objects(path):
        return [{"text": "a", "label": object()}]

    def write_lines(path, header, annotations):
        "one line a label"
        path.write_text("".join(f"{one.id}={one.answer}\\n" for one in annotations))

    def fails(path, header, annotations):
        path.write_text("half")
        raise RuntimeError("out of ink")

    def nothing(path, header, annotations):
        pass

    def one_argument(path):
        pass

    local = CatalogueModel("x", "PLACE", 4_000_000, "our own small encoder", Rates(1e-4, 1e-3), Rates(2e-3, 3e-3), 5, 6)
    hub = replace(local, hub_id="owner/encoder")
    none = replace(local, hub_id="")
    wrong = replace(local, full=Rates(7.0, 1e-3))
    flat = replace(local, full=None)
"""  # noqa: E501
ENTRIES = {
    "tui_al.readers": {"notes": "notes", "stops": "stops", "lists": "lists", "objects": "objects",
        "csv": "notes"},
    "tui_al.exporters": {"lines": "write_lines", "fails": "fails", "nothing": "nothing",
        "one": "one_argument", "jsonl": "write_lines"},
    "tui_al.models": {"ours": "local", "theirs": "hub", "none": "none", "wrong": "wrong",
        "flat": "flat", "number": "notes", "minilm": "local"},
}  # fmt: skip


@pytest.fixture
def _package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    place = tmp_path / "packages"
    place.mkdir()
    encoder = tmp_path / "encoder"
    encoder.mkdir()
    (encoder / "config.json").write_text("{}")
    (encoder / "model.safetensors").write_bytes(b"")
    write_package(place, "more-kinds", "4.0", CODE.replace("PLACE", str(encoder)), ENTRIES)
    with on_path(place, monkeypatch):
        yield


pytestmark = pytest.mark.usefixtures("_package")


def file(tmp_path: Path, suffix: str) -> str:
    path = tmp_path / f"train.{suffix}"
    path.write_text("".join(f"{'xy'[i % 2]} | text {i}\n" for i in range(20)))
    return str(path)


class TestReaders:
    def test_files_of_its_kind_are_read_and_it_is_noted(self, tmp_path: Path) -> None:
        plugin_readers._used.clear()
        data = load(DataConfig(file(tmp_path, "notes")))
        assert data.labels == ("x", "y")
        found = {example.text: example.answer for example in (*data.train, *data.test)}
        assert found == {f"text {i}": "xy"[i % 2] for i in range(20)}
        assert data.train[0].origin.startswith("train.notes row ")
        assert any(
            "read by the reader notes of package more-kinds 4.0" in note for note in data.notes
        )
        used = used_plugins(make_experiment("x", {}), plugin_readers.used_readers())
        assert noted(used) == {"reader notes": "more-kinds 4.0"}

    def test_a_folder_of_them(self, tmp_path: Path) -> None:
        file(tmp_path, "notes")
        (tmp_path / "test.notes").write_text("x | other\ny | another\n")
        data = load(DataConfig(str(tmp_path)))
        assert (len(data.train), len(data.test)) == (20, 2)

    def test_what_is_built_in_stays_so(self, tmp_path: Path) -> None:
        path = tmp_path / "train.csv"
        path.write_text("text,label\n" + "".join(f"t{i},{'xy'[i % 2]}\n" for i in range(20)))
        assert load(DataConfig(str(path))).labels == ("x", "y")

    @pytest.mark.parametrize(
        ("suffix", "said"),
        [
            ("stops", "train.stops row 2 cannot be read by the reader stops of package more-kinds "
                "4.0: it raised KeyError: 'field'"),
            ("lists", "row 1 .* it gives a list, not a mapping"),
            ("objects", "row 1 .* label holds a object"),
        ],
    )  # fmt: skip
    def test_a_broken_one_is_told_with_its_package_and_the_row(
        self, tmp_path: Path, suffix: str, said: str
    ) -> None:
        with pytest.raises(DataError, match=said):
            load(DataConfig(file(tmp_path, suffix)))

    def test_a_suffix_that_nobody_reads(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match=r"the format '\.nobody' is unknown"):
            load(DataConfig(file(tmp_path, "nobody")))


class TestExporters:
    def export(self, tmp_path: Path, name: str) -> tuple[Result, Path]:
        home = tmp_path / "home"
        if not home.exists():
            stored(home)
        out = tmp_path / "labels.out"
        arguments = ["export", "labelled", "--format", name, "--out", str(out), "--home", str(home)]
        return CliRunner().invoke(app, arguments), out

    def test_labels_are_written_by_it(self, tmp_path: Path) -> None:
        done, out = self.export(tmp_path, "lines")
        assert done.exit_code == 0, done.output
        assert out.read_text() == "a=((0, 4, 'PER'), (8, 11, 'LOC'))\n"

    @pytest.mark.parametrize(
        ("name", "said"),
        [
            ("fails", "exporter fails of package more-kinds 4.0 cannot be used: it raised "
                "RuntimeError: out of ink"),
            ("nothing", "it has written nothing"),
            ("one", "it cannot be called with a path, a header and annotations"),
        ],
    )  # fmt: skip
    def test_one_that_fails_leaves_nothing(self, tmp_path: Path, name: str, said: str) -> None:
        done, out = self.export(tmp_path, name)
        assert isinstance(done.exception, PluginError)
        assert said in done.exception.message
        assert not out.exists()

    def test_unknown_names_list_it_and_built_in_ones_stay(self, tmp_path: Path) -> None:
        done, _ = self.export(tmp_path, "line")
        assert isinstance(done.exception, ConfigError)
        assert ", lines" in done.exception.hint
        done, out = self.export(tmp_path, "jsonl")
        assert json.loads(out.read_text().splitlines()[-1])["id"] == "a"


class TestModels:
    def test_its_settings_and_its_files(self, tmp_path: Path) -> None:
        full, adapter = default_settings("ours", "full"), default_settings("ours", "adapter")
        assert (full.learning_rate, full.epochs) == (1e-4, 5)
        assert (adapter.learning_rate, adapter.head_learning_rate, adapter.epochs) == (
            2e-3,
            3e-3,
            6,
        )
        source = find("ours")
        assert (source.name, source.path) == ("ours", tmp_path / "encoder")
        used = used_plugins(
            make_experiment("tickets", {"acquisition": "ours", "successor": "ours"})
        )
        assert noted(used) == {"model ours": "more-kinds 4.0"}
        assert missing(used) is None
        assert _hub_id("theirs") == "owner/encoder"
        assert _hub_id("ours") == ""

    def test_lists_have_it_and_tell_what_is_broken(self) -> None:
        listed = " ".join(CliRunner().invoke(app, ["models"]).stdout.split())
        assert "ours 4 M" in listed
        assert "our own small encoder (more-kinds 4.0)" in listed
        assert (
            "model minilm of package more-kinds 4.0 cannot be used: tui-al itself has a model of "
            "this name" in listed
        )
        choices = {choice.value for choice in model_choices("")}
        assert {"ours", "theirs", "minilm"} <= choices
        assert not {"none", "wrong", "number"} & choices
        assert default_settings("minilm", "full").learning_rate == 2e-4

    @pytest.mark.parametrize(
        ("name", "said"),
        [
            ("none", "its hub_id is to be a Hub id or the path of a directory"),
            ("wrong", "learning_rate = 7.0 is out of range"),
            ("flat", "AttributeError: 'NoneType' object has no attribute 'encoder'"),
            ("number", "it is a function, not a CatalogueModel"),
        ],
    )
    def test_a_broken_one_is_told_in_words(self, name: str, said: str) -> None:
        with pytest.raises(
            PluginError, match=f"model {name} of package more-kinds 4.0 cannot be used: .*{said}"
        ):
            default_settings(name, "full")

    def test_one_whose_package_is_gone_is_told(self) -> None:
        gone = {
            "plugins": [{"kind": "model", "name": "lost", "package": "more-kinds", "version": "3"}]
        }
        error = missing(gone)
        assert error is not None
        assert (
            error.message
            == "The model lost is of package more-kinds 3, which is not installed here."
        )
