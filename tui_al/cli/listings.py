"""The commands that tell: sessions, models, data sets, strategies, the machine."""

from pathlib import Path

from rich.console import Console

from tui_al.cli.page import Page, aligned
from tui_al.core.models import BAG_OF_WORDS, MODELS, TUNING_SUMMARIES
from tui_al.core.named_sets import NAMED_SETS
from tui_al.core.state import SessionState
from tui_al.core.strategies import STRATEGIES
from tui_al.errors import SessionError
from tui_al.report import curves
from tui_al.report.axes import short_number
from tui_al.store.home import home_directory
from tui_al.store.session import Session, session_names
from tui_al.store.sweeps import sweep_directory, sweep_names
from tui_al.store.unfinished import clear_unfinished


def _page() -> Page:
    return Page(Console(soft_wrap=True))


def list_sessions(home: Path | None) -> None:
    """One line a session: how it stands, how far it got, its last figure."""
    from tui_al.host.process import why_not_at_work

    directory = home_directory(home)
    clear_unfinished(directory / "sessions")
    rows = []
    failed = []
    for name in session_names(directory):
        try:
            with Session.open(directory, name) as session:
                live = session.is_live()
                state = session.state()
                rows.append((live, _session_row(name, state, live, session.directory)))
                cause, hint = why_not_at_work(session.directory, state)
            if cause:
                failed.append(f"{name} failed: {cause} {hint}".rstrip())
        except SessionError as error:
            rows.append((False, [name, "damaged", "", "", error.message]))
    page = _page()
    sweeps = sweep_names(directory)
    if not rows and not sweeps:
        page.say(f"no session yet in {directory}; start one with: tui-al simulate tickets")
        return
    rows.sort(key=lambda row: not row[0])
    if rows:
        header = ["session", "state", "round", "metric", "task"]
        for line in aligned([header, *(row for _, row in rows)]):
            page.say(line.rstrip())
    for line in failed:
        page.say(line)
    for name in sweeps:
        page.say(f"sweep {name}: {_sweep_line(directory, name)}")


def _sweep_line(home: Path, name: str) -> str:
    """As the app lists it."""
    from tui_al.ui.sweep_summaries import read_sweep

    found = read_sweep(sweep_directory(home, name))
    if found.trouble:
        return f"damaged: {found.trouble}"
    cells = found.progress.removeprefix("sweep ")
    return f"{cells}, {found.when}; {found.about}; tui-al report {name}, tui-al attach {name}"


def _session_row(name: str, state: SessionState, live: bool, directory: Path) -> list[str]:
    status = state.status if live or state.status != "running" else "cut off"
    config = state.config
    if config is not None and config.loop.oracle == "person":
        from tui_al.ui.summaries import read_one

        summary = read_one(directory)
        return [name, (summary.trouble and "damaged") or status, summary.progress, summary.score, state.task]  # fmt: skip
    rounds = config.loop.rounds if config else 0
    furthest = max((run.last_round for run in state.runs.values()), default=-1)
    done = sum(run.status == "finished" for run in state.runs.values())
    runs = f", {done}/{len(state.runs)} seeds" if len(state.runs) > 1 else ""
    headline = curves.curve(name, state)
    figure = short_number(headline.mean[-1], 3) if headline.mean else ""
    return [name, status, f"{max(furthest, 0)}/{rounds}{runs}", figure, state.task]


def list_models() -> None:
    """The catalogue and the tunings."""
    page = _page()
    rows = [["model", "encoder", "from", ""]]
    for model in MODELS.values():
        size = f"{model.parameters / 1e6:.0f} M"
        rows.append([model.name, size, model.hub_id or "bundled (extra: offline)", model.summary])
    what = "TF-IDF and logistic regression: to ask only, for classification; its tuning is head"
    rows.append([BAG_OF_WORDS, "", "built in", what])
    for line in aligned(rows):
        page.say(line.rstrip())
    page.say()
    page.say(
        "Any Hub id or local path of an encoder works too; safetensors only, remote code never runs."
    )
    page.say()
    for line in aligned(
        [["tuning", "what is trained"], *([k, v] for k, v in TUNING_SUMMARIES.items())]
    ):
        page.say(line.rstrip())


def list_datasets(data_dir: Path | None) -> None:
    """The named sets and where they would come from."""
    rows = [["name", "task", "train", "test", "from", ""]]
    for named in NAMED_SETS.values():
        local = next((f for f in named.folders if data_dir and (data_dir / f).is_dir()), None)
        source = "bundled" if named.bundled else named.hub_id or "--data-dir only"
        if local and data_dir:
            source = str(data_dir / local)
        rows.append(
            [
                named.name,
                named.task.value,
                f"{named.train_size or 0:,}",
                f"{named.test_size or 0:,}",
                source,
                named.title,
            ]
        )
    page = _page()
    for line in aligned(rows):
        page.say(line.rstrip())
    page.say()
    page.say(
        "Also: a path (CSV, TSV, JSON, JSONL, Parquet, Arrow, CoNLL, text, a directory of these), or a Hub id."
    )


def list_strategies() -> None:
    """The strategies."""
    page = _page()
    rows = [["name", "for", "asks"]]
    for entry in STRATEGIES.values():
        tasks = "both" if len(entry.tasks) > 1 else entry.tasks[0].value
        rows.append([entry.name, tasks, f"{entry.title}: {entry.summary}"])
    for line in aligned(rows):
        page.say(line.rstrip())


def examine_machine(home: Path | None) -> None:
    """The doctor's page."""
    from tui_al.host.doctor import examine
    from tui_al.host.doctor import render as render_findings

    page = _page()
    text = render_findings(
        examine(home_directory(home)), unicode=page.unicode, width=min(page.console.width, 100)
    )
    for line in text.rstrip("\n").split("\n"):
        page.say(line)
