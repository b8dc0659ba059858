"""An excerpt of the campaign of random kills; the whole of it is run by command."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.campaigns.processes import ROOT

pytestmark = pytest.mark.slow


def test_kills_of_app_engine_import_export_and_merger_lose_nothing(tmp_path: Path) -> None:
    """Whatever is struck: what was acknowledged is there, no half target, and going on comes to
    what a calm run comes to."""
    command = ["--seed", "335", "--count", "5", "--place", str(tmp_path / "kills")]
    done = subprocess.run(
        [sys.executable, "-m", "tests.campaigns.kills", *command],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
        check=False, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert "faults: 0 of 5" in done.stdout
