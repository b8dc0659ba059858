"""Whether bf16 pays here, and whether it asks about the same texts: measured, not assumed."""

import time
from typing import Literal

import numpy as np
import torch

from tui_al.core.arrays import FloatArray
from tui_al.core.stats.score_distance import Agreement, agreement
from tui_al.engine.models.benchmark_cache import KeptMeasurements
from tui_al.engine.models.device import has_bf16

Precision = Literal["fp32", "bf16"]

#: How many times faster bf16 is, by shape.
KEPT = KeptMeasurements.of_machine("precision")

#: bf16 is taken where its products are this much faster: rounding is not worth less.
_WORTH_IT = 1.2

#: Rows of the measured products (padded sub-tokens of a batch), and how often each is timed.
_ROWS = {"cpu": 1_024, "mps": 8_192, "cuda": 16_384}
_REPEATS = 5

#: Texts that rankings are compared on, the share of them that a query takes, and what is told as
#: low.
SAMPLE = 512
_QUERY = 0.1
_LOW_CORRELATION, _LOW_OVERLAP = 0.99, 0.9


def resolve_precision(
    precision: str, device: torch.device, width: int = 768, inner: int = 3_072
) -> Precision:
    """What `auto` means for products of a model's shape: bf16 where it is faster here, else fp32.

    Hardware that does not multiply bf16 is not asked; of other hardware the answer is kept in
    `KEPT`."""
    if precision in ("fp32", "bf16"):
        return "fp32" if precision == "fp32" else "bf16"
    if not has_bf16(device):
        return "fp32"
    gain = KEPT.get(f"{width}x{inner}", device, lambda: speedup(device, width, inner))
    return "bf16" if gain >= _WORTH_IT else "fp32"


def speedup(device: torch.device, width: int, inner: int) -> float:
    """How many times faster a product (batch, width) x (width, inner) is in bf16: the best of each,
    in turns."""
    rows = _ROWS[device.type]
    pairs = {
        kind: (torch.randn(rows, width, device=device, dtype=kind),
            torch.randn(width, inner, device=device, dtype=kind))
        for kind in (torch.float32, torch.bfloat16)
    }  # fmt: skip
    best = dict.fromkeys(pairs, float("inf"))
    for repeat in range(_REPEATS + 1):
        for kind, (left, right) in pairs.items():
            began = time.perf_counter()
            float((left @ right)[0, 0])  # waits for the device
            if repeat:  # the first one finds kernels and memory
                best[kind] = min(best[kind], time.perf_counter() - began)
    return best[torch.float32] / best[torch.bfloat16]


def compare(exact: FloatArray, rounded: FloatArray) -> tuple[str, bool]:
    """How alike fp32 and bf16 rank the same texts, as a sentence for people, and whether that is
    too little."""
    found = agreement(exact, rounded, max(1, round(_QUERY * len(exact))), np.random.default_rng(0))
    low = found.overlap < _LOW_OVERLAP
    if found.spearman is not None:
        low = low or found.spearman < _LOW_CORRELATION
    return _sentence(found, len(exact)), low


def _sentence(found: Agreement, texts: int) -> str:
    rank = "-" if found.spearman is None else f"{found.spearman:.4f}"
    return (
        f"bf16 against fp32 on {texts} texts of the pool: rank correlation {rank}, "
        f"{found.overlap:.0%} of a query of {found.batch} the same"
    )
