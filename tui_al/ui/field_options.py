"""What the set-up screen offers for each field, with a line on each."""

import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tui_al.core.data.examples import Task
from tui_al.core.query.strategies import Strategy, all_strategies
from tui_al.core.settings.dataset_catalog import NAMED_SETS
from tui_al.core.settings.model_catalog import (
    BAG_OF_WORDS,
    BAG_OF_WORDS_SUMMARY,
    MODELS,
    plugin_models,
)
from tui_al.ui.choices import Choice, Chooser, among
from tui_al.ui.setup_form import choices_of, title_of

#: Entries of a folder that are listed at most: a picker is not a file manager.
_MOST_ENTRIES = 200

_DATA_FILES = (
    ".csv",
    ".tsv",
    ".json",
    ".jsonl",
    ".parquet",
    ".arrow",
    ".conll",
    ".txt",
    ".iob",
    ".bio",
)


@dataclass(frozen=True, slots=True)
class Offer:
    """What a field's dialog shows: its title, its choices, and what free text would be (empty: none
    is taken)."""

    title: str
    chooser: Chooser
    free: str = ""


def offer(field: str, task: Task | None) -> Offer:
    """The choices for a field of the set-up form; `task` is the data set's, once known."""
    name = field.rpartition(".")[2]
    if name == "source":
        return Offer("Data", data_choices, "a path or a Hub id")
    if name == "model":
        asks = field.startswith("acquisition.") and task is not Task.TAGGING
        chooser = partial(model_choices, bag_of_words=asks)
        return Offer("Model", chooser, "a path or a Hub id")
    if name == "tuning":
        return Offer("Tuning: what is trained", among(_listed(field)))
    if name == "strategy":
        return Offer("Strategy: what is asked", lambda typed: strategy_choices(typed, task))
    return Offer(title_of(field), among(_listed(field)), "a device" if name == "device" else "")


def data_choices(typed: str) -> list[Choice]:
    """Sets by name, and paths as soon as what is typed looks like one."""
    named = among([Choice(s.name, s.title) for s in NAMED_SETS.values()])
    return _names_and_paths(named, typed)


def model_choices(typed: str, *, bag_of_words: bool = False) -> list[Choice]:
    """The catalogue, with the bag of words where that fits, and paths."""
    brought = [Choice(m.name, f"{m.summary} ({m.package})") for m in plugin_models()[0]]
    own = [Choice(BAG_OF_WORDS, BAG_OF_WORDS_SUMMARY)] if bag_of_words else []
    listed = among([*(Choice(m.name, m.summary) for m in MODELS.values()), *brought, *own])
    return _names_and_paths(listed, typed)


def _listed(field: str) -> list[Choice]:
    return [Choice(value, summary) for value, summary in choices_of(field).items()]


def strategy_choices(typed: str, task: Task | None) -> list[Choice]:
    """Strategies that fit the task; all as long as it is unknown."""
    fitting = [s for s in all_strategies() if task is None or task in s.tasks]
    return list(among([Choice(s.name, _about(s)) for s in fitting])(typed))


def _about(strategy: Strategy) -> str:
    """What it asks about, and which package it is of if it is not built in."""
    package = f" ({strategy.package})" if strategy.package else ""
    return f"{strategy.title}: {strategy.summary}{package}"


def path_choices(typed: str) -> list[Choice]:
    """Folders and data files that begin as typed. A folder is a step on the way and, as "./folder",
    an answer too."""
    folder_text, _, beginning = typed.strip().rpartition("/")
    folder = Path(f"{folder_text}/" if folder_text or typed.startswith("/") else ".").expanduser()
    prefix = f"{folder_text}/" if "/" in typed else ""
    try:
        with os.scandir(folder) as entries:
            found = sorted(
                (entry.name, entry.is_dir())
                for entry in entries
                if entry.name.startswith(beginning)
                and (beginning.startswith(".") or not entry.name.startswith("."))
            )
    except (OSError, ValueError):
        return []
    choices = (
        [Choice(prefix.rstrip("/"), "this folder")] if prefix.strip("/") and not beginning else []
    )
    for name, is_folder in found[:_MOST_ENTRIES]:
        if is_folder:
            choices.append(Choice(f"{prefix}{name}/", "folder", step=True))
        elif name.lower().endswith(_DATA_FILES) or ".tar" in name:
            choices.append(Choice(f"{prefix}{name}", "file"))
    return choices


def _names_and_paths(named: Chooser, typed: str) -> list[Choice]:
    paths = path_choices(typed) if "/" in typed or typed.startswith(("~", ".")) else []
    return [*named(typed), *paths]
