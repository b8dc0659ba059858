"""The order in which people are asked, apart from models and stores."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.store.people import sentences_pool, texts_pool
from tui_al.core.loop.ranking import suggestions, with_audit, without_duplicates
from tui_al.core.query.predictions import Predictions


class TestDuplicates:
    def test_the_first_of_each_group_in_the_ranking_s_order(self) -> None:
        rows, groups = np.array([5, 3, 1, 0]), np.array([0, 1, 2, 1, 4, 1])
        assert without_duplicates(rows, groups, frozenset()) == [0, 3]
        assert without_duplicates(rows, groups, frozenset({3})) == [0, 1, 3]
        assert without_duplicates(rows, None, frozenset()) == [0, 1, 2, 3]


class TestAudit:
    @given(
        st.integers(0, 120), st.integers(0, 40), st.integers(1, 20),
        st.sampled_from([0.0, 0.1, 0.25, 0.5]),
    )  # fmt: skip
    def test_nothing_is_lost_and_the_orders_stay(
        self, ranked: int, waiting: int, batch: int, share: float
    ) -> None:
        board = [{"id": f"r{n}"} for n in range(ranked)]
        audit = [f"a{n}" for n in range(waiting)]
        mixed = with_audit(board, audit, 0, 0, batch, share, np.random.default_rng(1))
        assert [row["id"] for row in mixed if "audit" not in row] == [row["id"] for row in board]
        shown = [row["id"] for row in mixed if "audit" in row]
        assert shown == audit[: len(shown)]
        if not ranked:
            assert shown == audit

    def test_each_batch_has_its_share(self) -> None:
        board = [{"id": f"r{n}"} for n in range(90)]
        mixed = with_audit(
            board, [f"a{n}" for n in range(50)], 0, 0, 10, 0.1, np.random.default_rng(1)
        )
        assert [sum("audit" in row for row in mixed[s : s + 10]) for s in range(0, 100, 10)] == [
            1
        ] * 10

    def test_what_is_behind_is_made_up_for(self) -> None:
        board = [{"id": f"r{n}"} for n in range(20)]
        mixed = with_audit(board, ["a", "b", "c", "d"], 30, 0, 10, 0.1, np.random.default_rng(1))
        assert sum("audit" in row for row in mixed[:10]) == 4


class TestSuggestions:
    def test_classes_the_likeliest_first(self) -> None:
        pool = texts_pool(["x", "y"], ("a", "b", "c"))
        probs = np.array([[0.2, 0.5, 0.3], [0.4, 0.2, 0.4]])
        assert suggestions(Predictions.of_texts(probs), pool, np.array([0, 1])) == [
            [["b", 0.5], ["c", 0.3], ["a", 0.2]],
            [["a", 0.4], ["c", 0.4], ["b", 0.2]],
        ]

    def test_entities_by_characters_with_the_mean_of_their_words(self) -> None:
        pool = sentences_pool([("Anna", "Berg", "left")], ("PER",))  # O, B-PER, I-PER
        probs = np.array([[0.1, 0.9, 0.0], [0.3, 0.0, 0.7], [1.0, 0.0, 0.0]])
        (found,) = suggestions(Predictions(probs, np.array([0, 3])), pool, np.array([0]))
        assert found == [[0, 9, "PER", pytest.approx(0.8)]]
