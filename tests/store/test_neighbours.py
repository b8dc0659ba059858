"""Nearest neighbours from the file of states."""

from pathlib import Path

import numpy as np
import pytest

from tui_al.errors import SessionError
from tui_al.store import nearest_neighbors
from tui_al.store.nearest_neighbors import STATES, nearest


def test_the_nearest_come_first_whatever_their_length_and_the_chunks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nearest_neighbors, "_CHUNK", 2)
    states = np.array([[1, 0], [0, 3], [5, 5], [-1, 0], [0, 0], [2, 0.1]], dtype=np.float16)
    np.save(tmp_path / STATES, states)
    found = nearest(tmp_path, 0, 10)
    assert [row for row, _ in found] == [5, 2, 1, 4, 3]
    assert dict(found)[2] == pytest.approx(0.5**0.5, abs=1e-3)
    assert dict(found)[3] == pytest.approx(-1.0)
    assert [row for row, _ in nearest(tmp_path, 0, 2)] == [5, 2]


def test_without_a_file_or_with_a_wrong_one_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SessionError, match="not there yet"):
        nearest(tmp_path, 0, 3)
    np.save(tmp_path / STATES, np.zeros((2, 3), dtype=np.float16))
    with pytest.raises(SessionError, match="of other data"):
        nearest(tmp_path, 2, 3)
    (tmp_path / STATES).write_bytes(b"nonsense")
    with pytest.raises(SessionError, match="cannot be read"):
        nearest(tmp_path, 0, 3)
