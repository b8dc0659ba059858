"""The simulated oracle and its noise."""

import numpy as np
import pytest

from tui_al.core.data.examples import Dataset, Example, Task
from tui_al.core.data.tags import Scheme, is_well_formed, spans_of
from tui_al.core.loop.oracle import SimulatedOracle
from tui_al.core.loop.simulation import LabelRequest, OracleAnswers

CLASSES = ("a", "b", "c", "d")
GOLD_TAGS = ("B-X", "I-X", "O", "B-Y", "B-Y", "O")  # X(0,2), Y(3,4), Y(4,5)


def texts(n: int) -> Dataset:
    train = tuple(Example(f"t{i}", "text", CLASSES[i % 4]) for i in range(n))
    return Dataset("letters", Task.CLASSIFICATION, CLASSES, train, ())


def sentences(n: int) -> Dataset:
    words = tuple("abcdef")
    train = tuple(Example(f"s{i}", "a b c d e f", GOLD_TAGS, words) for i in range(n))
    return Dataset("words", Task.TAGGING, ("X", "Y", "Z"), train, ())


def ask(oracle: SimulatedOracle, rows: list[int]) -> OracleAnswers:
    return oracle.answer(LabelRequest(1, np.array(rows)))


def test_gold() -> None:
    answered = ask(SimulatedOracle(texts(8), seed=1), [5, 0, 2])
    assert list(answered.answers) == ["b", "a", "c"]
    assert list(answered.by) == ["gold"] * 3


@pytest.mark.parametrize("noise", [0.1, 0.4])
def test_the_share_of_wrong_classes_is_as_asked(noise: float) -> None:
    n = 4000
    answered = ask(SimulatedOracle(texts(n), 3, noise), list(range(n)))
    wrong = [i for i, answer in enumerate(answered.answers) if answer != CLASSES[i % 4]]
    assert abs(len(wrong) / n - noise) < 5 * (noise * (1 - noise) / n) ** 0.5
    assert [i for i, by in enumerate(answered.by) if by == "noise"] == wrong
    # the three other classes are equally likely
    shifts = [(CLASSES.index(str(answered.answers[i])) - i) % 4 for i in wrong]
    for shift in (1, 2, 3):
        expected = len(wrong) / 3
        assert abs(shifts.count(shift) - expected) < 5 * (expected * 2 / 3) ** 0.5


def test_all_wrong() -> None:
    answered = ask(SimulatedOracle(texts(40), 3, 1.0), list(range(40)))
    assert all(answer != CLASSES[i % 4] for i, answer in enumerate(answered.answers))


@pytest.mark.parametrize("dataset", [texts(50), sentences(50)], ids=["texts", "sentences"])
def test_noise_depends_on_seed_and_row_alone(dataset: Dataset) -> None:
    oracle = SimulatedOracle(dataset, 3, 0.5)
    together = ask(oracle, list(range(50)))
    order = np.random.default_rng(0).permutation(50).tolist()
    shuffled = ask(oracle, order)
    assert [together.answers[row] for row in order] == list(shuffled.answers)
    alone = [ask(oracle, [row]).answers[0] for row in range(50)]
    assert alone == list(together.answers)
    assert ask(SimulatedOracle(dataset, 4, 0.5), list(range(50))).answers != together.answers


def test_noise_in_tags_changes_types_and_keeps_places() -> None:
    n, noise = 2000, 0.3
    answered = ask(SimulatedOracle(sentences(n), 3, noise), list(range(n)))
    wrong = 0
    for tags, by in zip(answered.answers, answered.by, strict=True):
        assert isinstance(tags, tuple) and is_well_formed(tags, Scheme.IOB2)
        spans = spans_of(tags)
        assert [(start, end) for start, end, _ in spans] == [(0, 2), (3, 4), (4, 5)]
        changed = sum(kind != gold for (*_, kind), gold in zip(spans, "XYY", strict=True))
        assert (by == "noise") == (changed > 0)
        wrong += changed
    # each of the 3 entities of each sentence goes wrong with probability .3: 1800 of 6000, sd 35.5
    assert abs(wrong - 1800) < 5 * 35.5


def test_noise_with_one_type_drops_entities() -> None:
    only_x = Example("s", "a b", ("B-X", "O"), ("a", "b"))
    dataset = Dataset("words", Task.TAGGING, ("X",), (only_x,), ())
    answered = ask(SimulatedOracle(dataset, 3, 1.0), [0])
    assert (list(answered.answers), list(answered.by)) == ([("O", "O")], ["noise"])


def test_a_row_without_an_answer() -> None:
    dataset = Dataset("letters", Task.CLASSIFICATION, CLASSES, (Example("u", "?", None),), ())
    with pytest.raises(ValueError, match="row 0 has no gold answer"):
        ask(SimulatedOracle(dataset, 3), [0])
