"""The bottom row: the keys of the screen, as many as fit whole, the way to the help always among
them."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from textual.content import Content
from textual.events import Click

from tui_al.ui.keys import Key, keys_of, own_keys
from tui_al.ui.widgets.message_line import MessageLine


def fitting(keys: tuple[Key, ...], last: tuple[Key, ...], width: int) -> tuple[Key, ...]:
    """The keys that fit in `width` columns: `last` are kept, of `keys` the first ones."""
    room = width + 1 - sum(_width(key) for key in last)  # the last gap may hang over
    kept = []
    for key in keys:
        room -= _width(key)
        if room < 0:
            break
        kept.append(key)
    return (*kept, *last)


def _width(key: Key) -> int:
    return len(key.shown) + 1 + len(key.label) + 2


def keys_everywhere(screen: str, own: Mapping[str, str] | None = None) -> tuple[Key, ...]:
    """The app's keys for the bar of a screen; where letters go into fields, only those that are no
    letters."""
    return tuple(
        key for key in keys_of("app", own) if key.bar and (screen != "setup" or len(key.keys) > 1)
    )


class KeyBar(MessageLine):
    """`KeyBar("run")`: never clipped, clickable. The table in `keys.py` gives it all it shows but
    the app's messages."""

    DEFAULT_CSS = """
    KeyBar { dock: bottom; background: $panel; color: $foreground; }
    """

    def __init__(self, screen: str) -> None:
        super().__init__()
        self._screen = screen
        self._labels: Mapping[str, str] = {}
        self._idle: frozenset[str] = frozenset()

    def tell(self, labels: Mapping[str, str], idle: Collection[str] = ()) -> None:
        """By action: what a key does at the moment, where it is not always the same; and those that
        can do nothing but say why."""
        if (labels, frozenset(idle)) != (self._labels, self._idle):
            self._labels, self._idle = dict(labels), frozenset(idle)
            self.refresh()

    def _fitting(self) -> tuple[Key, ...]:
        changed = own_keys(self)
        everywhere = keys_everywhere(self._screen, changed)
        of_screen = tuple(
            replace(key, label=self._labels.get(key.action, key.label))
            for key in keys_of(self._screen, changed)
            if key.bar
        )
        kept = fitting(of_screen, everywhere, self.size.width)
        if kept == everywhere:
            return fitting(everywhere[::-1], (), self.size.width)
        return kept

    def rows(self, width: int) -> list[Content]:
        """A message stands where the keys begin."""
        return [Content.assemble(" ", row) for row in super().rows(width - 2)]

    def usual(self) -> Content:
        """Key and label in turn; the key stands out by weight as well as by colour, unless it can
        do nothing now."""
        parts: list[Content | str | tuple[str, str]] = [" "]
        for key in self._fitting():
            idle = key.action in self._idle
            parts += [
                (key.shown, "$foreground-disabled" if idle else "bold $text-accent"),
                (f" {key.label}  ", "$foreground-disabled" if idle else ""),
            ]
        return Content.assemble(*parts)

    async def on_click(self, event: Click) -> None:
        """Do what the key under the mouse does."""
        if self.said is not None:
            return
        end = 1
        for key in self._fitting():
            end += _width(key)
            if event.x < end:
                await self.run_action(f"{'app' if key.screen == 'app' else 'screen'}.{key.action}")
                return
