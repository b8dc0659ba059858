"""Every key of the app, in one table: bindings, key bar, help screen and documentation are made
from it.

Plain letters and function keys only: chords with ctrl, alt or shift get lost in tmux, screen, mosh
and plain terminals. A key that cannot act at the moment says why (`TuiAl.say`) instead of doing
nothing.

A screen writes `BINDINGS = bindings("run")` and an `action_<name>` for each of its keys, `<name>`
being the id's second part."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from textual.binding import Binding, BindingType
from textual.dom import DOMNode
from textual.message_pump import MessagePump

#: Screens in the order of the help, with their titles.
SCREENS = {
    "app": "Everywhere",
    "home": "Sessions",
    "sweep": "Sweep",
    "setup": "New session",
    "run": "Run",
    "results": "Results",
    "label": "Label",
    "spans": "Entities",
    "labels": "Labels",
    "history": "History",
    "actions": "Who did what",
    "second_look": "Second look",
    "conflicts": "Conflicts",
    "docs": "Documentation",
    "dialog": "Questions",
}


@dataclass(frozen=True, slots=True)
class Key:
    """One key: `id` is "screen.action", `keys` are Textual's names, several apart by commas; the
    first one is shown."""

    id: str
    keys: str
    label: str  #: in the key bar; a word or two
    help: str  #: a sentence
    bar: bool = (
        True  #: whether the key bar shows it; the bar drops its last ones where there is no room
    )

    @property
    def screen(self) -> str:
        """Where it works; "app" is everywhere."""
        return self.id.split(".")[0]

    @property
    def action(self) -> str:
        """Name of the method, without `action_`."""
        return self.id.split(".")[1]

    @property
    def shown(self) -> str:
        """The first key as a person reads it."""
        return display(self.keys.split(",")[0])


def _key(name: str, keys: str, label: str, help_text: str, *, bar: bool = True) -> Key:
    return Key(name, keys, label, help_text, bar)


#: The most needed first: the key bar drops from the end where there is no room.
KEYS: tuple[Key, ...] = (
    _key("home.open", "enter", "open", "Open the session: watch it while it runs, see its results "
        "when it is done. Of a sweep: its arms."),
    _key("home.new", "n", "new", "Set up a new session."),
    _key("home.resume", "r", "resume", "Continue a session that was stopped, or whose engine "
        "died."),
    _key("home.stop", "s", "stop", "Stop a running session at the next safe point; nothing is "
        "lost."),
    _key("home.again", "e", "copy", "Set up a new session that starts from this one's settings."),
    _key("home.delete", "d", "delete", "Delete a session or sweep that is not running, after a "
        "question that says what is lost."),
    _key("home.actions", "h", "who did what", "Which account did what with the session, and "
        "when.", bar=False),
    _key("sweep.open", "enter", "open", "Open the arm: watch it while it runs, see its results "
        "when it is done."),
    _key("sweep.again", "e", "copy", "Set up a new session that starts from this arm's settings."),
    _key("sweep.back", "escape", "back", "Back to the sessions."),
    _key("setup.start", "f2", "start", "Start the session."),
    _key("setup.more", "f3", "more", "Show or fold away the rest: rates, epochs, columns, limits, "
        "device."),
    _key("setup.rows", "f4", "rows", "Show rows of the data, and every label with its count."),
    _key("setup.back", "escape", "back", "Back to the sessions; what was filled in is forgotten."),
    _key("setup.next", "down", "", "Go to the next field; so does tab.", bar=False),
    _key("setup.previous", "up", "", "Go to the field before; so does shift+tab.", bar=False),
    _key("run.pause", "p", "pause", "Pause the engine, or let it go on; a stopped or dead one is "
        "started again."),
    _key("run.stop", "s", "stop", "Stop at the next safe point; nothing is lost, it can be "
        "continued."),
    _key("run.overlay", "o", "curves", "Compare with the curves of other sessions."),
    _key("run.rounds", "t", "table", "Show the table of rounds in place of the curve."),
    _key("run.log", "l", "log", "Show what happened, and what the engine printed."),
    _key("run.results", "r", "results", "Show the results so far."),
    _key("run.label", "e", "samples", "Where people label: back to the samples.", bar=False),
    _key("run.finish", "f", "finish", "Where people label: train and measure on all labels there "
        "are, then end; it can go on later.", bar=False),
    _key("run.back", "escape", "back", "Back to the sessions, or to the samples; the engine keeps "
        "running."),
    _key("run.metric", "m", "metric", "Draw another metric's curve: accuracy, macro-F1, entity F1 "
        "and so on."),
    _key("results.overlay", "o", "curves", "Compare with the curves of other sessions."),
    _key("results.export", "x", "export", "Write table and curve to files."),
    _key("results.metric", "m", "metric", "Compare and draw by another metric: accuracy, "
        "macro-F1, entity F1 and so on."),
    _key("results.run", "r", "run", "Back to the run."),
    _key("results.back", "escape", "back", "Back to the sessions."),
    _key("label.answer", "1,2,3,4,5,6,7,8,9,0", "", "Answer with the label that has this "
        "key.", bar=False),
    _key("label.skip", "space", "skip", "Not now: back to the pool, asked again with a later "
        "ranking."),
    _key("label.take", "enter", "suggestion", "Take the suggestion, save it and go on.", bar=False),
    _key("label.unclear", "f", "unclear", "Flag as unclear, with a reason: kept out of training."),
    _key("label.note", "n", "note", "Write a remark on this sample."),
    _key("label.undo", "u", "undo", "Take back the last decision, as often as you like, also of "
        "earlier days."),
    _key("label.redo", "r", "redo", "Bring back what was undone last.", bar=False),
    _key("label.find", "slash", "find", "Any label by a part of its name."),
    _key("label.blind", "b", "blind", "Hide what the model thinks, or show it again."),
    _key("label.engine", "e", "run", "The engine at work: curve, rounds, log; e there comes back."),
    _key("label.search", "s", "search pool", "Search the pool for samples to label.", bar=False),
    _key("label.unfold", "o", "unfold", "Ask about near-duplicates one by one.", bar=False),
    _key("label.labels", "l", "labels", "Add, rename, merge and describe labels.", bar=False),
    _key("label.history", "h", "history", "All decisions, and back to any of their "
        "samples.", bar=False),
    _key("label.second_look", "d", "second look", "Labels that a model doubts which has not "
        "learned from them.", bar=False),
    _key("label.conflicts", "c", "conflicts", "Samples that annotators answered "
        "differently.", bar=False),
    _key("label.train", "t", "train now", "Train on the labels there are, now; starts the engine "
        "where none is at work.", bar=False),
    _key("label.text_up", "up", "", "A row up of a long text.", bar=False),
    _key("label.text_down", "down", "", "A row down of a long text.", bar=False),
    _key("label.text_page_up", "pageup", "", "A screenful up of a long text.", bar=False),
    _key("label.text_page_down", "pagedown", "", "A screenful down of a long text.", bar=False),
    _key("label.back", "escape", "sessions", "Back to the sessions.", bar=False),
    _key("spans.left", "left", "token", "The token before."),
    _key("spans.right", "right", "token", "The next token."),
    _key("spans.up", "up", "", "A row up.", bar=False),
    _key("spans.down", "down", "", "A row down.", bar=False),
    _key("spans.page_up", "pageup", "", "A screenful up.", bar=False),
    _key("spans.page_down", "pagedown", "", "A screenful down.", bar=False),
    _key("spans.first", "home", "", "The first token.", bar=False),
    _key("spans.last", "end", "", "The last token.", bar=False),
    _key("spans.word_back", "comma", "", "The beginning of this word, or of the one "
        "before.", bar=False),
    _key("spans.word", "full_stop", "", "The next word.", bar=False),
    _key("spans.entity", "tab", "entity", "The next entity; after the last the first again."),
    _key("spans.entity_back", "z", "", "The entity before.", bar=False),
    _key("spans.select", "v", "select", "Begin a selection, which moving extends; a type's key "
        "makes it an entity."),
    _key("spans.shrink_end", "left_square_bracket,minus", "", "One token less at the end of the "
        "entity.", bar=False),
    _key("spans.grow_end", "right_square_bracket,plus", "", "One token more at the end of the "
        "entity.", bar=False),
    _key("spans.grow_start", "left_curly_bracket", "", "One token more at the start of the "
        "entity.", bar=False),
    _key("spans.shrink_start", "right_curly_bracket", "", "One token less at the start of the "
        "entity.", bar=False),
    _key("spans.delete", "x", "delete", "Delete the entity under the cursor, or drop the "
        "selection."),
    _key("spans.accept", "a", "accept", "Accept the model's entity under the cursor, and go to "
        "the next; enter accepts all."),
    _key("labels.add", "a", "add", "Add a label."),
    _key("labels.rename", "r", "rename", "Give the marked label another name, in old answers too."),
    _key("labels.merge", "m", "merge", "Merge the marked label into another one."),
    _key("labels.describe", "d", "describe", "Say what the marked label is for."),
    _key("labels.undo", "u", "undo", "Take back the last change of the labels."),
    _key("labels.back", "escape", "back", "Back to labelling."),
    _key("history.open", "enter", "go back to it", "Show the sample of the marked decision, to "
        "answer it anew; escape comes back."),
    _key("history.find", "slash", "find", "Only decisions whose text, answer or note holds words; "
        "none shows all again."),
    _key("history.back", "escape", "back", "Back to labelling."),
    _key("actions.each", "e", "each", "Every decision by itself, or how many a day."),
    _key("actions.back", "escape", "back", "Back to the sessions."),
    _key("second_look.keep", "enter", "keep", "The label is right: it is confirmed, and not "
        "disputed again."),
    _key("second_look.other", "o", "other", "The model is right: take the label that it finds "
        "likeliest."),
    _key("second_look.find", "slash", "find", "Another label, by a part of its name."),
    _key("second_look.ambiguous", "a", "ambiguous", "There is no one right label: kept out of "
        "training."),
    _key("second_look.edit", "e", "edit", "Answer the sample anew on the label screen."),
    _key("second_look.later", "space", "later", "The next one; this one stays in the queue."),
    _key("second_look.text_up", "up", "", "A row up of a long text.", bar=False),
    _key("second_look.text_down", "down", "", "A row down of a long text, and of what is said "
        "about it.", bar=False),
    _key("second_look.text_page_up", "pageup", "", "A screenful up of a long text.", bar=False),
    _key("second_look.text_page_down", "pagedown", "", "A screenful down of a long "
        "text.", bar=False),
    _key("second_look.undo", "u", "undo", "Take back what was decided here last.", bar=False),
    _key("second_look.back", "escape", "back", "Back to labelling.", bar=False),
    _key("conflicts.settle", "1,2,3,4,5,6,7,8,9", "settle", "What the annotator with this number "
        "said is what counts."),
    _key("conflicts.find", "slash", "find", "Another label counts, by a part of its name."),
    _key("conflicts.ambiguous", "a", "ambiguous", "There is no one right answer: kept out of "
        "training."),
    _key("conflicts.edit", "e", "edit", "Answer the sample anew on the label screen."),
    _key("conflicts.later", "space", "later", "The next one; this one stays in conflict."),
    _key("conflicts.text_up", "up", "", "A row up of a long text.", bar=False),
    _key("conflicts.text_down", "down", "", "A row down of a long text, and of what is said "
        "about it.", bar=False),
    _key("conflicts.text_page_up", "pageup", "", "A screenful up of a long text.", bar=False),
    _key("conflicts.text_page_down", "pagedown", "", "A screenful down of a long text.", bar=False),
    _key("conflicts.undo", "u", "undo", "Take back what was decided here last."),
    _key("conflicts.back", "escape", "back", "Back to labelling.", bar=False),
    _key("docs.pages", "p", "pages", "Choose another page."),
    _key("docs.contents", "t", "contents", "Show the headings of this page, or hide them; enter "
        "goes to one."),
    _key("docs.back", "escape", "back", "Back to the page before; from the first one, leave."),
    _key("dialog.yes", "y", "yes", "Yes.", bar=False),
    _key("dialog.no", "n", "no", "No.", bar=False),
    _key("dialog.cancel", "escape", "close", "Close without doing anything.", bar=False),
    _key("app.leave", "q", "quit", "Quit; a running engine keeps running, and `tui-al attach` "
        "shows it again."),
    _key("app.help", "f1,question_mark", "help", "This help. In a field for text, F1 works."),
    _key("app.palette", "f9", "palette", "Search all commands by name.", bar=False),
    _key("app.theme", "f8", "light/dark", "Switch between the dark and the light "
        "theme.", bar=False),
)  # fmt: skip

_DISPLAY = {
    "question_mark": "?", "escape": "esc", "slash": "/", "comma": ",", "full_stop": ".",
    "left": "←", "right": "→",
    "up": "↑", "down": "↓", "pageup": "pgup", "pagedown": "pgdn", "left_square_bracket": "[",
    "right_square_bracket": "]", "left_curly_bracket": "{",
    "right_curly_bracket": "}", "minus": "-", "plus": "+",
}  # fmt: skip


def display(key: str) -> str:
    """A key's name as it stands on the keyboard: "question_mark" is "?", "f1" is "F1"."""
    if len(key) > 1 and key[0] == "f" and key[1:].isdigit():
        return key.upper()
    return _DISPLAY.get(key, key)


