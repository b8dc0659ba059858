"""What holds for all tests."""

import os
import signal
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from tests.helpers.processes import Forks

# How long an example takes says nothing of its result: the first one imports a library, another
# core may be busy.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# A shell that starts the tests in the background has them ignore the first two, nohup the third,
# and all that they start would ignore them too, also where a test sends one.
if threading.current_thread() is threading.main_thread():
    for number, usual in (
        (signal.SIGINT, signal.default_int_handler),
        (signal.SIGQUIT, signal.SIG_DFL),
        (signal.SIGHUP, signal.SIG_DFL),
    ):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, usual)

HERE = Path(__file__).parent

#: Files that take longest with the slow tests, which begin first, so that no core waits at the end
#: for one of them. The second needs no fork server: it runs while the first has it started.
LONGEST = (
    "docs/test_commands.py",
    "store/test_stored_events.py",
    "ui/test_label_scripted.py",
    "engine/test_resume.py",
    "engine/test_checkpoint.py",
    "api/test_runs.py",
    "ui/test_run.py",
    "engine/test_people.py",
    "ui/test_whole_sessions.py",
    "engine/test_label_errors.py",
    "host/test_process.py",
    "cli/test_sweep.py",
    "campaigns/test_kills.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests of the longest files in front; raises UsageError if one of these is gone."""
    gone = [name for name in LONGEST if not (HERE / name).is_file()]
    if gone:
        raise pytest.UsageError(f"tests/conftest.py: LONGEST names what is not there: {gone}")
    place = {HERE / name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path, len(place)))


@pytest.fixture(scope="session")
def fork_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """The fork server of this run of the tests, which its workers share, as the environment of a
    process that is to use it."""
    from tests.helpers.processes import shared_fork_server  # here: most tests need none

    place = tmp_path_factory.getbasetemp()
    shared = place.parent if os.environ.get("PYTEST_XDIST_WORKER") else place
    with shared_fork_server(shared) as environment:
        yield environment


@pytest.fixture
def forked(
    fork_environment: Mapping[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> "Iterator[Forks]":
    """What this test starts as `python -m MODULE` is forked by the fork server, and ends with the
    test: engines are there in a moment, and are else as they would be."""
    from tests.campaigns.traps import CASE
    from tests.helpers.processes import use_fork_server

    monkeypatch.setenv(CASE, str(tmp_path))
    forks = use_fork_server(fork_environment, monkeypatch)
    yield forks
    forks.kill_all(tmp_path)
