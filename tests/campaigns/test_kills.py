"""An excerpt of the campaign of random kills; the whole of it is run by command."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.helpers.processes import ROOT, STUB

pytestmark = pytest.mark.slow


def test_kills_of_app_engine_import_export_and_merger_lose_nothing(
    tmp_path: Path, fork_environment: Mapping[str, str]
) -> None:
    """Whatever is struck: what was acknowledged is there, no half target, and going on comes to
    what a calm run comes to."""
    command = ["--seed", "335", "--count", "5", "--place", str(tmp_path / "kills")]
    done = subprocess.run(
        [fork_environment[STUB], "-m", "tests.campaigns.kills", *command],
        cwd=ROOT, env={**fork_environment, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
        check=False, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert "faults: 0 of 5" in done.stdout
