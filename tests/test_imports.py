"""What loads what, in a fresh interpreter: screens and commands stay light, the engine knows no
screens."""

import subprocess
import sys
from pathlib import Path

import pytest

import tui_al

HEAVY = {
    "torch",
    "transformers",
    "adapters",
    "datasets",
    "pyarrow",
    "safetensors",
    "huggingface_hub",
    "tokenizers",
}
PACKAGE = Path(tui_al.__file__).parent


def modules_of(room: str) -> list[str]:
    """Every module of a room, by its full name."""
    files = (PACKAGE / room).rglob("*.py")
    parts = (file.relative_to(PACKAGE.parent).with_suffix("").parts for file in files)
    return sorted(".".join(p).removesuffix(".__init__") for p in parts if p[-1] != "__main__")


def loaded_by(code: str) -> set[str]:
    """Top-level names in sys.modules after running the code in a process of its own."""
    report = "import sys; sys.stderr.write(' '.join({n.split('.')[0] for n in sys.modules}))"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"], capture_output=True, text=True, check=True
    )
    return set(done.stderr.split())


@pytest.mark.slow
@pytest.mark.parametrize("room", ["ui", "core", "store", "host", "report"])
def test_a_room_outside_the_engine_loads_nothing_heavy(room: str) -> None:
    modules = modules_of(room)
    assert len(modules) > 1
    loaded = loaded_by("\n".join(f"import {name}" for name in modules))
    assert not loaded & HEAVY
    if room != "ui":
        assert not loaded & {"textual", "typer"}


@pytest.mark.slow
def test_the_engine_loads_no_screen() -> None:
    loaded = loaded_by(
        "import tui_al.engine.worker.runner, tui_al.engine.worker.session_setup, "
        "tui_al.engine.__main__"
    )
    assert "torch" in loaded
    assert not loaded & {"textual", "typer"}


@pytest.mark.slow
@pytest.mark.parametrize("screen", ["home", "label", "run"])
def test_a_screen_does_not_wait_for_scipy(screen: str) -> None:
    """Whose statistics take longer to import than all the rest together."""
    loaded = loaded_by(f"import tui_al.ui.app, tui_al.ui.screens.{screen}")
    assert "textual" in loaded
    assert not loaded & {"scipy"}


def test_help_loads_next_to_nothing() -> None:
    """`tui-al --help`, the very entry point."""
    code = (
        "import sys; sys.argv = ['tui-al', '--help']\n"
        "from tui_al.cli import main\n"
        "try:\n    main()\nexcept SystemExit as left:\n    assert not left.code"
    )
    loaded = loaded_by(code)
    assert "typer" in loaded
    assert not loaded & (HEAVY | {"textual", "numpy", "scipy", "matplotlib"})


@pytest.mark.parametrize("arguments", [(), ("attach", "nothing")])
def test_the_app_does_not_wait_for_the_parser_of_options(
    arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUI_AL_HOME", str(tmp_path))
    code = (
        f"import sys; sys.argv = ['tui-al', *{arguments}]\n"
        "from tui_al.cli import main\n"
        # no terminal, no such session
        "try:\n    main()\nexcept SystemExit as left:\n    assert left.code"
    )
    assert not loaded_by(code) & (HEAVY | {"typer", "pydantic", "psutil"})
