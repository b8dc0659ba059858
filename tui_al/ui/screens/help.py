"""The help: what each key does, from the one table."""

from collections.abc import Mapping

from textual.content import Content

from tui_al.ui.keys import SCREENS, display, keys_of
from tui_al.ui.screens.dialogs import TextDialog


class HelpScreen(TextDialog):
    """The keys of a screen, then those that work everywhere."""

    def __init__(self, screen: str, own: Mapping[str, str]) -> None:
        super().__init__("Help", help_text(screen, own))


def help_text(screen: str, own: Mapping[str, str]) -> Content:
    """The table's rows for `screen` and for the app; `own` are the person's keys."""
    lines: list[Content] = []
    for name in (screen, "app"):
        keys = keys_of(name, own)
        if not keys:
            continue
        lines += [Content.styled(SCREENS[name], "bold")]
        for key in keys:
            shown = " ".join(display(one) for one in key.keys.split(","))
            lines.append(Content.assemble("  ", (f"{shown:<7}", "bold $text-accent"), key.help))
        lines.append(Content(""))
    return Content("\n").join(lines)
