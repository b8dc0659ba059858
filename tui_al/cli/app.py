"""The commands and their options; what they do is in the modules beside this one, imported when called."""

from pathlib import Path
from typing import Annotated

import typer

from tui_al.cli import options
from tui_al.cli.care_commands import commands as care_commands
from tui_al.cli.exchange_commands import commands as exchange_commands
from tui_al.cli.label_command import commands as label_commands
from tui_al.cli.options import Home
from tui_al.cli.sharing_commands import commands as sharing_commands

app = typer.Typer(
    name="tui-al",
    help="Active learning for NLP in the terminal: adapters choose what to label, the model you ship learns from it.",
    no_args_is_help=False,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and leave.")
    ] = False,
    mouse: Annotated[
        bool, typer.Option(help="Let the app use the mouse; without, the terminal selects text.")
    ] = True,
    home: Home = None,
) -> None:
    """Without a command: the app."""
    if version:
        from tui_al import __version__

        typer.echo(f"tui-al {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        from tui_al.cli.application import open_app

        open_app(home, mouse=mouse)


@app.command()
def simulate(
    data: Annotated[
        str,
        typer.Argument(
            help="A data set's name, a path, or a Hub id; see `tui-al datasets`.", metavar="DATA"
        ),
    ],
    data_dir: options.DataDir = None,
    subset: options.Subset = None,
    text_column: options.TextColumn = None,
    label_column: options.LabelColumn = None,
    tokens_column: options.TokensColumn = None,
    tags_column: options.TagsColumn = None,
    labels: Annotated[
        str | None,
        typer.Option(
            help="Names of labels or tags that the data has as numbers, from 0 on: apart by commas, or a file of them.",
            rich_help_panel="Data",
        ),
    ] = None,
    delimiter: options.Delimiter = None,
    header: options.Header = None,
    leave_out_misfits: options.LeaveOutMisfits = False,
    accept_empty: options.AcceptEmpty = False,
    encoding: options.Encoding = "utf-8",
    train_limit: options.TrainLimit = None,
    test_limit: Annotated[
        int | None,
        typer.Option(help="Use a random cut of so many test rows.", rich_help_panel="Data"),
    ] = None,
    test_share: Annotated[
        float, typer.Option(help="Held out where there is no test split.", rich_help_panel="Data")
    ] = 0.2,
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
    precision: options.Precision = "fp32",
    pooling: options.Pooling = None,
    trunk_layers: options.TrunkLayers = "0",
    successor_trunk_layers: options.SuccessorTrunkLayers = "0",
    preset: Annotated[
        str | None, typer.Option(help="paper: Table 3's settings.", rich_help_panel="Models")
    ] = None,
    strategy: options.Strategy = "lc",
    seed_size: Annotated[
        str,
        typer.Option(
            help="Random texts labelled at the start: a percentage or a count.",
            rich_help_panel="Loop",
        ),
    ] = "1%",
    batch: Annotated[
        str, typer.Option(help="Texts asked about in a round.", rich_help_panel="Loop")
    ] = "1%",
    iterations: Annotated[int, typer.Option(help="Rounds of asking.", rich_help_panel="Loop")] = 12,
    seeds: Annotated[
        int, typer.Option(help="How many runs, with the fixed seeds.", rich_help_panel="Loop")
    ] = 5,
    seed: Annotated[
        list[int] | None,
        typer.Option(
            help="A run with this seed; may be given more than once, instead of --seeds.",
            rich_help_panel="Loop",
        ),
    ] = None,
    budget_unit: Annotated[
        str, typer.Option(help="examples, or tokens for tagging.", rich_help_panel="Loop")
    ] = "examples",
    label_noise: Annotated[
        float, typer.Option(help="Share of wrong answers of the oracle.", rich_help_panel="Loop")
    ] = 0.0,
    mc_passes: options.McPasses = 10,
    mc_dropout: options.McDropout = 0.1,
    gauge: options.Gauge = 500,
    device: options.Device = "auto",
    session: options.SessionName = None,
    save_models: Annotated[
        bool, typer.Option(help="Keep each run's last successor.", rich_help_panel="Session")
    ] = True,
    shared: options.Shared = None,
    home: Home = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One event a line on stdout.", rich_help_panel="Session")
    ] = False,
    quiet: Annotated[
        bool, typer.Option(help="Nothing but the table at the end.", rich_help_panel="Session")
    ] = False,
) -> None:
    """Run active learning with a simulated oracle; run the same command again to continue a session that was cut off."""
    from tui_al.cli.simulate import Options, run_simulation

    given = {key: value for key, value in locals().items() if key in Options.__dataclass_fields__}
    run_simulation(Options(**given))


