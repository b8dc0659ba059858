"""Arrays that are kept are used as they were written, or not at all."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_al.store.kept_arrays import open_array, read_array, write_array

ARRAY = np.arange(60, dtype=np.float16).reshape(20, 3)


def test_it_comes_back_also_for_numpy_alone(tmp_path: Path) -> None:
    path = tmp_path / "states.npy"
    write_array(path, ARRAY)
    found = read_array(path, (20, -1), np.float16)
    assert found is not None
    assert found.tolist() == ARRAY.tolist() == np.load(path).tolist()
    np.save(path, ARRAY + 1)  # as older programs wrote it
    found = read_array(path, (20, 3), np.float16)
    assert found is not None
    assert found.tolist() == (ARRAY + 1).tolist()


def test_other_data_nothing_and_objects(tmp_path: Path) -> None:
    path = tmp_path / "states.npy"
    assert read_array(path, (20, 3), np.float16) is None
    write_array(path, ARRAY)
    assert read_array(path, (21, 3), np.float16) is None
    assert read_array(path, (20,), np.float16) is None
    assert read_array(path, (20, 3), np.float32) is None
    np.save(path, np.array([{1: 2}], dtype=object), allow_pickle=True)
    assert read_array(path, (1,), object) is None
    path.unlink()
    path.symlink_to("/etc/hostname")
    assert read_array(path, (20, 3), np.float16) is None


@given(bit=st.integers(0))
def test_no_flipped_bit_is_used(tmp_path_factory: pytest.TempPathFactory, bit: int) -> None:
    path = tmp_path_factory.mktemp("flipped") / "states.npy"
    write_array(path, ARRAY)
    raw = bytearray(path.read_bytes())
    bit %= 8 * len(raw)
    raw[bit // 8] ^= 1 << bit % 8
    path.write_bytes(raw)
    found = read_array(path, (20, 3), np.float16)  # the padding of the header means nothing
    assert found is None or found.tolist() == ARRAY.tolist()


def test_what_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "states.npy"
    write_array(path, ARRAY)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ValueError, match=r".+"):
        open_array(path)
