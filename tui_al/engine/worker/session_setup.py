"""From a configuration to a session: read the data, check that everything can work, freeze it."""

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from tui_al.core.data.examples import Dataset
from tui_al.core.loop import annotation_channel as people
from tui_al.core.loop import oracle
from tui_al.core.loop.first_ranking import FirstRanking, first_ranking
from tui_al.core.query.strategies import strategy
from tui_al.core.session import events as ev
from tui_al.core.settings.experiment import ExperimentConfig
from tui_al.core.settings.model_catalog import BAG_OF_WORDS
from tui_al.core.settings.used_plugins import used_plugins
from tui_al.engine.data import load
from tui_al.engine.data.locate import locate
from tui_al.engine.data.plugin_readers import used_readers
from tui_al.engine.data.tables import LoadReport
from tui_al.engine.hub.sources import check_name, find
from tui_al.errors import SessionError, errors_at
from tui_al.store.decisions import DecisionLog
from tui_al.store.home import fitting, session_directory
from tui_al.store.session import Session, is_there


def open_or_create(
    home: Path,
    config: ExperimentConfig,
    manifest: Mapping[str, Any],
    name: str | None = None,
    *,
    group: int | None = None,
) -> Session:
    """The session of this experiment: the one that is there already, or a new one, for a group if
    one is given.

    Everything that can fail for good fails here, before anything is written: data, models, device,
    combinations.

    Raises:
        SessionError: a session of that name holds another experiment; the message tells the
        differences.
        TuiAlError: see above.
    """
    name = name or default_name(config)
    with errors_at("name"):
        directory = session_directory(home, name)
    if is_there(directory):
        return _same(Session.open(home, name), config)
    strategy(config.loop.strategy)
    by_people = config.loop.oracle == "person"
    data = replace(config.data, test_share=0.0) if by_people else config.data
    with errors_at("source", "data"):
        dataset = load(data, by_people=by_people)
    (people if by_people else oracle).check(config, dataset)
    encoders = {"successor": config.successor}
    if config.acquisition.model != BAG_OF_WORDS:
        encoders["acquisition"] = config.acquisition
    for role, learner in encoders.items():
        with errors_at("model", role):
            find(learner.model, learner.revision)

    from tui_al.engine.models.device import (
        choose_device,  # imports torch: last, so that other mistakes are told at once
    )

    with errors_at("device"):
        choose_device(config.device)
    created = ev.SessionCreated(
        config=config.to_dict(),
        task=dataset.task.value,
        labels=dataset.labels,
        train=len(dataset.train),
        test=len(dataset.test),
        notes=dataset.notes + (_for_people(dataset) if by_people else _unanswerable(dataset)),
        warnings=dataset.warnings,
        manifest={**manifest, **used_plugins(config, used_readers())},
    )
    try:
        begin = partial(_put_up, first_ranking(config, dataset)) if by_people else None
        return Session.create(home, name, created, dataset, group=group, begin=begin)
    except SessionError:  # another process was quicker
        return _same(Session.open(home, name), config)


def check_names(config: ExperimentConfig) -> None:
    """Raise what `open_or_create` would raise of the names in a configuration, without reading the
    data and without downloads.

    Raises:
        DataError, HubError: there is no such data set.
        ModelError: there is no such model.
        ConfigError: there is no such device.
    """
    with errors_at("source", "data"):
        locate(config.data, LoadReport())
    with errors_at("model", "successor"):
        check_name(config.successor.model)
    if config.acquisition.model != BAG_OF_WORDS:
        with errors_at("model", "acquisition"):
            check_name(config.acquisition.model)
    if config.device not in ("auto", "cpu"):
        from tui_al.engine.models.device import choose_device  # imports torch

        with errors_at("device"):
            choose_device(config.device)


def _put_up(first: FirstRanking, directory: Path) -> None:
    """The first samples: there from the start, before an engine is."""
    with DecisionLog(directory) as log, Session(directory) as session:
        log.publish("reserve", 0, first.reserve)
        log.publish("ranking", 0, {"rows": first.rows, "labels": 0})
        session.append(first.ranked)


def _unanswerable(dataset: Dataset) -> tuple[str, ...]:
    missing = len(dataset.train) - len(oracle.labelled_rows(dataset))
    if not missing:
        return ()
    return (
        f"{missing} unlabelled rows stay out of the simulated pool: the oracle has no answer for "
        "them.",
    )


def _for_people(dataset: Dataset) -> tuple[str, ...]:
    given = sum(example.answer is not None for example in dataset.train)
    if not given:
        return ()
    if given == len(dataset.train):
        return (
            f"all {given:,} texts have a label in the data: it stays hidden while people label.",
        )
    return (f"{given:,} texts come with a label and are trained on from the start.",)


def _same(session: Session, config: ExperimentConfig) -> Session:
    there = session.state().config
    assert there is not None
    differences = config.differences(there)
    if differences:
        name = session.name
        session.close()
        raise SessionError(
            f"Session {name} holds another experiment: {'; '.join(differences[:5])}.",
            "Choose another name with --session, or the settings it was started with.",
        ).at("name")
    return session


def default_name(config: ExperimentConfig) -> str:
    """Like "tickets-lc-minilm-adapter-1f09ab": readable, and the same for the same experiment."""
    data = Path(config.data.source.rstrip("/")).name.split(".")[0]
    model = config.acquisition.model.rstrip("/").rsplit("/", 1)[-1]
    parts = (data, config.loop.strategy, model, config.acquisition.tuning)
    readable = re.sub(r"[^\w.+-]+", "-", "-".join(parts)).strip("-.+_")[:80]
    fingerprint = config.fingerprint()
    return f"{fitting(readable, 1 + len(fingerprint))}-{fingerprint}"
