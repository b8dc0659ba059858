"""Writes `locked.txt`, `locked-cuda.txt` and `locked-cpu.txt`: every package at the version of
constraints.txt, with the hashes of its wheels.

    python -m tests.supply.lock --uv UV [--wheel FILE ...]

`UV` is the program uv (`pip install uv`), which resolves for all platforms at once and reads the
hashes from the index that pip is set to. `--wheel` is a file that is not on that index, as
PyTorch's own build for CPUs: it is locked by itself, for its platform, in `locked-cpu.txt`. `make
locked` installs from these files, so that no file that anybody has changed since is taken."""

import argparse
import hashlib
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]

#: What makes the package itself, which pip would else fetch by itself, unchecked.
_BUILD = "hatchling\neditables\n"

#: Packages that only PyTorch's build for NVIDIA GPUs needs.
_CUDA = re.compile(r"(cuda-|nvidia-(?!ml-py)|triton)")

_HEAD = "# Made by tests/supply/lock.py; `make locked` installs it. {}\n"


def main() -> None:
    """Resolve, split, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--uv", required=True)
    parser.add_argument("--wheel", type=Path, action="append", default=[])
    given = parser.parse_args()
    entries = entries_of(_resolved(given.uv))
    cuda = {name for name in entries if _CUDA.match(name)}
    _write(
        "locked.txt", "All but what a GPU needs.", [entries[n] for n in entries if n not in cuda]
    )
    _write("locked-cpu.txt", "Builds for machines without a GPU.", [*map(entry_of, given.wheel)])
    _write(
        "locked-cuda.txt",
        "What PyTorch's build for NVIDIA GPUs needs.",
        [entries[n] for n in entries if n in cuda],
    )


def entries_of(text: str) -> dict[str, str]:
    """Requirements with their hashes, by name, as they stand in a requirements file."""
    found: dict[str, str] = {}
    for block in re.split(r"\n(?=[A-Za-z0-9])", text.strip()):
        if not block.startswith("#"):
            found[re.split(r"[=\s\[]", block, maxsplit=1)[0].lower()] = block.rstrip()
    return found


def entry_of(wheel: Path) -> str:
    """The requirement that only this wheel for Linux meets, by its local version and its hash, on
    the platform that it is for."""
    name, version, python, _, platform = wheel.name.removesuffix(".whl").split("-")
    machine = platform.partition(".")[0].split("_", 3)[-1]  # of manylinux_2_28_x86_64
    on = (
        f"sys_platform == 'linux' and platform_machine == '{machine}' and python_version == "
        f"'3.{python[3:]}'"
    )
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return f"{name.lower().replace('_', '-')}=={version} ; {on} \\\n    --hash=sha256:{digest}"


def _resolved(uv: str) -> str:
    index = subprocess.run(
        [sys.executable, "-m", "pip", "config", "get", "global.index-url"],
        capture_output=True, text=True, check=False,
    ).stdout.strip()  # fmt: skip
    with tempfile.TemporaryDirectory() as scratch:
        build = Path(scratch, "build.in")
        build.write_text(_BUILD, encoding="utf-8")
        done = subprocess.run(
            [uv, "pip", "compile", "pyproject.toml", str(build), "--all-extras", "--constraint",
                "constraints.txt",
             "--generate-hashes", "--universal", "--python-version", "3.11", "--no-header",
             "--no-annotate", "--quiet",
             *(["--index-url", index] if index else [])],
            cwd=ROOT, capture_output=True, text=True, check=True,
        )  # fmt: skip
    return done.stdout


def _write(name: str, what: str, entries: list[str]) -> None:
    (ROOT / name).write_text(
        _HEAD.format(what) + "".join(f"{one}\n" for one in entries), encoding="utf-8"
    )


if __name__ == "__main__":
    main()
