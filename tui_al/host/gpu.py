"""GPU readings through NVML: NVIDIA's management library, which needs no CUDA context and so costs
no GPU memory.

Any single reading may be missing (MIG has no utilisation, shared-memory chips no memory figures,
containers no processes); it is None then and shown as "n/a", never as 0. A driver can also hang:
`GpuSampler` and `survey` never wait for it."""

import functools
import importlib
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from tui_al.host.background import in_background
from tui_al.host.cuda_visible import Device, visible_devices

_INITIAL_PID_NAMESPACE = "pid:[4026531836]"


@dataclass(frozen=True, slots=True)
class GpuReading:
    """One GPU, or one MIG instance of a GPU, at one moment. Memory in bytes, power in watts,
    temperature in °C."""

    index: int  # the card's; the instances of a split card share it
    uuid: str | None
    name: str
    utilization: int | None = None  # percent
    memory_used: int | None = None
    memory_total: int | None = None
    memory_ours: int | None = None  # of `memory_used`, by the processes that were asked for
    power: float | None = None
    power_limit: float | None = None
    temperature: int | None = None
    capability: tuple[int, int] | None = None  # compute capability
    mig: bool = False
    visible: bool = False  # to CUDA programs started from here


@dataclass(frozen=True, slots=True)
class GpuSample:
    """The latest readings and how old they are in seconds; None before the first."""

    readings: tuple[GpuReading, ...]
    age: float | None


@dataclass(frozen=True, slots=True)
class GpuSurvey:
    """The driver and its GPUs. No driver: all empty. `problem` says why there are none, if that is
    known."""

    driver: str | None = None
    cuda: tuple[int, int] | None = None  # the newest CUDA that the driver can run
    gpus: tuple[GpuReading, ...] = ()
    problem: str | None = None
    broken: bool = False  # a driver is there, but does not work


def read_gpus(own_pids: frozenset[int] = frozenset()) -> tuple[GpuReading, ...]:
    """All GPUs now, in the driver's order; () without a driver. May hang where the driver does: see
    `GpuSampler`."""
    nvml = _nvml()
    found: list[tuple[Device, GpuReading]] = []
    for index in range(nvml.ask("nvmlDeviceGetCount") or 0):
        found.extend(_card(nvml, index, own_pids))
    visible = visible_devices(
        os.environ.get("CUDA_VISIBLE_DEVICES"), [device for device, _ in found]
    )
    return tuple(
        replace(reading, visible=position in visible) for position, (_, reading) in enumerate(found)
    )


def survey(seconds: float = 2.0) -> GpuSurvey:
    """The driver and its GPUs, within a time limit."""
    try:
        return in_background(_survey).result(seconds)
    except TimeoutError:
        return GpuSurvey(problem=f"the driver did not answer within {seconds:g} s", broken=True)


class GpuSampler:
    """Reads the GPUs in a daemon thread, so that a hung driver shows as readings that grow old and
    blocks nobody."""

    def __init__(self, own_pids: frozenset[int] = frozenset(), interval: float = 1.0) -> None:
        self.own_pids = own_pids  # may be replaced at any time
        self._interval = interval
        self._latest: tuple[tuple[GpuReading, ...], float] | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True, name="gpu-sampler")

    def start(self) -> Self:
        """Begin; call once."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Read no more; does not wait for a reading that is under way."""
        self._stopping.set()

    def latest(self) -> GpuSample:
        """What is known, at once."""
        if self._latest is None:
            return GpuSample((), None)
        readings, when = self._latest
        return GpuSample(readings, time.monotonic() - when)

    def _sample(self) -> None:
        while not self._stopping.is_set():
            self._latest = (read_gpus(self.own_pids), time.monotonic())
            self._stopping.wait(self._interval)


class _Nvml:
    """The library, asked by function name: a function that fails, or that this driver lacks,
    answers None."""

    def __init__(self, library: Any, problem: str | None = None, broken: bool = False) -> None:
        self._library = library
        self.problem = problem
        self.broken = broken

    def ask(self, function: str, *arguments: object) -> Any:
        if self._library is None:
            return None
        try:
            return getattr(self._library, function)(*arguments)
        except (self._library.NVMLError, AttributeError, OSError, ValueError):
            return None

    def constant(self, name: str, otherwise: int) -> int:
        value: int = getattr(self._library, name, otherwise)
        return value


@functools.cache
def _nvml() -> _Nvml:
    """NVML, initialised on first use and kept for the life of the process."""
    try:
        library = importlib.import_module("pynvml")
    except ImportError as error:
        return _Nvml(None, f"the Python package nvidia-ml-py cannot be imported: {error}")
    try:
        library.nvmlInit()
    except library.NVMLError as error:
        if isinstance(error, library.NVMLError_LibraryNotFound):
            return _Nvml(None)
        unused = isinstance(error, library.NVMLError_DriverNotLoaded)
        return _Nvml(None, str(error), broken=not unused)
    except OSError as error:
        return _Nvml(None, str(error), broken=True)
    return _Nvml(library)


