"""Settings of a model and of how it is trained."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from tui_al.core.settings.schema import EXPERIMENTS, Setting
from tui_al.core.settings.tunings import TUNING_SUMMARIES, TUNINGS, Trained
from tui_al.core.settings.values import check_all

#: Commands that train a model as they are told.
_TRAINING = (*EXPERIMENTS, "compare-scores", "timing")

_OWN = "the model's own"


@dataclass(frozen=True, slots=True)
class LearnerConfig:
    """A model and how it is trained."""

    SECTION: ClassVar = "learner"

    model: Annotated[
        str,
        Setting(
            "A name of `tui-al models`, a Hub id, or a path.",
            title="model",
            group="Models",
            roles={"acquisition": "--acquisition", "successor": "--successor"},
            helps={
                "acquisition": "Model that chooses what to label: a name of `tui-al models`, a "
                "Hub id, or a path.",
                "successor": "Model that will ship: a name of `tui-al models`, a Hub id, or a "
                "path.",
            },
            defaults={"acquisition": "minilm", "successor": "minilm"},
            metavar="MODEL",
            example="distilbert",
        ),
    ]
    tuning: Annotated[
        str,
        Setting(
            "What is trained of the model.",
            title="tuning",
            group="Models",
            choices=TUNING_SUMMARIES,
            roles={"acquisition": "--acquisition-tuning", "successor": "--successor-tuning"},
            helps={
                "acquisition": "What is trained of the acquisition model; see `tui-al models`.",
                "successor": "What is trained of the successor.",
            },
            defaults={"acquisition": "adapter", "successor": "full"},
            metavar="TUNING",
            example="lora",
        ),
    ]  # fmt: skip
    learning_rate: Annotated[
        float,
        Setting(
            "Learning rate of the encoder, or of the adapter in it.",
            title="learning rate",
            name="lr",
            group="Models",
            above=0,
            high=1,
            usual="2e-5 to 5e-3 is usual",
            unset=_OWN,
            flag="--lr",
            roles={"acquisition": "--acquisition-lr", "successor": "--successor-lr"},
            metavar="RATE",
            example="2e-5",
            report="learning rate {}",
        ),
    ]
    head_learning_rate: Annotated[
        float,
        Setting(
            "Learning rate of the heads.",
            title="rate of the head",
            name="head_lr",
            group="Models",
            above=0,
            high=1,
            usual="2e-4 to 5e-3 is usual",
            unset=_OWN,
            flag="--head-lr",
            metavar="RATE",
            example="2e-3",
            report="head {}",
        ),
    ]
    epochs: Annotated[
        int,
        Setting(
            "Passes over the labelled texts in a training.",
            title="epochs",
            group="Models",
            low=1,
            unset=_OWN,
            flag="--epochs",
            roles={"acquisition": "--acquisition-epochs", "successor": "--successor-epochs"},
            metavar="NUMBER",
            example="8",
            commands=_TRAINING,
            report="{} epochs",
        ),
    ]
    batch_size: Annotated[
        int,
        Setting(
            "Texts in a training step.",
            title="batch size",
            group="Models",
            low=1,
            flag="--batch-size",
            metavar="TEXTS",
            example="32",
            report="batch size {}",
        ),
    ] = 16
    max_length: Annotated[
        int,
        Setting(
            "Sub-tokens of a text that are read; the rest is cut off.",
            title="longest, tokens",
            group="Models",
            low=8,
            flag="--max-length",
            metavar="TOKENS",
            example="128",
            commands=_TRAINING,
            report="at most {} sub-tokens",
        ),
    ] = 256
    weight_decay: Annotated[
        float,
        Setting(
            "Weight decay of AdamW.",
            title="weight decay",
            group="Models",
            low=0,
            usual="0.01 is usual",
            report="weight decay {}",
        ),
    ] = 0.01
    warmup: Annotated[
        float,
        Setting(
            "Share of the steps in which the learning rate rises.",
            title="warm-up share",
            group="Models",
            low=0,
            below=1,
            share=True,
            usual="0.1 is usual",
            report="{%} warm-up",
        ),
    ] = 0.1
    schedule: Annotated[
        Literal["linear", "constant"],
        Setting(
            "How the learning rate goes on after the warm-up.",
            title="schedule",
            group="Models",
            choices={"linear": "the rate falls to nothing", "constant": "the rate stays"},
            reports={"linear": "linear decay", "constant": "constant rate"},
        ),
    ] = "linear"
    clip: Annotated[
        float,
        Setting(
            "Largest norm of the gradient; 0 switches clipping off.",
            title="gradient clip",
            group="Models",
            low=0,
            report="gradient clip {}",
            reports={0: "no gradient clip"},
        ),
    ] = 1.0
    dropout: Annotated[
        float,
        Setting(
            "Dropout in training, of encoder, adapter and head.",
            title="dropout",
            group="Models",
            low=0,
            below=1,
            share=True,
            unset=_OWN,
            flag="--dropout",
            metavar="SHARE",
            example="0.1",
            report="dropout {}",
        ),
    ] = 0.1
    reduction_factor: Annotated[
        int,
        Setting(
            "Of bottleneck adapters: hidden size of the model / size of the bottleneck.",
            title="adapter reduction",
            group="Models",
            low=1,
        ),
    ] = 16
    start: Annotated[
        Literal["cold", "warm"],
        Setting(
            "Begin each round with the weights of the round before, not with the pretrained ones.",
            title="each round from",
            name="warm_start",
            group="Models",
            flag="--warm-start",
            switch=("warm", "cold"),
            old_value="--start",
            choices={
                "cold": "the pretrained weights, as in the paper",
                "warm": "the weights of the round before",
            },
            report="{} start",
        ),
    ] = "cold"
    precision: Annotated[
        Literal["fp32", "bf16", "auto"],
        Setting(
            "Of matrix products: fp32; bf16, quicker where the hardware has it; auto: bf16 there, "
            "fp32 elsewhere.",
            title="precision",
            group="Models",
            flag="--precision",
            choices={
                "fp32": "plain",
                "bf16": "quicker where the hardware has it, a little coarser",
                "auto": "bf16 where the hardware has it, else fp32",
            },
            defaults={"label": "auto"},
            commands=_TRAINING,
            report="{}",
        ),
    ] = "fp32"
    revision: Annotated[
        str | None,
        Setting(
            "Commit, branch or tag of a model of the Hub.",
            title="revision",
            group="Models",
            unset="the newest",
        ),
    ] = None
    trunk_layers: Annotated[
        int | Literal["auto"],
        Setting(
            "Lowest layers that stay frozen; their output is computed once and kept. "
            "A number, or auto: two thirds, and all for the tuning head.",
            title="frozen layers",
            name="freeze_layers",
            group="Models",
            low=0,
            choices={"auto": "two thirds of the layers"},
            roles={"acquisition": "--freeze-layers", "successor": "--successor-freeze-layers"},
            old={
                "--trunk-layers": "--freeze-layers",
                "--successor-trunk-layers": "--successor-freeze-layers",
            },
            helps={
                "acquisition": "Lowest layers of the acquisition model that stay frozen; their "
                "output is computed once and kept. "
                "A number, or auto: two thirds, all for the tuning head.",
                "successor": "The same for the successor.",
            },
            metavar="LAYERS",
            example="auto",
        ),
    ] = 0
    #: The default is what sessions without this setting were run with; catalogue models have their
    #: own (`tui_al.core.settings.model_catalog`).
    pooling: Annotated[
        Literal["first", "mean", "auto"],
        Setting(
            "What the heads of classifiers read: first, the first token; mean, of all tokens; "
            "auto, as the model's files say.",
            title="head reads",
            group="Models",
            unset=_OWN,
            flag="--pooling",
            choices={
                "first": "the first token: the stock head of transformers",
                "mean": "the mean of all tokens, as sentence encoders are trained",
                "auto": "what the model's files say",
            },
            commands=_TRAINING,
        ),
    ] = "first"

    @property
    def trains(self) -> Trained:
        """What its tuning trains."""
        return TUNINGS[self.tuning].trains

    def __post_init__(self) -> None:
        check_all(self, f"{self.model} ({self.tuning}): ")
