"""The doctor on processors: GPU, driver and PyTorch's build for them, CPU cores, memory."""

import os
from pathlib import Path

from tui_al.core.limits import usable_cores
from tui_al.host.cuda import START, TorchBuild, dotted, too_old, torch_build
from tui_al.host.diagnostic import Finding, size
from tui_al.host.gpu import GpuReading, GpuSurvey, survey
from tui_al.host.machine import cpu_facts, cpu_model, memory

_PCI = Path("/sys/bus/pci/devices")
_NVIDIA = "0x10de"
_BF16_FLAGS = {"amx_bf16": "AMX", "avx512_bf16": "AVX-512", "bf16": "Arm"}


def gpu_findings() -> tuple[Finding, ...]:
    """The GPUs, their driver, and whether the installed PyTorch can use them."""
    found = survey()
    if not found.gpus:
        return (_no_gpu(found),)
    build = torch_build()
    state = _fits(found, build)
    cards = tuple(_card(gpu, build) for gpu in found.gpus)
    if any(gpu.visible for gpu in found.gpus):
        return (state, *cards)
    setting = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    fact = f"CUDA_VISIBLE_DEVICES={setting!r} hides every GPU: training will run on the CPU."
    advice = "unset CUDA_VISIBLE_DEVICES, or name GPUs in it by number or by UUID."
    return (state, Finding("GPU", "warn", fact, advice), *cards)


def _no_gpu(found: GpuSurvey) -> Finding:
    cards = nvidia_cards()
    if cards or found.broken:
        why = found.problem or "no driver is installed, or this container was started without it"
        return Finding(
            "GPU",
            "warn",
            f"there is an NVIDIA GPU or its driver, but it cannot be used: {why}",
            "See whether `nvidia-smi` works; install or reload the driver (a restart helps after "
            "an update); "
            "start containers with --gpus all.",
        )
    if found.problem:
        fact = f"no usable NVIDIA GPU ({found.problem}); training runs on the CPU"
        return Finding("GPU", "info", fact)
    build = torch_build()
    if build and build.rocm:
        return Finding("GPU", "info", f"torch {build.version} is built for AMD GPUs (ROCm)")
    return Finding("GPU", "info", "no NVIDIA GPU; training runs on the CPU")


def _fits(found: GpuSurvey, build: TorchBuild | None) -> Finding:
    """Whether PyTorch's build can run on this driver."""
    newest = f", runs CUDA up to {dotted(found.cuda)}" if found.cuda else ""
    driver = f"driver {found.driver or 'n/a'}{newest}"
    if build is None:
        return Finding("GPU", "info", driver)
    if build.cuda is None:
        return Finding(
            "GPU",
            "warn",
            f"{driver}; but torch {build.version} is built without CUDA and will not use the GPU.",
            f"pip uninstall torch, then install a CUDA build: {START}",
        )
    fact = f"{driver}; torch {build.version} is built for CUDA {dotted(build.cuda)}"
    if found.cuda and build.cuda[0] > found.cuda[0]:
        advice = f"Update the driver, or install torch for CUDA {found.cuda[0]}: {START}"
        return Finding("GPU", "bad", f"{fact}: too new for the driver.", advice)
    return Finding("GPU", "ok", fact)


def _card(gpu: GpuReading, build: TorchBuild | None) -> Finding:
    used, total = gpu.memory_used, gpu.memory_total
    free = "n/a" if used is None or total is None else f"{size(total - used)} of {size(total)}"
    busy = "n/a" if gpu.utilization is None else f"{gpu.utilization} %"
    fact = f"{gpu.name}, {free} free, {busy} busy" + ("" if gpu.visible else ", hidden from us")
    if gpu.visible and build and (why := too_old(gpu, build)):
        return Finding(f"GPU {gpu.index}", "bad", f"{fact}: {why}", f"See {START}.")
    if gpu.visible and used is not None and total is not None and total - used < 2e9:
        advice = "Others fill it: wait, choose another with --device, or expect out of memory."
        return Finding(f"GPU {gpu.index}", "warn", fact, advice)
    return Finding(f"GPU {gpu.index}", "ok" if gpu.visible else "info", fact)


def nvidia_cards() -> int:
    """NVIDIA display and compute cards on the PCI bus, with or without a driver."""
    count = 0
    for device in _PCI.glob("*"):
        try:
            vendor = (device / "vendor").read_text().strip()
            kind = (device / "class").read_text().strip()
        except OSError:
            continue
        count += vendor == _NVIDIA and kind.startswith("0x03")
    return count


def cpu_findings() -> tuple[Finding, ...]:
    """Cores that may be used, and instructions that make bf16 fast."""
    usable, there = usable_cores(), os.cpu_count() or 1
    cores = f"{usable} cores" if usable == there else f"{usable} of {there} cores usable"
    facts = cpu_facts()
    flags = set((facts.get("flags") or facts.get("Features") or "").split())
    fast = [name for flag, name in _BF16_FLAGS.items() if flag in flags]
    bf16 = f"; bf16 instructions: {', '.join(fast)}" if fast else "; no bf16 instructions"
    advice = ""
    if usable < there:
        advice = "The rest is withheld by this process's affinity or its container's CPU limit."
    return (Finding("CPU", "info", f"{cpu_model()}, {cores}{bf16 if flags else ''}", advice),)


def memory_findings() -> tuple[Finding, ...]:
    """Memory that is left; below 2 GB, training an encoder of BERT's size on the CPU is likely to
    fail."""
    used, total = memory()
    fact = f"{size(total - used)} of {size(total)} free"
    if total - used >= 2e9:
        return (Finding("Memory", "ok", fact),)
    advice = "Use minilm with a smaller batch size, or give the container more memory."
    return (Finding("Memory", "warn", fact, advice),)
