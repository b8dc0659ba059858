"""A session as seen from Python: its figures, its queries and its labels as arrays. Nothing here
changes it, but that its history says who took its labels out."""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tui_al.api.messages import in_python, python_messages
from tui_al.api.settings import plain_settings
from tui_al.api.table import Table
from tui_al.core.data.examples import Answer
from tui_al.core.session.state import RunState, SessionState, settled
from tui_al.errors import ConfigError
from tui_al.host.process import died_silently
from tui_al.store.annotations import labels_of
from tui_al.store.audit import note_action
from tui_al.store.engine_lock import is_live
from tui_al.store.home import home_directory
from tui_al.store.session import Session


@dataclass(frozen=True, slots=True)
class Run:
    """A session, finished or at work. Each call reads what is there now."""

    directory: Path

    @property
    def name(self) -> str:
        """The session's, by which `tui-al attach`, `report` and `open_session` find it."""
        return self.directory.name

    @property
    def state(self) -> SessionState:
        """All that is known of the session."""
        with Session(self.directory) as session:
            state = session.state()
        live = is_live(self.directory)
        return settled(state, live=live, died=not live and died_silently(self.directory, state))

    @property
    def status(self) -> str:
        """finished, running, stopped, failed, died, done or new."""
        return self.state.status

    @property
    def settings(self) -> dict[str, Any]:
        """The experiment's, as plain values by the names of sweep files; {} where they are not
        known."""
        config = self.state.config
        return {} if config is None else plain_settings(config)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What changes the meaning of the figures: damage, then what the engine warned of."""
        return tuple(map(in_python, self.state.cautions))

    @property
    def seeds(self) -> tuple[int, ...]:
        """One run each."""
        return tuple(self.state.runs)

    def curve(self, seed: int | None = None) -> Table:
        """One row a finished round: seed, round, labels, tokens, seconds, then the metrics.

        Args:
            seed: one run's only; all by default.

        Raises:
            ConfigError: there is no run with this seed.
        """
        rows: list[dict[str, Any]] = []
        metrics: dict[str, type] = {}
        for run in self._runs(seed):
            for point in run.points:
                seconds = sum(point.seconds.values())
                facts = {
                    "seed": run.seed,
                    "round": point.round,
                    "labels": point.labels,
                    "tokens": point.tokens,
                }
                rows.append({**facts, "seconds": seconds, **point.metrics})
                metrics |= dict.fromkeys(point.metrics, float)
        kinds = {"seed": int, "round": int, "labels": int, "tokens": int, "seconds": float}
        return Table.of(rows, kinds | metrics)

    def queries(self, seed: int | None = None) -> Table:
        """One row an example that was asked about, in the order of asking: seed, round, place, id,
        score, text, answer.

        `score` is NaN where the strategy gives none, as for the seed set; `answer` is None until
        the oracle has answered. Raises as `curve`.
        """
        texts = self._texts()
        rows = [
            {
                "seed": run.seed, "round": query.round, "place": place, "id": identity,
                "score": query.scores[place] if query.scores else float("nan"),
                "text": texts.get(identity), "answer": run.labelled.get(identity),
            }
            for run in self._runs(seed)
            for query in run.queries
            for place, identity in enumerate(query.ids)
        ]  # fmt: skip
        kinds = {"seed": int, "round": int, "place": int, "id": str, "score": float, "text": str}
        return Table.of(rows, kinds | {"answer": object})

    @python_messages()
    def labels(self, seed: int | None = None) -> Table:
        """What `tui-al export` writes: id, text, answer, annotator, status. Of a simulation one
        run's, the first by default. The session's history says so, as of an export, once for each
        amount of labels; a warning, where it cannot.

        Raises:
            SessionError: nothing is labelled yet.
        """
        with Session(self.directory) as session:
            found = labels_of(session, seed=seed).annotations
        examples = len({one.id for one in found})
        detail = f"to Python: annotations: {len(found):,}, examples: {examples:,}"
        if told := note_action(self.directory, "exported", detail, again=False):
            warnings.warn(told, stacklevel=2)
        rows = [
            {"id": one.id, "text": one.text, "answer": one.answer, "annotator": one.annotator,
             "status": one.status.value}
            for one in found
        ]  # fmt: skip
        kinds = {"id": str, "text": str, "answer": object, "annotator": str, "status": str}
        return Table.of(rows, kinds)

    def answers(self, seed: int) -> dict[str, Answer]:
        """Of a simulation's run, the oracle's answers by id. Raises as `curve`."""
        (run,) = self._runs(seed)
        return dict(run.labelled)

    def __repr__(self) -> str:
        state = self.state
        rounds = [run.last_round for run in state.runs.values()]
        return (
            f"<Run {self.name}: {state.status}, {len(rounds)} seeds, rounds 0 to "
            f"{max(rounds, default=-1)}>"
        )

    def _runs(self, seed: int | None) -> list[RunState]:
        runs = self.state.runs
        if seed is None:
            return list(runs.values())
        if seed not in runs:
            raise ConfigError(
                f"Session {self.name} has no run with seed {seed!r}.",
                f"It has {', '.join(map(str, runs)) or 'none'}.",
            )
        return [runs[seed]]

    def _texts(self) -> dict[str, str]:
        with Session(self.directory) as session:
            return {one.id: one.text for one in session.dataset().train}


@python_messages()
def open_session(name: str | Path, home: str | Path | None = None) -> Run:
    """A session that is there, to be read: of a simulation or labelled by people, finished or at
    work.

    Args:
        name: its name, or the path to its directory.
        home: the directory of all sessions; by default $TUI_AL_HOME or the user's data directory.

    Raises:
        ConfigError: `name` is neither.
        SessionError: there is none of this name, or it cannot be read.
    """
    if not isinstance(name, str | Path):
        raise ConfigError(f"name = {name!r:.60} is not a name or a path.", "Give either.")
    with Session.open(home_directory(None if home is None else Path(home)), str(name)) as session:
        return Run(session.directory)
