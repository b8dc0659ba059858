"""Keys in the order in which they are typed: each is done with before the next one is looked at.

Textual hands a key to whatever has the focus when it comes, not when the keys before it have been
acted on. Of "/deli" and Enter, typed faster than a dialog opens, the letters would reach the screen
beneath it, and Enter would give another label than was meant."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING

from textual.app import App, ScreenStackError
from textual.events import Key, Paste
from textual.message import Message
from textual.message_pump import MessagePump

if TYPE_CHECKING:
    from textual.screen import Screen

#: Seconds that a key may keep the next ones waiting; after that they go on, as they would without
#: this.
_LONGEST = 2.0

#: Seconds between two looks at whether a screen that has been opened has its focus.
_LOOK = 0.005


class TypingOrder:
    """`typed` for every key and paste that comes; `deal` does with one what the app always does."""

    def __init__(self, app: App[None], deal: Callable[[Key | Paste], Awaitable[None]]) -> None:
        self._app, self._deal = app, deal
        self._waiting: deque[Key | Paste] = deque()
        self._released: Key | Paste | None = None  # on its way back into the app's own queue
        self._busy: asyncio.Task[None] | None = None  # waits until the last one is done with

    async def typed(self, event: Key | Paste) -> None:
        """Deal with it now, or as soon as those before it are done with. To be called from the
        app's own queue."""
        if event is self._released:
            self._released = None
        elif not self._is_idle:
            self._waiting.append(event)
            return
        where, screen = self._app.focused or self._app.screen, self._app.screen
        await self._deal(event)
        self._busy = asyncio.create_task(self._until_done(where, screen))

    def first(self, keys: Iterable[Key]) -> None:
        """Keys that were kept back come before those that wait."""
        # from the app: they would not get further than to the screen that sent them
        kept = [Key(key.key, key.character).set_sender(self._app) for key in keys]
        self._waiting.extendleft(reversed(kept))
        if self._is_idle:
            self._release()

    @property
    def _is_idle(self) -> bool:
        """No key is being dealt with, and none is on its way."""
        return self._released is None and (self._busy is None or self._busy.done())

    def _release(self) -> None:
        if not self._waiting:
            return
        self._released = self._waiting.popleft()
        self._app.post_message(self._released)

    async def _until_done(self, where: MessagePump, screen: "Screen[object]") -> None:
        try:
            async with asyncio.timeout(_LONGEST):
                await self._passed(where)  # by all that may act on the key
                await self._passed(where)  # and what that has posted: a field, that it has changed
                if self._app.screen is not screen:
                    await self._opened(self._app.screen)
        except (TimeoutError, ScreenStackError):
            pass  # it takes too long, or the app is leaving
        finally:
            self._release()

    async def _passed(self, where: MessagePump) -> None:
        """Whatever was in the queues from there up to the app has been dealt with."""
        mark = Passed()
        if not where.post_message(mark):
            return
        while not mark.arrived.is_set() and where.is_attached and where.is_running:
            try:
                await asyncio.wait_for(mark.arrived.wait(), _LOOK)
            except TimeoutError:
                continue

    async def _opened(self, screen: "Screen[object]") -> None:
        """It is composed, and has put the focus where it wants it."""
        while screen is self._app.screen and not screen.is_mounted:
            await asyncio.sleep(_LOOK)
        for _ in range(2):
            await self._passed(screen)


class Passed(Message):
    """Goes the way that keys go, behind one; `arrived` at the app in the end."""

    def __init__(self) -> None:
        super().__init__()
        self.arrived = asyncio.Event()
