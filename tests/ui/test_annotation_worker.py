"""The worker's thread: order, a disk that is really full, errors that are nobody's fault."""

import queue
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ui.labelling import labelling_session
from tui_al.core.session.state import SessionState
from tui_al.store.annotation_service import AnnotationService
from tui_al.store.samples import Sample
from tui_al.ui import annotation_worker as module
from tui_al.ui.annotation_worker import (
    AnnotationState,
    AnnotationWorker,
    Done,
    Failed,
    Report,
    StateChanged,
    WriteBlocked,
)


class LogLine:
    """What the worker reports, in order."""

    def __init__(self) -> None:
        self._queue: queue.Queue[Report] = queue.Queue()
        self.put = self._queue.put

    def next(self, kind: type[Report] = object) -> Report:  # type: ignore[assignment]
        """The next report of that kind."""
        while True:
            report = self._queue.get(timeout=20)
            if isinstance(report, kind):
                return report


@pytest.fixture
def told() -> LogLine:
    return LogLine()


@pytest.fixture
def worker(
    home: Path, told: LogLine, monkeypatch: pytest.MonkeyPatch
) -> Iterator[AnnotationWorker]:
    monkeypatch.setattr(module, "AGAIN", 0.05)
    session = labelling_session(home)
    session.rank(1)
    opened = AnnotationWorker(session.directory, "anna", told.put)
    opened.start()
    yield opened
    opened.close()
    assert opened.join(20)


def take(worker: AnnotationWorker, told: LogLine) -> Sample:
    worker.do("take", AnnotationService.take)
    done = told.next(Done)
    assert isinstance(done, Done)
    assert isinstance(done.value, Sample)
    return done.value


def test_jobs_are_done_in_order_and_done_means_on_disk(
    worker: AnnotationWorker, told: LogLine
) -> None:
    first, second = take(worker, told), take(worker, told)
    worker.do("decide", lambda b: b.label(first, "billing"), writes=True)
    worker.do("decide", lambda b: b.label(second, "returns"), writes=True)
    worker.do("undo", AnnotationService.undo, writes=True)
    reports = [told.next(Done) for _ in range(3)]
    assert [r.job.kind for r in reports if isinstance(r, Done)] == ["decide", "decide", "undo"]
    assert [r.annotation_state.saved for r in reports if isinstance(r, Done)] == [1, 2, 1]
    assert worker.unsaved == 0


def test_a_full_disk_holds_the_queue_until_there_is_room(
    worker: AnnotationWorker, told: LogLine
) -> None:
    item, another = take(worker, told), take(worker, told)

    def fill(b: AnnotationService) -> None:
        b.log._db.execute("PRAGMA max_page_count = 1")  # SQLite takes the size that it has

    worker.do("fill", fill)
    told.next(Done)
    long = "x" * 200_000
    worker.do("note", lambda b: b.note(item, long), writes=True)
    worker.do("decide", lambda b: b.label(another, "billing"), writes=True)
    stuck = told.next(WriteBlocked)
    assert isinstance(stuck, WriteBlocked)
    assert "full" in stuck.trouble
    assert worker.unsaved == 2
    assert "full" in worker.trouble

    def room(b: AnnotationService) -> None:
        b.log._db.execute("PRAGMA max_page_count = 1000000")

    # the thread is busy trying: make room from within one of its tries
    original = AnnotationService.note

    def note(b: AnnotationService, *arguments: object) -> object:
        room(b)
        return original(b, *arguments)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AnnotationService, "note", note)
        done = told.next(Done)
        assert isinstance(done, Done)
        assert done.job.kind == "note"
        later = told.next(Done)
    assert isinstance(later, Done)
    assert later.annotation_state.saved == 1
    assert (worker.unsaved, worker.trouble) == (0, "")


def test_a_refused_decision_and_a_defect_stop_nothing(
    worker: AnnotationWorker, told: LogLine
) -> None:
    item = take(worker, told)
    worker.do("decide", lambda b: b.label(item, "no such label"), writes=True)
    worker.do("odd", lambda _: [][1], writes=True)
    worker.do("decide", lambda b: b.label(item, "billing"), writes=True)
    refused, odd = told.next(Failed), told.next(Failed)
    assert isinstance(refused, Failed)
    assert isinstance(odd, Failed)
    assert "no label 'no such label'" in refused.error.message
    assert "IndexError" in odd.error.message
    assert told.next(Done).annotation_state.saved == 1  # type: ignore[union-attr]
    assert worker.unsaved == 0


@pytest.mark.slow
def test_what_the_engine_and_others_do_is_news(worker: AnnotationWorker, told: LogLine) -> None:
    news = told.next(StateChanged)
    assert isinstance(news, StateChanged)
    assert (news.annotation_state.ranking, news.annotation_state.saved) == (1, 0)
    directory = worker._directory
    with AnnotationService(directory, "bob") as other:
        item = other.take()
        assert item is not None
        other.label(item, "billing")
        while item.id not in news.touched:
            news = told.next(StateChanged)
            assert isinstance(news, StateChanged)
        assert (news.annotation_state.saved, news.annotation_state.others) == (1, ("bob",))


def test_a_session_that_cannot_be_opened_is_told(tmp_path: Path, told: LogLine) -> None:
    opened = AnnotationWorker(tmp_path, "anna", told.put)
    opened.start()
    failed = told.next(Failed)
    assert isinstance(failed, Failed)
    assert failed.job.kind == "open"
    assert opened.join(5)


def test_how_the_data_was_read_is_told_while_the_engine_starts() -> None:
    note = "text column: body (guessed; --text-column overrides)"
    warning = "spellings of one label became one: x ('x', '\"x\"')"
    state = SessionState(notes=(note,), warnings=(warning,))
    told = AnnotationState(live=True, state=state).waits_for
    assert told.splitlines()[-3:] == ["How the data was read:", f"⚠ {warning}", note]
    assert "How the data" not in AnnotationState(live=True, ranking=1, state=state).waits_for
