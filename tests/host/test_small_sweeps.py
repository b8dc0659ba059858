"""The small sweeps that come along fit into two hours on two cores, by rates that were measured in
fp32 on an AMD EPYC.

A core trains MiniLM-L6 on 40 texts of 17.6 sub-tokens a second, and scores 350; the others are told
as shares of its time."""

from pathlib import Path

import pytest

from tui_al.core.data.examples import Task
from tui_al.core.data.preview import Preview
from tui_al.core.settings.bundled_sweeps import shipped_sweeps, sweep_text
from tui_al.core.settings.experiment import ExperimentConfig, LearnerConfig
from tui_al.core.settings.model_catalog import BAG_OF_WORDS
from tui_al.core.settings.sweep import Overrides, Sweep, arms_with_known_first, essence, read_sweep
from tui_al.host import estimate as module
from tui_al.host.estimate import estimate
from tui_al.store import throughput

#: Mean number of words of a text in the training split.
WORDS = {"banking77": 12.0, "massive": 7.0, "ag_news": 38.0, "conll2003": 14.5}
SUBTOKENS = 17.6 * 40, 17.6 * 350  #: a second and core: trained on by full tuning, scored
HOURS = 1.5  #: with half an hour to spare
SMALL = [name for name in shipped_sweeps() if name.endswith("-small")]


def share(learner: LearnerConfig) -> float:
    """Of the time that full tuning of all six layers takes."""
    if learner.model == BAG_OF_WORDS:
        return 0.01
    cut = 0.5 if learner.model == "minilm-3" else 1.0
    if learner.tuning == "head":
        return 0.03
    if learner.trunk_layers:  # two thirds of the layers, see README, "Speed"
        return 0.15 if learner.tuning == "adapter" else 0.25
    return cut * (1.0 if learner.tuning == "full" else 0.65)


def know_the_rates(sweep: Sweep, home: Path) -> None:
    """Write what one core does into a home, as a run there would have measured it."""
    training, scoring = SUBTOKENS
    learners = {arm.config.successor for arm in sweep.arms} | {
        arm.config.acquisition for arm in sweep.arms
    }
    throughput.record(
        home,
        [
            throughput.Rate.here(
                "cpu", one, training / share(one), scoring / min(1, share(one) + 0.35)
            )
            for one in learners
        ],
    )


def seconds(sweep: Sweep, home: Path) -> float:
    """Of all arms on two cores."""
    know_the_rates(sweep, home)
    known = arms_with_known_first(sweep)
    total = 0.0
    for arm in sweep.arms:
        data = arm.config.data
        assert data.train_limit
        assert data.test_limit
        preview = Preview(
            data.source, Task.CLASSIFICATION, (), data.train_limit, data.test_limit, 0, {}, (),
            WORDS[data.source], (), (),
        )  # fmt: skip
        found = estimate(arm.config, preview, home, first_is_known=arm.session in known)
        assert found.basis == "rates measured here"
        assert found.seconds is not None
        total += found.seconds
    return total


@pytest.mark.parametrize("name", SMALL)
def test_it_takes_less_than_two_hours_on_two_cores(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "computing_threads", lambda: 2)
    sweep = read_sweep(sweep_text(name)[1], name, Overrides(device="cpu"))
    assert all(len(arm.config.seeds) == 3 for arm in sweep.arms)
    assert all(arm.config.successor.precision == "fp32" for arm in sweep.arms)
    hours = seconds(sweep, tmp_path) / 3600
    print(f"{name}: {hours:.2f} h")
    assert hours < HOURS


def test_what_two_figures_have_in_common_with_the_mismatch_sweep_is_the_same_experiment() -> None:
    """So that it is computed once for all of them in one home."""

    def experiments(name: str) -> set[ExperimentConfig]:
        return {essence(arm.config) for arm in read_sweep(sweep_text(name)[1], name).arms}

    mismatch = experiments("mismatch-small")
    for figure in ("figure-2-small", "figure-3-small"):
        shared = experiments(figure) & mismatch
        assert {(one.loop.strategy, one.acquisition.model,
            one.acquisition.tuning) for one in shared} == {
            ("random", "minilm", "full"), ("lc", "minilm", "full"), ("lc", "minilm", "adapter"),
            ("lc", "minilm-3", "full"),
        }  # fmt: skip
