"""Keys per label with a real model's suggestions: `python -m tests.benchmarks.keys_per_label
DATA_DIR`.

DATA_DIR holds banking77/train.parquet. Its texts become an unlabelled file, its labels are known
from the start, and the real engine trains the bundled encoder on what is labelled. An annotator who
knows the gold labels presses the real app's keys: Enter if the suggestion is right, a digit if the
label is among those shown, else `/`, as few letters of the name as put it first (the shorter of its
beginning, or the initials of its words and on with the last word), and Enter. All labels count,
those before the first model and the blind random checks too. After a full batch the annotator waits
for the new ranking: people are slower than the training."""

import argparse
import asyncio
import csv
import os
import random
import tempfile
from collections import Counter
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq

from tests.benchmarks.conditions import conditions, line
from tests.ui.driving import drive
from tests.ui.typists import PilotTypist, ways_to_type
from tui_al.core.settings.experiment import Amount, DataConfig, ExperimentConfig, LoopConfig
from tui_al.core.settings.model_catalog import default_settings
from tui_al.host import process
from tui_al.ui.app import TuiAl
from tui_al.ui.screens.find_label import Finder

_PATIENCE = 600.0


@dataclass(frozen=True)
class Answer:
    """One label given: keys that it took, how, and whether a model had been trained by then."""

    keys: int
    how: str  #: "suggestion", "digit" or "name"
    modelled: bool
    blind: bool


def main() -> None:
    """Label and print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("data", type=Path, metavar="DATA_DIR")
    parser.add_argument("--amount", type=int, default=500, help="labels to give")
    parser.add_argument("--classes", type=int, default=77, help="the commonest so many")
    parser.add_argument("--pool", type=int, default=3_000, help="texts, drawn at random")
    parser.add_argument("--tuning", default="head")
    parser.add_argument("--strategy", default="lc")
    parser.add_argument("--batch", type=int, default=20)
    parser.add_argument("--audit-share", type=float, default=0.1)
    options = parser.parse_args()
    rows = pq.read_table(options.data / "banking77" / "train.parquet").to_pylist()
    counts = Counter(row["label"] for row in rows)
    labels = sorted(label for label, _ in counts.most_common(options.classes))
    every = [(row["text"], row["label"]) for row in rows if row["label"] in labels]
    gold = dict(random.Random(1).sample(every, min(options.pool, len(every))))
    with tempfile.TemporaryDirectory() as home:
        texts = Path(home) / "texts.csv"
        with texts.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([["text"], *([text] for text in gold)])
        answers = asyncio.run(
            _label(Path(home), _experiment(texts, labels, options), gold, options.amount)
        )
    print(line(conditions(int(os.environ.get("OMP_NUM_THREADS", 0)) or (os.cpu_count() or 1))))
    print(
        f"{len(gold):,} texts, {len(labels)} labels, minilm ({options.tuning}), "
        f"{options.strategy}, {options.batch} a batch\n"
    )
    _print(answers)
    print(f"\nby name alone: {_by_name(gold, labels):.2f} keys a label")


def _experiment(texts: Path, labels: list[str], options: argparse.Namespace) -> ExperimentConfig:
    amount = Amount(options.batch, percent=False)
    learner = replace(default_settings("minilm", options.tuning), trunk_layers="auto")
    return ExperimentConfig(
        DataConfig(str(texts), task="classification", labels=tuple(labels), text_column="text"),
        learner,
        replace(learner, epochs=1),  # the successor is not looked at
        LoopConfig(options.strategy, amount, amount, oracle="person",
            audit_share=options.audit_share),
        seeds=(1,),
    )  # fmt: skip


async def _label(
    home: Path, experiment: ExperimentConfig, gold: dict[str, str], amount: int
) -> list[Answer]:
    directory = process.create_session(home, experiment, "keys")
    process.start_engine(directory)
    answers: list[Answer] = []
    try:
        async with drive(TuiAl(home, directory, annotator="anna"), (80, 24)) as pilot:
            typist = PilotTypist(pilot, gold)
            await typist.until(lambda: typist.item is not None, _PATIENCE)
            ranking, since = typist.label_screen.annotation_state.ranking, 0
            batch = experiment.loop.batch.of(len(gold))
            while len(answers) < amount:
                if since >= batch:
                    await typist.until(partial(_is_newer, typist, ranking), _PATIENCE)
                if typist.label_screen.annotation_state.ranking != ranking:
                    ranking, since = typist.label_screen.annotation_state.ranking, 0
                item = typist.item
                assert item is not None
                before = typist.keys
                await typist.answer()
                since += 1
                answers.append(
                    Answer(typist.keys - before, typist.how, bool(ranking), bool(item.blind))
                )
    finally:
        process.stop_engine(directory)
    return answers


def _is_newer(typist: PilotTypist, ranking: int | None) -> bool:
    return typist.label_screen.annotation_state.ranking != ranking


def _print(answers: list[Answer]) -> None:
    print("| labels | keys per label | suggestion | digit | by name | of them blind |")
    print("| --- | --- | --- | --- | --- | --- |")
    rows = [
        ("all", answers),
        ("before there is a model", [one for one in answers if not one.modelled]),
        ("after", [one for one in answers if one.modelled]),
        ("after, suggestions shown", [one for one in answers if one.modelled and not one.blind]),
        *((f"{start + 1} to "
            f"{min(start + 100, len(answers))}", answers[start : start + 100]) for start in range(0,
                len(answers), 100)),
    ]  # fmt: skip
    for name, some in rows:
        if not some:
            continue
        how = [
            sum(one.how == kind for one in some) / len(some)
            for kind in ("suggestion", "digit", "name")
        ]
        keys = sum(one.keys for one in some) / len(some)
        blind = sum(one.blind for one in some) / len(some)
        print(
            f"| {name} ({len(some):,}) | {keys:.2f} | "
            f"{' | '.join(f'{share:.0%}' for share in (*how, blind))} |"
        )


def _by_name(gold: dict[str, str], labels: list[str]) -> float:
    """Keys a label if each were found by `/`, letters and Enter, without any model."""
    finder = Finder(labels)
    letters = {
        label: min(
            len(way[:n])
            for way in ways_to_type(label)
            for n in range(len(way) + 1)
            if n == len(way) or finder.rows(way[:n])[0].label == label
        )
        for label in labels
    }
    return 2 + sum(letters[label] for label in gold.values()) / len(gold)


if __name__ == "__main__":
    main()
