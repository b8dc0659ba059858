"""The sample data as a person finds it who wants it labelled: a file of bare texts; and the answers
that the person knows."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.ui.terminals import ROOT
from tui_al.core.annotation.decisions import UserAnswer
from tui_al.core.data.offsets import tags_to_spans

_DATA = ROOT / "sample_data"

#: Longer ones do not fit a small window, so that a script cannot tell which one is shown.
_FITS = 600


@dataclass(frozen=True)
class Sample:
    """An unlabelled file, one text a line, and the gold answer of each text."""

    file: Path
    gold: Mapping[str, UserAnswer]

    @property
    def labels(self) -> tuple[str, ...]:
        """All names in the gold answers."""
        return tuple(sorted({name for given in self.gold.values() for name in names_in(given)}))


def names_in(given: UserAnswer) -> list[str]:
    """The class, or the type of each entity."""
    return [given] if isinstance(given, str) else [kind for *_, kind in given]


def unlabelled_tickets(directory: Path, amount: int = 300) -> Sample:
    """Messages; 14 classes."""
    with (_DATA / "tickets" / "train.csv").open(encoding="utf-8", newline="") as file:
        rows = [(row["text"], row["label"]) for row in csv.DictReader(file)]
    return _sample(directory / "messages.txt", rows, amount)


def unlabelled_events(directory: Path, amount: int = 200) -> Sample:
    """Sentences; entities of four types, as character offsets."""
    blocks = (_DATA / "events" / "train.conll").read_text(encoding="utf-8").strip().split("\n\n")
    rows: list[tuple[str, Any]] = []
    for block in blocks:
        tokens, tags = zip(*(line.split() for line in block.splitlines()), strict=True)
        text = " ".join(tokens)
        rows.append((text, tags_to_spans(text, tokens, tags)))
    return _sample(directory / "sentences.txt", rows, amount)


def _sample(file: Path, rows: list[tuple[str, Any]], amount: int) -> Sample:
    gold = dict(row for row in rows if len(row[0]) < _FITS)
    chosen = dict(list(gold.items())[:amount])
    file.write_text("".join(f"{text}\n" for text in chosen), encoding="utf-8")
    return Sample(file, chosen)
