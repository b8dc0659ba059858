"""What this process may use of the machine: CPU affinity and the limits of control groups
(containers, batch systems)."""

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class MemoryLimit:
    """A control group's memory in bytes; what is used leaves out file pages that the kernel can
    drop."""

    limit: int
    used: int
    active: int = field(default=0, compare=False)  #: of what is used, file pages used again


@dataclass(frozen=True, slots=True)
class ControlGroups:
    """The control groups of a process, version 1 and 2, its own and all that enclose it."""

    root: Path = Path("/sys/fs/cgroup")
    membership: Path = Path("/proc/self/cgroup")

    def cpu_quota(self) -> float | None:
        """CPUs' worth of time that may be used, or None without a limit."""
        quotas = []
        for directory in self._directories(""):
            quota, _, period = text_of(directory / "cpu.max").partition(" ")
            if quota.isdecimal() and period.isdecimal():
                quotas.append(int(quota) / int(period))
        for directory in self._directories("cpu"):
            quota = text_of(directory / "cpu.cfs_quota_us")
            period = text_of(directory / "cpu.cfs_period_us")
            if quota.isdecimal() and period.isdecimal():
                quotas.append(int(quota) / int(period))
        return min(quotas, default=None)

    def memory(self) -> MemoryLimit | None:
        """The tightest memory limit, or None; version 1 writes "no limit" as a number beyond any
        machine."""
        files = [
            (directory, "memory.max", "memory.current", "inactive_file")
            for directory in self._directories("")
        ] + [
            (directory, "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
            for directory in self._directories("memory")
        ]
        limits = []
        for directory, limit_file, usage_file, droppable in files:
            limit, usage = text_of(directory / limit_file), text_of(directory / usage_file)
            if limit.isdecimal() and usage.isdecimal() and int(limit) < 2**62:
                statistics = text_of(directory / "memory.stat")
                used = max(0, int(usage) - _statistic(statistics, droppable))
                active = _statistic(statistics, droppable.replace("inactive", "active"))
                limits.append(MemoryLimit(int(limit), used, active))
        return min(limits, key=lambda found: found.limit, default=None)

    def _directories(self, controller: str) -> Iterator[Path]:
        """The groups that govern a version 1 controller ("": version 2), innermost first."""
        for line in text_of(self.membership).splitlines():
            _, _, rest = line.partition(":")
            controllers, _, inside = rest.partition(":")
            if controller not in controllers.split(","):
                continue
            base = self.root / controller
            parts = [part for part in inside.split("/") if part]
            if ".." in parts:  # a group outside of what this container sees
                parts = []
            for depth in range(len(parts), -1, -1):
                yield base.joinpath(*parts[:depth])


def usable_cores(groups: ControlGroups | None = None) -> int:
    """Cores that this process can keep busy: affinity and quota counted in, 1 at least."""
    quota = (groups or ControlGroups()).cpu_quota()
    cores = len(usable_cpus())
    return max(1, min(cores, math.ceil(quota))) if quota else cores


def computing_threads(
    groups: ControlGroups | None = None, topology: Path = Path("/sys/devices/system/cpu")
) -> int:
    """Threads for matrix products: OMP_NUM_THREADS where it is set, else one a usable core,
    hyper-threads not counted."""
    asked = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    if asked.isdecimal() and int(asked):
        return int(asked)
    siblings = {
        text_of(topology / f"cpu{cpu}" / "topology" / "thread_siblings_list") or str(cpu)
        for cpu in usable_cpus()
    }
    return min(usable_cores(groups), len(siblings))


def memory_left(
    groups: ControlGroups | None = None, machine: Path = Path("/proc/meminfo")
) -> int | None:
    """Bytes of memory that can be had, with file pages and swap, within the limits of control
    groups; None where that is not to be known."""
    amounts = {}
    for line in text_of(machine).splitlines():
        name, _, amount = line.partition(":")
        amounts[name] = int(amount.split()[0]) * 1024
    found = []
    if "MemAvailable" in amounts:
        found.append(amounts["MemAvailable"] + amounts.get("SwapFree", 0))
    if (limited := (groups or ControlGroups()).memory()) is not None:
        found.append(max(0, limited.limit - limited.used + limited.active))
    return min(found, default=None)


def usable_cpus() -> frozenset[int]:
    """Numbers of the CPUs that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return frozenset(os.sched_getaffinity(0))
    return frozenset(range(os.cpu_count() or 1))


def text_of(path: Path) -> str:
    """What a file of the system says; "" where there is none."""
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def _statistic(statistics: str, name: str) -> int:
    for line in statistics.splitlines():
        key, _, value = line.partition(" ")
        if key == name:
            return int(value)
    return 0
