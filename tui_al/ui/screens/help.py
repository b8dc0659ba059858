"""The help: what each key does, from the one table."""

from collections.abc import Mapping, Sequence

from textual.content import Content

from tui_al.ui.keys import SCREENS, display, keys_of
from tui_al.ui.screens.dialogs import TextDialog
from tui_al.ui.widgets.lines_view import LinesView

#: The column that the sentences begin in.
_TEXT = 9


class HelpScreen(TextDialog):
    """The keys of a screen and of what has the focus on it, then those that work everywhere.

    What is beneath is not seen through it, since tinting all of that takes longer than the help
    itself."""

    DEFAULT_CSS = "HelpScreen { background: $background; }"

    def __init__(self, screens: Sequence[str], own: Mapping[str, str]) -> None:
        super().__init__("Help", help_text(screens, own), hang=_TEXT)

    def on_screen_resume(self) -> None:
        """From the beginning again."""
        self.query_one(LinesView).scroll_home(animate=False)


def help_text(screens: Sequence[str], own: Mapping[str, str]) -> Content:
    """The table's rows for `screens` and for the app; `own` are the person's keys."""
    lines: list[Content] = []
    for name in (*screens, "app"):
        keys = keys_of(name, own)
        if not keys:
            continue
        lines += [Content.styled(SCREENS[name], "bold")]
        for key in keys:
            shown = _shown(key.keys.split(","))
            lines.append(
                Content.assemble("  ", (f"{shown:<{_TEXT - 2}}", "bold $text-accent"), key.help)
            )
        lines.append(Content(""))
    return Content("\n").join(lines)


def _shown(keys: Sequence[str]) -> str:
    """The keys as they are written on the keyboard; of many digits the first and the last."""
    if len(keys) > 2 and all(map(str.isdigit, keys)):
        return f"{keys[0]} … {keys[-1]}"
    return " ".join(map(display, keys))
