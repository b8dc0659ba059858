"""A short part of the campaign against hostile session directories, see
`tests.campaigns.strangers`."""

import pytest

from tests.campaigns import strangers

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    "planted", ["link as session.db", "a journal of several files of session.db"]
)
def test_nothing_outside_is_read_or_written(planted: str) -> None:
    assert strangers.case([planted], patience=60.0) == []
