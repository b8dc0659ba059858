"""What a figure was measured on, to be printed beside it."""

import datetime
import platform
from pathlib import Path
from typing import Any

import torch
import transformers


def conditions(threads: int) -> dict[str, Any]:
    """Date, processor, cores in use, GPU and versions."""
    cpu = Path("/proc/cpuinfo")
    lines = cpu.read_text().split("\n") if cpu.exists() else []
    models = [one.split(":", 1)[1].strip() for one in lines if one.startswith("model name")]
    found: dict[str, Any] = {
        "date": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
        "processor": models[0] if models else platform.processor(),
        "threads": threads,
        "torch": torch.__version__,
        "transformers": transformers.__version__,
    }
    if torch.cuda.is_available():
        found["gpu"] = torch.cuda.get_device_name()
    return found


def line(known: dict[str, Any]) -> str:
    """All of it in one line."""
    return ", ".join(f"{name} {value}" for name, value in known.items())
