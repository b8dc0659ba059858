"""Keys that are kept back while it is not known yet which sample they are for."""

from collections.abc import Callable

from textual.events import Key
from textual.widget import Widget

from tui_al.ui.screens.base import TuiScreen


class HeldKeys:
    """From `hold` to `let_go` the `screen` has no focus, and hands every key to `keep`; then `area`
    has the focus again, and the keys count."""

    def __init__(self, screen: TuiScreen, area: Callable[[], Widget]) -> None:
        self._screen, self._area = screen, area
        self._held: list[Key] | None = None

    @property
    def are_held(self) -> bool:
        """Whether keys are kept back now."""
        return self._held is not None

    def hold(self) -> None:
        """From now on keys are for the sample that comes."""
        if self._held is None:
            self._held = []
            self._screen.set_focus(None)

    def keep(self, event: Key) -> None:
        """Keep a key, if keys are kept back now."""
        if self._held is not None:
            event.stop()
            self._held.append(event)

    def let_go(self, *, drop: bool = False) -> None:
        """The sample is here: the keys count; or they are dropped, since things went otherwise than
        who typed them thought."""
        held, self._held = self._held, None
        if held is None:
            return
        self._screen.set_focus(self._area())  # at once: a key may be on its way here
        if not drop:
            self._screen.tui.typing.first(held)
