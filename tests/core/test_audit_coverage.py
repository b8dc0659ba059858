"""The promise of the audit, over whole simulated sessions: the interval covers the truth as often
as it says."""

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.core.audited_sessions import ROUNDS, Look, session

#: Enough that an honest interval is hardly ever outside 93 to 97 %; 200 sessions are, one time in
#: five.
SESSIONS = 400


@pytest.fixture(scope="module")
def sessions() -> list[list[Look]]:
    return [list(session(seed, "random")) for seed in range(SESSIONS)]


def covered(sessions: list[list[Look]]) -> NDArray[np.bool_]:
    """Whether each look's interval holds the truth, (sessions, looks)."""
    return np.array([[look.truth in look.estimate for look in looks] for looks in sessions])


def test_the_exact_interval_covers_the_truth_in_95_percent_of_the_sessions_or_more(
    sessions: list[list[Look]],
) -> None:
    looks = covered(sessions)
    assert looks.shape == (SESSIONS, ROUNDS)
    # 400 sessions estimate .95 with a standard error of .011; not so much more that it would say
    # nothing
    assert 0.93 <= looks[:, -1].mean() <= 0.985  # after the last batch
    assert 0.95 <= looks.mean() <= 0.985  # at every look


def test_it_does_not_if_the_strategy_chooses_what_is_audited() -> None:
    looks = covered([list(session(seed, "strategy")) for seed in range(30)])
    assert looks[:, -1].mean() < 0.5
    assert looks.mean() < 0.5


def test_the_estimate_is_unbiased_and_gets_narrower(sessions: list[list[Look]]) -> None:
    errors = [look.estimate.value - look.truth for looks in sessions for look in looks]
    assert np.mean(errors) == pytest.approx(0, abs=0.01)
    widths = np.array(
        [[look.estimate.high - look.estimate.low for look in looks] for looks in sessions]
    )
    assert np.median(widths[:, -1]) < 0.7 * np.median(widths[:, 0])
    assert [look.audited for look in sessions[0]] == [20, 36, 52, 68, 84]
