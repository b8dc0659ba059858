"""`tui-al compare-scores`: known scores give known distances; real models give the same numbers
twice."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.core.learner_double import LearnerDouble
from tests.engine import tiny
from tests.helpers.command_line import run_command
from tests.host.test_sweeping import SWEEP, SchedulerDouble, worked
from tui_al.core.arrays import FloatArray, IntArray
from tui_al.core.data.examples import Answer
from tui_al.core.loop.protocols import FitReport, MonteCarlo, Scorer
from tui_al.core.loop.simulation import Purpose
from tui_al.core.progress import ProgressCallback, TrainingProgress
from tui_al.core.settings.experiment import PAPER_SEEDS, DataConfig
from tui_al.core.settings.sweep import read_sweep
from tui_al.engine.data import load
from tui_al.engine.jobs import score_comparison
from tui_al.store.sweeps import record_of, write_record

LIMITED = ("--train-limit", "120", "--device", "cpu")


class Known(LearnerDouble):
    """Scores of the texts are 0, 1, 2, …; the second model's half as much more, each further
    training's a quarter more."""

    def __init__(self, config: Any, source: Any, dataset: Any, *_: Any) -> None:
        super().__init__(dataset)
        self.shift = 0.5 if config.tuning == "adapter" else 0.0
        made.append(self)

    def fit(
        self, rows: IntArray, answers: Sequence[Answer], seed: int, progress: ProgressCallback
    ) -> FitReport:
        return super().fit(rows, answers, seed, progress)

    def score(
        self,
        rows: IntArray,
        scorers: Mapping[str, Scorer],
        progress: ProgressCallback,
        monte_carlo: MonteCarlo | None = None,
    ) -> dict[str, FloatArray]:
        self.scored.append((rows.tolist(), monte_carlo))
        progress(TrainingProgress(len(rows), len(rows)))
        shift = self.shift + 0.25 * (len(self.fits) - 1)
        return {name: np.arange(len(rows)) + shift for name in scorers}


made: list[Known] = []


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Known]]:
    made.clear()
    monkeypatch.setattr(score_comparison, "TransformerLearner", Known)
    monkeypatch.setattr(score_comparison, "find", lambda *_: None)
    yield made
    made.clear()


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    return run_command(capsys, "compare-scores", *arguments)


def test_known_scores(capsys: pytest.CaptureFixture[str], known: list[Known]) -> None:
    code, out, _ = said(capsys, "tickets", "--labels", "20", "--batch", "10", *LIMITED)
    assert code == 0
    between = next(line for line in out.splitlines() if "|" in line)
    floor = next(line for line in out.splitlines() if line.startswith("noise floor"))
    # every score of the second model is .5 more, of the first one's other seed .25; the ranking is
    # the same
    assert between.split()[-5] == "0.50000"
    assert floor.split()[-5] == "0.25000"
    assert between.split()[-3:] == ["1.00", "1.00", "100.0%"]
    assert "20 random texts labelled, the other 100 scored" in out
    assert "10 passes of Monte-Carlo dropout at 0.1" in out
    assert "64 shared bins" in out
    assert out.count("█") > 10  # the histogram


def test_what_is_trained_on_and_scored(
    capsys: pytest.CaptureFixture[str], known: list[Known]
) -> None:
    said(capsys, "tickets", "--labels", "20", "--seeds", "2", "--mc-passes", "3", *LIMITED)
    first, second = known
    assert (len(first.fits), len(second.fits)) == (4, 2)  # two seeds, the first model twice each
    dataset = load(DataConfig("tickets", train_limit=120, test_share=0.0))
    for place, seed in enumerate(PAPER_SEEDS[:2]):
        rows = first.fits[2 * place][0]
        order = np.random.default_rng([seed, 0, Purpose.SEED_SET]).permutation(120)
        assert rows == np.argsort(order)[:20].tolist()  # the loop's own seed set
        assert first.fits[2 * place + 1][0] == second.fits[place][0] == rows
        assert first.fits[2 * place][1] == [dataset.train[row].answer for row in rows]
        assert first.scored[2 * place][0] == sorted(set(range(120)) - set(rows))
    trainings = [fit[2] for fit in (*first.fits, *second.fits)]
    samplings = [sampling for _, sampling in (*first.scored, *second.scored) if sampling]
    assert len(set(trainings)) == 6
    assert len({sampling.seed for sampling in samplings}) == 6
    assert {(s.passes, s.rate) for s in samplings} == {(3, 0.1)}


@pytest.mark.slow
def test_json_and_picture(
    capsys: pytest.CaptureFixture[str], known: list[Known], tmp_path: Path
) -> None:
    pytest.importorskip("matplotlib")
    picture = tmp_path / "scores.png"
    code, out, _ = said(
        capsys,
        "tickets",
        "--labels",
        "20",
        "--score",
        "lc",
        "--json",
        "--out",
        str(picture),
        *LIMITED,
    )
    assert code == 0
    told = json.loads(out)
    (seed,) = told["seeds"]
    assert seed["between"]["wasserstein"] == pytest.approx(0.5)
    assert seed["floor"]["wasserstein"] == pytest.approx(0.25)
    assert (seed["between"]["bins"], seed["between"]["smoothing"]) == (64, 1e-9)
    assert (told["labels"], told["scored"], told["score"]) == (20, 100, "lc")
    assert told["monte_carlo"] is None
    assert [model["tuning"] for model in told["models"]] == ["full", "adapter"]
    assert told["manifest"]["torch"]
    assert len(told["histogram"]["shares"]) == 3
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_settings_are_of_both_models(
    capsys: pytest.CaptureFixture[str], known: list[Known]
) -> None:
    asked = ("tickets", "--labels", "20", "--score", "lc", *LIMITED)
    _, out, _ = said(capsys, *asked, "--max-length", "16", "--epochs", "2", "--json")
    models = json.loads(out)["models"]
    assert [(model["max_length"], model["epochs"]) for model in models] == [(16, 2), (16, 2)]
    for option, value in (("--max-length", "4"), ("--epochs", "0")):
        code, _, err = said(capsys, *asked, option, value)
        assert code != 0
        assert f"{option} {value} is out of range" in err


