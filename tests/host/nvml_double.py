"""A double of the `pynvml` module: cards as plain objects, failures as scripted."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TypeVar

T = TypeVar("T")


class NVMLError(Exception):
    """As in pynvml: base of everything that the driver answers but success."""


class NVMLError_LibraryNotFound(NVMLError):  # noqa: N801
    """No driver on this machine."""


class NVMLError_DriverNotLoaded(NVMLError):  # noqa: N801
    """The library is there, the kernel's part is not: a node without GPUs."""


@dataclass
class Card:
    """A card or a MIG instance; a reading that is None fails as not supported."""

    uuid: str = "GPU-aaaa1111-0000"
    name: str = "NVIDIA H200"
    utilization: int | None = 63
    memory: tuple[int, int] | None = (40 * 2**30, 140 * 2**30)
    power: int | None = 412_500
    power_limit: int | None = 700_000
    temperature: int | None = 58
    processes: list[tuple[int, int | None]] | None = field(default_factory=list)
    mig: bool = False
    instances: list["Card"] = field(default_factory=list)
    ids: tuple[int, int] = (0, 0)
    lost: bool = False
    capability: tuple[int, int] | None = (9, 0)


class Nvml:
    """Stands in for the module; only the functions that NVML really has."""

    NVMLError = NVMLError
    NVMLError_LibraryNotFound = NVMLError_LibraryNotFound
    NVMLError_DriverNotLoaded = NVMLError_DriverNotLoaded
    NVML_TEMPERATURE_GPU = 0
    NVML_DEVICE_MIG_ENABLE = 1
    nvmlMemory_v2 = 0x02000028  # noqa: N815

    def __init__(self, *cards: Card, init_error: Exception | None = None) -> None:
        self.cards = list(cards)
        self.init_error = init_error
        self.inits = 0
        self.hang: threading.Event | None = None  # while set to an event, utilisation waits for it

    def nvmlInit(self) -> None:  # noqa: N802
        self.inits += 1
        if self.init_error:
            raise self.init_error

    def nvmlSystemGetDriverVersion(self) -> str:  # noqa: N802
        return "580.82.07"

    def nvmlSystemGetCudaDriverVersion_v2(self) -> int:  # noqa: N802
        return 13010

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        return len(self.cards)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> Card:  # noqa: N802
        if self.cards[index].lost:
            raise NVMLError("GPU is lost")
        return self.cards[index]

    def nvmlDeviceGetUUID(self, card: Card) -> str:  # noqa: N802
        return card.uuid

    def nvmlDeviceGetName(self, card: Card) -> str:  # noqa: N802
        return card.name

    def nvmlDeviceGetCudaComputeCapability(self, card: Card) -> tuple[int, int]:  # noqa: N802
        return _supported(card.capability)

    def nvmlDeviceGetUtilizationRates(self, card: Card) -> SimpleNamespace:  # noqa: N802
        if self.hang:
            self.hang.wait(10)
        return SimpleNamespace(gpu=_supported(card.utilization), memory=1)

    def nvmlDeviceGetMemoryInfo(self, card: Card, version: int | None = None) -> SimpleNamespace:  # noqa: N802
        used, total = _supported(card.memory)
        reserved = 0 if version == self.nvmlMemory_v2 else 2**29
        return SimpleNamespace(used=used + reserved, total=total)

    def nvmlDeviceGetPowerUsage(self, card: Card) -> int:  # noqa: N802
        return _supported(card.power)

    def nvmlDeviceGetEnforcedPowerLimit(self, card: Card) -> int:  # noqa: N802
        return _supported(card.power_limit)

    def nvmlDeviceGetTemperature(self, card: Card, sensor: int) -> int:  # noqa: N802
        return _supported(card.temperature)

    def nvmlDeviceGetComputeRunningProcesses(self, card: Card) -> list[SimpleNamespace]:  # noqa: N802
        return [
            SimpleNamespace(pid=pid, usedGpuMemory=held) for pid, held in _supported(card.processes)
        ]

    def nvmlDeviceGetMigMode(self, card: Card) -> list[int]:  # noqa: N802
        return [int(card.mig), int(card.mig)]

    def nvmlDeviceGetMaxMigDeviceCount(self, card: Card) -> int:  # noqa: N802
        return 7

    def nvmlDeviceGetMigDeviceHandleByIndex(self, card: Card, position: int) -> Card:  # noqa: N802
        if position >= len(card.instances):
            raise NVMLError("Not Found")
        return card.instances[position]

    def nvmlDeviceGetGpuInstanceId(self, card: Card) -> int:  # noqa: N802
        return card.ids[0]

    def nvmlDeviceGetComputeInstanceId(self, card: Card) -> int:  # noqa: N802
        return card.ids[1]


#: Puts a driver in place of the machine's, and gives it back: the fixture `install`.
Install = Callable[[Nvml], Nvml]


def _supported(value: T | None) -> T:
    if value is None:
        raise NVMLError("Not Supported")
    return value