@app.command()
def sweep(
    file: Annotated[
        str | None,
        typer.Argument(help="A TOML file, or a name from --list.", metavar="FILE|NAME"),
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option(help="Folder that holds the named data sets.")
    ] = None,
    seeds: Annotated[
        int | None, typer.Option(help="So many of the fixed seeds, whatever the file says.")
    ] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda or mps.")] = None,
    jobs: Annotated[
        int | None,
        typer.Option(help="Engines at once. [default: as many as the machine carries]"),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Name of the sweep. [default: the file's]")
    ] = None,
    show_list: Annotated[
        bool, typer.Option("--list", help="The sweeps that come with the program.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the cells and the estimated time.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One line of JSON for every change of a cell.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option(help="Nothing but the table at the end, and warnings.")
    ] = False,
    shared: options.Shared = None,
    home: Home = None,
) -> None:
    """Run a grid of experiments from a file; run the same command again to continue. Finished cells stay."""
    from tui_al.cli.sweep import Options, run_sweep

    given = {key: value for key, value in locals().items() if key in Options.__dataclass_fields__}
    run_sweep(Options(**given))


@app.command()
def verify(
    session: Annotated[str, typer.Argument(help="Name or path.", metavar="SESSION")],
    rounds: Annotated[
        int | None, typer.Option(help="Only up to this round. [default: as far as it got]")
    ] = None,
    seed: Annotated[
        list[int] | None, typer.Option(help="Only this seed; may be given more than once.")
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="Another device than the session's setting.")
    ] = None,
    home: Home = None,
) -> None:
    """Run a session again from its manifest and say whether it asks the same questions; it is not changed."""
    from tui_al.cli.verify import verify_session

    verify_session(session, rounds, seed or [], device, home)


@app.command("compare-scores")
def compare_scores(
    data: Annotated[
        str,
        typer.Argument(help="A data set's name, a path, or a Hub id.", metavar="DATA"),
    ],
    models: Annotated[
        str,
        typer.Option(
            help="Two models with their tunings; the second is held against the first.",
            metavar="A:TUNING,B:TUNING",
            rich_help_panel="Models",
        ),
    ] = "minilm:full,minilm:adapter",
    labels: Annotated[
        str, typer.Option(help="Random texts to train on: a percentage or a count.")
    ] = "2%",
    score: Annotated[
        str, typer.Option(help="bald, lc, bt, entropy, or mnlp for tagging.")
    ] = "bald",
    batch: Annotated[str, typer.Option(help="Size of the queries whose overlap is told.")] = "1%",
    seeds: Annotated[int, typer.Option(help="How many of the fixed seeds.")] = 1,
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
    epochs: options.Epochs = None,
    max_length: options.MaxLength = None,
    precision: options.Precision = "fp32",
    pooling: options.Pooling = None,
    preset: Annotated[
        str | None, typer.Option(help="paper: Table 3's settings.", rich_help_panel="Models")
    ] = None,
    mc_passes: options.McPasses = 10,
    mc_dropout: options.McDropout = 0.1,
    device: options.Device = "auto",
    out: Annotated[Path | None, typer.Option(help="Draw the histograms: a .png or .svg.")] = None,
    sweep: options.KeptWith = None,
    home: Home = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """How differently two models score one pool: WD and KL with their noise floor, rank correlation, overlap of queries."""
    from tui_al.cli.compare_scores import Options, compare

    given = {key: value for key, value in locals().items() if key in Options.__dataclass_fields__}
    compare(Options(**given))


@app.command()
def timing(
    data: Annotated[
        str,
        typer.Argument(help="A data set's name, a path, or a Hub id.", metavar="DATA"),
    ],
    data_dir: Annotated[
        Path | None, typer.Option(help="Folder that holds the named sets as local folders.")
    ] = None,
    train_limit: Annotated[
        int | None, typer.Option(help="Use a random cut of so many training rows.")
    ] = None,
    models: Annotated[
        str, typer.Option(help="Models, with commas between them; see `tui-al models`.")
    ] = "minilm",
    repeats: Annotated[int, typer.Option(help="How often each training is timed.")] = 3,
    max_steps: Annotated[
        int | None,
        typer.Option(help="Time so many steps of each training at most and multiply up."),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(help="For all. [default: each model's and tuning's own]")
    ] = None,
    max_length: Annotated[int | None, typer.Option(help="Sub-tokens.")] = None,
    precision: Annotated[str, typer.Option(help="fp32, bf16 or auto.")] = "fp32",
    pooling: Annotated[
        str | None,
        typer.Option(help="What the heads read: first, mean or auto. [default: each model's own]"),
    ] = None,
    preset: Annotated[str | None, typer.Option(help="paper: Table 3's settings.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")] = "auto",
    home: Home = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """How long training takes here: full, adapter, adapter on a frozen trunk, and head, at 2, 6 and 12 % of the data."""
    from tui_al.cli.timing import Options, time_training

    given = {key: value for key, value in locals().items() if key in Options.__dataclass_fields__}
    time_training(Options(**given))


@app.command()
def report(
    sessions: Annotated[
        list[str],
        typer.Argument(
            help="Names of sessions and sweeps, or paths to them.", metavar="SESSION|SWEEP..."
        ),
    ],
    format: Annotated[str, typer.Option(help="md, csv or json.")] = "md",  # noqa: A002
    out: Annotated[
        Path | None,
        typer.Option(
            help="Write to this file; .png and .svg draw the curves (extra `report`). A directory gets everything: "
            "report.md with comparisons and claims, figures, and study.json."
        ),
    ] = None,
    title: Annotated[str | None, typer.Option(help="What a sweep's report is called.")] = None,
    home: Home = None,
) -> None:
    """Tables of one session, of several compared, or of a sweep."""
    from tui_al.cli.reports import report_on

    report_on(sessions, format, out, title, home)


@app.command()
def sessions(home: Home = None) -> None:
    """What sessions there are, those at work first."""
    from tui_al.cli.listings import list_sessions

    list_sessions(home)


@app.command()
def models() -> None:
    """The catalogue of models, and the tunings."""
    from tui_al.cli.listings import list_models

    list_models()


@app.command()
def datasets(
    data_dir: Annotated[Path | None, typer.Option(help="Folder that holds named sets.")] = None,
) -> None:
    """The named data sets, and where each comes from."""
    from tui_al.cli.listings import list_datasets

    list_datasets(data_dir)


@app.command()
def strategies() -> None:
    """The query strategies and what each is for."""
    from tui_al.cli.listings import list_strategies

    list_strategies()


@app.command()
def doctor(
    sbom: Annotated[
        Path | None,
        typer.Option(
            help="Write a software bill of materials (CycloneDX JSON) to this file, and list the packages with their licences, "
            "instead.",
            metavar="FILE",
        ),
    ] = None,
    home: Home = None,
) -> None:
    """What this machine can do, and what to do about what is missing."""
    from tui_al.cli.listings import examine_machine, list_materials

    if sbom is not None:
        list_materials(sbom)
    else:
        examine_machine(home)


@app.command()
def docs(
    page: Annotated[
        str | None, typer.Argument(help="Name of a page. [default: the list of pages]")
    ] = None,
) -> None:
    """Read the documentation: tui-al docs keys; in a pipe it is plain Markdown."""
    from tui_al.cli.docs import show_docs

    show_docs(page)


@app.command()
def attach(
    session: Annotated[
        str | None,
        typer.Argument(help="Name or path, of a sweep too. [default: the session at work]"),
    ] = None,
    home: Home = None,
) -> None:
    """Watch a session in the app, live or finished."""
    from tui_al.cli.application import attach_to

    attach_to(session, home)


@app.command()
def stop(
    session: Annotated[str, typer.Argument(help="Name or path.", metavar="SESSION")],
    home: Home = None,
) -> None:
    """Stop a session's engine at its next step; everything up to the last finished round is kept."""
    from tui_al.cli.application import stop_session

    stop_session(session, home)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
    token: Annotated[
        str | None,
        typer.Option(
            help="What a browser has to know; better set as $TUI_AL_TOKEN, which no list of processes shows. "
            "[default: a random one, except on loopback]"
        ),
    ] = None,
    home: Home = None,
) -> None:
    """The app in a browser, on this machine only unless told otherwise (extra `serve`)."""
    from tui_al.ui.serve import serve as serve_app

    serve_app(host, port, home, token)


app.add_typer(label_commands)
app.add_typer(exchange_commands)
app.add_typer(care_commands)
app.add_typer(sharing_commands)
