"""Labelling sessions made up for pictures: people at the sample tickets, a model that mostly
guesses right, an engine at its next round."""

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.helpers.new_session import new_session
from tests.pictures import story
from tui_al.core.annotation.decisions import DecisionRecord, Label
from tui_al.core.data.examples import Dataset
from tui_al.core.session import events as ev
from tui_al.core.settings.experiment import Amount, ExperimentConfig
from tui_al.store.decisions import Client, DecisionLog
from tui_al.store.session import Session

SEED = story.SEEDS[0]
ANNOTATOR = "anna"

#: What a model takes each label for, if not for what it is.
_LIKE = {
    "refund": "return", "return": "refund", "repair": "return", "delivery": "stock",
    "stock": "delivery", "invoice": "refund",
    "account": "scam", "scam": "account", "cancel": "delivery", "setup": "product",
    "product": "setup", "complaint": "delivery",
    "praise": "repair", "wrong_item": "return",
}  # fmt: skip

ROUND, BATCH, LABELLED = 7, 50, 341


def record_all(home: Path) -> None:
    """One with the fourteen labels of the data, one with seven, one that nothing has happened
    in."""
    data = story.tickets()
    _record(home, "tickets-anna", data, blind=False)
    _record(home, "tickets-blind", data, blind=True)
    _record(home, "tickets-seven", _with_labels(data, data.labels[:7]), blind=False)
    _create(home, "tickets-new", data).close()


def _with_labels(data: Dataset, labels: Sequence[str]) -> Dataset:
    return replace(
        data,
        labels=tuple(labels),
        train=tuple(e for e in data.train if e.answer in labels),
        test=tuple(e for e in data.test if e.answer in labels),
    )


def _config() -> ExperimentConfig:
    made = story.experiment("lc", "adapter", (SEED,))
    amount = Amount(BATCH, percent=False)
    return replace(made, loop=replace(made.loop, oracle="person", seed_size=amount, batch=amount))


def _create(home: Path, name: str, data: Dataset) -> Session:
    return new_session(home, name, _config(), data)


def _record(home: Path, name: str, data: Dataset, *, blind: bool) -> None:
    clock = story.Clock(story.NOW - 600)
    with story.recording_at(clock), _create(home, name, data) as session:
        client = Client("box-1", ANNOTATOR)
        with DecisionLog(session.directory) as log:
            done = data.train[:LABELLED]
            log.insert(
                [
                    DecisionRecord(0, clock.now + n, ANNOTATOR, f"{n:032x}",
                        Label((e.id,), str(e.answer), 4.0, "key"))
                    for n, e in enumerate(done)
                    if e.answer != data.labels[5]  # one label has never been seen
                ],
                client,
            )  # fmt: skip
            rows = [
                _row(e.id, str(e.answer), data.labels, n)
                for n, e in enumerate(data.train[LABELLED:])
            ]
            if blind:
                rows[0] = {"id": rows[0]["id"], "audit": True}
            log.publish("folds", 0, [[data.train[LABELLED + n].id for n in (0, 40, 80, 90)]])
            log.publish("ranking", ROUND, {"rows": rows, "labels": LABELLED})
        session.append(
            ev.EngineStarted(story.PID, "box", "cuda", False, {}),
            ev.RunStarted(SEED),
            ev.AuditEvaluated(SEED, ROUND - 1, "accuracy", 0.829, 0.687, 0.915, 41),
            ev.StrategyCompared(SEED, ROUND - 1, 20, 0.073, 0.012, 0.134, "better", 41),
            ev.RoundResult(SEED, ROUND - 1, 300, 0, {"accuracy": 0.8121, "macro_f1": 0.79}, {}, {},
                0),
            ev.RankingPublished(SEED, ROUND, "lc", 300, 300, 900, len(rows)),
            ev.PhaseStarted(SEED, ROUND, ev.Phase.TRAIN_SUCCESSOR.value, 2400),
            ev.Progress(SEED, ROUND, ev.Phase.TRAIN_SUCCESSOR.value, 1464, 2400, 111.0, epoch=4,
                epochs=6, step=92, steps=150, loss=0.4),
        )  # fmt: skip


def _row(identity: str, right: str, labels: Sequence[str], place: int) -> dict[str, Any]:
    """What a model says that is in two minds."""
    chance = random.Random(json.dumps([identity, right]))
    rest = [name for name in labels if name not in (right, _LIKE[right])]
    others = [name for name in (_LIKE[right],) if name in labels] + chance.sample(rest, len(rest))
    shares = [0.41, 0.38, 0.06, 0.04, 0.03, 0.02, 0.02, 0.01, 0.01]
    names = [right, *others] if chance.random() < 0.6 else [others[0], right, *others[1:]]
    return {
        "id": identity, "score": 0.59, "percentile": 1 - place / 900,
        "top": [list(pair) for pair in zip(names, shares, strict=False)],
    }  # fmt: skip
