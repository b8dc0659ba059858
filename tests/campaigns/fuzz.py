"""Mutated files for everything that reads files, each in a forked process with limits: `python -m
tests.campaigns.fuzz --seconds 60`.

Mutations that reach new lines of the program become seeds of others. An input may be read, or
refused by an error of the program (`TuiAlError`); any other exception, over ten seconds of the
processor, and a process that dies are findings, which are kept."""

import argparse
import hashlib
import json
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.campaigns.forked import CLEAN, DEATH, HANG, MEMORY, OURS, TRACEBACK, Limits, outcomes
from tests.campaigns.fuzz_targets import TARGETS, Target, run_all
from tests.campaigns.mutation import mutated, packed_mutated

Files = Mapping[str, bytes]

_TOGETHER = 100  # inputs that are made at once; each sees what the ones before reached
_LARGEST = 200_000  # bytes of an input that others are made of
_WAYS = 1  # to read an input, of those that there are; all for the seeds
_SAME = 3  # findings of one kind and place that are kept

FINDINGS = (TRACEBACK, MEMORY, HANG, DEATH)


@dataclass(slots=True)
class Campaign:
    """What came of one target."""

    target: Target
    counts: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)  #: findings by what they are
    lines: set[str] = field(default_factory=set)  #: of the program that were reached
    pool: list[Files] = field(default_factory=list)  #: inputs that mutations are made of
    seconds: float = 0.0

    @property
    def inputs(self) -> int:
        """How many were run."""
        return self.counts.total()

    def row(self) -> dict[str, object]:
        """For a line of JSON."""
        counts = {kind: self.counts[kind] for kind in (CLEAN, OURS, *FINDINGS)}
        return {
            "target": self.target.name,
            "inputs": self.inputs,
            "seconds": round(self.seconds),
            **counts,
            "pool": len(self.pool),
            "lines": len(self.lines),
        }


def run(
    target: Target, seconds: float, seed: int, out: Path | None, traced: bool = True
) -> Campaign:
    """Fuzz a target for so long; the seeds themselves are run first.

    Args:
        target: what reads.
        seconds: by the clock; all seeds are run however long that takes.
        seed: of the mutations. How far they come in the time depends on the machine.
        out: folder that takes inputs with findings, if any.
        traced: whether coverage guides the mutations.
    """
    chance = random.Random(f"{seed} {target.name}")
    campaign = Campaign(target)
    begun = time.monotonic()
    inputs: list[Files] = list(target.seeds())
    with tempfile.TemporaryDirectory(prefix="tui-al-fuzz-") as folder:
        place = Path(folder) / "input"
        while inputs:
            batch, first = inputs, not campaign.inputs

            def work(number: int, batch: Sequence[Files] = batch, first: bool = first) -> None:
                write_files(place, batch[number])
                ways = list(target.works(place))
                some = random.Random(number)
                run_all(ways if first else some.sample(ways, k=min(_WAYS, len(ways))))

            for outcome in outcomes(len(batch), work, campaign.lines, Limits(), traced):
                files = batch[outcome.number]
                campaign.counts[outcome.kind] += 1
                is_small = sum(map(len, files.values())) < _LARGEST or not campaign.pool
                if outcome.kind in FINDINGS:
                    _keep(campaign, outcome.kind, outcome.detail, files, out)
                elif (outcome.lines and is_small) or (not traced and len(campaign.pool) < 50):
                    campaign.pool.append(files)
            campaign.pool = campaign.pool or list(target.seeds())
            campaign.seconds = time.monotonic() - begun
            if campaign.seconds >= seconds:
                break
            inputs = [_mutant(campaign, chance) for _ in range(_TOGETHER)]
    return campaign


def write_files(folder: Path, files: Files) -> None:
    """Make the folder, with these files and no others."""
    shutil.rmtree(folder, ignore_errors=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _mutant(campaign: Campaign, chance: random.Random) -> Files:
    pool, target = campaign.pool, campaign.target
    recent = pool[-20:] if chance.random() < 0.4 else pool
    files = dict(chance.choice(recent))
    name = chance.choice([name for name in files if name not in target.kept] or list(files))
    others = [one[name] for one in chance.choices(pool, k=4) if name in one] or [files[name]]
    if target.packed:
        files[name] = packed_mutated(name, files[name], others, chance)
    else:
        files[name] = mutated(files[name], others, chance)
    return files


def _keep(campaign: Campaign, kind: str, detail: str, files: Files, out: Path | None) -> None:
    what = f"{kind}: {detail}"
    alike = f"{kind}: {detail.split(': ')[0]}"
    campaign.found[what if kind in (DEATH, HANG) else alike] += 1
    if out is None or campaign.found[what if kind in (DEATH, HANG) else alike] > _SAME:
        return
    content = b"".join(files.values())
    place = out / f"{campaign.target.name}-{kind}-{hashlib.sha256(content).hexdigest()[:8]}"
    write_files(place / "input", files)
    (place / "what.txt").write_text(what + "\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 1 where anything was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--target", action="append", choices=list(TARGETS), help="may be repeated; default: all"
    )
    parser.add_argument("--seconds", type=float, default=600.0, help="for each target")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, help="folder that takes inputs with findings")
    parser.add_argument(
        "--no-coverage",
        action="store_true",
        help="mutations of the seeds alone, several times as many",
    )
    options = parser.parse_args(arguments)
    bad = 0
    for name in options.target or TARGETS:
        campaign = run(
            TARGETS[name], options.seconds, options.seed, options.out, not options.no_coverage
        )
        bad += campaign.found.total()
        print(json.dumps(campaign.row()), flush=True)
        for what, count in campaign.found.most_common():
            print(f"    {count:,} x {what}", flush=True)
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
