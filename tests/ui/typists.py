"""People who know the gold answers and give them by keys: in an app that is driven headless, and at
a real terminal."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from textual.pilot import Pilot

from tests.ui.annotator import bar_of, shown_text, words
from tests.ui.driving import shown, until
from tests.ui.samples import names_in
from tests.ui.terminals import Tmux
from tests.ui.terminals import until as seen
from tui_al.core.annotation.decisions import UserAnswer
from tui_al.core.annotation.span_editing import Editing
from tui_al.core.data.offsets import CharSpan
from tui_al.core.data.word_split import split_words
from tui_al.store.samples import Sample
from tui_al.ui.screens.find_label import FindLabel
from tui_al.ui.screens.label import LabelScreen
from tui_al.ui.widgets.label_keys import LabelKeys
from tui_al.ui.widgets.span_editor import SpanEditor


def keys_for(state: Editing, gold: tuple[CharSpan, ...], kinds: tuple[str, ...]) -> list[str]:
    """What a person presses: wrong proposals are deleted, missing entities marked, the rest is
    accepted."""
    keys: list[str] = []
    for mark in state.marks:
        if state.span_of(mark) not in gold:
            keys += ["home", *["right"] * mark.first, "x"]
    right = set(state.spans) & set(gold)
    for start, end, kind in gold:
        if (start, end, kind) in right:
            continue
        first = next(i for i, (a, _) in enumerate(state.offsets) if a == start)
        last = next(i for i, (_, b) in enumerate(state.offsets) if b == end)
        select = ["v", *["right"] * (last - first)] if last > first else []
        keys += ["home", *["right"] * first, *select, str(kinds.index(kind) + 1)]
    return [*keys, "enter"]


def ways_to_type(name: str) -> tuple[str, str]:
    """A name from its beginning; and the initials of its words, then on with the last word."""
    parts = [part for part in re.split(r"[^a-z0-9]+", name.lower()) if part]
    return name, "".join(part[0] for part in parts) + parts[-1][1:]


class PilotTypist:
    """Sits at the label screen of an app under test. `keys` counts what was pressed, but for adding
    labels."""

    def __init__(self, pilot: Pilot[Any], gold: Mapping[str, UserAnswer]) -> None:
        self.pilot, self.gold = pilot, gold
        self.keys = 0
        self.answers: list[tuple[str, UserAnswer]] = []  #: text and answer, in order
        self.taken = 0  #: answers that were the model's, accepted as they were
        self.how = ""  #: the last class was given: "suggestion", "digit" or "name"
        self.corrected = (
            0  #: classes that the model had wrong; entities too, or marked where there are none
        )

    @property
    def label_screen(self) -> LabelScreen:
        """The label screen, whatever lies on it."""
        return next(s for s in self.pilot.app.screen_stack if isinstance(s, LabelScreen))

    @property
    def item(self) -> Sample | None:
        """The sample before the person."""
        screens = [s for s in self.pilot.app.screen_stack if isinstance(s, LabelScreen)]
        return screens[0].item if screens else None

    def shows(self, text: str) -> bool:
        """Whether it is painted."""
        return text in shown(self.pilot.app)

    async def until(self, condition: Callable[[], object], seconds: float = 60) -> None:
        """Wait for it."""
        await until(self.pilot, condition, seconds)

    async def press(self, *keys: str) -> None:
        """Keys that count."""
        self.keys += len(keys)
        await self.pilot.press(*keys)

    async def answer(self) -> None:
        """The next sample."""
        await self.until(lambda: self.item is not None)
        item = self.item
        assert item is not None
        given = self.gold[item.example.text]
        for name in names_in(given):
            if name not in self.label_screen.annotation_state.labels and not isinstance(given, str):
                await self.add(name)
        await (self._classify(given) if isinstance(given, str) else self._mark(given))
        await self.until(lambda: self.item is None or self.item.id != item.id)
        self.answers.append((item.example.text, given))

    async def add(self, name: str) -> None:
        """A label, on the screen for that."""
        await self.pilot.press("l", "a", *name, "enter")
        await self.until(lambda: name in self.label_screen.annotation_state.labels)
        await self.pilot.press("escape")
        await self.until(lambda: self.pilot.app.screen is self.label_screen)

    async def _classify(self, label: str) -> None:
        area = self.label_screen.area
        assert isinstance(area, LabelKeys)
        item = self.item
        if item is not None and item.top and item.top[0][0] == label:
            self.taken += 1
            self.how = "suggestion"
            await self.press("enter")
            return
        self.corrected += item is not None and bool(item.top)
        key = next((choice.key for choice in area.choices if choice.label == label), None)
        self.how = "name" if key is None else "digit"
        await (self.find(label) if key is None else self.press(key))

    async def find(self, label: str) -> None:
        """By name: as few letters as needed; all of a name that is new."""
        await self.press("slash")
        await self.until(lambda: isinstance(self.pilot.app.screen, FindLabel))
        dialog = self.pilot.app.screen
        assert isinstance(dialog, FindLabel)
        if label in self.label_screen.annotation_state.labels:
            await self.press(*self._letters(dialog, label))
        else:
            await self.pilot.press(*label)
        await self.until(lambda: label in [row.label for row in dialog.rows])
        place = [row.label for row in dialog.rows].index(label)
        await self.press(*["down"] * place, "enter")
        await self.until(lambda: self.pilot.app.screen is self.label_screen)

    def _letters(self, dialog: FindLabel, label: str) -> str:
        tries = [way[:n] for way in ways_to_type(label) for n in range(len(way) + 1)]
        first = (typed for typed in tries if dialog.finder.rows(typed)[0].label == label)
        return min(first, key=len, default=label)

    async def _mark(self, gold: tuple[CharSpan, ...]) -> None:
        editor = self.label_screen.query_one(SpanEditor)
        state = editor.state
        wrong = sum(state.span_of(mark) not in gold for mark in state.marks)
        self.corrected += wrong
        self.taken += bool(state.marks) and not wrong
        keys = keys_for(state, gold, self.label_screen.annotation_state.labels)
        self.keys += len(keys)
        for key in keys:  # too many to wait after each
            self.pilot.app.simulate_key(key)


class TerminalTypist:
    """Sits at a terminal on which `tui-al label` runs; knows only what is on the screen. Blind, so
    that nothing is pre-drawn."""

    def __init__(self, tmux: Tmux, gold: Mapping[str, UserAnswer]) -> None:
        self.tmux = tmux
        self.answers: list[tuple[str, UserAnswer]] = []
        self._gold = {words(text): (text, given) for text, given in gold.items()}
        self._last = ""

    def answer(self) -> None:
        """The next sample."""
        text, given = self._sample()
        if not self.answers and not isinstance(given, str):
            self.tmux.press("b")
        self.answers.append((text, given))
        self._last = text
        if isinstance(given, str):
            self._choose(given)
            return
        offsets = split_words(text)
        for start, end, kind in given:
            first = next(i for i, (a, _) in enumerate(offsets) if a == start)
            last = next(i for i, (_, b) in enumerate(offsets) if b == end)
            self.tmux.press("Home", *["Right"] * first, "v", *["Right"] * (last - first))
            self._choose(kind)
            self.tmux.sees(f" {kind}]")
        self.tmux.press("Enter")

    def _sample(self) -> tuple[str, UserAnswer]:
        def found() -> tuple[str, UserAnswer] | None:
            screen = self.tmux.screen()
            here = self._gold.get(shown_text(screen))
            still = screen == self.tmux.screen()  # not in the middle of being painted
            return here if here and here[0] != self._last and still else None

        result: tuple[str, UserAnswer] = seen(found, 60, self.tmux.screen)
        return result

    def _choose(self, name: str) -> None:
        key = re.search(rf"(?:^|\s)(\S) {re.escape(name)}\b", bar_of(self.tmux.screen()))
        if key:
            self.tmux.press(key[1])
            return
        self.tmux.press("/")
        self.tmux.sees("Find a label")
        self.tmux.press(*name)
        new = f"+ {name} as a new label"
        rows = seen(lambda: self._rows(name, new), 10, self.tmux.screen)
        place = next(i for i, row in enumerate(rows) if row.startswith((new, f"{name} ")))
        self.tmux.press(*["Down"] * place, "Enter")

    def _rows(self, typed: str, new: str) -> list[str]:
        """Of the dialog, once it shows what was typed and the label that is meant."""
        lines = self.tmux.screen().splitlines()
        frame = next(
            (re.search("┌─ Find a label .*?┐", row) for row in lines if "┌─ Find a label" in row),
            None,
        )
        if frame is None:  # in the middle of being painted
            return []
        inside = [
            row[frame.start() : frame.end()].strip(" │")
            for row in lines
            if row[frame.start() :].startswith("│")
        ]
        if typed not in inside:
            return []
        rows = inside[inside.index(typed) + 1 :]
        return rows if any(row.startswith((new, f"{typed} ")) for row in rows) else []
