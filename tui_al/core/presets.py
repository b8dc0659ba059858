"""Whole experiments to start from."""

from dataclasses import replace

from tui_al.core.config import PAPER_SEEDS, Amount, DataConfig, ExperimentConfig, LoopConfig
from tui_al.core.models import default_settings


def sample_experiment() -> ExperimentConfig:
    """A first look: the support tickets that come with the program, on the encoder that does, in a few minutes.

    bf16 where the processor has it: half the waiting, and the curve is the same to the eye.
    """
    return ExperimentConfig(
        data=DataConfig("tickets"),
        acquisition=replace(default_settings("minilm", "adapter"), precision="auto"),
        successor=replace(default_settings("minilm", "full"), precision="auto"),
        loop=LoopConfig(
            strategy="lc",
            seed_size=Amount(4, percent=True),
            batch=Amount(4, percent=True),
            rounds=8,
        ),
        seeds=PAPER_SEEDS[:1],
    )
