"""The folded part of the set-up: what has a good default and is seldom changed."""

from collections.abc import Iterable, Mapping

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Label, Static

from tui_al.ui.setup_form import DATA_SETTINGS, LEARNER_SETTINGS, ROLES
from tui_al.ui.widgets.fields import FormRow, PickField, TextField

#: Fields with a fixed set of answers.
PICKED: Mapping[str, tuple[tuple[str, str], ...]] = {
    "preset": (
        ("default", "good settings for each model and tuning"),
        ("paper", "the paper's: rate 2e-5, adapters 1e-4, batch 16, 15 epochs, no dropout"),
    ),
    "oracle": (
        ("simulated", "the data set's own labels answer: an experiment"),
        ("person", "you label, here in the terminal, while the models learn"),
    ),
    "task": (
        ("guessed", "by what the data holds"),
        ("classification", "one label a text"),
        ("tagging", "entities: labelled spans of words"),
    ),
    "schedule": (("linear", "the rate falls to nothing"), ("constant", "the rate stays")),
    "start": (
        ("cold", "the pretrained weights, as in the paper"),
        ("warm", "the weights of the round before"),
    ),
    "precision": (
        ("fp32", "plain"),
        ("bf16", "quicker where the hardware has it, a little coarser"),
        ("auto", "bf16 where the hardware has it, else fp32"),
    ),
    "pooling": (
        ("first", "the first token: the stock head of transformers"),
        ("mean", "the mean of all tokens, as sentence encoders are trained"),
        ("auto", "what the model's files say"),
    ),
    "budget_unit": (("examples", "a batch counts examples"), ("tokens", "a batch counts words")),
    "save_models": (("yes", "keep each run's last successor"), ("no", "keep no model")),
    "device": (("auto", "the first free GPU, else the CPU"), ("cpu", "the CPU"), ("cuda", "the first GPU"), ("mps", "Apple's GPU")),
}  # fmt: skip

#: The rest of the loop's fields.
_LOOP = {
    "name": "session name",
    "seed_values": "seeds",
    "label_noise": "wrong answers",
    "audit_share": "people: random part",
    "overlap": "people: done twice",
    "budget_unit": "budget in",
    "mc_passes": "bald: passes",
    "mc_dropout": "bald: dropout",
    "gauge": "mismatch gauge",
    "device": "device",
    "save_models": "keep models",
}


def field_widget(field: str, values: Mapping[str, str], placeholder: str = "") -> Widget:
    """The widget for a field: picked where the answers are fixed, else typed."""
    if field.rpartition(".")[2] in PICKED:
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
        yield self._line("settings", ["preset"], "long")
        yield Horizontal(
            Label("", classes="name"),
            *(Static(role, classes="cell heads") for role in ROLES),
            classes="line",
        )
        for name, title in LEARNER_SETTINGS.items():
            yield self._line(title, [f"{role}.{name}" for role in ROLES])
        yield Static("loop", classes="section")
        for name, title in _LOOP.items():
            yield self._line(title, [name], "long")
        yield Static("data; what is left empty is guessed", classes="section")
        for name, title in DATA_SETTINGS.items():
            yield self._line(title, [f"data.{name}"], "long")

    def _line(self, title: str, fields: Iterable[str], classes: str = "cell") -> FormRow:
        widgets = [field_widget(field, self._values) for field in fields]
        for widget in widgets:
            widget.add_class(classes)
        return FormRow(Horizontal(Label(title, classes="name"), *widgets, classes="line"))
