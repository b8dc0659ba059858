"""Which device to compute on, and how much memory that takes."""

import contextlib
import resource
import sys
from pathlib import Path

import torch

from tui_al.errors import ConfigError


def choose_device(name: str) -> torch.device:
    """`auto` takes a CUDA GPU, else Apple's, else the CPU; raises ConfigError for a device that is not there."""
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda", 0)
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise ConfigError(
            f"device: {name!r} is unknown.", "Use auto, cpu, cuda, cuda:1 (and so on) or mps."
        ) from error
    if device.type == "cuda":
        count = torch.cuda.device_count()
        if (device.index or 0) >= count:
            raise ConfigError(
                f"device: {name} is not there; PyTorch {torch.__version__} sees {count} CUDA devices.",
                "Use cpu or auto; `tui-al doctor` tells what is missing.",
            )
        return torch.device("cuda", device.index or 0)
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise ConfigError("device: mps is not there.", "Use cpu or auto.")
    if device.type not in ("cpu", "mps"):
        raise ConfigError(f"device: {name} is not supported.", "Use auto, cpu, cuda or mps.")
    return device


def has_bf16(device: torch.device) -> bool:
    """Whether the device multiplies bf16 in hardware; of processors only those that /proc/cpuinfo tells about."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    cpu = Path("/proc/cpuinfo")
    if device.type != "cpu" or not cpu.exists():
        return False
    return bool({"avx512_bf16", "amx_bf16"} & set(cpu.read_text(errors="replace").split()))


def take_peak_bytes(device: torch.device) -> int:
    """Peak memory since the last call: allocated on a CUDA device; else resident in this process.

    Where the process's peak cannot be reset (not Linux), it is the peak since the start.
    """
    if device.type == "cuda":
        peak = int(torch.cuda.max_memory_allocated(device))
        torch.cuda.reset_peak_memory_stats(device)
        return peak
    status = Path("/proc/self/status")
    if status.exists():
        fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
        peak = int(fields["VmHWM"].split()[0]) * 1024
        with contextlib.suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5")  # resets VmHWM, see proc(5)
        return peak
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
