"""A short part of the campaign against hostile session directories, see `tests.campaigns.strangers`."""

from tests.campaigns import strangers


def test_nothing_outside_is_read_or_written() -> None:
    assert strangers.run(seed=7, cases=3, patience=60.0) == []
