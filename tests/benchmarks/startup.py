"""How long things take to start: `python -m tests.benchmarks.startup [--repeats 10]`. Each in a
process of its own; medians.

The first import of the engine is timed as the machine is: whether its files were in memory is not
known."""

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import date

from tui_al.host.machine import manifest

ENGINE = "import tui_al.engine.models.learner"
HELP = ("-c", "import sys; sys.argv = ['tui-al', '--help']; from tui_al.cli import main; main()")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split(":")[0])
    parser.add_argument("--repeats", type=int, default=10)
    repeats = parser.parse_args().repeats
    first = _seconds(("-c", ENGINE))
    rows = {
        "an empty interpreter": _median(("-c", "pass"), repeats),
        "tui-al --help": _median(HELP, repeats),
        "engine imported again": _median(("-c", ENGINE), max(3, repeats // 3)),
    }
    machine = manifest()
    print(
        f"{date.today()}, {machine.get('cpu')}, {machine.get('cores')} cores, Python "
        f"{machine.get('python')}\n"
    )
    print("| what | seconds |\n| --- | --- |")
    print(f"| engine imported, first time | {first:.2f} |")
    for name, found in rows.items():
        print(f"| {name} | {found:.3f} |")
    print(
        "\n--help / an empty interpreter: "
        f"{rows['tui-al --help'] / rows['an empty interpreter']:.1f}"
    )


def _median(arguments: Sequence[str], repeats: int) -> float:
    _seconds(arguments)
    return statistics.median(_seconds(arguments) for _ in range(repeats))


def _seconds(arguments: Sequence[str]) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
