"""What a frozen trunk gives for the texts of a session, kept in memory or on disk within a budget.
See `tui_al.engine.models.frozen_layers`."""

import logging
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from tui_al.core.arrays import IntArray
from tui_al.core.limits import ControlGroups
from tui_al.core.progress import ProgressCallback, TrainingProgress
from tui_al.engine.models.device import is_out_of_memory
from tui_al.store.sharing import make_directory

log = logging.getLogger(__name__)

#: Of the machine's memory, the share that states may take; of a GPU's free memory, the share before
#: they go to the machine's.
_SHARE = 0.25
_SHARE_OF_GPU = 0.4

#: Bytes on disk that one process's states may take, and the share of what is free there that is
#: never exceeded.
DISK_BUDGET = 64 * 2**30
_SHARE_OF_DISK = 0.5


def memory_budget() -> int:
    """Bytes of this machine's memory that kept states may take: a quarter, of the container's limit
    where there is one.

    It does not depend on what is free at the moment, so that a session that is continued keeps the
    same texts."""
    there = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limit = ControlGroups().memory()
    return int(_SHARE * (min(there, limit.limit) if limit else there))


class FeatureStore:
    """The states that are kept in one process, by what they were made from and with.

    In memory at most `budget` bytes of them; what does not fit there goes to a file in `directory`,
    if one is given, read through a memory map, at most `disk_budget` bytes in all. The file has no
    name: it goes when the process does, however it ends."""

    def __init__(
        self,
        budget: int | None = None,
        directory: Path | None = None,
        disk_budget: int = DISK_BUDGET,
    ) -> None:
        self.budget = memory_budget() if budget is None else budget
        self._room = self.budget
        self._directory = directory
        self._disk_room = disk_budget
        self._states: dict[tuple[object, ...], CachedFeatures] = {}

    def states(
        self,
        key: tuple[object, ...],
        lengths: IntArray,
        batches: list[IntArray],
        width: int,
        dtype: torch.dtype,
        device: torch.device,
    ) -> "CachedFeatures":
        """Those of this key, or new ones in the room that is left."""
        if key not in self._states:
            wanted = int(lengths.sum()) * width * dtype.itemsize
            there = self._on_gpu(lengths, batches, width, dtype, device, wanted)
            if there is not None:
                states = there
            elif wanted > self._room and (mapped := self._mapped(wanted, dtype)) is not None:
                states = CachedFeatures(
                    lengths, batches, width, dtype, mapped.device, wanted, mapped
                )
            else:
                room = min(wanted, self._room)
                states = CachedFeatures(lengths, batches, width, dtype, torch.device("cpu"), room)
                self._room -= states.nbytes
            self._states[key] = states
        return self._states[key]

    @staticmethod
    def _on_gpu(
        lengths: IntArray,
        batches: list[IntArray],
        width: int,
        dtype: torch.dtype,
        device: torch.device,
        wanted: int,
    ) -> "CachedFeatures | None":
        """All of them on a GPU, where they take little of what is free there."""
        if device.type != "cuda" or wanted >= _SHARE_OF_GPU * torch.cuda.mem_get_info(device)[0]:
            return None
        try:
            return CachedFeatures(lengths, batches, width, dtype, device, wanted)
        except RuntimeError as error:  # others were quicker, or it is in pieces
            if not is_out_of_memory(error):
                raise
            return None

    def _mapped(self, size: int, dtype: torch.dtype) -> torch.Tensor | None:
        """A nameless file of so many bytes as a tensor, (elements,); None where there is no room
        for it."""
        if self._directory is None or size > self._disk_room:
            return None
        try:
            make_directory(self._directory)
            if size > _SHARE_OF_DISK * shutil.disk_usage(self._directory).free:
                return None
            descriptor, name = tempfile.mkstemp(dir=self._directory, suffix=".states")
            try:
                os.posix_fallocate(descriptor, 0, size)  # now, not as a signal at a later write
                mapped = torch.from_file(
                    name, shared=True, size=size // dtype.itemsize, dtype=dtype
                )
            finally:
                os.close(descriptor)
                Path(name).unlink()
        except OSError as error:
            log.warning("the frozen layers' output is kept in memory only: %s", error)
            return None
        self._disk_room -= size
        return mapped


class CachedFeatures:
    """The trunk's output for a split's texts, as far as there is room for it: the first batches'.

    They are made in the fixed `batches`, which hold every text once, so that a text's state does
    not depend on what was asked for when: a continued session gets the same numbers to the last
    bit.
    """

    def __init__(
        self,
        lengths: IntArray,
        batches: list[IntArray],
        width: int,
        dtype: torch.dtype,
        device: torch.device,
        room: int,
        mapped: torch.Tensor | None = None,
    ) -> None:
        """`room` in bytes; `mapped` to lay them in, if not in new memory, (at least sub-tokens x
        width,)."""
        fits = room // (width * dtype.itemsize)
        ends = np.cumsum([lengths[b].sum() for b in batches]) if batches else np.zeros(0, np.int64)
        self.lengths = lengths
        self._batches = batches[: int((ends <= fits).sum())]
        self._batch_of = np.full(len(lengths), -1)  # (texts,), -1: no room
        self._starts = np.zeros(len(lengths), np.int64)  # (texts,), in `_kept`
        total = 0
        for number, batch in enumerate(self._batches):
            self._batch_of[batch] = number
            self._starts[batch] = total + np.cumsum(lengths[batch]) - lengths[batch]
            total += int(lengths[batch].sum())
        self._made = np.zeros(len(self._batches), bool)
        if mapped is None:
            self._kept = torch.empty((total, width), dtype=dtype, device=device)
        else:
            self._kept = mapped[: total * width].view(total, width)

    @property
    def nbytes(self) -> int:
        """Bytes that they take."""
        return self._kept.nbytes

    @property
    def texts(self) -> int:
        """Texts that there is room for."""
        return int((self._batch_of >= 0).sum())

    def make(
        self,
        rows: IntArray,
        compute: Callable[[IntArray], torch.Tensor],
        progress: ProgressCallback,
    ) -> None:
        """Compute what these rows need and nobody asked for before; `compute` gives their states
        one below the other."""
        numbers = np.unique(self._batch_of[rows])
        for number in numbers[numbers >= 0]:
            if not self._made[number]:
                batch = self._batches[number]
                start, count = int(self._starts[batch[0]]), int(self.lengths[batch].sum())
                self._kept[start : start + count] = compute(batch).to(self._kept)
                self._made[number] = True
                progress(TrainingProgress(0, len(rows)))

    def gather(self, rows: IntArray, compute: Callable[[IntArray], torch.Tensor]) -> torch.Tensor:
        """States of rows that `make` was called for, those without room computed anew: (rows,
        longest, width), fp32.

        Beyond a text's own length there are zeros.
        """
        lengths = self.lengths[rows]
        columns = np.arange(max(1, int(lengths.max())))
        index = self._starts[rows, None] + np.minimum(columns, lengths[:, None] - 1)
        there = self._batch_of[rows] >= 0
        own = torch.from_numpy(columns < lengths[:, None]).to(self._kept.device)
        index[~there] = 0
        if len(self._kept):
            found = self._kept[torch.from_numpy(np.maximum(index, 0)).to(self._kept.device)].float()
        else:
            found = torch.zeros((*index.shape, self._kept.shape[1]), device=self._kept.device)
        found.masked_fill_(~own[:, :, None], 0.0)
        if not there.all():
            missing = torch.from_numpy(~there).to(self._kept.device)
            found[own & missing[:, None]] = compute(rows[~there]).to(found)
        return found
