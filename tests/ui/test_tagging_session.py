"""A whole tagging session on sample data: what is stored after keys alone is the gold standard,
entity by entity."""

from functools import partial
from pathlib import Path

import pytest

from tests.ui.driving import drive, until
from tests.ui.labelling import LabellingSession, labelling_session, people
from tests.ui.typists import keys_for
from tui_al.core.data.examples import Dataset, Example, Task, example_ids
from tui_al.core.data.offsets import CharSpan, tags_to_spans
from tui_al.ui.app import TuiAl
from tui_al.ui.screens.label import LabelScreen
from tui_al.ui.widgets.span_editor import SpanEditor

EVENTS = Path(__file__).parents[2] / "sample_data" / "events" / "test.conll"
SENTENCES = 25


def sentences() -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Tokens and gold tags."""
    blocks = EVENTS.read_text(encoding="utf-8").strip().split("\n\n")[:SENTENCES]
    rows = [[line.split() for line in block.splitlines()] for block in blocks]
    return [(tuple(r[0] for r in one), tuple(r[1] for r in one)) for one in rows]


def shifted(
    gold: tuple[CharSpan, ...], kinds: tuple[str, ...]
) -> list[tuple[int, int, str, float]]:
    """A model that has every other type wrong."""
    return [
        (a, b, kinds[(kinds.index(kind) + n) % len(kinds)] if n % 2 else kind, 0.5)
        for n, (a, b, kind) in enumerate(gold)
    ]


def shows(screen: LabelScreen, identity: str) -> bool:
    return screen.item is not None and screen.item.id == identity


def has_records(session: LabellingSession, least: int) -> bool:
    return len(session.records()) >= least


@pytest.mark.slow
async def test_a_tagging_session_by_keys_stores_the_gold_entities(home: Path) -> None:
    rows = sentences()
    texts = [" ".join(tokens) for tokens, _ in rows]
    gold = {
        identity: tags_to_spans(text, tokens, tags)
        for identity, text, (tokens, tags) in zip(example_ids(texts), texts, rows, strict=True)
    }
    kinds = tuple(sorted({kind for spans in gold.values() for *_, kind in spans}))
    examples = tuple(
        Example(identity, text, None, tokens)
        for identity, text, (tokens, _) in zip(gold, texts, rows, strict=True)
    )
    data = Dataset("events", Task.TAGGING, kinds, examples, ())
    session = labelling_session(home, "events-anna", experiment=people("10"), data=data)
    session.rank(1, top={i: shifted(spans, kinds) for i, spans in gold.items()})
    async with drive(TuiAl(home, session.directory, annotator="anna")) as pilot:
        await until(pilot, lambda: isinstance(pilot.app.screen, LabelScreen))
        screen = pilot.app.screen
        assert isinstance(screen, LabelScreen)
        for number, identity in enumerate(session.ids, start=1):
            await until(pilot, partial(shows, screen, identity))
            editor = screen.query_one(SpanEditor)
            for key in keys_for(editor.state, gold[identity], kinds):
                pilot.app.simulate_key(key)
            await until(pilot, partial(has_records, session, number))
    assert sum(len(spans) for spans in gold.values()) > SENTENCES
    assert session.answers() == gold
