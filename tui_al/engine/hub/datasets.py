"""Data sets from the Hugging Face Hub, as local Parquet files.

Loading scripts are gone from `datasets`, so files are found by their names: those on the main
branch, else the Hub's own conversion to Parquet, which it keeps for most public data sets, whatever
they were written in.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from huggingface_hub.errors import RevisionNotFoundError

from tui_al.core.close_names import did_you_mean
from tui_al.engine.hub.client import (
    MAIN,
    Listing,
    cached_folder,
    ensure_reachable,
    fetch,
    listing,
    recall,
    remember,
)
from tui_al.errors import DataError, HubError

#: The branch of the Hub's own conversion, laid out as {subset}/{split}/0000.parquet.
CONVERTED = "refs/convert/parquet"
DEFAULT_SUBSET = "default"

SHARD = re.compile(r"(?P<split>\w[\w.]*)-\d{5}-of-(?P<total>\d{5})(-[0-9a-f]+)?")
NUMBERED = re.compile(r"\d{4,}")
SPLITS = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "val", "dev"),
    "test": ("test", "testing", "eval", "evaluation"),
}

#: Subset -> split -> paths in the repository.
Layout = dict[str, dict[str, list[str]]]


def dataset_parquet_files(
    repo_id: str, subset: str | None = None, revision: str | None = None
) -> dict[str, list[Path]]:
    """Split -> local Parquet files of a data set of the Hub, in order; downloads them unless a
    complete copy is cached.

    Without `subset`, the only one or the one called "default" is taken. Without `revision`, main is
    looked at first and the Hub's conversion to Parquet second.

    Raises HubError (no answer, no such data set or revision), DataError (no Parquet, unknown
    subset, several to choose from)."""
    revisions = (revision,) if revision else (MAIN, CONVERTED)
    for candidate in revisions:
        cached = _cached(repo_id, subset, candidate)
        if cached:
            return cached
    ensure_reachable(f"the data set {repo_id}")
    layout: Layout = {}
    other_files: list[str] = []
    for candidate in revisions:
        source = _listing(repo_id, candidate)
        if source is None:
            continue
        found = parquet_layout(source.blobs)
        if found and (subset is None or subset in found):
            splits = _chosen(found, repo_id, subset)
            return _fetch(source, splits)
        layout = found or layout
        other_files += source.blobs
    if layout:
        _chosen(layout, repo_id, subset)
    raise _no_parquet(repo_id, revision, other_files)


def parquet_layout(paths: Iterable[str]) -> Layout:
    """Sort Parquet files into subsets and splits by their names; files without a recognisable split
    are left out.

    Understood are data/train-00000-of-00002.parquet, {subset}/train-00000-of-00001.parquet,
    {subset}/train/0000.parquet (also partial-train), train.parquet, {subset}/train.parquet and
    train/anything.parquet."""
    layout: Layout = {}
    for path in sorted(paths):
        place = _place(path)
        if place:
            layout.setdefault(place[0], {}).setdefault(place[1], []).append(path)
    return layout


def _place(path: str) -> tuple[str, str] | None:
    """Subset and split of one file."""
    if not path.endswith(".parquet"):
        return None
    *folders, name = path.split("/")
    stem = name.removesuffix(".parquet")
    folder = folders[-1] if folders else ""
    shard = SHARD.fullmatch(stem)
    if folder not in ("", "data") and NUMBERED.fullmatch(stem):
        split: str | None = folders.pop().removeprefix("partial-")
    elif _keyword(folder) and not _keyword(stem):
        split = _keyword(folders.pop())
    else:
        split = shard["split"] if shard else _keyword(stem)
    if split is None:
        return None
    return "/".join(part for part in folders if part != "data") or DEFAULT_SUBSET, split


def _keyword(name: str) -> str | None:
    """The one usual split that a name mentions; None if it mentions none, or several."""
    words = set(re.split(r"[\W\d_]+", name.lower()))
    found = [split for split, spellings in SPLITS.items() if words.intersection(spellings)]
    return found[0] if len(found) == 1 else None


def _chosen(layout: Layout, repo_id: str, subset: str | None) -> dict[str, list[str]]:
    if subset is None:
        if len(layout) == 1:
            return next(iter(layout.values()))
        subset = DEFAULT_SUBSET
        problem, meant = f"{repo_id} has {len(layout)} subsets, and none is chosen.", ""
    else:
        problem, meant = f"{repo_id} has no subset {subset!r}.", did_you_mean(subset, layout)
    if subset not in layout:
        raise DataError(problem, f"{meant}Choose one with --subset: {', '.join(layout)}.").at(
            "subset"
        )
    return layout[subset]


def _listing(repo_id: str, revision: str) -> Listing | None:
    """What the Hub holds; None where it has made no conversion."""
    try:
        return listing("dataset", repo_id, revision)
    except HubError as error:
        if revision == CONVERTED and isinstance(error.__cause__, RevisionNotFoundError):
            return None
        raise


def _fetch(source: Listing, splits: Mapping[str, list[str]]) -> dict[str, list[Path]]:
    remember(source.repo_id, source.commit, json.dumps(sorted(source.blobs)))
    paths = [path for files in splits.values() for path in files]
    folder = fetch("dataset", source.repo_id, source.revision, paths)
    return _local(folder, splits)


def _local(folder: Path, splits: Mapping[str, list[str]]) -> dict[str, list[Path]]:
    return {split: [folder / path for path in files] for split, files in splits.items()}


def _cached(repo_id: str, subset: str | None, revision: str) -> dict[str, list[Path]] | None:
    """A complete cached copy. Copies made by other programs come without our record of what the
    repository holds; of those, the shards are counted."""
    folder = cached_folder("dataset", repo_id, revision)
    if folder is None:
        return None
    names = _names(recall(repo_id, folder.name))
    if names is None:
        names = [
            file.relative_to(folder).as_posix()
            for file in folder.rglob("*.parquet")
            if file.exists()
        ]
    layout = parquet_layout(names)
    if not layout or (subset is not None and subset not in layout):
        return None
    splits = _chosen(layout, repo_id, subset)
    local = _local(folder, splits)
    present = all(file.exists() for files in local.values() for file in files)
    return local if present and all(map(_all_shards, splits.values())) else None


def _names(record: str | None) -> list[str] | None:
    """The files of a repository as they were kept; None where nothing was, or it is damaged."""
    try:
        names = json.loads(record or "null")
    except (ValueError, RecursionError):
        return None
    if isinstance(names, list) and names and all(isinstance(name, str) for name in names):
        return names
    return None


def _all_shards(paths: Iterable[str]) -> bool:
    """Whether the shards of a split are as many as their names say."""
    shards = Counter(
        int(match["total"])
        for match in (SHARD.fullmatch(PurePosixPath(path).stem) for path in paths)
        if match
    )
    return all(count == total for total, count in shards.items())


def _no_parquet(repo_id: str, revision: str | None, files: Iterable[str]) -> DataError:
    kinds = sorted({PurePosixPath(file).suffix for file in files} - {"", ".md"})
    where = f" at revision {revision}" if revision else ""
    advice = "Download its files and give their local path"
    if revision not in (None, CONVERTED):
        advice += ", or leave the revision out, so that the Hub's conversion is used"
    return DataError(
        f"{repo_id} has no Parquet files that name their split{where}; it holds "
        f"{', '.join(kinds) or 'no data'} files.",
        f"{advice}.",
    )
