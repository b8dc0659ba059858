"""Calls that may never return, made in daemon threads so that nobody has to wait for them."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def in_background(call: Callable[[], T]) -> Future[T]:
    """Start `call` in a daemon thread; ask the future with a time limit.

    A thread pool would not do: the interpreter waits for a pool's threads when it exits, and a hung
    driver or network file system would keep it for good.
    """
    future: Future[T] = Future()

    def work() -> None:
        try:
            future.set_result(call())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=work, daemon=True, name="host-background").start()
    return future
