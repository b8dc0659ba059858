"""Settings of the loop: how much is asked for, when, and of whom."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from tui_al.core.settings.amounts import Amount
from tui_al.core.settings.schema import EXPERIMENTS, Setting
from tui_al.core.settings.values import check_all

_DROPPING = (*EXPERIMENTS, "compare-scores")


@dataclass(frozen=True, slots=True)
class LoopConfig:
    """How much is asked for, when, and of whom."""

    SECTION: ClassVar = "loop"

    strategy: Annotated[
        str,
        Setting(
            "How the next texts are chosen; see `tui-al strategies`.",
            title="strategy",
            group="Loop",
            flag="--strategy",
            metavar="NAME",
            defaults=dict.fromkeys(EXPERIMENTS, "lc"),
            example="bald",
        ),
    ]
    seed_size: Annotated[
        Amount,
        Setting(
            "Random texts labelled at the start: a percentage or a count.",
            title="start with",
            group="Loop",
            flag="--seed-size",
            metavar="AMOUNT",
            defaults={"simulate": "1%"},
            helps={
                "label": "Labels before the first training: a count, or a percentage of the texts "
                "to label."
            },
            unset="as --batch",
            example="2%",
        ),
    ]
    batch: Annotated[
        Amount,
        Setting(
            "Texts asked about in a round: a percentage or a count.",
            title="batch",
            group="Loop",
            flag="--batch",
            metavar="AMOUNT",
            defaults={"simulate": "1%", "label": "20"},
            helps={
                "label": "New labels after which the models are trained again: a count, or a "
                "percentage of the texts to label."
            },
            example="50",
        ),
    ]
    rounds: Annotated[
        int,
        Setting(
            "Rounds of asking after the seed set.",
            title="rounds",
            group="Loop",
            low=0,
            flag="--rounds",
            old={"--iterations": "--rounds"},
            metavar="NUMBER",
            commands=("simulate",),
            example="5",
        ),
    ] = 12
    budget_unit: Annotated[
        Literal["examples", "tokens"],
        Setting(
            "What --batch and --seed-size count: examples, or tokens for tagging.",
            title="budget in",
            group="Loop",
            flag="--budget-unit",
            choices={"examples": "a batch counts examples", "tokens": "a batch counts words"},
            commands=("simulate",),
        ),
    ] = "examples"
    label_noise: Annotated[
        float,
        Setting(
            "Share of wrong answers of the simulated oracle.",
            title="wrong answers",
            group="Loop",
            low=0,
            high=1,
            share=True,
            flag="--label-noise",
            metavar="SHARE",
            commands=("simulate",),
            example="5%",
        ),
    ] = 0.0
    mc_passes: Annotated[
        int,
        Setting(
            "Monte-Carlo dropout passes (bald).",
            title="bald: passes",
            group="Loop",
            low=2,
            usual="10 is usual",
            flag="--mc-passes",
            metavar="NUMBER",
            commands=_DROPPING,
            example="20",
        ),
    ] = 10
    mc_dropout: Annotated[
        float,
        Setting(
            "Dropout rate of those passes.",
            title="bald: dropout",
            group="Loop",
            above=0,
            below=1,
            share=True,
            usual="0.1 is usual",
            flag="--mc-dropout",
            metavar="SHARE",
            commands=_DROPPING,
            example="0.2",
        ),
    ] = 0.1
    oracle: Annotated[
        Literal["gold", "person"],
        Setting(
            "Who answers.",
            group="Loop",
            choices={"gold": "the data's own labels", "person": "people"},
            defaults={"label": "person"},
        ),
    ] = "gold"
    audit_share: Annotated[
        float,
        Setting(
            "Share of a batch that is drawn at random, shown without a suggestion and kept for "
            "measuring quality.",
            title="people: random part",
            group="Loop",
            low=0,
            high=0.5,
            share=True,
            percent=True,
            flag="--audit-share",
            metavar="SHARE",
            commands=("label",),
            example="20%",
        ),
    ] = 0.1
    overlap: Annotated[
        float,
        Setting(
            "Share of the texts that two annotators label each, to measure agreement.",
            title="people: done twice",
            group="Loop",
            low=0,
            high=1,
            share=True,
            percent=True,
            flag="--overlap",
            metavar="SHARE",
            commands=("label",),
            example="10%",
        ),
    ] = 0.0
    gauge: Annotated[
        int,
        Setting(
            "Texts of the pool on which both models' scores are compared each round; 0: none.",
            title="mismatch sample",
            name="mismatch_sample",
            group="Loop",
            low=0,
            flag="--mismatch-sample",
            old={"--gauge": "--mismatch-sample"},
            metavar="TEXTS",
            commands=("simulate",),
            example="200",
        ),
    ] = 500

    def __post_init__(self) -> None:
        check_all(self)
