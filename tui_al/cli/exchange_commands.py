"""The commands by which labels and models leave and enter a session, with their options."""

from pathlib import Path
from typing import Annotated

import typer

from tui_al.cli.options import Home

commands = typer.Typer()

Session = Annotated[str, typer.Argument(help="Name or path.", metavar="SESSION")]
Format = Annotated[
    str | None,
    typer.Option(
        help="jsonl, csv, parquet, conll, prodigy, label-studio, doccano or datasets. [default: by the name of the file]",
    ),
]
Seed = Annotated[
    int | None,
    typer.Option(help="The run of a simulation. [default: the first that has something]"),
]


@commands.command()
def export(
    session: Session,
    out: Annotated[Path, typer.Option(help="File to write; a directory for datasets.")],
    format: Format = None,  # noqa: A002
    seed: Seed = None,
    each: Annotated[
        bool,
        typer.Option(help="Every annotator's answers, not only the one that counts."),
    ] = False,
    flagged: Annotated[
        bool, typer.Option(help="Examples that are unclear or skipped too, without an answer.")
    ] = False,
    given: Annotated[
        bool, typer.Option(help="The labels that came with the training data too.")
    ] = False,
    overwrite: Annotated[bool, typer.Option(help="Replace a file that is there.")] = False,
    home: Home = None,
) -> None:
    """Write a session's labels to a file, for training elsewhere or another labelling program."""
    from tui_al.cli.exporting import ExportOptions, export_labels

    options = ExportOptions(out, format, seed, each, flagged, given, overwrite)
    export_labels(session, options, home)


@commands.command("export-model")
def export_model(
    session: Session,
    out: Annotated[Path, typer.Option(help="The directory to write; it must not be there.")],
    role: Annotated[
        str,
        typer.Option(
            help="successor, the model to ship; or acquisition, the adapter that chose what to label."
        ),
    ] = "successor",
    seed: Seed = None,
    home: Home = None,
) -> None:
    """Write a session's model with a model card, for `transformers.pipeline` and `adapters`."""
    from tui_al.cli.model_exporting import export_kept_model

    export_kept_model(session, out, role, seed, home)
