"""What came out of a session: final numbers, area, time, the curve, the comparison, and where the
models are."""

from functools import partial
from pathlib import Path

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll

from tui_al.errors import ConfigError
from tui_al.report.curves import curve, metric_name
from tui_al.report.figures import save_figure
from tui_al.report.tables import render
from tui_al.ui.keys import bindings
from tui_al.ui.screens.export import ExportDialog
from tui_al.ui.screens.session import SessionScreen
from tui_al.ui.widgets.comparison import Comparison
from tui_al.ui.widgets.curve import CurvePlot
from tui_al.ui.widgets.key_bar import KeyBar
from tui_al.ui.widgets.result_facts import Facts
from tui_al.ui.widgets.status import TitleRow


class ResultsScreen(SessionScreen):
    """Numbers first, then the curve; beside each other in a wide window. Follows a session that
    still runs."""

    KEYS_OF = "results"
    BINDINGS = bindings("results")
    DEFAULT_CSS = """
    ResultsScreen {
        & #body { layout: vertical; height: 1fr; }
        & #numbers {
            height: auto; max-height: 5; scrollbar-size: 1 1;
            scrollbar-color: $border-blurred; scrollbar-background: $background;
        }
        & #facts, & #comparison { padding: 0 1; }
        & #main { height: 1fr; }
        & #curve { height: 1fr; }
        &.-short #numbers { max-height: 2; }
        &.-short #comparison { display: none; }
        &.-wide #body { layout: horizontal; }
        &.-wide #numbers { width: 46; height: 1fr; max-height: 100%; border: round $border-blurred; }
        &.-medium #curve { padding: 0 1; }
        &.-wide #curve { border: round $border-blurred; padding: 0 1; }
        &.-wide #comparison { border: round $border-blurred; }
        &.-wide #numbers, &.-wide #comparison { border-title-color: $foreground-muted; }
    }
    """  # noqa: E501

    def compose(self) -> ComposeResult:
        """Title, numbers, curve, comparison, keys."""
        yield TitleRow(self.label)
        with Horizontal(id="body"):
            with VerticalScroll(id="numbers") as numbers:
                numbers.border_title = "results"
                yield Facts(self.directory)
            with Vertical(id="main"):
                yield CurvePlot(id="curve")
                yield Comparison()
        yield KeyBar(self.KEYS_OF)

    def show(self) -> None:
        """Everything that `update_now` tells."""
        self.query_one(Facts).show(self.update_now.state)
        self.query_one(Comparison).show(self.labelled(self.update_now.state), self.metric)
        self.show_curve()

    def action_run(self) -> None:
        """r: to the run, with its log and rounds."""
        self.tui.show_run(self.directory)

    def action_export(self) -> None:
        """x: write table and curve to files, after asking where."""
        if not any(run.points for run in self.update_now.state.runs.values()):
            self.tui.say("There is nothing to export before the end of the first round.")
            return
        self.app.push_screen(ExportDialog(self.directory.name), self._export)

    def _export(self, folder: Path | None) -> None:
        if folder is not None:
            self.jobs.start("export", partial(self._write, folder, self.metric))

    def _write(self, folder: Path, metric: str) -> str:
        """Table as Markdown and CSV, the curve as text and, with matplotlib, as SVG and PNG."""
        name, sessions = self.directory.name, self.labelled(self.update_now.state)
        curves = [curve(one, its_state, metric) for one, its_state in sessions]
        folder.mkdir(parents=True, exist_ok=True)
        for suffix in ("md", "csv"):
            (folder / f"{name}.{suffix}").write_text(render(sessions, suffix), encoding="utf-8")
        written = "md, .csv"
        try:
            for suffix in ("svg", "png"):
                save_figure(curves, folder / f"{name}.{suffix}", metric_name(metric))
            written += ", .svg, .png"
            return f"Written to {folder}: {name}.{written}"
        except ConfigError as error:
            return f"Written to {folder}: {name}.{written}. {error.message} {error.hint}"
