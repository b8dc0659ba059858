"""The commands by which labels and models leave and enter a session, with their options."""

from pathlib import Path
from typing import Annotated

import typer

from tui_al.cli.help import Commands
from tui_al.cli.options import Home, OneSession

commands = Commands()

Format = Annotated[
    str | None,
    typer.Option(
        help="jsonl, csv, parquet, conll, prodigy, label-studio, doccano or datasets. [default: "
        "by the name of the file]",
    ),
]
Seed = Annotated[
    int | None,
    typer.Option(help="The run of a simulation. [default: the first that has something]"),
]


@commands.command()
def export(
    session: OneSession,
    out: Annotated[Path, typer.Option(help="File to write; a directory for datasets.")],
    format: Format = None,  # noqa: A002
    seed: Seed = None,
    each: Annotated[
        bool,
        typer.Option(
            "--per-annotator/--no-per-annotator",
            "--each/--no-each",
            help="Every annotator's answers, not only the one that counts.",
        ),
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
    from tui_al.cli.export_labels import ExportOptions, export_labels

    options = ExportOptions(out, format, seed, each, flagged, given, overwrite)
    export_labels(session, options, home)


@commands.command("import")
def import_(
    session: OneSession,
    file: Annotated[Path, typer.Argument(help="File, or directory saved by datasets.")],
    format: Format = None,  # noqa: A002
    text_column: Annotated[
        str | None, typer.Option(help="Column or field of the texts. [default: text]")
    ] = None,
    label_column: Annotated[
        str | None,
        typer.Option(
            help="Column or field of the answers; of Label Studio's JSON, the name of the control."
        ),
    ] = None,
    tokens_column: Annotated[
        str | None,
        typer.Option(
            help="Column of the tokens, where they have tags; of CoNLL columns, a number."
        ),
    ] = None,
    tags_column: Annotated[
        str | None, typer.Option(help="Column of the tags, where tokens have some.")
    ] = None,
    labels: Annotated[
        str | None,
        typer.Option(
            help="Names of labels or tags that the file has as numbers, from 0 on: apart by "
            "commas, or a file of them."
        ),
    ] = None,
    delimiter: Annotated[str | None, typer.Option(help="Of CSV and TSV files.")] = None,
    subset: Annotated[
        str | None, typer.Option(help="Sheet of an Excel workbook; array of a JSON file.")
    ] = None,
    encoding: Annotated[str, typer.Option()] = "utf-8",
    header: Annotated[
        bool | None,
        typer.Option(
            "--header/--no-header",
            help="Whether the first line of CSV, TSV or Excel names the columns. [default: "
            "guessed]",
        ),
    ] = None,
    annotator: Annotated[
        str, typer.Option(help="Whose labels they are, where the file does not say.")
    ] = "import",
    add_labels: Annotated[
        bool, typer.Option(help="Add labels that the session does not know.")
    ] = False,
    add_examples: Annotated[
        bool, typer.Option(help="Add labelled texts that the session does not have, to train on.")
    ] = False,
    leave_out_misfits: Annotated[
        bool,
        typer.Option(
            "--skip-mismatched/--no-skip-mismatched",
            "--leave-out-misfits/--no-leave-out-misfits",
            help="Skip, with a count, what cannot be read or does not fit: entities that overlap, "
            "lie outside the text or cut through the session's words, several labels, broken "
            "lines.",
        ),
    ] = False,
    accept_empty: Annotated[
        bool,
        typer.Option(
            help="An empty list of entities means that the text has none, not that nobody looked."
        ),
    ] = False,
    last_wins: Annotated[
        bool,
        typer.Option(
            help="Of contradicting answers of one annotator without times, take the last."
        ),
    ] = False,
    replace: Annotated[
        bool,
        typer.Option(help="Answers without a time replace those that their annotator gave here."),
    ] = False,
    home: Home = None,
) -> None:
    """Take labels from a file into a session that people label in. Doing it again changes
    nothing."""
    from tui_al.cli.import_labels import import_labels
    from tui_al.cli.simulate import with_label_names
    from tui_al.core.settings.experiment import DataConfig
    from tui_al.store.formats.reading import ReadOptions
    from tui_al.store.import_rules import ImportOptions

    import_options = ImportOptions(
        annotator, add_labels, add_examples, leave_out_misfits, last_wins, replace
    )
    options = ReadOptions(text_column, label_column, leave_out_misfits, accept_empty)
    config = DataConfig(
        str(file),
        tokens_column=tokens_column,
        tags_column=tags_column,
        labels=with_label_names({"labels": labels})["labels"],
        delimiter=delimiter,
        encoding=encoding,
        subset=subset,
        misfits="leave out" if leave_out_misfits else "refuse",
        header=None if header is None else "yes" if header else "no",
    )
    import_labels(session, file, format, options, import_options, home, config)


@commands.command("export-model")
def export_model(
    session: OneSession,
    out: Annotated[Path, typer.Option(help="The directory to write; it must not be there.")],
    role: Annotated[
        str,
        typer.Option(
            help="successor, the model to ship; or acquisition, the adapter that chose what to "
            "label."
        ),
    ] = "successor",
    seed: Seed = None,
    home: Home = None,
) -> None:
    """Write a session's model with a model card, for `transformers.pipeline` and `adapters`."""
    from tui_al.cli.export_model import export_kept_model

    export_kept_model(session, out, role, seed, home)


@commands.command()
def predict(
    session: OneSession,
    file: Annotated[str, typer.Argument(help="File of texts, or - for standard input.")],
    out: Annotated[
        Path | None, typer.Option(help="File to write. [default: standard output]")
    ] = None,
    format: Annotated[  # noqa: A002
        str | None, typer.Option(help="jsonl or csv. [default: by the name of the output]")
    ] = None,
    top: Annotated[
        int, typer.Option(min=1, help="How many of the likeliest classes to give with each text.")
    ] = 1,
    input_format: Annotated[
        str | None,
        typer.Option(
            help="text, csv, tsv, jsonl, json or conll. [default: by the name of the file; of "
            "standard input: text]"
        ),
    ] = None,
    text_column: Annotated[str | None, typer.Option()] = None,
    tokens_column: Annotated[str | None, typer.Option()] = None,
    delimiter: Annotated[str | None, typer.Option(help="Of CSV and TSV files.")] = None,
    header: Annotated[
        bool | None,
        typer.Option(
            "--header/--no-header",
            help="Whether the first line of CSV, TSV or Excel names the columns. [default: "
            "guessed]",
        ),
    ] = None,
    subset: Annotated[
        str | None, typer.Option(help="Sheet of an Excel workbook; array of a JSON file.")
    ] = None,
    encoding: Annotated[str, typer.Option()] = "utf-8",
    skip_mismatched: Annotated[
        bool,
        typer.Option(
            help="Skip, with a count, what cannot be read: broken lines, rows of another width, "
            "annotated texts whose entities do not fit."
        ),
    ] = False,
    batch_size: Annotated[
        int | None,
        typer.Option(min=1, help="Texts at once at most. [default: as many as usually fit]"),
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")] = "auto",
    role: Annotated[str, typer.Option(help="successor or acquisition.")] = "successor",
    seed: Seed = None,
    overwrite: Annotated[bool, typer.Option(help="Replace an output that is there.")] = False,
    home: Home = None,
) -> None:
    """Label a file of any size with a session's model: a class, or entities by character offsets,
    for every text in order."""
    from tui_al.cli.predict import PredictOptions, predict_file

    given = {
        key: value for key, value in locals().items() if key in PredictOptions.__dataclass_fields__
    }
    predict_file(session, file, PredictOptions(**given), home)


@commands.command()
def merge(
    sessions: Annotated[
        list[str],
        typer.Argument(help="Names, or paths as /mnt/laptop/first.", metavar="SESSION OTHER..."),
    ],
    into: Annotated[str, typer.Option(help="Name of the new session.")],
    home: Home = None,
) -> None:
    """Merge sessions that were labelled on separate machines into a new one: everybody's decisions,
    each once."""
    from tui_al.cli.merge import merge as merge_into

    merge_into(sessions, into, home)
