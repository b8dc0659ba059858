"""CPU, memory and disk readings, and the manifest of a machine that goes with every result."""

import importlib.metadata
import platform
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from tui_al import __version__
from tui_al.core.limits import ControlGroups, usable_cores, usable_cpus
from tui_al.host.gpu import survey

LIBRARIES = ("torch", "transformers", "adapters", "datasets", "numpy", "scipy")
"""What a result depends on, besides Python and tui-al."""


@dataclass(frozen=True, slots=True)
class MachineReading:
    """The machine, as far as we may use it, at one moment. Memory and disk in bytes."""

    cpu: float | None  # percent of the CPUs we may run on; None in the first reading
    cores: int
    memory_used: int
    memory_total: int
    our_cpu: (
        float | None
    )  # percent of one core, so 200 is two cores' worth; None in the first reading
    our_memory: int | None  # resident, summed over our processes; None when none of them lives
    load: float | None  # processes that want a CPU, mean of the last minute
    disk_free: int | None  # at the path that was asked for


class MachineMeter:
    """Reads the machine; CPU shares are those since its last reading."""

    def __init__(self, groups: ControlGroups | None = None) -> None:
        self._groups = groups or ControlGroups()
        self._lock = threading.Lock()
        self._cpu: tuple[float, float] | None = None  # busy, total
        self._ours: dict[tuple[int, float], float] = {}  # CPU seconds by process and its start
        self._when = 0.0

    def read(
        self, own_pids: frozenset[int] = frozenset(), path: Path | None = None
    ) -> MachineReading:
        """The machine now; processes that are gone count for nothing."""
        with self._lock:
            our_cpu, our_memory = self._own(own_pids)
            cpu = self._busy()
        used, total = memory(self._groups)
        return MachineReading(
            cpu=cpu,
            cores=usable_cores(self._groups),
            memory_used=used,
            memory_total=total,
            our_cpu=our_cpu,
            our_memory=our_memory,
            load=_load(),
            disk_free=disk_free(path) if path else None,
        )

    def _busy(self) -> float | None:
        """Percent of the usable CPUs' time since the last reading."""
        usable = usable_cpus()
        busy = total = 0.0
        for number, times in enumerate(psutil.cpu_times(percpu=True)):
            if number in usable:
                spent = times._asdict()
                # Linux counts guests' time within user time as well.
                whole = sum(spent.values()) - spent.get("guest", 0) - spent.get("guest_nice", 0)
                total += whole
                busy += whole - spent["idle"] - spent.get("iowait", 0)
        before, self._cpu = self._cpu, (busy, total)
        if before is None or total <= before[1]:
            return None
        return min(100.0, max(0.0, 100 * (busy - before[0]) / (total - before[1])))

    def _own(self, own_pids: frozenset[int]) -> tuple[float | None, int | None]:
        """CPU percent and resident bytes of our processes."""
        now = time.monotonic()
        seconds: dict[tuple[int, float], float] = {}
        resident = 0
        for pid in own_pids:
            try:
                process = psutil.Process(pid)
                with process.oneshot():
                    times = process.cpu_times()
                    seconds[pid, process.create_time()] = times.user + times.system
                    resident += process.memory_info().rss
            except psutil.Error:
                continue
        known = seconds.keys() & self._ours.keys()
        spent = sum(seconds[key] - self._ours[key] for key in known)
        elapsed, self._when, self._ours = now - self._when, now, seconds
        return (
            100 * spent / elapsed if known and elapsed > 0 else None,
            resident if seconds else None,
        )


_METER = MachineMeter()


def read_machine(
    own_pids: frozenset[int] = frozenset(), path: Path | None = None
) -> MachineReading:
    """The machine now, by the process's one meter; call it about once a second."""
    return _METER.read(own_pids, path)


def memory(groups: ControlGroups | None = None) -> tuple[int, int]:
    """Used and total bytes: the container's where it has a limit of its own, else the machine's."""
    machine = psutil.virtual_memory()
    limit = (groups or ControlGroups()).memory()
    if limit and limit.limit < machine.total:
        return limit.used, limit.limit
    return machine.total - machine.available, machine.total


def disk_free(path: Path) -> int | None:
    """Bytes free to us where `path` is or would be made; None if that cannot be told."""
    try:
        return int(psutil.disk_usage(str(nearest_existing(path))).free)
    except OSError:
        return None


def nearest_existing(path: Path) -> Path:
    """The path, or the innermost directory around it that exists."""
    return next((place for place in (path, *path.parents) if place.exists()), Path("/"))


def manifest() -> dict[str, Any]:
    """What a result was made on: plain data for JSON, read from metadata without importing any of
    it."""
    gpus = survey()
    return {
        "tui_al": __version__,
        "python": platform.python_version(),
        **{name: installed_version(name) for name in LIBRARIES},
        "platform": platform.platform(),
        "hostname": platform.node(),
        "cpu": cpu_model(),
        "cores": usable_cores(),
        "memory": memory()[1],
        "gpu_driver": gpus.driver,
        "gpus": [
            {"name": gpu.name, "memory": gpu.memory_total, "visible": gpu.visible}
            for gpu in gpus.gpus
        ],
    }


def installed_version(distribution: str) -> str | None:
    """The version of an installed package, or None."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def cpu_model() -> str:
    """The processor's name, as the system tells it."""
    return cpu_facts().get("model name") or platform.processor() or platform.machine()


def cpu_facts() -> dict[str, str]:
    """What Linux tells of the first processor; empty on other systems."""
    if sys.platform != "linux":
        return {}
    facts: dict[str, str] = {}
    with Path("/proc/cpuinfo").open() as lines:
        for line in lines:
            name, colon, value = line.partition(":")
            if not colon:
                break
            facts[name.strip()] = value.strip()
    return facts


def _load() -> float | None:
    try:
        return float(psutil.getloadavg()[0])
    except OSError:
        return None
