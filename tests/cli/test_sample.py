"""`make run` without a terminal runs what the app has preselected."""

import re
import shlex
from pathlib import Path

from tests.docs.options import commands
from tui_al.core.settings.options import experiment
from tui_al.core.settings.presets import sample_experiment

MAKEFILE = (Path(__file__).parents[2] / "Makefile").read_text(encoding="utf-8")


def test_the_makefile_runs_the_sample_experiment() -> None:
    match = re.search(r"^SAMPLE := simulate (.+)$", MAKEFILE, flags=re.MULTILINE)
    assert match
    given = commands()["simulate"].make_context("simulate", shlex.split(match[1])).params
    assert experiment("simulate", given.pop("data"), given) == sample_experiment()
