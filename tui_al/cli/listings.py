"""The commands that tell: sessions, models, data sets, strategies, the machine."""

from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from tui_al.cli.console import Page, aligned
from tui_al.core.query.plugin_strategies import listed_plugins
from tui_al.core.query.strategies import STRATEGIES
from tui_al.core.settings.dataset_catalog import NAMED_SETS
from tui_al.core.settings.model_catalog import (
    BAG_OF_WORDS,
    BAG_OF_WORDS_SUMMARY,
    MODELS,
    plugin_models,
)
from tui_al.core.settings.tunings import TUNING_SUMMARIES
from tui_al.store.atomic_dirs import clear_unfinished
from tui_al.store.home import home_directory
from tui_al.store.sweeps import sweep_directory, sweep_names

if TYPE_CHECKING:
    from tui_al.ui.summaries import Summary


def _page() -> Page:
    return Page(Console(soft_wrap=True))


def list_sessions(home: Path | None) -> None:
    """One line a session: how it stands, how far it got, its last figure."""
    from tui_al.ui.summaries import read_all

    directory = home_directory(home)
    clear_unfinished(directory / "sessions")
    found = read_all(directory, {})
    rows = [_session_row(summary) for summary in found]
    failed = [
        f"{one.name} failed: {one.failure[0]} {one.failure[1]}".rstrip()
        for one in found
        if one.failure[0]
    ]
    page = _page()
    sweeps = sweep_names(directory)
    if not rows and not sweeps:
        page.say(f"no session yet in {directory}; start one with: tui-al simulate tickets")
        return
    if rows:
        header = ["session", "state", "round", "metric", "task"]
        for line in aligned([header, *rows]):
            page.say(line.rstrip())
    for line in [*failed, *(line for one in found for line in one.damage)]:
        page.say(line)
    for name in sweeps:
        page.say(f"sweep {name}: {_sweep_line(directory, name)}")


def _sweep_line(home: Path, name: str) -> str:
    """As the app lists it."""
    from tui_al.ui.sweep_summaries import read_sweep

    found = read_sweep(sweep_directory(home, name))
    if found.trouble:
        return f"{found.refused}: {found.trouble}"
    cells = found.progress.removeprefix("sweep ")
    return f"{cells}, {found.when}; {found.about}; tui-al report {name}, tui-al attach {name}"


def _session_row(summary: "Summary") -> list[str]:
    """As the app lists it."""
    last = summary.trouble or summary.state.task
    return [summary.name, summary.status, summary.progress, summary.score, last]


def list_models() -> None:
    """The catalogue and the tunings."""
    page = _page()
    rows = [["model", "encoder", "from", ""]]
    brought, broken = plugin_models()
    for model in (*MODELS.values(), *brought):
        size = f"{model.parameters / 1e6:.0f} M"
        package = f" ({model.package})" if model.package else ""
        rows.append(
            [
                model.name,
                size,
                model.hub_id or "bundled (extra: offline)",
                f"{model.summary}{package}",
            ]
        )
    rows.append([BAG_OF_WORDS, "", "built in", BAG_OF_WORDS_SUMMARY])
    for line in aligned(rows):
        page.say(line.rstrip())
    for error in broken:
        page.say(f"{error.message} {error.hint}", "yellow")
    page.say()
    page.say(
        "Any Hub id or local path of an encoder works too; safetensors only, remote code never "
        "runs."
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
                _rows(named.train_size),
                _rows(named.test_size),
                source,
                named.title,
            ]
        )
    page = _page()
    for line in aligned(rows):
        page.say(line.rstrip())
    page.say()
    page.say(
        "Also: a path (CSV, TSV, JSON, JSONL, Parquet, Arrow, CoNLL, text, a directory of these), "
        "or a Hub id."
    )


def _rows(size: int | None) -> str:
    """A number of rows; a dash where nobody has counted."""
    return "–" if size is None else f"{size:,}"


def list_strategies() -> None:
    """The strategies."""
    page = _page()
    rows = [["name", "for", "asks"]]
    brought, broken = listed_plugins()
    for entry in (*STRATEGIES.values(), *brought):
        tasks = "both" if len(entry.tasks) > 1 else entry.tasks[0].value
        package = f" ({entry.package})" if entry.package else ""
        rows.append([entry.name, tasks, f"{entry.title}: {entry.summary}{package}"])
    for line in aligned(rows):
        page.say(line.rstrip())
    for error in broken:
        page.say(f"{error.message} {error.hint}", "yellow")


def list_materials(path: Path) -> None:
    """Write the bill of materials, and list it."""
    from tui_al.host.bill_of_materials import components, write_bill

    found = components()
    write_bill(path, found)
    page = _page()
    rows = [["package", "version", "licence"]]
    rows += [[one.name, one.version, one.licence or "not stated"] for one in found]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        page.say(
            "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        )
    page.say(f"{path}: {len(found):,} packages")


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