@pytest.mark.slow
def test_kept_with_a_sweep_the_numbers_stand_in_its_report(
    capsys: pytest.CaptureFixture[str], known: list[Known], tmp_path: Path
) -> None:
    sweep = read_sweep(SWEEP, "s")
    directory = tmp_path / "sweeps" / "s"
    worked(directory, SchedulerDouble(), sweep)
    write_record(directory, record_of(sweep, 2, 1))
    home = ("--home", str(tmp_path))
    asked = ("tickets", "--labels", "20", "--seeds", "2", "--score", "lc", "--sweep", "s", *home)
    for _ in range(2):  # the same again takes its place
        assert said(capsys, *asked, *LIMITED)[0] == 0
    rows = [" ".join(line.split()) for line in run_command(capsys, "report", "s", *home).lines]
    (row,) = (line for line in rows if line.startswith("| tickets | lc |"))
    told = (
        "| tickets | lc | minilm:full / minilm:adapter | 20 | 0.37500 ± 0.17678 | 0.25000 ± "
        "0.00000 |"
    )
    assert row.startswith(told)
    assert "Table 4" in " ".join(rows)

    (kept,) = (directory / "scores").glob("*.json")
    kept.write_text("{}")
    result = run_command(capsys, "report", "s", *home)
    assert result.code == 5
    assert "Remove it, or compare the scores again" in result.err


def test_a_sweep_that_is_not_there_is_told_before_anything_is_trained(
    capsys: pytest.CaptureFixture[str], known: list[Known], tmp_path: Path
) -> None:
    code, _, err = said(capsys, "tickets", "--sweep", "s", "--home", str(tmp_path), *LIMITED)
    assert code == 5
    assert "There is no sweep 's'" in err
    assert not known


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--models", "minilm:full"), "does not name two models"),
        (("--models", "minilm:full,minilm:half"), "tuning: 'half' is unknown"),
        (("--score", "random"), "random gives no scores"),
        (("--score", "mnlp"), "is for tagging"),
        (("--score", "best"), "'best' is unknown"),
        (
            ("--models", "minilm:full,tfidf:head"),
            "tfidf has no dropout, which the score bald needs",
        ),
        (("--labels", "120"), "the pool has 120"),
        (("--labels", "none"), "'none' is not a valid amount"),
        (("--seeds", "9"), "--seeds 9 is out of range"),
        (("--out", "a.pdf"), "no known kind of picture"),
    ],
)
def test_mistakes_are_told_before_anything_is_trained(
    capsys: pytest.CaptureFixture[str],
    known: list[Known],
    arguments: tuple[str, ...],
    message: str,
) -> None:
    code, out, err = said(capsys, "tickets", *LIMITED, *arguments)
    assert code == 2
    assert message in err
    assert "Traceback" not in err
    assert not out
    assert not known


@pytest.mark.slow
def test_a_bag_of_words_is_compared_too(
    capsys: pytest.CaptureFixture[str], known: list[Known]
) -> None:
    code, out, _ = said(
        capsys,
        "tickets",
        "--models",
        "tfidf:head,minilm:full",
        "--labels",
        "40",
        "--score",
        "lc",
        "--json",
        *LIMITED,
    )
    assert code == 0
    (seed,) = json.loads(out)["seeds"]
    assert seed["floor"]["wasserstein"] == 0  # it depends on no seed
    assert seed["floor_ranking"]["overlap"] == 1
    assert (
        seed["between"]["wasserstein"] > 1
    )  # its scores are shares, the double's are numbers of texts
    assert len(known) == 1


def test_a_bag_of_words_does_not_tag(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = said(
        capsys,
        "events",
        "--models",
        "minilm:full,tfidf:head",
        "--score",
        "lc",
        "--train-limit",
        "60",
    )
    assert code == 2
    assert "tfidf is for classification" in err


@pytest.mark.slow
def test_real_models_give_the_same_numbers_twice(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    encoder = tiny.save_encoder("bert", tmp_path / "bert")
    arguments = (
        "tickets", "--models", f"{encoder}:full,{encoder}:head", "--labels", "30", "--epochs", "1",
        "--mc-passes", "2",
        "--json", *LIMITED,
    )  # fmt: skip
    once, again = (json.loads(said(capsys, *arguments)[1]) for _ in range(2))
    assert once["seeds"] == again["seeds"]
    (seed,) = once["seeds"]
    assert seed["between"]["wasserstein"] > 0
    assert seed["floor"]["wasserstein"] > 0
    assert seed["between"]["size"] == 90
