"""What was found at the data field: sizes, guesses, an example, the counts of labels."""

from rich.cells import cell_len
from textual.content import Content

from tui_al.core.data.examples import Task
from tui_al.core.data.preview import Preview
from tui_al.core.data.terminal_text import printable, shorten
from tui_al.ui.escape import safe
from tui_al.ui.widgets.label_bar import label_rows
from tui_al.ui.widgets.lines import Lines

_INDENT = 14


class DataPreview(Lines):
    """Three to nine lines, by the height of the terminal; before there is anything to show, what is
    being done."""

    DEFAULT_CSS = f"DataPreview {{ padding-left: {_INDENT}; margin-bottom: 1; }}"

    def __init__(self) -> None:
        super().__init__()
        self._preview: Preview | None = None
        self._waiting = ""

    def show_preview(self, preview: Preview | None, waiting: str = "") -> None:
        """What was found; or, with None, why there is nothing yet."""
        self._preview, self._waiting = preview, waiting
        self.show_lines()

    def lines(self, width: int) -> list[Content]:
        """The lines for `width` columns."""
        if self._preview is None:
            return [Content.styled(self._waiting, "$foreground-muted")] if self._waiting else []
        found, tall = self._preview, self.app.size.height >= 32
        lines = [Content(_sizes(found))]
        remarks = [f"⚠ {text}" for text in found.warnings]
        told = (remarks + list(found.notes)) if tall else (remarks + list(found.notes))[:1]
        for text in told[:4]:
            style = "$text-warning" if text.startswith("⚠") else "$foreground-muted"
            more = len(remarks) + len(found.notes) - len(told[:4])
            tail = f"  (+{more}: F4)" if more and text is told[:4][-1] else ""
            lines.append(safe(shorten(printable(text), width - len(tail)) + tail, style))
        lines += [
            example_line(text, label, width) for text, label in found.rows[: 3 if tall else 1]
        ]
        plain = bool(getattr(self.app, "ascii", False))
        lines += label_rows(found.counts, width, 3 if tall else 1, ascii_only=plain)
        return lines


def example_line(text: str, label: str, width: int) -> Content:
    """One row of the data: the text gives way to the label."""
    label = shorten(printable(label), max(8, width // 3))
    room = max(4, width - cell_len(label) - 5)
    return Content.assemble(safe(f"“{shorten(printable(text), room)}”"), " → ", safe(label, "bold"))


def _sizes(found: Preview) -> str:
    unit = "labels" if found.task is Task.CLASSIFICATION else "entity types"
    parts = [f"{found.train:,} train", f"{found.test:,} test", f"{len(found.labels)} {unit}"]
    if found.unlabelled:
        parts.append(f"{found.unlabelled:,} without a label")
    return " · ".join(parts)


def whole_preview(found: Preview) -> Content:
    """Everything that is known of the data, to read at leisure."""
    lines = [Content(_sizes(found))]
    lines += [safe(f"⚠ {text}", "$text-warning") for text in found.warnings]
    lines += [safe(text, "$foreground-muted") for text in found.notes]
    lines += [Content(""), Content.styled("Rows", "bold")]
    for text, label in found.rows:
        lines.append(Content.assemble(safe(label or "(none)", "bold"), "  ", safe(text[:1000])))
    lines += [Content(""), Content.styled("Labels in the training split", "bold")]
    ordered = sorted(found.counts.items(), key=lambda item: (-item[1], item[0]))
    lines += [safe(f"{count:>7,}  {label or '(empty)'}") for label, count in ordered]
    return Content("\n").join(lines)
