"""The paper's Table 1 on this machine, by `tui-al timing`: seconds of training at 2, 6 and 12 % of
each data set, and what is saved.

    python -m tests.benchmarks.table_1 DATA_DIR [--max-steps 10] [--repeats 3] [--models minilm]
    [--out results.json]

Trainings of more steps than `--max-steps` are multiplied up from that many. The paper's savings
beside them are of its figures, all three shares together (ELECTRA-base on an RTX 3090); it gives
one run a figure.
"""

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.benchmarks.conditions import conditions, line
from tests.benchmarks.table import Table
from tui_al.cli.timing import spread

#: Seconds in the paper at 2, 6 and 12 %: fully tuned, and with an adapter.
PAPER = {
    "ag_news": ((367, 1098, 2201), (285, 860, 1730)),
    "banking77": ((30, 89, 178), (23, 71, 140)),
    "massive": ((34, 103, 207), (27, 82, 164)),
    "conll2003": ((11, 32, 67), (9, 25, 55)),
}


def timing(data: str, options: argparse.Namespace) -> dict[str, Any]:
    """What `tui-al timing --json` says of a data set."""
    command = [
        sys.executable, "-m", "tui_al", "timing", data, "--data-dir", options.data_dir, "--models",
        options.models,
        "--max-steps", str(options.max_steps), "--repeats", str(options.repeats), "--json",
    ]  # fmt: skip
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found: dict[str, Any] = json.loads(said)
    return found


def rows(data: str, found: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """A row for each way to train."""
    full, adapter = (sum(seconds) for seconds in PAPER[data])
    told = []
    for way in found["ways"]:
        learner = way["learner"]
        medians = [statistics.median(one["seconds"]) for one in way["trainings"]]
        saved = [100 * share for share in way["savings"]]
        is_full = learner["tuning"] == "full"
        is_papers = learner["tuning"] == "adapter" and not way["layers"]
        told.append(
            (
                data,
                learner["tuning"] + (f", {way['layers']} layers frozen" if way["layers"] else ""),
                *(f"{seconds:,.1f}" for seconds in medians),
                "" if is_full else spread(saved),
                f"{100 * (1 - adapter / full):.1f}" if is_papers else "",
            )
        )
    return told


def main() -> None:
    """Measure, print, and store."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("data_dir")
    parser.add_argument("--models", default="minilm")
    parser.add_argument("--max-steps", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    found = {}
    for data in PAPER:
        found[data] = timing(data, options)
        print(*rows(data, found[data]), sep="\n", flush=True)
    first = found["ag_news"]
    table(found, options, line(conditions(first["threads"]))).tell(options.out)


def table(found: Mapping[str, Any], options: argparse.Namespace, measured_on: str) -> Table:
    """Everything in one table."""
    lengths = ", ".join(
        f"{data} {one['ways'][0]['subtokens']:.0f} sub-tokens a text" for data, one in found.items()
    )
    return Table(
        f"Table 1: seconds of training ({options.models}, median of {options.repeats}, from "
        f"{options.max_steps} steps each)",
        f"python -m tests.benchmarks.table_1 DATA --models {options.models} --max-steps "
        f"{options.max_steps}",
        measured_on,
        ("data", "trained", "2 %", "6 %", "12 %", "saved, %", "in the paper, %"),
        tuple(row for data, one in found.items() for row in rows(data, one)),
        (
            "Saved against full tuning: mean ± sample standard deviation over the repeats, all "
            "three shares together. "
            f"{lengths}. The paper's models are ELECTRA-base's, 15 epochs, on an RTX 3090.",
        ),
    )


if __name__ == "__main__":
    main()
