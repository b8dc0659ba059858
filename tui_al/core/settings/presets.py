"""Whole experiments to start from."""

from dataclasses import replace

from tui_al.core.settings.experiment import (
    PAPER_SEEDS,
    Amount,
    DataConfig,
    ExperimentConfig,
    LoopConfig,
)
from tui_al.core.settings.model_catalog import default_settings


def sample_experiment() -> ExperimentConfig:
    """A first look: the support tickets that come with the program, on the encoder that does, in a
    few minutes.

    Small enough for two slow cores; bf16 where the processor has it halves the waiting, and the
    curve is the same to the eye."""
    return ExperimentConfig(
        data=DataConfig("tickets"),
        acquisition=replace(default_settings("minilm", "adapter"), epochs=6, precision="auto"),
        successor=replace(default_settings("minilm", "full"), epochs=6, precision="auto"),
        loop=LoopConfig(
            strategy="lc",
            seed_size=Amount(4, percent=True),
            batch=Amount(2, percent=True),
            rounds=7,
        ),
        seeds=PAPER_SEEDS[:1],
    )
