"""Curves as PNG or SVG files, in the paper's form: mean line, band of a standard deviation, against
the number of labels."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tui_al.core.data.terminal_text import printable
from tui_al.errors import ConfigError
from tui_al.report.curves import Curve, metric_name

#: How dense the bands are, and of more curves than so many, where each lies on others.
_BAND, _FEW, _FAINT = 0.18, 4, 0.06
_DASHES = ("-", "--", ":", "-.")
_MARKS = "os^Dv*PX<>dh"


@dataclass(frozen=True, slots=True)
class Drawing:
    """A figure with one plot in it, on its way to a file."""

    figure: Any
    axes: Any
    path: Path
    settings: Any  #: matplotlib's context for settings

    def write(self) -> None:
        """Save it: without dates and with fixed ids, so that the same numbers give the same
        file."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        metadata = {"Date": None} if self.path.suffix.lower() == ".svg" else None
        with self.settings({"svg.hashsalt": "tui-al"}), warnings.catch_warnings():
            # drawn as a box, which says enough
            warnings.filterwarnings("ignore", "Glyph .* missing")
            self.figure.savefig(self.path, metadata=metadata)


def new_drawing(path: Path) -> Drawing:
    """An empty plot for this file; its suffix chooses the format. Raises ConfigError without
    matplotlib or for other suffixes."""
    if path.suffix.lower() not in (".png", ".svg"):
        raise ConfigError(
            f"{path.name}: {path.suffix or 'no suffix'!r} is not a known kind of figure.",
            "Name the file .png or .svg.",
        )
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ConfigError(
            "Figures need matplotlib, which is not installed.",
            "Install it with: pip install 'tui-al[report]'",
        ) from error
    figure = Figure(figsize=(6.4, 4.2), dpi=200, layout="constrained")
    axes = figure.add_subplot()
    axes.grid(alpha=0.3)
    return Drawing(figure, axes, path, matplotlib.rc_context)


def save_figure(curves: Sequence[Curve], path: Path, title: str = "") -> None:
    """Draw the curves into `path`; raises ConfigError as `new_drawing` does."""
    drawing = new_drawing(path)
    axes = drawing.axes
    for position, curve in enumerate(curves):
        colour = f"C{position % 10}"
        axes.plot(
            curve.labels,
            curve.mean,
            color=colour,
            linestyle=_DASHES[position % len(_DASHES)],
            marker=_MARKS[position % len(_MARKS)],
            markersize=4,
            label=drawable(curve.name),
        )
        if any(curve.sd):
            low = [mean - sd for mean, sd in zip(curve.mean, curve.sd, strict=True)]
            high = [mean + sd for mean, sd in zip(curve.mean, curve.sd, strict=True)]
            axes.fill_between(
                curve.labels,
                low,
                high,
                color=colour,
                alpha=_BAND if len(curves) <= _FEW else _FAINT,
                linewidth=0,
            )
    first = curves[0] if curves else None
    axes.set_xlabel(f"labelled {'words' if first and first.unit == 'words' else 'examples'}")
    axes.set_ylabel(metric_name(first.metric) if first else "")
    axes.set_title(drawable(title).strip())
    axes.xaxis.set_major_formatter("{x:,.0f}")
    if curves:
        axes.legend(frameon=False)
    drawing.write()


def drawable(name: str) -> str:
    """Text that matplotlib neither reads as a formula ("$") nor hides from the legend (a leading
    "_")."""
    shown = printable(name).replace("$", r"\$")
    return f" {shown}" if shown.startswith("_") else shown
