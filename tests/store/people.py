"""Labelling sessions to test with, as the engine leaves them for the annotators."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.helpers.new_session import new_session
from tui_al.core.data.examples import Dataset, Example, Task, example_ids
from tui_al.core.data.offsets import token_offsets
from tui_al.core.session import events as ev
from tui_al.core.settings.experiment import Amount, DataConfig, ExperimentConfig, LoopConfig
from tui_al.core.settings.model_catalog import default_settings
from tui_al.store.decisions import DecisionLog
from tui_al.store.session import Session

SEED = 7


def people_config(**loop: Any) -> ExperimentConfig:
    """A session for people: seed set of 4, batches of 3."""
    amounts: dict[str, Any] = {
        "strategy": "lc",
        "seed_size": Amount(4, percent=False),
        "batch": Amount(3, percent=False),
    }
    return ExperimentConfig(
        data=DataConfig("pool.txt"),
        acquisition=default_settings("minilm", "adapter"),
        successor=default_settings("minilm", "full"),
        loop=LoopConfig(oracle="person", **{**amounts, **loop}),
        seeds=(SEED,),
    )


def texts_pool(texts: Sequence[str], labels: Sequence[str] = ("refund", "repair")) -> Dataset:
    """Unlabelled texts to classify."""
    train = tuple(Example(i, text) for i, text in zip(example_ids(texts), texts, strict=True))
    return Dataset("pool", Task.CLASSIFICATION, tuple(labels), train, ())


def sentences_pool(
    sentences: Sequence[Sequence[str]], types: Sequence[str] = ("LOC", "PER")
) -> Dataset:
    """Untagged sentences."""
    texts = [" ".join(tokens) for tokens in sentences]
    train = tuple(
        Example(i, text, None, tuple(tokens))
        for i, text, tokens in zip(example_ids(texts), texts, sentences, strict=True)
    )
    return Dataset("pool", Task.TAGGING, tuple(types), train, ())


def make_session(
    home: Path, dataset: Dataset, name: str = "people", config: ExperimentConfig | None = None
) -> Path:
    """The directory of a new session for people."""
    config = config or people_config()
    with new_session(home, name, config, dataset) as session:
        session.append(ev.RunStarted(SEED))
        return session.directory


def put_up_ranking(
    directory: Path, rows: Sequence[dict[str, Any]], round_: int = 0, labels: int = 0
) -> None:
    """A ranking on the board, announced as the engine does."""
    with DecisionLog(directory) as log, Session(directory) as session:
        log.publish("ranking", round_, {"rows": list(rows), "labels": labels})
        session.append(
            ev.RankingPublished(
                SEED, round_, "lc" if round_ else "seed set", 0, labels, len(rows), len(rows)
            )
        )


def suggesting(dataset: Dataset, label: str, p: float = 0.6) -> list[dict[str, Any]]:
    """A ranking of the whole pool in its order in which the model proposes one label (or type, for
    the first word)."""
    rows: list[dict[str, Any]] = []
    for place, example in enumerate(dataset.train):
        row: dict[str, Any] = {
            "id": example.id,
            "score": 1 - p,
            "percentile": 1 - place / len(dataset.train),
        }
        if dataset.task is Task.CLASSIFICATION:
            others = [other for other in dataset.labels if other != label]
            share = (1 - p) / max(1, len(others))
            row["top"] = [[label, p], *([other, share] for other in others)]
        else:
            start, end = token_offsets(example.text, example.tokens)[0]
            row["top"] = [[start, end, label, p]]
        rows.append(row)
    return rows


def without_audit(config: ExperimentConfig) -> ExperimentConfig:
    """The same without a random share."""
    return replace(config, loop=replace(config.loop, audit_share=0.0))


def disputes_board(
    cases: Mapping[str, Sequence[str | float]], labels: int = 40, **few: int
) -> dict[str, Any]:
    """The board of disputed labels: by sample its label, the probability of it, the likeliest other
    label, its probability."""
    rows = [[identity, *case] for identity, case in cases.items()]
    return {"labels": labels, "folds": 5, "not_judged": few, "cases": rows}
