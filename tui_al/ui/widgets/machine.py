"""What the machine does: each GPU's use, memory (ours and all), power and temperature; CPU and
memory likewise."""

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.content import Content

from tui_al.host.gpu import GpuReading, GpuSample, GpuSampler
from tui_al.ui.escape import safe
from tui_al.ui.widgets.glyphs import bar, is_ascii, spark
from tui_al.ui.widgets.lines import Lines, spread_out

if TYPE_CHECKING:
    from tui_al.host.machine import MachineReading

_KEPT = 120
_GIB = 2**30

#: GPU readings older than this many seconds are said to be old: the driver hangs.
_OLD = 5.0


@dataclass(frozen=True, slots=True)
class Usage:
    """Readings of one moment, with what was read before."""

    gpus: GpuSample
    machine: "MachineReading | None"
    cpu_past: tuple[float | None, ...] = ()
    gpu_past: tuple[tuple[float | None, ...], ...] = ()  #: one for each of `gpus.readings`


class MachineWatch:
    """Reads GPUs and machine in daemon threads; `latest` never waits."""

    def __init__(self, interval: float = 1.0) -> None:
        self._interval = interval
        self._gpus = GpuSampler(interval=interval)
        self._stopping = threading.Event()
        self._cpu: deque[float | None] = deque(maxlen=_KEPT)
        self._gpu_past: dict[str, deque[float | None]] = {}
        self._usage = Usage(GpuSample((), None), None)
        self._own_pids: frozenset[int] = frozenset()

    def start(self) -> None:
        """Begin; call once."""
        self._gpus.start()
        threading.Thread(target=self._read, daemon=True, name="machine-watch").start()

    def stop(self) -> None:
        """Read no more; does not wait."""
        self._gpus.stop()
        self._stopping.set()

    def watch(self, own_pids: frozenset[int]) -> None:
        """Count these processes as ours from now on."""
        self._own_pids = own_pids
        self._gpus.own_pids = own_pids

    def latest(self) -> Usage:
        """What is known, at once."""
        return self._usage

    def _read(self) -> None:
        from tui_al.host.machine import read_machine  # here: the first frame does not wait for it

        while not self._stopping.is_set():
            machine = read_machine(self._own_pids)
            gpus = self._gpus.latest()
            self._cpu.append(machine.cpu)
            for gpu in gpus.readings:
                past = self._gpu_past.setdefault(_identity(gpu), deque(maxlen=_KEPT))
                past.append(gpu.utilization)
            past_of_gpus = tuple(tuple(self._gpu_past[_identity(gpu)]) for gpu in gpus.readings)
            self._usage = Usage(gpus, machine, tuple(self._cpu), past_of_gpus)
            self._stopping.wait(self._interval)


class MachinePanel(Lines):
    """GPUs first if the engine works on one; a panel in a wide screen, else one row."""

    def __init__(self) -> None:
        super().__init__("machine")
        self._usage = Usage(GpuSample((), None), None)
        self._on_gpu = False

    def show(self, usage: Usage, *, on_gpu: bool) -> None:
        """Show these readings."""
        self._usage, self._on_gpu = usage, on_gpu
        self.show_lines()

    def lines(self, width: int) -> list[Content]:
        """By the width of the screen, which is what decides the form."""
        ascii_only = is_ascii(self)
        usage = self._usage
        wide = self.screen.has_class("-wide")
        gpus = _shown_gpus(usage)
        silent = _silent(usage) if self._on_gpu and not gpus else []
        if not wide:
            if silent:
                return [Content("  ").join([*silent, _cpu_row(usage, ascii_only)])]
            if gpus and self._on_gpu:
                return [_gpu_row(*gpus[0], more=len(gpus) - 1, ascii_only=ascii_only)]
            return [_cpu_row(usage, ascii_only)]
        cpu = _cpu_block(usage, width, ascii_only)
        blocks = [*_gpu_blocks(gpus, width, ascii_only), *silent, *_age(usage.gpus)]
        return [*blocks, *cpu] if self._on_gpu else [*cpu, *blocks]


def _identity(gpu: GpuReading) -> str:
    return gpu.uuid or f"{gpu.index} {gpu.name}"


_GpuWithPast = tuple[GpuReading, Sequence[float | None]]


def _shown_gpus(usage: Usage) -> list[_GpuWithPast]:
    """Those that programs started here may use, the ones that we hold memory of first."""
    paired = list(zip(usage.gpus.readings, usage.gpu_past, strict=False))
    visible = [pair for pair in paired if pair[0].visible] or paired
    return sorted(visible, key=lambda pair: -(pair[0].memory_ours or 0))


def _silent(usage: Usage) -> list[Content]:
    """Where the engine works on a GPU that nothing is known of, once there was time to ask."""
    if usage.gpus.age is None and len(usage.cpu_past) <= _OLD:
        return []
    return [Content.styled("! GPU: no readings", "$text-warning")]


