"""What was measured on this machine, kept in a file: a session that is continued computes as it
began, and measures once."""

import contextlib
import fcntl
import json
import logging
import math
import platform
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import platformdirs
import torch

from tui_al.store.atomic_files import write_file

log = logging.getLogger(__name__)


def _is_measured(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf


@dataclass(frozen=True, slots=True)
class KeptMeasurements:
    """Numbers by what they are of; a file that cannot be read or written is as good as none."""

    file: Path

    @classmethod
    def of_machine(cls, name: str) -> "KeptMeasurements":
        """The file of this name in the user's cache."""
        return cls(Path(platformdirs.user_cache_dir("tui-al", appauthor=False), f"{name}.json"))

    def get(self, what: str, device: torch.device, measure: Callable[[], float]) -> float:
        """The number for this machine and device, measured if it is not known."""
        kind = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.processor()
        key = (
            f"{platform.node()}, {kind}, torch {torch.__version__}, {torch.get_num_threads()} "
            f"threads, {what}"
        )
        kept = self._kept()
        if key not in kept:
            found = measure()
            with self._locked():  # what others measured meanwhile stays
                kept = {key: found} | self._kept()
                self._keep(kept)
        return kept[key]

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """One at a time, on this machine; where no lock can be had, unlocked."""
        with contextlib.ExitStack() as stack:
            with contextlib.suppress(OSError):
                self.file.parent.mkdir(parents=True, exist_ok=True)
                lock = stack.enter_context(self.file.with_suffix(".lock").open("w"))
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _kept(self) -> dict[str, float]:
        try:
            found = json.loads(self.file.read_text(encoding="utf-8"))
            kept = {key: value for key, value in found.items() if _is_measured(value)}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
            log.warning("%s is not used: %s", self.file, error)
            return {}
        if len(kept) < len(found):
            log.warning(
                "%s: %d entries are no numbers, and left out", self.file, len(found) - len(kept)
            )
        return kept

    def _keep(self, measured: dict[str, float]) -> None:
        with contextlib.suppress(OSError):
            self.file.parent.mkdir(parents=True, exist_ok=True)
            write_file(self.file, json.dumps(measured, indent=1))
