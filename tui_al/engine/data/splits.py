"""Which rows are trained on and which test the models: held-out tests and seeded cuts."""

import random
from collections.abc import Mapping, Sequence

from tui_al.core.data.examples import Task
from tui_al.core.settings.experiment import DataConfig
from tui_al.engine.data.rows import Row
from tui_al.engine.data.tables import LoadReport, amount
from tui_al.errors import ConfigError


def check_amounts(config: DataConfig) -> None:
    """ConfigError for shares and limits that mean nothing."""
    if not 0 <= config.test_share < 1:
        raise ConfigError(
            f"test_share = {config.test_share} is out of range.",
            "It is the share of the labelled rows to hold out: 0 or more, below 1.",
        )
    for option, limit in (("train_limit", config.train_limit), ("test_limit", config.test_limit)):
        if limit is not None and limit < 1:
            raise ConfigError(f"{option} = {limit} is too small.", "It is 1 or more.")


def split_rows(
    splits: Mapping[str, Sequence[Row]], task: Task, config: DataConfig, load_report: LoadReport
) -> tuple[list[Row], list[Row]]:
    """Train (with the unlabelled pool) and test. A validation split is never trained on; it is the
    test if there is no other."""
    train = [*splits.get("train", ()), *splits.get("pool", ())]
    test, validation = splits.get("test", ()), splits.get("validation", ())
    labelled_test = _labelled("test", test, load_report)
    if labelled_test:
        if validation:
            load_report.notes.append(
                f"validation split: {amount(len(validation), 'row')} set aside, not used"
            )
        return _cut_both(train, labelled_test, config, load_report)
    if test:
        load_report.notes.append("the test split has no labels at all and is not used")
    labelled_validation = _labelled("validation", validation, load_report)
    if labelled_validation:
        load_report.notes.append(
            f"there is no {'labelled ' if test else ''}test split: the validation split "
            f"({amount(len(labelled_validation), 'row')}) is the test"
        )
        return _cut_both(train, labelled_validation, config, load_report)
    return _cut_both(*_hold_out(train, task, config, load_report), config, load_report)


def _labelled(split: str, rows: Sequence[Row], load_report: LoadReport) -> list[Row]:
    labelled = [row for row in rows if row.answer is not None]
    if labelled and len(labelled) < len(rows):
        missing = amount(len(rows) - len(labelled), "row")
        load_report.warnings.append(f"{split}: {missing} without a label left out")
    return labelled


def _hold_out(
    train: list[Row], task: Task, config: DataConfig, load_report: LoadReport
) -> tuple[list[Row], list[Row]]:
    """Part of the labelled rows as test, class by class; equal texts stay on one side."""
    groups: dict[str, list[int]] = {}
    for place, row in enumerate(train):
        if row.answer is not None:
            groups.setdefault(row.text, []).append(place)
    if not groups or not config.test_share:
        return train, []
    strata: dict[str, list[list[int]]] = {}
    for places in groups.values():
        answer = train[places[0]].answer
        stratum = answer if task is Task.CLASSIFICATION and isinstance(answer, str) else ""
        strata.setdefault(stratum, []).append(places)
    rng = random.Random(config.split_seed)
    held: set[int] = set()
    for stratum, size in _quotas(strata, config.test_share).items():
        for places in rng.sample(strata[stratum], size):
            held.update(places)
    if not held:
        load_report.notes.append(
            "there is no test split, and too few labelled rows to hold one out"
        )
        return train, []
    labelled = sum(row.answer is not None for row in train)
    how = "stratified by label, " if task is Task.CLASSIFICATION else ""
    load_report.notes.append(
        f"there is no test split: {len(held):,} of {amount(labelled, 'labelled row')} held out as "
        "the test "
        f"({how}test_share {config.test_share:g}, split_seed {config.split_seed})"
    )
    return (
        [row for place, row in enumerate(train) if place not in held],
        [row for place, row in enumerate(train) if place in held],
    )


def _quotas(strata: Mapping[str, Sequence[object]], share: float) -> dict[str, int]:
    """Texts to hold out of each class: the share rounded down, then by largest remainder; one of
    each stays in train."""
    total = max(1, round(share * sum(map(len, strata.values()))))
    exact = {stratum: share * len(members) for stratum, members in strata.items()}
    quotas = {stratum: int(value) for stratum, value in exact.items()}
    by_remainder = sorted(exact, key=lambda stratum: (quotas[stratum] - exact[stratum], stratum))
    for stratum in by_remainder:
        if sum(quotas.values()) < total and quotas[stratum] < len(strata[stratum]) - 1:
            quotas[stratum] += 1
    return quotas


def _cut_both(
    train: list[Row], test: list[Row], config: DataConfig, load_report: LoadReport
) -> tuple[list[Row], list[Row]]:
    return (
        _cut("train", train, config.train_limit, config, load_report),
        _cut("test", test, config.test_limit, config, load_report),
    )


def _cut(
    split: str, rows: list[Row], limit: int | None, config: DataConfig, load_report: LoadReport
) -> list[Row]:
    """A random part of a split, in its old order."""
    if limit is None or limit >= len(rows):
        return rows
    load_report.notes.append(
        f"{split}: cut to {limit:,} of {amount(len(rows), 'row')} ({split}_limit, split_seed "
        f"{config.split_seed})"
    )
    places = sorted(random.Random(config.split_seed).sample(range(len(rows)), limit))
    return [rows[place] for place in places]
