"""Setting up a session: a form that already has an answer."""

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Button, Input, Label, Static

from tui_al.core.data.examples import Task
from tui_al.core.data.preview import Preview
from tui_al.core.settings.experiment import ExperimentConfig
from tui_al.core.settings.model_catalog import BAG_OF_WORDS
from tui_al.core.settings.presets import sample_experiment
from tui_al.errors import DataError, TuiAlError
from tui_al.host import estimate, process
from tui_al.ui import setup_form
from tui_al.ui.escape import safe
from tui_al.ui.field_options import offer
from tui_al.ui.jobs import JobDone, Jobs
from tui_al.ui.keys import bindings
from tui_al.ui.run_summary import (
    labelling_plan,
    learner_note,
    oracle_note,
    plan_text,
    strategy_note,
)
from tui_al.ui.screens.base import WIDE, TuiScreen
from tui_al.ui.screens.dialogs import TextDialog
from tui_al.ui.screens.select_dialog import PickDialog
from tui_al.ui.start_session import Launched, launch
from tui_al.ui.widgets.data_preview import DataPreview, whole_preview
from tui_al.ui.widgets.fields import FormRow, PickField, TextField
from tui_al.ui.widgets.key_bar import KeyBar
from tui_al.ui.widgets.more_settings import MoreSettings

#: Seconds of quiet after a key press before the data is read, or the time estimated, anew.
_QUIET = 0.3


class _Form(VerticalScroll, inherit_bindings=False, can_focus=False):
    """Scrolls with the focus; the arrows go from field to field."""


