"""Whether the installed PyTorch can use this machine's NVIDIA GPUs, and which of them an engine
gets: one answer for all.

Asked before PyTorch is imported, of NVML and of PyTorch's files: by the start of an engine, the
placement of a sweep's engines, the estimate and the doctor. Otherwise a sweep would fill GPUs with
engines that in truth share the processor."""

import importlib.metadata
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tui_al.host.gpu import GpuReading, GpuSurvey, survey

#: Tells an engine why it computes on the CPU though a GPU is there; see
#: `tui_al.engine.models.device`.
WHY_CPU = "TUI_AL_WHY_CPU"

START = "https://pytorch.org/get-started/locally/"

#: The least compute capability that a PyTorch for this CUDA has kernels for. Of older ones the
#: engine asks PyTorch itself.
_LEAST = {13: (7, 5)}


@dataclass(frozen=True, slots=True)
class TorchBuild:
    """What an installed PyTorch was built for, read from its files without importing it."""

    version: str
    cuda: tuple[int, int] | None
    rocm: bool


def torch_build() -> TorchBuild | None:
    """The installed build; None without PyTorch."""
    try:
        distribution = importlib.metadata.distribution("torch")
    except importlib.metadata.PackageNotFoundError:
        return None
    version_file = Path(str(distribution.locate_file("torch/version.py")))
    try:
        text = version_file.read_text()
    except OSError:
        text = ""
    cuda = re.search(r"^cuda\b[^=]*= *'(\d+)\.(\d+)", text, re.MULTILINE)
    hip = re.search(r"^hip\b[^=]*= *'", text, re.MULTILINE)
    return TorchBuild(
        version=distribution.version,
        cuda=(int(cuda[1]), int(cuda[2])) if cuda else None,
        rocm=hip is not None,
    )


@dataclass(frozen=True, slots=True)
class Usable:
    """The GPUs that PyTorch can compute on. `why_not` tells why one that is there, and not hidden,
    is none of them."""

    gpus: tuple[GpuReading, ...] = ()
    why_not: str = ""


def usable_gpus(found: GpuSurvey | None = None) -> Usable:
    """The visible GPUs that the installed PyTorch can use, and why not the others."""
    found = survey() if found is None else found
    visible = [gpu for gpu in found.gpus if gpu.visible]
    if not visible:
        return Usable()
    build = torch_build()
    if build and build.rocm:  # for cards of another maker
        return Usable()
    if why := why_no_build(found, build):
        return Usable(why_not=f"{visible[0].name}: {why}")
    assert build is not None
    assert build.cuda is not None
    able = tuple(gpu for gpu in visible if not too_old(gpu, build))
    old = [too_old(gpu, build) for gpu in visible if gpu not in able]
    return Usable(able, old[0] if old else "")


def why_no_build(found: GpuSurvey, build: TorchBuild | None) -> str:
    """Why a build of PyTorch runs on no GPU under this driver; "" where it does."""
    if build is None:
        return "PyTorch is not installed."
    if build.cuda is None:
        return f"torch {build.version} is built without CUDA."
    if found.cuda and build.cuda[0] > found.cuda[0]:
        return (
            f"torch {build.version} is built for CUDA {dotted(build.cuda)}, the driver "
            f"{found.driver or 'n/a'} runs CUDA up to "
            f"{dotted(found.cuda)}: update the driver, or install torch for CUDA {found.cuda[0]}."
        )
    return ""


def too_old(gpu: GpuReading, build: TorchBuild) -> str:
    """Why a card is too old for a build; "" where it is not, or does not say."""
    least = _LEAST.get(build.cuda[0]) if build.cuda else None
    if least is None or gpu.capability is None or gpu.capability >= least:
        return ""
    return (
        f"{gpu.name} is of compute capability {dotted(gpu.capability)}, and torch {build.version} "
        "for CUDA "
        f"{dotted(build.cuda or (0, 0))} needs {dotted(least)} or more: install a torch for "
        "CUDA 12."
    )


def dotted(version: tuple[int, int]) -> str:
    """ "12.8"."""
    return f"{version[0]}.{version[1]}"


def engine_environment(
    device: str, gpu: str, given: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """What an engine's environment says of GPUs, beside what it inherits: the card of `gpu` (a
    UUID), or where the device is "auto" the one with the most free memory. Cards are numbered as
    here, by their place on the bus."""
    order = {} if "CUDA_DEVICE_ORDER" in given else {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
    if gpu:
        return order | {"CUDA_VISIBLE_DEVICES": gpu}
    if device != "auto":
        return order
    usable = usable_gpus()
    named = [one for one in usable.gpus if one.uuid]
    if named:
        return order | {"CUDA_VISIBLE_DEVICES": str(max(named, key=_free).uuid)}
    if usable.why_not and not usable.gpus:
        return order | {"CUDA_VISIBLE_DEVICES": "", WHY_CPU: usable.why_not}
    return order


def _free(gpu: GpuReading) -> int:
    return -1 if gpu.memory_total is None else gpu.memory_total - (gpu.memory_used or 0)
