"""`make run` without a terminal runs what the app has preselected."""

import re
import shlex
from pathlib import Path

import typer

from tui_al.cli.app import app
from tui_al.cli.simulate import Options, experiment
from tui_al.core.settings.presets import sample_experiment

MAKEFILE = (Path(__file__).parents[2] / "Makefile").read_text(encoding="utf-8")


def test_the_makefile_runs_the_sample_experiment() -> None:
    match = re.search(r"^SAMPLE := simulate (.+)$", MAKEFILE, flags=re.MULTILINE)
    assert match
    command = typer.main.get_command(app).commands["simulate"]  # type: ignore[attr-defined]
    given = command.make_context("simulate", shlex.split(match[1])).params
    options = Options(**{name: given[name] for name in Options.__dataclass_fields__})
    assert experiment(options) == sample_experiment()
