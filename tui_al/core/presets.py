"""Whole experiments to start from."""

from tui_al.core.config import PAPER_SEEDS, Amount, DataConfig, ExperimentConfig, LoopConfig
from tui_al.core.models import default_settings


def sample_experiment() -> ExperimentConfig:
    """A first look: the support tickets that come with the program, on the encoder that does, in a few minutes."""
    return ExperimentConfig(
        data=DataConfig("tickets"),
        acquisition=default_settings("minilm", "adapter"),
        successor=default_settings("minilm", "full"),
        loop=LoopConfig(
            strategy="lc",
            seed_size=Amount(5, percent=True),
            batch=Amount(5, percent=True),
            rounds=10,
        ),
        seeds=PAPER_SEEDS[:1],
    )
