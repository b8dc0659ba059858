"""Sessions as large as a team makes them: a pool of made-up texts, and the decisions of many
annotators on it.

Words are drawn from a vocabulary by Zipf's law, lengths are log-normal; a tenth of the texts is in
an ideographic script, some words have marks and capitals beyond ASCII. Each text begins with a
number of its own, so that the frame that shows it can be told."""

import csv
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from tui_al.core.annotation import decisions as de
from tui_al.core.annotation.decisions import DecisionRecord
from tui_al.core.arrays import IntArray
from tui_al.core.settings.experiment import Amount, DataConfig, ExperimentConfig
from tui_al.core.settings.model_catalog import BAG_OF_WORDS, default_settings
from tui_al.core.settings.presets import sample_experiment
from tui_al.store.decisions import Client, DecisionLog
from tui_al.store.examples import ExampleReader

LABELS = ("red", "green", "blue", "yellow", "white", "black", "grey", "brown")

_SYLLABLES = [
    "ba",
    "ke",
    "lo",
    "mi",
    "tu",
    "ra",
    "ne",
    "so",
    "vi",
    "da",
    "po",
    "chi",
    "ter",
    "an",
    "el",
    "or",
    "un",
    "ist",
    "gra",
    "fel",
]
_WORDS, _SIGNS, _AT_ONCE = 40_000, 3_000, 10_000

#: Shares of the decisions that are no plain first answers.
_SECOND, _SKIPPED, _FLAGGED, _UNDONE, _NOTED = 0.05, 0.02, 0.02, 0.02, 0.01


def texts(amount: int, seed: int = 15) -> Iterator[str]:
    """So many, the same ones each time."""
    rng = np.random.default_rng(seed)
    words = _vocabulary(rng)
    signs = [chr(0x4E00 + number) for number in range(_SIGNS)]
    for start in range(0, amount, _AT_ONCE):
        lengths = np.clip(rng.lognormal(2.6, 0.7, _AT_ONCE).astype(int), 3, 200)
        drawn = iter(_zipf(rng, _WORDS, 1.05, int(lengths.sum())).tolist())
        drawn_signs = iter(_zipf(rng, _SIGNS, 0.9, int(lengths.sum())).tolist())
        ideographic = rng.random(_AT_ONCE) < 0.1
        for number in range(start, min(start + _AT_ONCE, amount)):
            length = int(lengths[number - start])
            if ideographic[number - start]:
                body = "".join(signs[next(drawn_signs)] for _ in range(length))
            else:
                body = " ".join(words[next(drawn)] for _ in range(length)).capitalize()
            yield f"n{number:07}n {body}"


def _vocabulary(rng: np.random.Generator) -> list[str]:
    words: dict[str, None] = {}
    while len(words) < _WORDS:
        word = "".join(rng.choice(_SYLLABLES, size=int(rng.integers(1, 5))))
        if rng.random() < 0.04:
            word = word.replace("a", "ä", 1).replace("o", "Ö", 1)
        words[word if word not in words else f"{word}{len(words)}"] = None
    return list(words)


def _zipf(rng: np.random.Generator, kinds: int, exponent: float, amount: int) -> IntArray:
    weights = 1 / np.arange(1, kinds + 1) ** exponent
    places = np.searchsorted(np.cumsum(weights / weights.sum()), rng.random(amount))
    return np.minimum(places, kinds - 1)


def write_pool(path: Path, amount: int) -> None:
    """A CSV file of one column."""
    with path.open("w", newline="", encoding="utf-8") as stream:
        rows = csv.writer(stream)
        rows.writerow(["text"])
        rows.writerows([text] for text in texts(amount))


def experiment(pool: Path, strategy: str = "lc", model: str = BAG_OF_WORDS) -> ExperimentConfig:
    """People label the pool; the acquisition model is TF-IDF unless another is named."""
    sample = sample_experiment()
    twenty = Amount(20, percent=False)
    loop = replace(
        sample.loop, oracle="person", strategy=strategy, seed_size=twenty, batch=twenty,
        audit_share=0.1
    )  # fmt: skip
    tuning = "head" if model == BAG_OF_WORDS else "adapter"
    data = DataConfig(str(pool), labels=LABELS, task="classification")
    return replace(sample, data=data, loop=loop, acquisition=default_settings(model, tuning))


def decide(directory: Path, amount: int, annotators: int, seed: int = 15) -> None:
    """Add so many decisions of so many annotators, in the order of the file, a day's worth of time
    between them.

    Once all texts are decided on, it begins again with the first ones. Raises ValueError for a
    session without texts."""
    rng = np.random.default_rng(seed)
    reader = ExampleReader(directory / "examples.db")
    clients = [Client.new(f"annotator {number}") for number in range(annotators)]
    began = time.time() - 86_400
    made: dict[str, list[DecisionRecord]] = {client.annotator: [] for client in clients}
    place = done = 0
    with DecisionLog(directory) as log:
        while done < amount:
            client = clients[int(rng.integers(annotators))]
            records: list[DecisionRecord] = []
            examples = reader.at(range(place, place + 400))
            if not examples and not place:
                raise ValueError(f"{directory} has no texts to decide on")
            if not examples:
                place = 0
                continue
            for example in examples:
                last = made[client.annotator][-1] if made[client.annotator] else None
                when = began + 86_400 * (done + len(records)) / amount
                for decision in _decisions(example.id, last, rng):
                    records.append(
                        DecisionRecord(0, when, client.annotator, uuid.uuid4().hex, decision)
                    )
            seconds = rng.random() < _SECOND * 4 and place > 400
            place += 0 if seconds else len(examples)
            records = records[: amount - done]
            log.insert(records, client)
            made[client.annotator] += records
            done += len(records)
    reader.close()


def _decisions(
    identity: str, last: DecisionRecord | None, rng: np.random.Generator
) -> list[de.Decision]:
    kind = rng.random()
    label = LABELS[int(rng.integers(len(LABELS)))]
    answer = de.Label((identity,), label, round(float(rng.gamma(2, 2)), 2), "key", None, True, 0)
    if kind < _SKIPPED:
        return [de.Skip(identity, 0)]
    if kind < _SKIPPED + _FLAGGED:
        return [de.Flag(identity, "two labels fit")]
    if kind < _SKIPPED + _FLAGGED + _UNDONE and last is not None:
        return [de.Undo(last.uid), answer]
    if kind < _SKIPPED + _FLAGGED + _UNDONE + _NOTED:
        return [answer, de.Note(identity, "see the guidelines")]
    return [answer]
