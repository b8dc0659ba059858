"""The command `label` and its options; what it does is in `tui_al.cli.label`."""

from typing import Annotated

import typer

from tui_al.cli import options

commands = typer.Typer()


@commands.command()
def label(
    source: Annotated[
        str,
        typer.Argument(
            help="Data to label (a name, a path, a Hub id), or a session to go on with.",
            metavar="DATA|SESSION",
        ),
    ],
    labels: Annotated[
        str | None,
        typer.Option(
            help="Labels to begin with, apart by commas; more can be added while labelling."
        ),
    ] = None,
    task: Annotated[
        str | None,
        typer.Option(
            help="classification (one label a text) or tagging (entities). [default: guessed]"
        ),
    ] = None,
    annotator: Annotated[
        str | None,
        typer.Option(help="Who labels. [default: $TUI_AL_ANNOTATOR or the account's name]"),
    ] = None,
    batch: Annotated[
        str,
        typer.Option(
            help="New labels after which the models are trained again; or, as 5%, a share of the texts to label.",
            rich_help_panel="Loop",
        ),
    ] = "20",
    seed_size: Annotated[
        str | None,
        typer.Option(
            help="Labels before the first training. [default: a batch]", rich_help_panel="Loop"
        ),
    ] = None,
    audit_share: Annotated[
        str,
        typer.Option(
            help="Share drawn at random, shown without a suggestion and kept for measuring quality.",
            rich_help_panel="Loop",
        ),
    ] = "10%",
    overlap: Annotated[
        str,
        typer.Option(
            help="Share that two annotators label each, to measure agreement.",
            rich_help_panel="Loop",
        ),
    ] = "0%",
    shared: options.Shared = None,
    strategy: options.Strategy = "lc",
    mc_passes: options.McPasses = 10,
    mc_dropout: options.McDropout = 0.1,
    seed: Annotated[
        int | None, typer.Option(help="Of all that is random.", rich_help_panel="Loop")
    ] = None,
    data_dir: options.DataDir = None,
    subset: options.Subset = None,
    text_column: options.TextColumn = None,
    label_column: options.LabelColumn = None,
    tokens_column: options.TokensColumn = None,
    tags_column: options.TagsColumn = None,
    delimiter: options.Delimiter = None,
    header: options.Header = None,
    leave_out_misfits: options.LeaveOutMisfits = False,
    accept_empty: options.AcceptEmpty = False,
    encoding: options.Encoding = "utf-8",
    train_limit: options.TrainLimit = None,
    acquisition: options.Acquisition = "minilm",
    acquisition_tuning: options.AcquisitionTuning = "adapter",
    successor: options.Successor = "minilm",
    successor_tuning: options.SuccessorTuning = "full",
    epochs: options.Epochs = None,
    acquisition_epochs: options.AcquisitionEpochs = None,
    successor_epochs: options.SuccessorEpochs = None,
    lr: options.Lr = None,
    acquisition_lr: options.AcquisitionLr = None,
    successor_lr: options.SuccessorLr = None,
    head_lr: options.HeadLr = None,
    batch_size: options.BatchSize = None,
    max_length: options.MaxLength = None,
    dropout: options.Dropout = None,
    start: options.Start = "cold",
    precision: options.Precision = "auto",
    pooling: options.Pooling = None,
    trunk_layers: options.TrunkLayers = "0",
    successor_trunk_layers: options.SuccessorTrunkLayers = "0",
    device: options.Device = "auto",
    session: options.SessionName = None,
    home: options.Home = None,
) -> None:
    """Label texts by hand in the terminal, while models learn from the labels and choose what to ask next."""
    given = dict(locals())
    from tui_al.cli.label import LabelOptions, label_by_hand

    own = {name: given.pop(name) for name in LabelOptions.__dataclass_fields__}
    label_by_hand(LabelOptions(**own), given)
