"""Every command in the README runs: `make` targets are CI's, the rest is run here, experiments on a small cut."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.store.labelled_sessions import by_people
from tui_al.core.settings.experiment import DataConfig
from tui_al.core.settings.sweep import read_sweep
from tui_al.engine.data import load
from tui_al.store.annotations import labels_of
from tui_al.store.session import Session
from tui_al.ui.keys import markdown_table

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")

#: What makes an experiment small; the README's own options stay in front of these.
SMALL = "--train-limit 60 --test-limit 20 --epochs 1 --iterations 1 --seeds 1 --seed-size 12 --batch 12 --device cpu"

#: Sessions that people label, which the README's commands find there, as small.
BY_PEOPLE = ("mine", "laptop")


def commands() -> list[str]:
    """The lines of the README's shell blocks, continued lines joined."""
    blocks = re.findall(r"```sh\n(.*?)```", README, flags=re.DOTALL)
    return [
        line
        for block in blocks
        for line in block.replace("\\\n", " ").splitlines()
        if line.strip() and not line.startswith("#")
    ]


def test_the_readme_has_the_commands_it_promises() -> None:
    lines = commands()
    assert "make run" in lines
    assert "make test" in lines
    assert sum(line.startswith("tui-al simulate") for line in lines) >= 4


def test_every_make_target_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for line in commands():
        if line.startswith("make "):
            assert re.search(rf"^{line.split()[1]}:", makefile, flags=re.MULTILINE), line


def is_kept(arguments: list[str]) -> bool:
    """Whether a later command wants the model of this experiment."""
    name = arguments[arguments.index("--session") + 1] if "--session" in arguments else ""
    return any(
        line.startswith((f"tui-al export-model {name} ", f"tui-al predict {name} "))
        for line in commands()
    )


def test_every_command_runs_in_order(tmp_path: Path) -> None:
    data = ROOT.parent / "shared" / "data"
    ran = 0
    tickets = load(DataConfig("tickets", train_limit=60, test_limit=20))
    for name in BY_PEOPLE:
        by_people(tmp_path / "home", name, tickets).close()
    outputs: dict[str, str] = {}
    for line in commands():
        if line.startswith("make "):
            continue
        words = shlex.split(line)
        assert words[0] == "tui-al", line
        arguments = [str(data) if word == "DATA" else word for word in words[1:]]
        if str(data) in arguments and not data.is_dir():
            continue  # the measuring data is not part of the project
        if arguments[0] == "simulate":
            arguments += SMALL.split() + ["--no-save-models"] * (not is_kept(arguments))
        if arguments[0] == "compare-scores":
            arguments += [*SMALL.split()[:2], "--labels", "12", "--epochs", "1", "--device", "cpu"]
        if "--out" in arguments:
            out = arguments[arguments.index("--out") + 1]
            outputs[out] = str(tmp_path / out)
        arguments = [outputs.get(argument, argument) for argument in arguments]
        done = subprocess.run(
            [sys.executable, "-m", "tui_al", *arguments],
            cwd=ROOT,
            env={
                "PATH": "/usr/bin:/bin",
                "HOME": str(tmp_path),
                "TUI_AL_HOME": str(tmp_path / "home"),
                "LANG": "C.UTF-8",
            },
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr
        ran += 1
    assert ran >= 8
    assert (tmp_path / "curves.png").stat().st_size > 1000
    with Session.open(tmp_path / "home", "both") as session:
        assert len(labels_of(session).annotations) == 24  # as many as the experiment labelled
    assert len((tmp_path / "labelled.csv").read_text(encoding="utf-8").splitlines()) > 100


def test_the_sweep_in_the_readme_can_be_read() -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", README, flags=re.DOTALL)
    labels = [arm.label for arm in read_sweep(text, "readme").arms]
    assert labels == ["random", "adapter · bt", "head · bt", "full · bt"]


@pytest.mark.parametrize("target", re.findall(r"\]\(([^)#:]+)\)", README))
def test_every_link_into_the_project_leads_somewhere(target: str) -> None:
    assert (ROOT / target).exists()


def test_the_keys_are_those_of_the_app() -> None:
    assert markdown_table().strip() in README
