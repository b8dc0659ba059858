"""The commands that tell: models, data sets, strategies, the machine."""

from pathlib import Path

from rich.console import Console

from tui_al.cli.console import Page
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
from tui_al.store.home import home_directory


def _page() -> Page:
    return Page(Console(soft_wrap=True))


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
    page.table(rows, numbers=[1])
    for error in broken:
        page.say(f"{error.message} {error.hint}", "yellow")
    page.say()
    page.say(
        "Any Hub id or local path of an encoder works too; safetensors only, remote code never "
        "runs."
    )
    page.say()
    page.table([["tuning", "what is trained"], *([k, v] for k, v in TUNING_SUMMARIES.items())])


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
    page.table(rows, numbers=[2, 3])
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
    page.table(rows)
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
    page.table(rows)
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
