"""A bound on memory: what is asked for beyond it is a MemoryError, and nothing stays of it."""

import resource
import subprocess
import sys
import threading
from collections.abc import Iterator

import numpy as np
import pytest

from tui_al.core import memory_bound
from tui_al.core.memory_bound import bounded_memory

LARGE = 3 << 29  # bytes; more than any heap has in reserve, and no page of them is touched


@pytest.fixture(autouse=True)
def limit() -> Iterator[tuple[int, int]]:
    """What the limit is, and has to be afterwards."""
    before = resource.getrlimit(resource.RLIMIT_DATA)
    yield before
    assert resource.getrlimit(resource.RLIMIT_DATA) == before


def soft() -> int:
    return resource.getrlimit(resource.RLIMIT_DATA)[0]


def test_more_than_may_be_had_is_an_error() -> None:
    np.empty(LARGE, np.uint8)
    with pytest.raises(MemoryError), bounded_memory(1 << 20):
        np.empty(LARGE, np.uint8)
    np.empty(LARGE, np.uint8)


def test_the_machine_keeps_some(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_bound, "memory_left", lambda: 1 << 30)
    with pytest.raises(MemoryError), bounded_memory():
        np.empty(LARGE, np.uint8)
    with bounded_memory():
        bytearray(1 << 24)
    monkeypatch.setattr(memory_bound, "memory_left", lambda: 1 << 26)
    with pytest.raises(MemoryError), bounded_memory():
        pass


def test_the_tightest_holds_and_the_others_after_it() -> None:
    with bounded_memory(1 << 30):
        outer = soft()
        with bounded_memory(1 << 20):
            assert soft() < outer
            with bounded_memory(1 << 31):
                assert soft() < outer
        assert soft() == outer


def test_regions_of_threads_end_in_any_order(limit: tuple[int, int]) -> None:
    entered, leave = threading.Event(), threading.Event()

    def other() -> None:
        with bounded_memory(1 << 20):
            entered.set()
            leave.wait(10)

    thread = threading.Thread(target=other)
    with bounded_memory(1 << 30):
        own = soft()
        thread.start()
        assert entered.wait(10)
        assert soft() < own
    assert soft() < own
    leave.set()
    thread.join()
    assert soft() == limit[0]


def test_nothing_is_bounded_where_the_system_does_not_tell(
    monkeypatch: pytest.MonkeyPatch, limit: tuple[int, int]
) -> None:
    monkeypatch.setattr(memory_bound, "text_of", lambda _: "")
    with bounded_memory(1):
        assert soft() == limit[0]


def test_a_limit_that_is_there_already_stays() -> None:
    code = (
        "import resource\n"
        "from tui_al.core.memory_bound import bounded_memory\n"
        "for limit in ((1 << 30, 1 << 31), (1 << 31, 1 << 31), (-1, -1)):\n"
        "    resource.setrlimit(resource.RLIMIT_DATA, limit) if limit[0] > 0 else None\n"
        "    with bounded_memory(1 << 20):\n"
        "        assert 0 < resource.getrlimit(resource.RLIMIT_DATA)[0] < 1 << 30\n"
        "    with bounded_memory(1 << 40):\n"
        "        assert 0 < resource.getrlimit(resource.RLIMIT_DATA)[0] <= 1 << 31\n"
        "    assert limit[0] < 0 or resource.getrlimit(resource.RLIMIT_DATA) == limit\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
