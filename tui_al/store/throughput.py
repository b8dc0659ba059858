"""How quick models were on this machine: measured by `tui-al timing` and by finished runs, read for
the estimate before a start."""

import contextlib
import json
import logging
import platform
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Self

from tui_al.core.query.strategies import find_strategy
from tui_al.core.session.serialization import record_of
from tui_al.core.session.state import SessionState
from tui_al.core.settings.experiment import LearnerConfig
from tui_al.errors import SessionError
from tui_al.store.atomic_files import write_file
from tui_al.store.sharing import make_directory
from tui_al.store.strangers import read_bytes

log = logging.getLogger(__name__)

_FILE = "rates.json"

#: Bytes of the file that are read; it holds 200 rates.
_LARGEST = 2**22

#: Bounds of what can be measured: sub-tokens a second, and threads.
_QUICKEST, _MOST_THREADS = 1e12, 65_536

_PHASES = ("train acquisition", "score pool", "train successor", "evaluate")


@dataclass(frozen=True, slots=True)
class Rate:
    """Sub-tokens a second of one way to train a model, on one machine; None for what was not
    measured."""

    machine: str
    device: str  #: cpu, cuda or mps
    model: str
    tuning: str
    trunk_layers: int | str
    precision: str
    training: float | None
    scoring: float | None
    threads: int = 1  #: that it was measured with; says nothing on a GPU
    pooling: str = ""  #: of older programs, which did not say: ""

    def __post_init__(self) -> None:
        """Raise ValueError for a rate that none is."""
        for value in (self.training, self.scoring):
            if value is not None and not 0 < value < _QUICKEST:
                raise ValueError(f"a rate cannot be {value!r:.40}")
        if not 0 < self.threads < _MOST_THREADS:
            raise ValueError(f"threads cannot be {self.threads!r:.40}")

    @classmethod
    def here(
        cls,
        device: str,
        learner: LearnerConfig,
        training: float | None,
        scoring: float | None,
        threads: int = 1,
    ) -> Self:
        """Of this machine."""
        return cls(
            platform.node(), device, learner.model, learner.tuning, learner.trunk_layers,
            learner.precision, training, scoring, threads, learner.pooling,
        )  # fmt: skip

    @property
    def key(self) -> tuple[object, ...]:
        """What it is the rate of."""
        return (
            self.machine,
            self.device,
            self.model,
            self.tuning,
            self.trunk_layers,
            self.precision,
            self.pooling,
        )

    def share(self, threads: int) -> float:
        """How many times as quick so many threads are: on a CPU as many times as there are more of
        them."""
        return threads / self.threads if self.device == "cpu" else 1.0


def load(home: Path) -> dict[tuple[object, ...], Rate]:
    """All known rates by their key; a file that cannot be read is as good as none, and so is an
    entry that is not a rate."""
    path = home / _FILE
    try:
        found = json.loads(read_bytes(path, _LARGEST))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError, SessionError) as error:
        log.warning("%s is not used, and written anew: %s", path, error)
        return {}
    known = {}
    for plain in found if isinstance(found, list) else ():
        try:
            rate = record_of(Rate, plain)
            known[rate.key] = rate
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            log.warning("a rate in %s is left out: %s", path, error)
    return known


def record(home: Path, rates: Iterable[Rate]) -> None:
    """Add these, the newest in place of older ones; what was not measured anew stays. A home that
    cannot be written is left."""
    known = load(home)
    for rate in rates:
        old = known.pop(rate.key, rate)
        times = rate.threads / old.threads if rate.device == "cpu" else 1.0
        known[rate.key] = replace(
            rate,
            training=_newest(rate.training, old.training, times),
            scoring=_newest(rate.scoring, old.scoring, times),
        )
    with contextlib.suppress(OSError):
        make_directory(home)
        text = json.dumps([asdict(rate) for rate in list(known.values())[-200:]], indent=1)
        write_file(home / _FILE, text)


def _newest(new: float | None, old: float | None, times: float) -> float | None:
    """What was measured, or the older figure for the threads of now."""
    return old * times if new is None and old is not None else new


def record_observed(
    home: Path, state: SessionState, lengths: Mapping[str, float], pool: int
) -> None:
    """Add what a session's finished runs tell. What goes wrong in that is logged: it is worth no
    run."""
    try:
        record(home, observed(state, lengths, pool))
    except Exception:
        log.warning("the rates of this session are not kept", exc_info=True)


def observed(state: SessionState, lengths: Mapping[str, float], pool: int) -> list[Rate]:
    """What a session's finished runs tell, by role; `lengths` are the sub-tokens of a text, mean,
    as each role's model reads them; a role that reads none is left out.

    Work that took less than a second in all tells nothing. A frozen trunk's first pass counts in
    the phase that needed it."""
    config, engine = state.config, state.engine
    assert config is not None
    assert engine is not None
    done = dict.fromkeys(_PHASES, 0.0)  # texts passed
    seconds = dict.fromkeys(_PHASES, 0.0)
    for run in state.runs.values():
        before = 0
        for point in run.points:
            texts = {
                "train successor": point.labels * config.successor.epochs,
                "evaluate": state.test + len(point.sample),
                "train acquisition": before * config.acquisition.epochs,
                "score pool": pool - before,
            }
            for phase in _PHASES:
                if phase in point.seconds and not point.shared_from:
                    done[phase] += texts[phase]
                    seconds[phase] += point.seconds[phase]
            before = point.labels

    def rate(role: str, phase: str) -> float | None:
        known = role in lengths and seconds[phase] > 1
        return done[phase] * lengths[role] / seconds[phase] if known else None

    device = engine.device.partition(":")[0]
    threads = int(engine.manifest.get("threads", 1))
    known = find_strategy(config.loop.strategy)
    once = known is not None and known.needs != "monte carlo"
    found = [
        Rate.here(device, config.acquisition, rate("acquisition", "train acquisition"),
            rate("acquisition", "score pool") if once else None, threads),
        Rate.here(device, config.successor, rate("successor", "train successor"),
            rate("successor", "evaluate"), threads),
    ]  # fmt: skip
    return [one for one in found if one.training or one.scoring]