def keys_of(screen: str, own: Mapping[str, str] | None = None) -> tuple[Key, ...]:
    """The keys of one screen, the most needed first; `own` are a person's keys by id."""
    own = own or {}
    return tuple(
        replace(key, keys=own.get(key.id, key.keys)) for key in KEYS if key.screen == screen
    )


def own_keys(node: MessagePump) -> Mapping[str, str]:
    """The keys that the person at this app has changed, by id."""
    return getattr(node.app, "keymap_ids", {})


def key_name(node: MessagePump, name: str) -> str:
    """How the key with that id is to be shown at the moment."""
    return next(key.shown for key in keys_of(name.split(".")[0], own_keys(node)) if key.id == name)


def bindings(screen: str) -> list[BindingType]:
    """Textual's bindings for a screen (or for the app: "app"), with ids and tooltips."""
    return [
        Binding(
            key.keys,
            key.action,
            key.label or key.help,
            show=key.bar,
            key_display=key.shown,
            tooltip=key.help,
            id=key.id,
        )
        for key in keys_of(screen)
    ]


def bind(node: DOMNode, key: str, action: str) -> None:
    """Bind a key that is known at run time. Keys that are seen by `on_key` instead would overtake
    those that are bound."""
    for binding in Binding.make_bindings([Binding(key, action, show=False)]):
        node._bindings.bind(binding.key, action)
