"""The points of seed sets, shared between the sessions of a sweep: computed once, by whoever comes
first.

One small file for each seed set and successor, named by a digest of everything that the point
depends on. Whoever computes one holds a lock on it that the kernel frees on any death; the others
wait for it and take the point over."""

import contextlib
import fcntl
import hashlib
import json
import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from tui_al.core.data.examples import Answer, Dataset
from tui_al.core.session import events as ev
from tui_al.core.settings.experiment import LearnerConfig
from tui_al.store.atomic_files import write_file
from tui_al.store.sharing import make_directory, open_file

log = logging.getLogger(__name__)


@dataclass(slots=True)
class SharedFirstPoints:
    """See `tui_al.core.loop.protocols.FirstPoints`.

    `wait` is called while another engine computes the point that is wanted; it may raise
    EngineStopped."""

    directory: Path
    session: str
    basis: str  #: digest of data, successor and device, see `basis`
    wait: Callable[[], None]
    _file: Path | None = None

    @contextlib.contextmanager
    def turn(
        self, seed: int, ids: Sequence[str], answers: Sequence[Answer]
    ) -> Iterator[ev.RoundResult | None]:
        """The point of these labels, or None and the lock on it."""
        make_directory(self.directory)
        file = self.directory / f"{_digest([self.basis, seed, list(ids), list(answers)])}.json"
        with self._lock(file.with_suffix(".lock")):
            self._file = file
            known = _read(file)
            if (
                known is not None and known.shared_from == self.session
            ):  # cut off before it was recorded
                known = replace(known, shared_from="")
            yield known

    def keep(self, point: ev.RoundResult) -> None:
        """Write the point for the others; it appears whole or not at all."""
        assert self._file is not None
        plain = ev.to_plain(replace(point, shared_from=self.session))
        write_file(self._file, json.dumps({"point": plain, "digest": _digest(plain)}))

    @contextlib.contextmanager
    def _lock(self, path: Path) -> Iterator[None]:
        descriptor = open_file(path, os.O_RDWR)
        try:
            while True:
                with contextlib.suppress(BlockingIOError):
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                self.wait()
                time.sleep(0.1)
            yield
        finally:
            os.close(descriptor)


def basis(
    dataset: Dataset, successor: LearnerConfig, commit: str | None, device: str, gauge: int
) -> str:
    """What a first point depends on besides the labels: the data, the successor, the gauge, and
    what computes it.

    Threads and versions count, because sums of floats depend on them.
    """
    return _digest(
        [
            dataset.outputs,
            [(e.id, e.text, e.answer) for e in dataset.test],
            gauge,
            asdict(successor),
            commit,
            device,
            torch.get_num_threads(),
            torch.__version__,
        ]
    )


def _digest(what: Any) -> str:
    text = json.dumps(what, ensure_ascii=False)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def _read(file: Path) -> ev.RoundResult | None:
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        if kept["digest"] != _digest(kept["point"]):
            raise ValueError("its digest is another")
        event = ev.from_plain(kept["point"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        log.warning("%s is not used, and computed anew: %s", file, error)
        return None
    return event if isinstance(event, ev.RoundResult) else None
