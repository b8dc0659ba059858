"""A sweep: its arms, each with how far it got; those that have not begun as well."""

import os
from pathlib import Path

from textual.content import Content

from tui_al.core.settings.experiment import ExperimentConfig
from tui_al.ui.escape import safe
from tui_al.ui.keys import bindings, key_name
from tui_al.ui.screens.list_screen import ListScreen
from tui_al.ui.summaries import Summary
from tui_al.ui.sweep_summaries import Known, Row, SweepSummary, read_sweep


class SweepScreen(ListScreen):
    """Rows are the arms of the sweep in `directory`, in the order of its file."""

    KEYS_OF = "sweep"
    BINDINGS = bindings("sweep")
    EMPTY = "The sweep is being read."

    def __init__(self, directory: Path) -> None:
        super().__init__()
        self.directory = directory
        self._sweep = SweepSummary(directory)
        self._gone = False

    @property
    def place(self) -> Path:
        """The sweep's directory."""
        return self.directory

    def read(self, known: Known) -> list[Row]:  # noqa: ARG002 - the sweep knows its own
        """The arms."""
        before = self._sweep.trouble, self._gone
        self._sweep = read_sweep(self.directory, self._sweep)
        self._gone = not os.path.isdir(self.directory)  # noqa: PTH112 - one that is closed to this account is there
        rows: list[Row] = [*self._sweep.arms]
        if (self._sweep.trouble, self._gone) != before:
            self._deliver(rows)  # which the watcher does only where rows have changed
        return rows

    def heading(self, width: int) -> Content:
        """Which sweep, and how many of its cells are done."""
        sweep = self._sweep
        counts = sweep.counts
        told = [f"{counts['finished']} of {sweep.cells} cells"]
        told += [f"{counts[word]} {word}" for word in ("running", "failed") if counts[word]]
        if sweep.trouble:
            told = ["gone" if self._gone else "cannot be read"]
        title = Content.assemble(
            "sweep ", safe(sweep.label, "bold"), "  ", safe(", ".join(told)), "  "
        )
        room = max(4, width - title.cell_length)
        return title + safe(sweep.title, "$foreground-muted").truncate(room, ellipsis=True)

    def why_empty(self) -> str:
        """Why no arm is listed."""
        if not self._sweep.trouble:
            return super().why_empty()
        key = key_name(self, "sweep.back")
        why = (
            f"The sweep {self.directory.name} was deleted or moved while it was open."
            if self._gone
            else self._sweep.trouble
        )
        return f"{why}\n\n{key} leads back to the sessions."

    def action_open(self) -> None:
        """Run or results of the marked arm."""
        marked = self.marked
        if isinstance(marked, Summary) and not marked.written and not marked.trouble:
            self.tui.say(f"{marked.label} has not begun: there is nothing to see yet.")
        elif marked:
            self.open(marked)

    def action_again(self) -> None:
        """A new session, from the marked arm's settings."""
        from tui_al.ui.screens.setup import SetupScreen

        marked = self.marked
        config: ExperimentConfig | None = (
            marked.state.config if isinstance(marked, Summary) else None
        )
        if config:
            self.app.push_screen(SetupScreen(config))
        else:
            self.tui.say("This arm has not begun or cannot be read, so there is nothing to copy.")

    def action_back(self) -> None:
        """Escape: to the sessions and sweeps."""
        self.tui.to_sessions()