class SetupScreen(TuiScreen):
    """Everything has an answer when it opens: Enter starts the sample experiment, or `initial`."""

    KEYS_OF = "setup"
    BINDINGS = bindings("setup")
    AUTO_FOCUS = "#start"
    CSS_PATH = "setup.tcss"
    #: As everywhere, but below so many columns the row of amounts takes two lines.
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (60, "-slim"), (78, "-medium"), (WIDE, "-wide")]  # noqa: RUF012

    def __init__(self, initial: ExperimentConfig | None = None) -> None:
        super().__init__()
        self._values = setup_form.values_of(initial or sample_experiment())
        self._config: ExperimentConfig | None = None
        self._preview: Preview | None = None
        self._estimate: estimate.Estimate | None = None
        self._read_data: object = None
        #: What the engine refused, by field: until that field, or another of its section, is
        #: changed.
        self._refused: dict[str, str] = {}
        self._wrong: dict[str, str] = {}
        self._starting = False
        self._jobs = Jobs(self)
        self._quiet: Timer | None = None

    def compose(self) -> ComposeResult:
        """What, with what, how much; then the rest, folded; then what will happen."""
        values = self._values
        yield Static("New session", classes="title-row")
        with _Form(id="form"):
            yield FormRow(_line("data", PickField(values["data.source"], field="data.source")))
            yield DataPreview()
            for role in setup_form.ROLES:
                model = PickField(values[f"{role}.model"], field=f"{role}.model")
                tuning = PickField(values[f"{role}.tuning"], field=f"{role}.tuning")
                note = Static(classes="note", id=f"{role}-note")
                yield FormRow(
                    _line(role, model.add_class("model"), tuning.add_class("tuning"), note)
                )
            picked = PickField(values["strategy"], field="strategy")
            picked.id = "strategy"
            yield FormRow(_line("strategy", picked, Static(classes="note", id="strategy-note")))
            oracle = PickField(values["oracle"], field="oracle")
            oracle.id = "oracle"
            yield FormRow(_line("oracle", oracle, Static(classes="note", id="oracle-note")))
            yield FormRow(
                _line(
                    "labels",
                    TextField(
                        values["data.labels"],
                        field="data.labels",
                        placeholder="the data's own, or names with commas between; more can come",
                    ),
                    Label("task", classes="word"),
                    PickField(values["data.task"], field="data.task").add_class("tuning"),
                ),
                id="labels",
            )
            yield self._amounts()
            yield Button(_fold_label(False), id="fold", compact=True)
        with Horizontal(id="foot"):
            yield Static(id="plan")
            yield Button("[ Start ]" if self.tui.ascii else " Start ⏎ ", id="start", compact=True)
        yield KeyBar(self.KEYS_OF)

    def _amounts(self) -> FormRow:
        widgets: list[Widget] = [Label("start with", classes="name")]
        for field, word in (
            ("seed_size", ""),
            ("batch", "batch"),
            ("rounds", "rounds"),
            ("seeds", "seeds"),
        ):
            if word:
                widgets.append(Label(word, classes="word"))
            widgets.append(TextField(self._values[field], field=field).add_class("number"))
        return FormRow(Horizontal(*widgets, classes="line", id="amounts"))

    def on_mount(self) -> None:
        """Read the data of the first answer at once."""
        self._check()
        self._read_anew()

    # What the person does

    @on(PickField.Asked)
    def choose(self, event: PickField.Asked) -> None:
        """Open the list for a field."""
        field = event.field
        found = offer(field.field, self._data_task())

        def chosen(value: str | None) -> None:
            if value is not None:
                field.value = value
                self._changed(field.field, value)

        self.app.push_screen(
            PickDialog(found.title, found.chooser, field.value, typed=event.typed, free=found.free),
            chosen,
        )

    @on(Input.Changed)
    def typed(self, event: Input.Changed) -> None:
        """Every letter counts at once; reading and estimating wait for a moment of quiet."""
        field = getattr(event.input, "field", "")
        if field and self._values.get(field) != event.value:
            self._changed(field, event.value)

    @on(Input.Submitted)
    def submitted(self) -> None:
        """Enter in a field goes on to the next."""
        self.focus_next()

    @on(Button.Pressed, "#start")
    async def start_pressed(self) -> None:
        """As F2."""
        await self.action_start()

    @on(Button.Pressed, "#fold")
    async def fold_pressed(self) -> None:
        """As F3."""
        await self.action_more()

    def action_next(self) -> None:
        """Down."""
        self.focus_next()

    def action_previous(self) -> None:
        """Up."""
        self.focus_previous()

    async def action_more(self) -> None:
        """Unfold the rest, or fold it away. It is made when it is first asked for: it has more
        fields than all else."""
        is_open = self.toggle_class("-more").has_class("-more")
        self.query_one("#fold", Button).label = _fold_label(is_open)
        if is_open and not self.query(MoreSettings):
            await self.query_one("#form").mount(MoreSettings(self._values))
            self._check()
        self._show_wrong()
        if is_open:
            self.query_one(MoreSettings).query(PickField).first().focus()
        else:
            self.query_one("#fold").focus()

    def action_rows(self) -> None:
        """Rows of the data, or why there are none."""
        if self._preview is not None:
            title = self._preview.name or "Data"
            self.app.push_screen(TextDialog(title, whole_preview(self._preview)))
        else:
            why = (message for field, message in self._wrong.items() if field.startswith("data."))
            self.tui.say(next(why, "The data is still being read."))

    async def action_start(self) -> None:
        """Create the session and its engine; mistakes are shown at their fields first."""
        self._check()
        if self._starting:
            self.tui.say("It is being started.")
        elif self._config is None or self._wrong:
            await self._show_first_mistake()
        else:
            self._starting = True
            self._show_plan()
            config, name = self._config, self._values["name"].strip() or None
            self._jobs.start("launch", lambda: launch(self.tui.home, config, name))

    # What follows from it

    def _changed(self, field: str, value: str) -> None:
        self._values[field] = value
        role, _, name = field.rpartition(".")
        if name == "model" and value == BAG_OF_WORDS:
            self._fill({f"{role}.tuning": "head"})  # the only one that fits it
        if name in ("model", "tuning"):
            self._fill(setup_form.defaults_for(role, self._values))
        elif name == "preset":
            for one in setup_form.ROLES:
                self._fill(setup_form.defaults_for(one, self._values))
        elif name == "oracle":
            self._fill(setup_form.values_for(value, self._values))
        elif (
            name == "seeds" and value.strip().isdigit() and 0 < int(value) <= setup_form.MOST_SEEDS
        ):
            self._fill({"seed_values": setup_form.seed_values(int(value))})
        elif name == "seed_values":
            self._fill({"seeds": str(len(value.replace(",", " ").split()))})
        self._refused = {
            refused: message
            for refused, message in self._refused.items()
            if refused.rpartition(".")[0] != role and refused != "name"  # that hangs on all others
        }
        self._check()
        self._wait_for_quiet()

    def _fill(self, values: dict[str, str]) -> None:
        """Set fields that follow from another one."""
        self._values |= values
        for widget in self.query("PickField, TextField"):
            field = _field(widget)
            if field in values:
                widget.value = values[field]  # type: ignore[attr-defined]

    def _wait_for_quiet(self) -> None:
        if self._quiet is not None:
            self._quiet.stop()
        self._quiet = self.set_timer(_QUIET, self._read_anew)

    def _data_task(self) -> Task | None:
        return self._preview.task if self._preview else None

    def _check(self) -> None:
        """Read the form; show mistakes at their fields, and the notes that go with the answers."""
        self._config, wrong = setup_form.read(self._values, self._data_task())
        for field, message in self._refused.items():
            wrong.setdefault(field, message)
        found = self._preview
        if found and self._values["oracle"] != "person" and found.unlabelled == found.train:
            wrong["oracle"] = "The data has no labels that could answer: choose person to label it."
        self.set_class(self._values["oracle"] == "person", "-person")
        self._wrong = wrong
        self._show_wrong()
        self._show_notes()
        self._show_plan()

    def _show_wrong(self) -> None:
        """Each message at its field; of a field that is folded away, at the one in sight that it
        goes with."""
        in_sight = {_field(widget) for widget in self._in_sight()}
        shown: dict[str, dict[str, str]] = {}
        for field, message in self._wrong.items():
            section = field.rpartition(".")[0]
            beside = {"data": "data.source", **{r: f"{r}.model" for r in setup_form.ROLES}}
            at = field if field in in_sight else beside.get(section, field)
            shown.setdefault(at, {})[field] = message
        for row in self.query(FormRow):
            own = [_field(w) for w in row.query("PickField, TextField")]
            row.show_wrong({at: "\n✗ ".join(shown[at].values()) for at in own if at in shown})

    def _read_anew(self) -> None:
        """Start reading the data if that part changed, else estimating."""
        data, _ = setup_form.read_data(self._values)
        if data is None:
            self._forget_data("")
        elif data != self._read_data:
            self._read_data = data
            self._forget_data(f"reading {self._values['data.source']} …")
            self._jobs.start("preview", lambda: process.preview(data))
        else:
            self._estimate_anew()

    def _forget_data(self, waiting: str) -> None:
        self._jobs.forget("preview")
        self._preview = self._estimate = None
        self.query_one(DataPreview).show_preview(None, waiting)

    def _estimate_anew(self) -> None:
        config, preview = self._config, self._preview
        if config is not None and preview is not None:
            home = self.tui.home
            self._jobs.start("estimate", lambda: estimate.estimate(config, preview, home))

    @on(JobDone)
    async def job_done(self, done: JobDone) -> None:
        """A preview, an estimate or a launch came back."""
        if not self._jobs.is_last(done):
            return
        try:
            result = done.result()
        except TuiAlError as error:
            await self._failed(done.job, error)
        else:
            if done.job == "preview":
                self._preview = result
                self.query_one(DataPreview).show_preview(result)
                self._check()
                self._estimate_anew()
            elif done.job == "estimate":
                self._estimate = result
                self._show_plan()
            else:
                self._launched(result)

    async def _failed(self, job: str, error: TuiAlError) -> None:
        """What is refused stands at its field; what is about no field, in a dialog."""
        about_data = job == "preview" or isinstance(error, DataError)
        field = error.setting or ("data.source" if about_data else "")
        if field in self._values and job != "estimate":
            self._refused[field] = str(error).replace("\n", " ")
            if field.startswith("data."):
                self._preview = None
                self.query_one(DataPreview).show_preview(None)
        elif job == "launch":
            self.tui.show_error(error)
        if job == "launch":
            self._starting = False
        self._check()
        if job == "launch" and field in self._values:
            await self._show_first_mistake()

    def _launched(self, launched: Launched) -> None:
        if launched.existed:
            self.tui.say(f"This experiment is there already: session {launched.directory.name}.")
        self.tui.open_session(launched.directory)

    async def _show_first_mistake(self) -> None:
        in_sight = self._in_sight()
        if not any(_field(widget) in self._wrong for widget in in_sight):
            if not self.has_class("-more"):
                await self.action_more()
            in_sight = self._in_sight()
        for widget in in_sight:
            if _field(widget) in self._wrong:
                widget.focus(scroll_visible=False)
                row = next(a for a in widget.ancestors if isinstance(a, FormRow))
                self.call_after_refresh(row.scroll_visible, animate=False, top=True)
                return

    def _in_sight(self) -> list[Widget]:
        """The fields that are not folded away."""
        fields = self.query("PickField, TextField")
        if self.has_class("-more"):
            return list(fields)
        return [w for w in fields if not any(isinstance(a, MoreSettings) for a in w.ancestors)]

    def _show_notes(self) -> None:
        for role in setup_form.ROLES:
            self.query_one(f"#{role}-note", Static).update(safe(learner_note(role, self._values)))
        self.query_one("#oracle-note", Static).update(oracle_note(self._values["oracle"]))
        note = strategy_note(self._values["strategy"])
        self.query_one("#strategy-note", Static).update(safe(note))

    def _show_plan(self) -> None:
        self.query_one("#plan", Static).update(safe(self._plan()))

    def _plan(self) -> str:
        if self._starting:
            return "Starting: the data is copied into the session …"
        if self._wrong:
            count = len(self._wrong)
            return f"✗ {count} {'field needs' if count == 1 else 'fields need'} another look"
        if self._estimate is None:
            return "Estimating …" if self._preview else ""
        if self._values["oracle"] == "person" and self._config:
            return labelling_plan(self._config, self._estimate)
        return plan_text(self._estimate)


def _line(title: str, *widgets: Widget) -> Horizontal:
    return Horizontal(Label(title, classes="name"), *widgets, classes="line")


def _field(widget: Widget) -> str:
    return getattr(widget, "field", "")


def _fold_label(is_open: bool) -> str:
    return f"{'▾ less' if is_open else '▸ more'} (F3): rates, epochs, columns, limits, device"
