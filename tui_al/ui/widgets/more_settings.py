"""The folded part of the set-up: what has a good default and is seldom changed."""

from collections.abc import Iterable, Mapping

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Label, Static

from tui_al.ui.setup_form import ROLES, choices_of, folded, title_of
from tui_al.ui.widgets.fields import FormRow, PickField, TextField


def field_widget(field: str, values: Mapping[str, str], placeholder: str = "") -> Widget:
    """The widget for a field: picked where the answers are fixed, else typed."""
    if choices_of(field):
        return PickField(values[field], field=field)
    return TextField(values[field], field=field, placeholder=placeholder)


class MoreSettings(Vertical):
    """Hyperparameters side by side for both models, then the loop's and the data's fine points."""

    DEFAULT_CSS = """
    MoreSettings { height: auto; }
    MoreSettings .heads { text-style: bold; color: $text-muted; }
    MoreSettings .cell { width: 18; margin-right: 1; }
    MoreSettings .long { width: 1fr; max-width: 50; }
    MoreSettings .section { margin-top: 1; text-style: bold; color: $text-muted; height: 1; }
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__(id="more")
        self._values = values

    def compose(self) -> ComposeResult:
        """Three parts."""
        yield self._line(title_of("preset"), ["preset"], "long")
        yield Horizontal(
            Label("", classes="name"),
            *(Static(role, classes="cell heads") for role in ROLES),
            classes="line",
        )
        for both in zip(*(folded(role) for role in ROLES), strict=True):
            yield self._line(title_of(both[0]), both)
        for title, part in (("loop", ""), ("data; what is left empty is guessed", "data")):
            yield Static(title, classes="section")
            for field in folded(part):
                yield self._line(title_of(field), [field], "long")

    def _line(self, title: str, fields: Iterable[str], classes: str = "cell") -> FormRow:
        widgets = [field_widget(field, self._values) for field in fields]
        for widget in widgets:
            widget.add_class(classes)
        return FormRow(Horizontal(Label(title, classes="name"), *widgets, classes="line"))
