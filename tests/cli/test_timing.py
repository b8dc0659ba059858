"""`tui-al timing` as a table, against figures made up to be worked by hand."""

import io

from rich.console import Console

from tui_al.cli.console import Page
from tui_al.cli.timing import show
from tui_al.core.settings.experiment import LearnerConfig
from tui_al.engine.jobs.timing import Measured, Setup, Timing


def way(
    tuning: str, seconds: tuple[tuple[float, ...], ...], layers: int = 0, run: int = 100,
) -> Setup:  # fmt: skip
    learner = LearnerConfig("small[b]", tuning, 1e-3, 1e-3, epochs=2, trunk_layers=layers)
    trainings = tuple(
        Measured(n, 100, run, times) for n, times in zip((20, 60, 120), seconds, strict=True)
    )
    return Setup(learner, layers, 12.0, trainings, 3.25 * bool(layers), 1234.5, 0.456)


def shown(*ways: Setup, terminal: bool = False) -> str:
    text = io.StringIO()
    console = Console(
        file=text, width=140, force_terminal=terminal, color_system=None, soft_wrap=not terminal
    )
    show(Timing("cpu", 2, {"fp32": 5e10}, 9.0, ways), Page(console))
    return text.getvalue()


def test_saved_is_paired_by_repeat_over_all_columns() -> None:
    """10 + 30 + 60 against 6 + 18 + 36 saves 40 %; 12 + 36 + 72 against 6 + 18 + 36 saves 50 %:
    mean 45, deviation 7.1."""
    full = way("full", ((10, 12), (30, 36), (60, 72)))
    adapter = way("adapter", ((6, 6), (18, 18), (36, 36)))
    for terminal in (False, True):
        text = shown(full, adapter, terminal=terminal)
        (row,) = (
            line for line in text.split("\n") if line.startswith("small[b]") and "adapter" in line
        )
        assert row.split() == [
            "small[b]",
            "adapter",
            "6.0",
            "s",
            "18.0",
            "s",
            "36.0",
            "s",
            "45.0",
            "±",
            "7.1",
            "1,234",
            "46%",
        ]
        (row,) = (
            line for line in text.split("\n") if line.startswith("small[b]") and "full" in line
        )
        assert row.split()[2:8] == ["11.0", "s", "33.0", "s", "66.0", "s"]
        assert "2% = 20" in text
        assert "50 Gflop/s in fp32" in text
        assert "multiplied up" not in text


def test_extrapolation_and_what_is_made_once_are_said() -> None:
    full = way("full", ((10,), (30,), (60,)))
    kept = way("adapter", ((5,), (15,), (30,)), layers=4, run=25)
    text = shown(full, kept)
    assert "5.0 s*" in text
    assert "* multiplied up from 25 to 25 steps" in text
    assert "small[b] adapter: once for all trainings, 3.2 s" in text
    assert "± sd" not in text
