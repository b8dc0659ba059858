"""The commands and their options; what they do is in the modules beside this one, imported when
called."""

from pathlib import Path
from typing import Annotated

import typer

from tui_al.cli import options
from tui_al.cli.care_commands import commands as care_commands
from tui_al.cli.completion import datasets_and_files, sessions_and_sweeps
from tui_al.cli.exchange_commands import commands as exchange_commands
from tui_al.cli.help import CONTEXT, Commands, Group
from tui_al.cli.label_command import commands as label_commands
from tui_al.cli.options import Home, OneSession
from tui_al.cli.session_commands import commands as session_commands
from tui_al.cli.sharing_commands import commands as sharing_commands

app = Commands(
    name="tui-al",
    cls=Group,
    help="Active learning for NLP in the terminal: adapters choose what to label, the model you "
    "ship learns from it.",
    no_args_is_help=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings=CONTEXT,
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


@app.command(
    examples=[
        "tui-al simulate tickets",
        "tui-al simulate banking77 --strategy bald --batch 50 --rounds 5 --seeds 3",
        "tui-al simulate texts.csv --text-column body --label-column topic --device cpu",
    ]
)
@options.takes_settings("simulate")
def simulate(
    data: Annotated[
        str,
        typer.Argument(
            help="A data set's name, a path, or a Hub id; see `tui-al datasets`.",
            metavar="DATA",
            autocompletion=datasets_and_files,
        ),
    ],
    settings: options.Settings,
    shared: options.Shared = None,
    home: Home = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One event a line on stdout.", rich_help_panel="Session")
    ] = False,
    quiet: Annotated[
        bool, typer.Option(help="Nothing but the table at the end.", rich_help_panel="Session")
    ] = False,
) -> None:
    """Run active learning with a simulated oracle; run the same command again to continue a session
    that was cut off."""
    from tui_al.cli.simulate import Options, run_simulation

    run_simulation(Options(data, settings, shared, home, as_json, quiet))


@app.command(examples=["tui-al sweep figure-2-small --dry-run", "tui-al sweep mine.toml --seeds 3"])
@options.takes_settings("sweep")
def sweep(
    settings: options.Settings,
    file: Annotated[
        str | None,
        typer.Argument(help="A TOML file, or a name from --list.", metavar="FILE|NAME"),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            help="Engines at once. [default: as many as the machine carries]",
            rich_help_panel="Session",
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(help="Name of the sweep. [default: the file's]", rich_help_panel="Session"),
    ] = None,
    show_list: Annotated[
        bool, typer.Option("--list", help="The sweeps that come with the program.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the cells and the estimated time.")
    ] = False,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json",
            help="One line of JSON for every change of a cell.",
            rich_help_panel="Session",
        ),
    ] = False,
    quiet: Annotated[
        bool,
        typer.Option(
            help="Nothing but the table at the end, and warnings.", rich_help_panel="Session"
        ),
    ] = False,
    shared: options.Shared = None,
    home: Home = None,
) -> None:
    """Run a grid of experiments from a file; run the same command again to continue. Finished cells
    stay."""
    from tui_al.cli.sweep import Options, run_sweep

    given = {key: value for key, value in locals().items() if key in Options.__dataclass_fields__}
    run_sweep(Options(**given))


@app.command()
def verify(
    session: OneSession,
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
    """Run a session again from its manifest and say whether it asks the same questions; it is not
    changed."""
    from tui_al.cli.verify import verify_session

    verify_session(session, rounds, seed or [], device, home)


@app.command(
    "compare-scores",
    examples=["tui-al compare-scores tickets --models minilm:full,minilm:adapter --score bald"],
)
@options.takes_settings("compare-scores")
def compare_scores(
    data: Annotated[
        str,
        typer.Argument(
            help="A data set's name, a path, or a Hub id.",
            metavar="DATA",
            autocompletion=datasets_and_files,
        ),
    ],
    settings: options.Settings,
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
    out: Annotated[Path | None, typer.Option(help="Draw the histograms: a .png or .svg.")] = None,
    sweep: Annotated[
        str | None,
        typer.Option(
            help="Keep the numbers with this sweep, for its report.", rich_help_panel="Session"
        ),
    ] = None,
    home: Home = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """How differently two models score one pool: WD and KL with their noise floor, rank
    correlation, overlap of queries."""
    from tui_al.cli.compare_scores import Options, compare

    given = {key: value for key, value in locals().items() if key in Options.__dataclass_fields__}
    compare(Options(**given))


@app.command(examples=["tui-al timing tickets --models minilm,minilm-3"])
@options.takes_settings("timing")
def timing(
    data: Annotated[
        str,
        typer.Argument(
            help="A data set's name, a path, or a Hub id.",
            metavar="DATA",
            autocompletion=datasets_and_files,
        ),
    ],
    settings: options.Settings,
    models: Annotated[
        str,
        typer.Option(
            help="Models, with commas between them; see `tui-al models`.",
            metavar="MODELS",
            rich_help_panel="Models",
        ),
    ] = "minilm",
    repeats: Annotated[int, typer.Option(help="How often each training is timed.")] = 3,
    max_steps: Annotated[
        int | None,
        typer.Option(help="Time so many steps of each training at most and multiply up."),
    ] = None,
    home: Home = None,
    as_json: Annotated[
        bool,
        typer.Option("--json", help="One JSON object on stdout.", rich_help_panel="Session"),
    ] = False,
) -> None:
    """How long training takes here: full, adapter, adapter on frozen layers, and head, at 2, 6 and
    12 % of the data."""
    from tui_al.cli.timing import Options, time_training

    time_training(Options(data, settings, models, repeats, max_steps, home, as_json))


@app.command()
def report(
    sessions: Annotated[
        list[str],
        typer.Argument(
            help="Names of sessions and sweeps, or paths to them.",
            metavar="SESSION|SWEEP...",
            autocompletion=sessions_and_sweeps,
        ),
    ],
    format: Annotated[str, typer.Option(help="md, csv or json.")] = "md",  # noqa: A002
    out: Annotated[
        Path | None,
        typer.Option(
            help="Write to this file; .png and .svg draw the curves (extra `report`). A directory "
            "gets everything: "
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
            help="Write a software bill of materials (CycloneDX JSON) to this file, and list the "
            "packages with their licences, "
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
        typer.Argument(
            help="Name or path, of a sweep too. [default: the session at work]",
            autocompletion=sessions_and_sweeps,
        ),
    ] = None,
    once: Annotated[
        bool,
        typer.Option("--once", help="Print one picture of it, for scripts and chats, and leave."),
    ] = False,
    home: Home = None,
) -> None:
    """Watch a session in the app, live or finished."""
    if once:
        from tui_al.cli.picture import print_picture

        print_picture(session, home)
        return
    from tui_al.cli.application import attach_to

    attach_to(session, home)


@app.command()
def stop(
    session: OneSession,
    home: Home = None,
) -> None:
    """Stop a session's engine at its next step; everything up to the last finished round is
    kept."""
    from tui_al.cli.application import stop_session

    stop_session(session, home)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
    token: Annotated[
        str | None,
        typer.Option(
            help="What a browser has to know; better set as $TUI_AL_TOKEN, which no list of "
            "processes shows. "
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
app.add_typer(session_commands)
app.add_typer(care_commands)
app.add_typer(sharing_commands)
