"""Which device to compute on, and how much memory that takes."""

import contextlib
import os
import resource
import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from tui_al.errors import ConfigError

#: Set by whoever starts an engine (`tui_al.host.cuda`): why a GPU that is there cannot be used.
WHY_CPU = "TUI_AL_WHY_CPU"

#: What CUDA's libraries say besides `torch.OutOfMemoryError` when there is no memory for what they
#: need themselves.
_NO_ROOM = (
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_ALLOC_FAILED",
    "CUDA out of memory",
    "MPS backend out of memory",
)


def choose_device(name: str) -> torch.device:
    """`auto` takes a CUDA GPU that PyTorch has kernels for, else Apple's, else the CPU.

    Raises:
        ConfigError: a device that is not there, or that PyTorch has no kernels for.
    """
    if name == "auto":
        if torch.cuda.is_available() and not _why_unusable(torch.device("cuda", 0)):
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
                f"device: {name} is not there; PyTorch {torch.__version__} sees {count} CUDA "
                "devices.",
                "Use cpu or auto; `tui-al doctor` tells what is missing.",
            )
        device = torch.device("cuda", device.index or 0)
        if why := _why_unusable(device):
            raise ConfigError(f"device: {why}", "Use cpu or auto, or another card.")
        return device
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise ConfigError("device: mps is not there.", "Use cpu or auto.")
    if device.type not in ("cpu", "mps"):
        raise ConfigError(f"device: {name} is not supported.", "Use auto, cpu, cuda or mps.")
    return device


def why_on_cpu(asked: str, device: torch.device) -> str:
    """Why the CPU computes though a GPU is there and nobody asked for the CPU; "" where that is not
    so."""
    if asked != "auto" or device.type != "cpu":
        return ""
    if why := os.environ.get(WHY_CPU, ""):
        return why
    return _why_unusable(torch.device("cuda", 0)) if torch.cuda.is_available() else ""


def _why_unusable(device: torch.device) -> str:
    capability = torch.cuda.get_device_capability(device)
    kernels = torch.cuda.get_arch_list()
    if has_kernels(kernels, capability):
        return ""
    name, has = torch.cuda.get_device_name(device), ".".join(map(str, capability))
    return (
        f"{name} is of compute capability {has}, which PyTorch {torch.__version__} has no "
        f"kernels for; it has {', '.join(kernels)}."
    )


def has_kernels(kernels: Sequence[str], capability: tuple[int, int]) -> bool:
    """Whether a build with these kernels ("sm_80", "compute_90") runs on a card.

    Binaries run on cards of their major version that are no older; code for compute_90 is
    translated for all later ones. A build that names none is not judged.
    """
    major, minor = capability
    for kernel in kernels:
        kind, _, digits = kernel.rstrip("af").partition("_")
        theirs = int(digits[:-1]), int(digits[-1])
        if kind == "sm" and theirs[0] == major and theirs[1] <= minor:
            return True
        if kind == "compute" and theirs <= (major, minor):
            return True
    return not kernels


def prepare(device: torch.device) -> None:
    """Before anything is computed on a CUDA device: make it the current one, and the same seed give
    the same numbers there.

    Memory-efficient attention adds the gradients of long texts in no fixed order otherwise, and
    cuBLAS may choose among sums of different order. Nothing changes for other devices.
    """
    if device.type != "cuda":
        return
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read when CUDA starts
    torch.use_deterministic_algorithms(True)
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.cuda.set_device(device)


def name_of(device: torch.device) -> str:
    """The card's name, or the kind of device."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def uuid_of(device: torch.device) -> str:
    """A CUDA card's UUID as NVML has it; "" for other devices."""
    if device.type != "cuda":
        return ""
    uuid = str(getattr(torch.cuda.get_device_properties(device), "uuid", ""))
    return uuid if not uuid or uuid.startswith(("GPU-", "MIG-")) else f"GPU-{uuid}"


def is_out_of_memory(error: BaseException) -> bool:
    """Whether there was no memory for something on the device, so that less at once may do."""
    if isinstance(error, torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(said in str(error) for said in _NO_ROOM)


def free_memory() -> None:
    """Give back what CUDA's allocator keeps; to be called after the `except` block, whose traceback
    holds the tensors."""
    torch.cuda.empty_cache()


def has_bf16(device: torch.device) -> bool:
    """Whether the device multiplies bf16 in hardware; of processors only those that /proc/cpuinfo
    tells about."""
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
