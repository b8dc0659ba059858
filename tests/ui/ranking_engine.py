"""A light engine for people: `python -m tests.ui.ranking_engine SESSION`. Ranks the pool anew when
a batch is full; trains nothing.

It knows the gold answers (`gold.json` in the session), and suggests the right label for four texts
in five."""

import json
import random
import sys
import time
from pathlib import Path
from typing import Any

from tui_al.core.annotation.label_state import LabelState
from tui_al.core.session import events as ev
from tui_al.store.decisions import DecisionLog
from tui_al.store.session import Session


def main() -> None:
    """Work until killed."""
    directory = Path(sys.argv[1])
    gold: dict[str, str] = json.loads((directory / "gold.json").read_text())
    with Session(directory) as session, session.engine_lock(), DecisionLog(directory) as log:
        state = session.state()
        assert state.config is not None
        seed, batch = state.config.seeds[0], state.config.loop.batch.of(len(gold))
        session.append(ev.EngineStarted(1, "box", "cpu", bool(state.engine), {}))
        ranked = state.runs[seed].ranked
        label_state = LabelState(state.labels)
        while True:
            label_state.apply(log.read(after=label_state.seq))
            closed = {i for i, s in label_state.label_statuses() if s.answer is not None}
            if ranked is None or len(closed) - ranked.answered >= batch:
                round_ = 0 if ranked is None else ranked.round + 1
                rows = _rows(gold, closed, state.labels, round_)
                log.publish("ranking", round_, {"rows": rows, "labels": len(closed)})
                ranked = ev.RankingPublished(
                    seed, round_, "lc", len(closed), len(closed), len(rows), len(rows)
                )
                session.append(ranked)
            time.sleep(0.02)


def _rows(
    gold: dict[str, str], closed: set[str], labels: tuple[str, ...], round_: int
) -> list[dict[str, Any]]:
    chance = random.Random(round_)
    rows: list[dict[str, Any]] = []
    for identity in chance.sample(sorted(gold), len(gold)):
        if identity in closed:
            continue
        others = [name for name in labels if name != gold[identity]]
        first, second = chance.sample(others, 2)
        if chance.random() < 0.8:
            first = gold[identity]
        row: dict[str, Any] = {"id": identity}
        if chance.random() < 0.1:
            row["audit"] = True
        elif round_:
            row |= {"score": 0.4, "percentile": 0.9, "top": [[first, 0.6], [second, 0.2]]}
        rows.append(row)
    return rows


if __name__ == "__main__":
    main()
