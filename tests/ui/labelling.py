"""Labelling sessions made by hand: data, boards as the engine would put them up, and what is on
record afterwards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.ui.sessions import LABELS, Recording, config, dataset, record
from tui_al.core.annotation.decisions import DecisionRecord, Label
from tui_al.core.annotation.label_state import LabelState
from tui_al.core.data.examples import Dataset
from tui_al.core.session import events as ev
from tui_al.core.settings.experiment import Amount, ExperimentConfig
from tui_al.store.decisions import DecisionLog

SEED = 1

#: What the model says of every text, where a test does not say otherwise.
SUGGESTED = ((LABELS[0], 0.41), (LABELS[1], 0.38), (LABELS[2], 0.21))


def people(batch: str = "10", *, overlap: float = 0.0, strategy: str = "lc") -> ExperimentConfig:
    """People label, `batch` at a time, 10 % of it at random."""
    base = config(seeds=(SEED,), strategy=strategy)
    loop = replace(
        base.loop, oracle="person", overlap=overlap, batch=Amount.parse(batch),
        seed_size=Amount.parse(batch)
    )  # fmt: skip
    return replace(base, loop=loop)


def unanswered(data: Dataset) -> Dataset:
    """The same without gold answers in the pool."""
    return replace(data, train=tuple(replace(e, answer=None) for e in data.train))


@dataclass
class LabellingSession:
    """The engine's side of a labelling session, done by hand."""

    recording: Recording

    @property
    def directory(self) -> Path:
        return self.recording.directory

    @property
    def ids(self) -> list[str]:
        return [example.id for example in self.recording.data.train]

    def text(self, identity: str) -> str:
        return next(e.text for e in self.recording.data.train if e.id == identity)

    def rank(
        self,
        round_: int,
        ids: Sequence[str] | None = None,
        *,
        top: Sequence[Sequence[Any]] | Mapping[str, Sequence[Any]] | None = None,
        audit: Sequence[str] = (),
        folds: Sequence[Sequence[str]] = (),
    ) -> None:
        """Put up a ranking: of all that is open, in the order of the data; `top` are all rows'
        suggestions, or each one's by id."""
        label_state = self.label_state()
        closed = [i for i, s in label_state.label_statuses() if s.answer is not None]
        rows = []
        chosen = [i for i in self.ids if i not in closed] if ids is None else ids
        for place, identity in enumerate(chosen):
            row: dict[str, Any] = {"id": identity}
            if identity in audit:
                row["audit"] = True
            elif round_:
                row |= {"score": 0.59, "percentile": 1 - place / len(self.ids)}
                own = top.get(identity, ()) if isinstance(top, Mapping) else top
                row["top"] = [list(one) for one in (SUGGESTED if own is None else own)]
            rows.append(row)
        with DecisionLog(self.directory) as log:
            log.publish("reserve", 0, list(audit))
            log.publish("folds", 0, [list(one) for one in folds])
            log.publish("ranking", round_, {"rows": rows, "labels": len(closed) if round_ else 0})
        self.recording.append(
            ev.RankingPublished(SEED, round_, "lc" if round_ else "seed set", len(closed),
                len(closed) * bool(round_), len(chosen), len(rows))
        )  # fmt: skip

    def label_state(self) -> LabelState:
        """All that is on record."""
        with DecisionLog(self.directory) as log:
            found = LabelState(self.recording.data.labels)
            found.apply(log.read())
            return found

    def answers(self) -> dict[str, Any]:
        return self.label_state().answers()

    def records(self) -> list[DecisionRecord]:
        """All label decisions, the first one first, undone or not."""
        with DecisionLog(self.directory) as log:
            return [r for r in log.read() if isinstance(r.decision, Label)]

    def given(self) -> list[Label]:
        """What was decided in each of `records`."""
        return [r.decision for r in self.records() if isinstance(r.decision, Label)]

    def labels_in_order(self) -> list[tuple[str, Any]]:
        """(text, answer) of all label decisions, the first one first, undone or not."""
        return [(self.text(one.ids[0]), one.answer) for one in self.given()]


def labelling_session(
    home: Path,
    name: str = "tickets-anna",
    *,
    experiment: ExperimentConfig | None = None,
    data: Dataset | None = None,
) -> LabellingSession:
    """A new labelling session, an engine in it that has not ranked anything yet."""
    made = record(home, name, experiment=experiment or people(), data=unanswered(data or dataset()))
    return LabellingSession(made)
