"""The command `label` and its options; what it does is in `tui_al.cli.label`."""

from typing import Annotated

import typer

from tui_al.cli import options
from tui_al.cli.help import Commands

commands = Commands()


@commands.command(
    examples=[
        "tui-al label texts.csv --labels refund,repair,praise",
        "tui-al label texts.jsonl --task tagging --session first",
        "tui-al label first",
    ]
)
@options.takes_settings("label")
def label(
    source: Annotated[
        str,
        typer.Argument(
            help="Data to label (a name, a path, a Hub id), or a session to go on with.",
            metavar="DATA|SESSION",
        ),
    ],
    settings: options.Settings,
    annotator: Annotated[
        str | None,
        typer.Option(
            help="Who labels. [default: $TUI_AL_ANNOTATOR or the account's name]",
            metavar="NAME",
            rich_help_panel="Session",
        ),
    ] = None,
    shared: options.Shared = None,
    home: options.Home = None,
) -> None:
    """Label texts by hand in the terminal, while models learn from the labels and choose what to
    ask next."""
    from tui_al.cli.label import LabelOptions, label_by_hand

    label_by_hand(LabelOptions(source, settings, annotator, shared, home))
