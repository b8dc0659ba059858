"""From what the person named to files: a path, a named set, or a data set on the Hub."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tui_al.core.settings.dataset_catalog import NAMED_SETS, NamedSet, bundled_folder, named_set
from tui_al.core.settings.experiment import DataConfig
from tui_al.engine.data.class_names import ClassNames, class_names
from tui_al.engine.data.folders import (
    by_split,
    file_sources,
    folder_sources,
    named_apart,
    tell_siblings,
)
from tui_al.engine.data.sources import Source
from tui_al.engine.data.stream import format_of
from tui_al.engine.data.tables import LoadReport, some
from tui_al.engine.hub.near_paths import near_by
from tui_al.errors import DataError, HubError

_HUB_ID = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")


@dataclass(frozen=True, slots=True)
class DatasetFiles:
    """The sources of a data set, by split: train, and where there are such, validation, test and
    pool."""

    name: str
    splits: Mapping[str, Sequence[Source]]
    named: NamedSet | None = None
    class_names: ClassNames | None = None  #: of labels that are numbers


def locate(config: DataConfig, load_report: LoadReport) -> DatasetFiles:
    """Existing path, then known name, then a folder of `data_dir`, then Hub id; DataError for
    anything else."""
    source = config.source.strip()
    if not source:
        raise DataError("No data set is named.", f"Known names: {', '.join(NAMED_SETS)}.")
    path = Path(source).expanduser()
    if path.exists():
        if not (path.is_file() and format_of(path) in (".xlsx", ".json")):
            _tell_unused(config, load_report)
        if named_set(source):
            load_report.notes.append(f"{source} is the one here on disk, not the known data set")
        return _from_path(path, path.name, config, load_report)
    if named := named_set(source):
        return _from_name(named, config, load_report)
    if config.data_dir is not None and "/" not in source:
        inside = Path(config.data_dir).expanduser() / source
        if inside.exists():
            return _from_path(inside, source, config, load_report)
    if _HUB_ID.fullmatch(source) and not format_of(path):
        try:
            return _from_hub(source, source, config.subset, config.revision, None, load_report)
        except (DataError, HubError) as error:  # a path with a typing error looks like an id, too
            if meant := near_by(source, path):
                local = f"There is no file or folder {source!r} either. {meant}"
                raise type(error)(error.message, local + error.hint).at(error.setting) from error
            raise
    raise _unknown(source, path)


def _from_name(named: NamedSet, config: DataConfig, load_report: LoadReport) -> DatasetFiles:
    if named.bundled:
        folder = bundled_folder(named.name)
        if folder is None:
            raise DataError(
                f"The files of {named.name} are missing from this installation.",
                "Install the program again, or name a file of your own.",
            )
        return _from_path(folder, named.name, config, load_report, named)
    load_report.notes.append(f"terms of {named.name}: {named.terms}")
    if config.data_dir is not None:
        _tell_unused(config, load_report, named)
        return _from_path(
            _local_folder(named, config.data_dir), named.name, config, load_report, named
        )
    if named.hub_id is None:
        raise DataError(
            f"{named.name} is not on the Hub.",
            f"Name the folder that holds {' or '.join(named.folders)} with --data-dir.",
        )
    subset, revision = config.subset or named.subset, config.revision or named.hub_revision
    return _from_hub(named.name, named.hub_id, subset, revision, named, load_report)


def _local_folder(named: NamedSet, data_dir: str) -> Path:
    parent = Path(data_dir).expanduser()
    if not parent.is_dir():
        raise DataError(
            f"--data-dir: {data_dir} is not a folder.", "Name a folder of data sets."
        ).at("data_dir")
    for name in named.folders:
        if (parent / name).is_dir():
            return parent / name
    there = sorted(entry.name for entry in parent.iterdir() if entry.is_dir())
    raise DataError(
        f"{data_dir} has no folder {' or '.join(named.folders)} for the data set {named.name}.",
        f"It has {some(there, 20) or 'no folders at all'}.",
    ).at("data_dir")


def _from_hub(
    name: str,
    repo_id: str,
    subset: str | None,
    revision: str | None,
    named: NamedSet | None,
    load_report: LoadReport,
) -> DatasetFiles:
    from tui_al.engine.hub.models import dataset_parquet_files

    files = dataset_parquet_files(repo_id, subset, revision)
    where = f"{repo_id} ({subset})" if subset else repo_id
    load_report.notes.append(f"read from the Hub: {where}")
    return DatasetFiles(name, by_split(named_apart(files), where, load_report), named)


def _from_path(
    path: Path,
    name: str,
    config: DataConfig,
    load_report: LoadReport,
    named: NamedSet | None = None,
) -> DatasetFiles:
    if path.is_file():
        tell_siblings(path, load_report)
        sources = file_sources(path, config)
        if list(sources) == ["train"]:
            return DatasetFiles(path.name.split(".")[0] or path.name, sources, named)
        return DatasetFiles(path.stem, by_split(sources, path.name, load_report), named)
    sources = folder_sources(path, config, load_report)
    splits = by_split(sources, str(path), load_report)
    return DatasetFiles(name or path.resolve().name, splits, named, class_names(path, load_report))


def _tell_unused(
    config: DataConfig, load_report: LoadReport, named: NamedSet | None = None
) -> None:
    usual = (None, named.subset if named else None)
    if config.subset not in usual:
        load_report.notes.append(
            f"the subset {config.subset} is not used: only sets of the Hub, Excel workbooks and "
            "JSON files have parts that are named so"
        )
    if config.revision is not None:
        load_report.notes.append(f"the revision {config.revision} is not used: the data is local")


def _unknown(source: str, path: Path) -> DataError:
    names = list(NAMED_SETS)
    known = f"Known names: {', '.join(names)}; or give a path, or a Hub id such as owner/name."
    is_name = len(path.parts) == 1 and not format_of(path)
    what = "data set" if is_name else "file or folder"
    return DataError(f"There is no {what} {source!r}.", near_by(source, path, names) + known)
