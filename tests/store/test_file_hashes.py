"""What is not as it was saved is noticed, whatever was done to it."""

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_al.core.session import events as ev
from tui_al.errors import SessionError
from tui_al.store.file_hashes import check_hashes, differences, hashes_of, sha256_of


@pytest.fixture
def model(tmp_path: Path) -> Path:
    directory = tmp_path / "model"
    (directory / "adapter").mkdir(parents=True)
    (directory / "model.safetensors").write_bytes(bytes(range(256)) * 40)
    (directory / "adapter" / "adapter_config.json").write_text("{}")
    (directory / "empty").touch()
    return directory


def test_what_was_copied_is_as_it_was(model: Path, tmp_path: Path) -> None:
    saved = hashes_of(model)
    assert list(saved) == ["adapter/adapter_config.json", "empty", "model.safetensors"]
    assert saved["empty"] == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    copy = Path(shutil.copytree(model, tmp_path / "copy"))
    (copy / ".DS_Store").write_text("what a file manager leaves")
    assert differences(copy, saved) == []
    check_hashes(copy, saved, "The model", "")


@given(bit=st.integers(0, 256 * 40 * 8 - 1))
def test_every_flipped_bit_is_noticed(tmp_path_factory: pytest.TempPathFactory, bit: int) -> None:
    path = tmp_path_factory.mktemp("flipped") / "weights"
    raw = bytearray(range(256)) * 40
    path.write_bytes(raw)
    saved = {"weights": sha256_of(path)}
    raw[bit // 8] ^= 1 << bit % 8
    path.write_bytes(raw)
    assert len(differences(path.parent, saved)) == 1


def test_the_message_names_the_file_and_what_to_do(model: Path) -> None:
    saved = hashes_of(model)
    path = model / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    (model / "empty").unlink()
    (model / "adapter" / "adapter_config.json").unlink()
    (model / "adapter" / "adapter_config.json").symlink_to("/etc/passwd")
    assert [one.partition(" (")[0] for one in differences(model, saved)] == [
        "adapter/adapter_config.json cannot be read",
        "empty is missing",
        "model.safetensors is not as it was saved",
    ]
    with pytest.raises(SessionError) as caught:
        check_hashes(model, saved, "The model", "Put it back.")
    assert caught.value.message.startswith("The model is damaged: adapter/adapter_config.json")
    assert caught.value.message.endswith("; 2 more.")
    assert caught.value.hint == "Put it back."


def test_events_of_older_programs_hold_no_hashes_and_older_programs_read_new_ones() -> None:
    new = ev.to_plain(ev.ModelSaved(7, 3, "successor", "models/7", {"a": "0" * 64}))
    old = {key: value for key, value in new.items() if key != "hashes"}
    assert ev.from_plain(old) == ev.ModelSaved(7, 3, "successor", "models/7")
    assert ev.from_plain(new | {"of a later program": 1}) == ev.from_plain(new)
