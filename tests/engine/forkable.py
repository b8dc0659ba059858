"""What a process does that forks engines: it imports what they import, and computes in one
thread."""

from unittest import mock

import adapters  # noqa: F401 - engines import it; it takes longest
import torch
import transformers

from tests.engine import tiny  # noqa: F401 - the tiny encoder's classes
from tui_al.engine.worker import runner


def import_engine() -> None:
    """Have torch, here and in engines that are forked from here, compute in one thread: others are
    lost in a fork."""
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    mock.patch.object(runner, "computing_threads", lambda: 1).start()  # for good