def _age(sample: GpuSample) -> list[Content]:
    if sample.age is None or sample.age < _OLD:
        return []
    return [Content.styled(f"! GPUs: no reading for {sample.age:.0f} s", "$text-warning")]


def _gpu_blocks(gpus: Sequence[_GpuWithPast], width: int, ascii_only: bool) -> list[Content]:
    """The first in four lines, the others in one each, as far as is sensible."""
    if not gpus:
        return []
    (first, past), *others = gpus
    lines = [
        _headed(f"GPU {first.index}", first.name),
        _use(first.utilization, past, width, ascii_only),
        _memory(first.memory_used, first.memory_total, width, ascii_only),
        _ours(first.memory_ours, f"{_watts(first)}  {_degrees(first)}", width),
    ]
    for gpu, seen in others[:7]:
        lines.append(
            spread_out(
                Content.assemble(
                    f"{gpu.index} ", (spark(seen, 8, ascii_only, low=0, high=100), "$primary")
                ),
                Content(f"{_percent(gpu.utilization)}  {_of(gpu.memory_used, gpu.memory_total)}"),
                width,
            )
        )
    if len(others) > 7:
        lines.append(Content(f"and {len(others) - 7} more GPUs"))
    return lines


def _cpu_block(usage: Usage, width: int, ascii_only: bool) -> list[Content]:
    machine = usage.machine
    if machine is None:
        return [Content.styled("CPU", "bold")]
    ours = "n/a" if machine.our_cpu is None else f"{machine.our_cpu / machine.cores:.0f} % of CPU"
    return [
        _headed("CPU", f"{machine.cores} core{'s' if machine.cores != 1 else ''}"),
        _use(machine.cpu, usage.cpu_past, width, ascii_only),
        _memory(machine.memory_used, machine.memory_total, width, ascii_only),
        _ours(machine.our_memory, ours, width),
    ]


def _gpu_row(
    gpu: GpuReading, past: Sequence[float | None], *, more: int, ascii_only: bool
) -> Content:
    return Content.assemble(
        (f"GPU {gpu.index} ", "bold"),
        (spark(past, 12, ascii_only, low=0, high=100), "$primary"),
        f" {_percent(gpu.utilization)}  {_of(gpu.memory_used, gpu.memory_total)}, "
        f"ours {_gib(gpu.memory_ours)}  {_watts(gpu)}  {_degrees(gpu)}",
        f"  +{more} GPUs" if more > 0 else "",
    )


def _cpu_row(usage: Usage, ascii_only: bool) -> Content:
    machine = usage.machine
    if machine is None:
        return Content("")
    ours = "" if machine.our_memory is None else f", ours {_gib(machine.our_memory)}"
    return Content.assemble(
        ("CPU ", "bold"),
        (spark(usage.cpu_past, 12, ascii_only, low=0, high=100), "$primary"),
        f" {_percent(machine.cpu)} of {machine.cores} core{'s' if machine.cores != 1 else ''}",
        f"  memory {_of(machine.memory_used, machine.memory_total)}{ours}",
    )


def _headed(what: str, name: str) -> Content:
    return Content.assemble((what, "bold"), " ", safe(name, "$foreground-muted"))


def _use(
    percent: float | None, past: Sequence[float | None], width: int, ascii_only: bool
) -> Content:
    shown = _percent(percent)
    seen = spark(past, max(1, width - 7 - len(shown)), ascii_only, low=0, high=100)
    return spread_out(Content.assemble("use  ", (seen, "$primary")), Content(shown), width)


def _memory(used: int | None, total: int | None, width: int, ascii_only: bool) -> Content:
    shown = _of(used, total)
    share = used / total if used is not None and total else 0.0
    filled, rest = bar(share, max(2, width - 6 - len(shown)), ascii_only)
    return Content.assemble("mem  ", (filled, "$primary"), (rest, "$foreground-muted"), " ", shown)


def _ours(memory: int | None, rest: str, width: int) -> Content:
    return spread_out(Content(f"ours {_gib(memory)}"), Content(rest), width)


def _percent(value: float | None) -> str:
    return " n/a" if value is None else f"{value:3.0f} %"


def _gib(size: int | None) -> str:
    return "n/a" if size is None else f"{size / _GIB:.1f} GiB"


def _of(used: int | None, total: int | None) -> str:
    if used is None or total is None:
        return "n/a"
    return f"{used / _GIB:.1f}/{total / _GIB:.0f} GiB"


def _watts(gpu: GpuReading) -> str:
    return "n/a W" if gpu.power is None else f"{gpu.power:.0f} W"


def _degrees(gpu: GpuReading) -> str:
    return "n/a °C" if gpu.temperature is None else f"{gpu.temperature} °C"
