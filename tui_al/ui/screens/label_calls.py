"""Calls of the annotation service, made by the worker's thread, and what is to be done with what
comes of each."""

from collections.abc import Callable
from typing import Any, Protocol

from tui_al.store.annotation_service import AnnotationService
from tui_al.ui.annotation_worker import AnnotationWorker


class Ask(Protocol):
    """How a part of the label screen, or a screen beside it, calls the annotation service."""

    def __call__(
        self,
        kind: str,
        call: Callable[[AnnotationService], Any],
        *,
        writes: bool = False,
        then: Callable[[Any], None] | None = None,
        failed: Callable[[], None] | None = None,
    ) -> int:
        """Hand a call over; its number. `then` is called with what comes of it, or `failed`, once
        the person is told why."""


class ServiceCalls:
    """The calls that are on their way; `ask` hands one over."""

    def __init__(self, worker: AnnotationWorker) -> None:
        self._worker = worker
        self._then: dict[int, Callable[[Any], None]] = {}  # by the number of the call
        self._failed: dict[int, Callable[[], None]] = {}

    def ask(
        self,
        kind: str,
        call: Callable[[AnnotationService], Any],
        *,
        writes: bool = False,
        then: Callable[[Any], None] | None = None,
        failed: Callable[[], None] | None = None,
    ) -> int:
        """As `Ask` says."""
        number = self._worker.do(kind, call, writes=writes)
        if then is not None:
            self._then[number] = then
        if failed is not None:
            self._failed[number] = failed
        return number

    def done(self, number: int, value: Any) -> None:
        """This came of a call."""
        self._failed.pop(number, None)
        if (then := self._then.pop(number, None)) is not None:
            then(value)

    def came_to_nothing(self, number: int) -> None:
        """A call was refused, and the person is told."""
        self._then.pop(number, None)
        if (failed := self._failed.pop(number, None)) is not None:
            failed()
