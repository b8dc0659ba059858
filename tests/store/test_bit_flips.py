"""A short excerpt of `tests.campaigns.bit_flips`."""

import pytest

from tests.campaigns.bit_flips import campaign

pytestmark = pytest.mark.slow


def test_no_flipped_bit_changes_a_label_a_score_or_an_answer_unnoticed() -> None:
    counts = campaign(60, 3)
    assert set(counts) == {"nothing changed", "told"}
    assert sum(counts.values()) == 60
