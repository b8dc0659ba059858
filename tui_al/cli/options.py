"""Options that several commands have."""

from pathlib import Path
from typing import Annotated, Literal

import typer

Home = Annotated[
    Path | None,
    typer.Option(
        help="Directory of all sessions. [default: $TUI_AL_HOME or the user's data directory]",
        readable=False,  # who shares a session in it may pass it, and not list it
    ),
]

Shared = Annotated[
    str | None,
    typer.Option(
        "--shared",
        help="Open it to this group, by name or number, so that several accounts work in it; see `tui-al share`.",
        metavar="GROUP",
        rich_help_panel="Session",
    ),
]

# Of the commands that set an experiment up: its data, its models, its loop.
DataDir = Annotated[
    Path | None,
    typer.Option(help="Folder that holds the named sets as local folders.", rich_help_panel="Data"),
]
Subset = Annotated[
    str | None,
    typer.Option(help="Configuration of a Hub data set, as en-US.", rich_help_panel="Data"),
]
TextColumn = Annotated[str | None, typer.Option(rich_help_panel="Data")]
LabelColumn = Annotated[str | None, typer.Option(rich_help_panel="Data")]
TokensColumn = Annotated[str | None, typer.Option(rich_help_panel="Data")]
TagsColumn = Annotated[str | None, typer.Option(rich_help_panel="Data")]
Delimiter = Annotated[
    str | None, typer.Option(help="Of CSV and TSV files.", rich_help_panel="Data")
]
Header = Annotated[
    bool | None,
    typer.Option(
        "--header/--no-header",
        help="Whether the first line of CSV, TSV or Excel names the columns. [default: guessed]",
        rich_help_panel="Data",
    ),
]
Encoding = Annotated[str, typer.Option(rich_help_panel="Data")]


LeaveOutMisfits = Annotated[
    bool,
    typer.Option(
        help="Leave out, with a count, annotated texts whose entities overlap, do not fit or cannot be read.",
        rich_help_panel="Data",
    ),
]
AcceptEmpty = Annotated[
    bool,
    typer.Option(
        help="An empty list of entities means that the text has none, not that nobody looked.",
        rich_help_panel="Data",
    ),
]


def misfits_of(leave_out: bool) -> Literal["refuse", "leave out"]:
    """The setting that the option stands for."""
    return "leave out" if leave_out else "refuse"


def empty_of(accept: bool) -> Literal["unlabelled", "no entity"]:
    """The setting that the option stands for."""
    return "no entity" if accept else "unlabelled"


def header_of(given: bool | None) -> Literal["yes", "no"] | None:
    """The setting that the option stands for."""
    return None if given is None else "yes" if given else "no"


TrainLimit = Annotated[
    int | None,
    typer.Option(help="Use a random cut of so many training rows.", rich_help_panel="Data"),
]
Acquisition = Annotated[
    str,
    typer.Option(
        help="Model that chooses: a name of `tui-al models`, a Hub id, or a path.",
        rich_help_panel="Models",
    ),
]
AcquisitionTuning = Annotated[
    str,
    typer.Option(
        help="full, adapter, double, seq, par, lora, prefix, unipelt, compacter, ia3 or head.",
        rich_help_panel="Models",
    ),
]
Successor = Annotated[str, typer.Option(help="Model that will ship.", rich_help_panel="Models")]
SuccessorTuning = Annotated[str, typer.Option(rich_help_panel="Models")]
Epochs = Annotated[int | None, typer.Option(help="For both models.", rich_help_panel="Models")]
AcquisitionEpochs = Annotated[int | None, typer.Option(rich_help_panel="Models")]
SuccessorEpochs = Annotated[int | None, typer.Option(rich_help_panel="Models")]
Lr = Annotated[
    float | None,
    typer.Option(
        help="Learning rate of encoder or adapter, for both models.", rich_help_panel="Models"
    ),
]
AcquisitionLr = Annotated[float | None, typer.Option(rich_help_panel="Models")]
SuccessorLr = Annotated[float | None, typer.Option(rich_help_panel="Models")]
HeadLr = Annotated[
    float | None, typer.Option(help="Learning rate of the heads.", rich_help_panel="Models")
]
BatchSize = Annotated[
    int | None, typer.Option(help="Texts in a training step.", rich_help_panel="Models")
]
MaxLength = Annotated[int | None, typer.Option(help="Sub-tokens.", rich_help_panel="Models")]
Dropout = Annotated[float | None, typer.Option(help="In training.", rich_help_panel="Models")]
Start = Annotated[
    str,
    typer.Option(
        help="cold: from the pretrained weights each round; warm: from the last round's.",
        rich_help_panel="Models",
    ),
]
Precision = Annotated[
    str,
    typer.Option(
        help="fp32; bf16, quicker where the hardware has it; auto: bf16 there, fp32 elsewhere.",
        rich_help_panel="Models",
    ),
]
Pooling = Annotated[
    str | None,
    typer.Option(
        help="What the heads of classifiers read: first, the first token; mean, of all tokens; auto, as the model's files say. [default: the model's own]",
        rich_help_panel="Models",
    ),
]
TrunkLayers = Annotated[
    str,
    typer.Option(
        help="Lowest layers of the acquisition model that stay frozen; their output is computed once and kept. A number, or auto: two thirds, all for the tuning head.",
        rich_help_panel="Models",
    ),
]
SuccessorTrunkLayers = Annotated[
    str, typer.Option(help="The same for the successor.", rich_help_panel="Models")
]
Strategy = Annotated[str, typer.Option(help="See `tui-al strategies`.", rich_help_panel="Loop")]
McPasses = Annotated[
    int, typer.Option(help="Monte-Carlo dropout passes (bald).", rich_help_panel="Loop")
]
McDropout = Annotated[
    float, typer.Option(help="Dropout rate of those passes.", rich_help_panel="Loop")
]
Gauge = Annotated[
    int,
    typer.Option(
        help="Texts of the pool on which both models' scores are compared each round; 0: none.",
        rich_help_panel="Loop",
    ),
]
KeptWith = Annotated[
    str | None, typer.Option(help="Keep the numbers with this sweep, for its report.")
]
Device = Annotated[
    str, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.", rich_help_panel="Session")
]
SessionName = Annotated[
    str | None,
    typer.Option(
        help="Name of the session. [default: made from the experiment]",
        rich_help_panel="Session",
    ),
]