def _survey() -> GpuSurvey:
    nvml = _nvml()
    cuda = nvml.ask("nvmlSystemGetCudaDriverVersion_v2")
    return GpuSurvey(
        driver=nvml.ask("nvmlSystemGetDriverVersion"),
        cuda=(cuda // 1000, cuda % 1000 // 10) if cuda else None,
        gpus=read_gpus(),
        problem=nvml.problem,
        broken=nvml.broken,
    )


def _card(nvml: _Nvml, index: int, own_pids: frozenset[int]) -> Iterator[tuple[Device, GpuReading]]:
    """The card, or its MIG instances where it is split into some."""
    handle = nvml.ask("nvmlDeviceGetHandleByIndex", index)
    if handle is None:
        yield Device(index, None), GpuReading(index, None, f"GPU {index}")
        return
    uuid = nvml.ask("nvmlDeviceGetUUID", handle)
    card = _read(nvml, handle, index, uuid, own_pids)
    instances = list(_instances(nvml, handle))
    for instance in instances:
        mig_uuid = nvml.ask("nvmlDeviceGetUUID", instance)
        ids = (
            nvml.ask("nvmlDeviceGetGpuInstanceId", instance),
            nvml.ask("nvmlDeviceGetComputeInstanceId", instance),
        )
        reading = _read(nvml, instance, index, mig_uuid, own_pids)
        name = reading.name if "MIG" in reading.name else f"{card.name} MIG {ids[0]}/{ids[1]}"
        yield (
            Device(index, uuid, mig_uuid, ids),
            replace(
                reading,
                name=name,
                mig=True,
                utilization=None,
                temperature=card.temperature,
                capability=reading.capability or card.capability,
            ),
        )
    if not instances:
        yield Device(index, uuid), card


def _instances(nvml: _Nvml, handle: object) -> Iterator[object]:
    mode = nvml.ask("nvmlDeviceGetMigMode", handle)
    if not mode or mode[0] != nvml.constant("NVML_DEVICE_MIG_ENABLE", 1):
        return
    for position in range(nvml.ask("nvmlDeviceGetMaxMigDeviceCount", handle) or 0):
        instance = nvml.ask("nvmlDeviceGetMigDeviceHandleByIndex", handle, position)
        if instance is not None:
            yield instance


def _read(
    nvml: _Nvml, handle: object, index: int, uuid: str | None, own_pids: frozenset[int]
) -> GpuReading:
    utilization = nvml.ask("nvmlDeviceGetUtilizationRates", handle)
    # Version 2 leaves out what the driver keeps for itself, as nvidia-smi does.
    memory = nvml.ask(
        "nvmlDeviceGetMemoryInfo", handle, nvml.constant("nvmlMemory_v2", 0x02000028)
    ) or nvml.ask("nvmlDeviceGetMemoryInfo", handle)
    sensor = nvml.constant("NVML_TEMPERATURE_GPU", 0)
    temperature = nvml.ask("nvmlDeviceGetTemperatureV", handle, sensor)
    if temperature is None:
        temperature = nvml.ask("nvmlDeviceGetTemperature", handle, sensor)
    return GpuReading(
        index=index,
        uuid=uuid,
        name=nvml.ask("nvmlDeviceGetName", handle) or f"GPU {index}",
        utilization=None if utilization is None else int(utilization.gpu),
        memory_used=None if memory is None else int(memory.used),
        memory_total=None if memory is None else int(memory.total),
        memory_ours=_ours(nvml, handle, own_pids) if own_pids else None,
        power=_watts(nvml.ask("nvmlDeviceGetPowerUsage", handle)),
        power_limit=_watts(nvml.ask("nvmlDeviceGetEnforcedPowerLimit", handle)),
        temperature=temperature,
        capability=_pair(nvml.ask("nvmlDeviceGetCudaComputeCapability", handle)),
    )


def _pair(found: Any) -> tuple[int, int] | None:
    return None if found is None else (int(found[0]), int(found[1]))


def _watts(milliwatts: int | None) -> float | None:
    return None if milliwatts is None else milliwatts / 1000


def _ours(nvml: _Nvml, handle: object, own_pids: frozenset[int]) -> int | None:
    """Bytes that our processes hold; None where the driver does not tell."""
    processes = nvml.ask("nvmlDeviceGetComputeRunningProcesses", handle)
    if processes is None:
        return None
    held: list[int | None] = [
        process.usedGpuMemory for process in processes if process.pid in own_pids
    ]
    if not held and not _sees_host_pids():
        return None
    known = [size for size in held if size is not None]
    return sum(known) if len(known) == len(held) else None


def _sees_host_pids() -> bool:
    """Whether our process numbers are the driver's: in a container with its own, "not in the list"
    says nothing."""
    try:
        return str(Path("/proc/self/ns/pid").readlink()) == _INITIAL_PID_NAMESPACE
    except OSError:
        return False
