"""Strategies: scores worked by hand, and one contract that every entry of the registry must
pass."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest

from tui_al.core.arrays import FloatArray, IntArray
from tui_al.core.data.examples import Task
from tui_al.core.query.predictions import Predictions
from tui_al.core.query.strategies import STRATEGIES, Strategy, entropy, select, strategy
from tui_al.errors import ConfigError

LN2, LN4 = 0.6931472, 1.3862944

# Three texts, three classes. With P = (.5, .25, .25): H = .5 ln 2 + 2 * .25 ln 4 = 1.5 ln 2 =
# 1.0397208.
TEXTS = [[0.5, 0.25, 0.25], [1.0, 0.0, 0.0], [0.5, 0.5, 0.0]]
# Expected entropies of the Monte-Carlo passes: BALD takes them from the entropy of the mean.
TEXTS_EXPECTED = [0.9, 0.0, 0.2]

# Two sentences of two words and one word, and an empty one between them.
WORDS = [[0.8, 0.2, 0.0], [0.5, 0.25, 0.25], [0.6, 0.3, 0.1]]
WORDS_EXPECTED = [0.4, 0.6, 0.5]
OFFSETS = [0, 2, 2, 3]

# H(.8, .2) = .8 * .2231436 + .2 * 1.6094379 = .1785149 + .3218876 = .5004024
# H(.6, .3, .1) = .6 * .5108256 + .3 * 1.2039728 + .1 * 2.3025851 = .3064954 + .3611918 + .2302585 =
# .8979457
HAND_WORKED: dict[tuple[str, Task], list[float]] = {
    # 1 - best: 1 - .5, 1 - 1, 1 - .5
    ("lc", Task.CLASSIFICATION): [0.5, 0.0, 0.5],
    # 1 - .8 * .5; nothing to be unsure of; 1 - .6
    ("lc", Task.TAGGING): [0.6, 0.0, 0.4],
    # minus (first - second): .5 - .25, 1 - 0, .5 - .5
    ("bt", Task.CLASSIFICATION): [-0.25, -1.0, 0.0],
    # the tightest margin of (.8 - .2, .5 - .25); no words: last of all; .6 - .3
    ("bt", Task.TAGGING): [-0.25, -1.0, -0.3],
    # 1.5 ln 2, 0, ln 2
    ("entropy", Task.CLASSIFICATION): [1.0397208, 0.0, LN2],
    # (.5004024 + 1.0397208) / 2; no words; .8979457
    ("entropy", Task.TAGGING): [0.7700616, 0.0, 0.8979457],
    # (-ln .8 - ln .5) / 2 = (.2231436 + .6931472) / 2; no words; -ln .6
    ("mnlp", Task.TAGGING): [0.4581454, 0.0, 0.5108256],
    # 1.0397208 - .9, 0 - 0, .6931472 - .2
    ("bald", Task.CLASSIFICATION): [0.1397208, 0.0, 0.4931472],
    # ((.5004024 - .4) + (1.0397208 - .6)) / 2 = (.1004024 + .4397208) / 2; no words; .8979457 - .5
    ("bald", Task.TAGGING): [0.2700616, 0.0, 0.3979457],
}

PAIRS = [(name, task) for name, entry in STRATEGIES.items() if entry.scorer for task in entry.tasks]


def predictions(
    probs: Sequence[Sequence[float]] | FloatArray,
    offsets: Sequence[int] | IntArray | None,
    expected: Sequence[float] | FloatArray,
    dtype: type = np.float64,
) -> Predictions:
    if offsets is None:
        return Predictions.of_texts(np.array(probs, dtype), np.array(expected, dtype))
    return Predictions(np.array(probs, dtype), np.array(offsets), np.array(expected, dtype))


def some_predictions(task: Task, seed: int = 5, n: int = 60) -> Predictions:
    """Random ones with ties, exact zeros and certainties, and for tagging sentences of 0 to 6
    words, many of them of 1."""
    rng = np.random.default_rng(seed)
    lengths = np.ones(n, int) if task is Task.CLASSIFICATION else rng.choice([0, 1, 1, 2, 6], n)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    probs = rng.dirichlet(np.full(9, 0.3), offsets[-1])
    probs[::7] = np.eye(9)[2]
    probs[3::7] = [0.5, 0.5, 0, 0, 0, 0, 0, 0, 0]
    return predictions(probs, offsets, 0.7 * entropy(probs))


def take(whole: Predictions, positions: Sequence[int]) -> Predictions:
    """The same predictions for some of the examples, in that order."""
    units = [np.arange(whole.offsets[i], whole.offsets[i + 1]) for i in positions]
    rows = np.concatenate(units) if units else np.arange(0)
    assert whole.expected_entropy is not None
    offsets = np.concatenate([[0], np.cumsum([len(u) for u in units])]).astype(int)
    return Predictions(whole.probs[rows], offsets, whole.expected_entropy[rows])


def scores_of(entry: Strategy, given: Predictions) -> FloatArray:
    """As the loop has them: equal ones for a strategy without a scorer."""
    return np.zeros(len(given)) if entry.scorer is None else entry.scorer(given)


@pytest.mark.parametrize(("name", "task"), PAIRS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_hand_worked(name: str, task: Task, dtype: type) -> None:
    scorer = STRATEGIES[name].scorer
    assert scorer is not None
    given = (
        predictions(TEXTS, None, TEXTS_EXPECTED, dtype)
        if task is Task.CLASSIFICATION
        else predictions(WORDS, OFFSETS, WORDS_EXPECTED, dtype)
    )
    scores = scorer(given)
    assert scores.dtype == np.float64
    assert scores == pytest.approx(HAND_WORKED[name, task], abs=5e-7)


def test_every_scorer_is_worked_by_hand() -> None:
    assert set(HAND_WORKED) == set(PAIRS)


def test_random_has_no_scorer_and_orders_as_its_seed_says() -> None:
    # every score is equal, so the drawn ranks alone decide: the lowest first
    assert STRATEGIES["random"].scorer is None
    assert STRATEGIES["random"].needs == "nothing"
    drawn = np.random.default_rng(0).permutation(5)  # the rank of each position
    chosen = select(np.zeros(5), np.ones(5, int), 5, np.random.default_rng(0))
    assert [drawn[i] for i in chosen] == [0, 1, 2, 3, 4]


class TestContract:
    """What the loop and the user rely on, for every strategy there is."""

    pytestmark = pytest.mark.parametrize(
        ("name", "task"), [(name, task) for name, s in STRATEGIES.items() for task in s.tasks]
    )

    def test_is_described(self, name: str, task: Task) -> None:
        entry = STRATEGIES[name]
        assert entry.name == name
        assert entry.title.strip() and entry.summary.strip()
        assert "\n" not in entry.title + entry.summary
        assert entry.needs in ("nothing", "probabilities", "monte carlo")
        assert (entry.needs == "nothing") == (entry.scorer is None)
        entry.check(task)

    def test_same_seed_same_selection(self, name: str, task: Task) -> None:
        scores = scores_of(STRATEGIES[name], some_predictions(task))
        costs = np.ones(len(scores), int)
        first, second = (select(scores, costs, 20, np.random.default_rng(3)) for _ in range(2))
        assert first.tolist() == second.tolist()

    @pytest.mark.parametrize("size", [1, 2, 7, 59])
    def test_batching_does_not_matter(self, name: str, task: Task, size: int) -> None:
        entry, whole = STRATEGIES[name], some_predictions(task)
        parts = [
            scores_of(entry, take(whole, range(i, min(i + size, len(whole)))))
            for i in range(0, len(whole), size)
        ]
        np.testing.assert_array_equal(np.concatenate(parts), scores_of(entry, whole))

    def test_order_does_not_matter(self, name: str, task: Task) -> None:
        entry, whole = STRATEGIES[name], some_predictions(task)
        order = np.random.default_rng(1).permutation(len(whole))
        np.testing.assert_array_equal(
            scores_of(entry, take(whole, order.tolist())), scores_of(entry, whole)[order]
        )

    def test_unsure_is_worth_more(self, name: str, task: Task) -> None:
        entry = STRATEGIES[name]
        # certain; leaning; torn between all, and the dropout passes disagree likewise more and more
        given = predictions(
            [[1.0, 0.0, 0.0], [0.7, 0.2, 0.1], [1 / 3, 1 / 3, 1 / 3]], [0, 1, 2, 3], [0.0, 0.5, 0.1]
        )
        scores = scores_of(entry, given)
        assert entry.scorer is None or scores[0] < scores[1] < scores[2]

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_zeros_and_certainties_are_finite(self, name: str, task: Task, dtype: type) -> None:
        hard: FloatArray = np.array(
            [[0, 1, 0], [1, 0, 0], [0, 0, 0], [1e-38, 1, 0], [0.5, 0.5, 0]], dtype
        )
        scores = scores_of(STRATEGIES[name], predictions(hard, None, np.zeros(5), dtype))
        assert np.isfinite(scores).all()
        long = predictions(np.tile(hard, (400, 1)), [0, 2000], np.zeros(2000), dtype)
        if task is Task.TAGGING:
            assert np.isfinite(scores_of(STRATEGIES[name], long)).all()

    def test_precision_of_the_model_hardly_matters(self, name: str, task: Task) -> None:
        whole = some_predictions(task)
        assert whole.expected_entropy is not None
        single = Predictions(
            whole.probs.astype(np.float32),
            whole.offsets,
            whole.expected_entropy.astype(np.float32),
        )
        entry = STRATEGIES[name]
        assert scores_of(entry, single) == pytest.approx(scores_of(entry, whole), abs=1e-5)

    def test_sentences_without_words_come_last(self, name: str, task: Task) -> None:
        if task is not Task.TAGGING:
            return
        given = predictions([[0.6, 0.4], [0.9, 0.1]], [0, 0, 1, 1, 2, 2], [0.1, 0.1])
        entry = STRATEGIES[name]
        scores = scores_of(entry, given)
        chosen = select(scores, np.ones(5, int), 2, np.random.default_rng(0)).tolist()
        assert entry.scorer is None or chosen == [1, 3]
        nothing = scores_of(entry, predictions(np.zeros((0, 4)), [0, 0, 0], []))
        assert nothing.shape == (2,) and np.isfinite(nothing).all()

    @pytest.mark.parametrize("budget", [1, 7, 60, 1000])
    def test_selection_fills_the_budget(self, name: str, task: Task, budget: int) -> None:
        scores = scores_of(STRATEGIES[name], some_predictions(task))
        chosen = select(scores, np.ones(len(scores), int), budget, np.random.default_rng(2))
        assert len(chosen) == min(budget, len(scores))
        assert len(set(chosen.tolist())) == len(chosen)
        best = scores[chosen]
        assert (np.diff(best) <= 0).all()
        left_out = np.delete(scores, chosen)
        assert not len(left_out) or left_out.max() <= best[-1]


class TestSelect:
    def test_best_first(self) -> None:
        scores = np.array([0.1, 0.9, 0.5, 0.7])
        assert select(scores, np.ones(4, int), 3, np.random.default_rng(0)).tolist() == [1, 3, 2]

    def test_ties_are_broken_without_favour(self) -> None:
        # Positions 1 to 4 tie for two places: each is taken in half of the draws. 4000 draws: sd =
        # sqrt(4000 / 4) = 31.6
        scores = np.array([0.9, 0.5, 0.5, 0.5, 0.5, 0.1])
        taken: Counter[int] = Counter()
        second: Counter[int] = Counter()
        for seed in range(4000):
            first, *others = select(scores, np.ones(6, int), 3, np.random.default_rng(seed))
            assert first == 0
            taken.update(int(i) for i in others)
            second[int(others[0])] += 1
        assert set(taken) == {1, 2, 3, 4}
        assert all(abs(count - 2000) < 160 for count in taken.values())  # 5 sd
        assert all(abs(count - 1000) < 137 for count in second.values())  # 5 sd of 27.4

    def test_ties_depend_on_the_seed(self) -> None:
        orders = {
            tuple(select(np.zeros(8), np.ones(8, int), 8, np.random.default_rng(s)).tolist())
            for s in range(20)
        }
        assert len(orders) == 20

    def test_nan_must_not_choose(self) -> None:
        with pytest.raises(ValueError, match="diverged"):
            select(np.array([0.1, np.nan]), np.ones(2, int), 1, np.random.default_rng(0))

    @pytest.mark.parametrize(
        ("budget", "chosen"),
        [
            (1, [3]),  # the best is taken whatever it costs
            (4, [3]),
            (5, [3, 1]),  # 4 + 6 reaches 5
            (10, [3, 1]),
            (11, [3, 1, 0]),  # 4 + 6 + 2 reaches 11
            (100, [3, 1, 0, 2]),
        ],
    )
    def test_token_budget(self, budget: int, chosen: list[int]) -> None:
        scores, costs = np.array([0.3, 0.6, 0.2, 0.9]), np.array([2, 6, 5, 4])
        assert select(scores, costs, budget, np.random.default_rng(0)).tolist() == chosen

    def test_empty_pool(self) -> None:
        empty = np.zeros(0)
        assert len(select(empty, np.zeros(0, int), 5, np.random.default_rng(0))) == 0


def test_bald_needs_the_passes() -> None:
    scorer = STRATEGIES["bald"].scorer
    assert scorer is not None
    with pytest.raises(ValueError, match="expected_entropy is missing"):
        scorer(Predictions.of_texts(np.array([[0.5, 0.5]])))


def test_bald_is_not_negative() -> None:
    # Rounding in the passes may put the expected entropy above ln 2.
    scorer = STRATEGIES["bald"].scorer
    assert scorer is not None
    assert scorer(predictions([[0.5, 0.5]], None, [0.6931473])).tolist() == [0.0]


def test_entropy_in_nats() -> None:
    rows = np.array([[0.25] * 4, [0.5, 0.5, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]])
    assert entropy(rows) == pytest.approx([LN4, LN2, 0.0], abs=1e-7)


def test_a_strategy_for_the_other_task() -> None:
    with pytest.raises(ConfigError) as caught:
        strategy("mnlp").check(Task.CLASSIFICATION)
    assert caught.value.message == (
        "strategy mnlp (normalised log-probability) is for tagging, this data set is for "
        "classification."
    )
    assert caught.value.hint == "For classification choose one of random, lc, bt, entropy, bald."


def test_an_unknown_strategy() -> None:
    with pytest.raises(ConfigError, match="'margin' is unknown") as caught:
        strategy("margin")
    assert all(name in caught.value.hint for name in STRATEGIES)
