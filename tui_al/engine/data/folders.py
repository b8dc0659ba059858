"""A folder as a data set: which of its files and folders hold which split, and how they are
read."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

from tui_al.core.settings.experiment import DataConfig
from tui_al.engine.data.annotated_records import open_folder
from tui_al.engine.data.arrow_file import saved_splits
from tui_al.engine.data.class_folders import class_folders, read_class_folders
from tui_al.engine.data.class_names import NAME_FILES
from tui_al.engine.data.compression import is_documentation, open_bytes
from tui_al.engine.data.encodings import TextStream
from tui_al.engine.data.json_file import is_json_lines
from tui_al.engine.data.json_shapes import arrays_of_json
from tui_al.engine.data.json_values import JsonText
from tui_al.engine.data.lines import Lines
from tui_al.engine.data.parallel_files import parallel_sources
from tui_al.engine.data.sources import FileSource, FolderSource, JsonSource, Source
from tui_al.engine.data.split_names import SPLIT_NAMES, is_shard, split_of
from tui_al.engine.data.stream import format_of
from tui_al.engine.data.tables import LoadReport, some
from tui_al.errors import DataError

Sources = dict[str, Sequence[Source]]


def folder_sources(folder: Path, config: DataConfig, load_report: LoadReport) -> Sources:
    """Sources by split, or by what the folder calls them. What is not used is told.

    Raises:
        DataError: there is no data file, or several for one split.
    """
    saved = saved_splits(folder)
    if saved is not None:
        return named_apart(saved)
    if whole := _whole(folder, load_report):
        return whole
    inside = {
        path.name: path
        for path in sorted(folder.iterdir())
        if path.is_dir() and split_of(path.name)
    }
    files = [path for path in sorted(folder.iterdir()) if _is_data(path)]
    if inside and not any(split_of(_stem(path)) for path in files):
        return {name: _of_split(path, load_report) for name, path in inside.items()}
    if not files and (folder / "data").is_dir():  # as data sets of the Hub are laid out
        return folder_sources(folder / "data", config, load_report)
    if not files:
        raise DataError(
            f"{folder} holds no data file.",
            "A data folder has train and test files, as train.csv and test.csv, or a folder of "
            ".txt files for each class.",
        )
    return _split_files(folder, files, config, load_report)


def file_sources(path: Path, config: DataConfig) -> Sources:
    """A single file; its parts, where it is JSON that holds several splits, by their names. Raises
    DataError."""
    if format_of(path) == ".json" and config.subset is None:
        with closing(open_bytes(path, path.name)) as raw:
            lines = Lines(TextStream(raw, path.name, config.encoding, LoadReport()), path.name)
            keys = [] if is_json_lines(lines) else arrays_of_json(JsonText(lines))
        if len(keys) > 1 and all(split_of(key) for key in keys):
            return {key: [JsonSource(path, key)] for key in keys}
    return {"train": [FileSource(path, path.name)]}


def named_apart(files: Mapping[str, Sequence[Path]]) -> Sources:
    """Files of splits, each called by its split too where names alone do not tell two apart
    (`test/0000.parquet`)."""
    paths = [path for found in files.values() for path in found]
    unique = len({path.name for path in paths}) == len(paths)
    return {
        split: [FileSource(p, p.name if unique else f"{split}/{p.name}") for p in found]
        for split, found in files.items()
    }


def by_split(sources: Sources, where: str, load_report: LoadReport) -> Sources:
    """The four splits that are known here, whatever the source calls them."""
    splits: Sources = {}
    for name, found in sources.items():
        split = split_of(name)
        if split is None and len(sources) == 1:
            split = "train"
        if split is None:
            load_report.notes.append(f"the split {name} is not used")
        elif split in splits:
            raise DataError(
                f"{where} has two {split} splits, {name} is one of them.", "Keep one of them."
            )
        else:
            splits[split] = found
    if "train" not in splits and "pool" not in splits:
        raise DataError(
            f"{where} has no train split, only {some(sources)}."
            if sources
            else f"{where} has no train split: none of its data files is named after a split.",
            "Call the training file train, as train.csv; or name one file instead.",
        )
    return splits


def tell_siblings(path: Path, load_report: LoadReport) -> None:
    """A file called train has its test beside it as a rule; reading one of them alone must not go
    unnoticed."""
    if split_of(_stem(path)) != "train":
        return
    beside = [
        entry.name
        for entry in sorted(path.parent.iterdir())
        if _is_data(entry) and split_of(_stem(entry)) == "test"
    ]
    if beside:
        load_report.notes.append(
            f"{some(beside)} beside it is not read: name the folder to use both"
        )


def _whole(folder: Path, load_report: LoadReport) -> Sources | None:
    """Files that make a data set together: annotated texts, a folder for each class, parallel
    files."""
    if open_folder(folder, DataConfig(str(folder)), LoadReport()) is not None:
        return {"train": [_annotated(folder)]}
    if classes := class_folders(folder):
        load_report.notes.append(
            f"{folder.name}: each folder is a class: {some([c.name for c in classes])}"
        )
        return {"train": [FolderSource(folder.name, lambda c, f: read_class_folders(folder, c, f))]}
    parallel = parallel_sources(folder)
    return dict(parallel) if parallel else None


def _annotated(folder: Path) -> Source:
    def read(config: DataConfig, load_report: LoadReport):  # type: ignore[no-untyped-def]
        return open_folder(folder, config, load_report)

    return FolderSource(folder.name, read)


def _of_split(folder: Path, load_report: LoadReport) -> Sequence[Source]:
    """What a folder called train or test holds."""
    if whole := _whole(folder, load_report):
        return [source for sources in whole.values() for source in sources]
    files = [path for path in sorted(folder.iterdir()) if _is_data(path)]
    if not files:
        raise DataError(f"{folder} holds no data file.", "Put the split's file there.")
    if len(files) > 1 and not all(is_shard(_stem(path)) for path in files):
        raise DataError(
            f"{folder} has several files: {some([path.name for path in files])}.",
            "Keep one of them, or name a file instead of the folder.",
        )
    return [FileSource(path, f"{folder.name}/{path.name}") for path in files]


def _split_files(
    folder: Path, files: Sequence[Path], config: DataConfig, load_report: LoadReport
) -> Sources:
    """Files of a folder by what they are called: train.csv, dev.parquet, my_train_file.csv,
    eng.testb."""
    splits: dict[str, list[Path]] = {}
    others = []
    for path in files:
        name = _stem(path)
        if split_of(name) is None:
            others.append(path)
        else:
            called = name.lower() if name.lower() in SPLIT_NAMES else split_of(name) or ""
            splits.setdefault(called, []).append(path)
    if not splits and len(others) == 1:
        return file_sources(others[0], config)
    if others:
        names = some([path.name for path in others])
        load_report.notes.append(f"not used, since their names name no split: {names}")
    return named_apart({split: _one(folder, split, p, load_report) for split, p in splits.items()})


def _one(folder: Path, split: str, paths: list[Path], load_report: LoadReport) -> list[Path]:
    """The file of a split, or its shards; of GLUE's two validation files the matched one."""
    if len(paths) == 1 or all(is_shard(_stem(path)) for path in paths):
        return paths
    matched = [path for path in paths if "mismatched" not in path.name]
    if len(matched) == 1:
        others = [path.name for path in paths if path not in matched]
        load_report.warnings.append(f"{matched[0].name} is read for {split}, not {some(others)}")
        return matched
    raise DataError(
        f"{folder} has several files for {split}: {some([path.name for path in paths])}.",
        "Keep one of them, or name a file instead of the folder.",
    )


def _is_data(path: Path) -> bool:
    """Whether a file is read: of a known format, and neither hidden nor a description of the
    others."""
    if not path.is_file() or path.name.startswith(".") or is_documentation(path.name):
        return False
    if path.name in NAME_FILES:
        return False
    try:
        return bool(format_of(path))
    except DataError:  # an archive of several files
        return False


def _stem(path: Path) -> str:
    """The name without suffixes; eng.train, eng.testa and eng.testb are called by their
    suffixes."""
    stem, _, rest = path.name.partition(".")
    return rest if rest.lower() in ("train", "testa", "testb") else stem
