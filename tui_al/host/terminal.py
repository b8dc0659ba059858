"""What the terminal around us can show, and the doctor on it."""

import locale
import os
import shutil
import sys
from dataclasses import dataclass
from typing import Literal

from tui_al.host.diagnostic import Finding


@dataclass(frozen=True, slots=True)
class TerminalFacts:
    """Size in cells, colours, characters, and what lies between us and the screen."""

    interactive: bool
    columns: int
    rows: int
    colours: Literal["none", "16", "256", "true colour"]
    no_colour: bool  # NO_COLOR is set
    unicode: bool
    multiplexer: Literal["", "tmux", "screen"]
    ssh: bool


def terminal_facts() -> TerminalFacts:
    """The terminal of this process's standard output."""
    columns, rows = shutil.get_terminal_size()
    return TerminalFacts(
        interactive=sys.stdout is not None and sys.stdout.isatty(),
        columns=columns,
        rows=rows,
        colours=_colours(),
        no_colour=bool(os.environ.get("NO_COLOR")),
        unicode=_unicode(),
        multiplexer=_multiplexer(),
        ssh=any(os.environ.get(name) for name in ("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY")),
    )


def terminal_findings() -> tuple[Finding, ...]:
    """Size, colours and characters, with what would make them better."""
    facts = terminal_facts()
    if not facts.interactive:
        fact = "output goes to a file or pipe: plain lines, no live display"
        return (Finding("Terminal", "info", fact),)
    around = (f", in {facts.multiplexer}" if facts.multiplexer else "") + (
        ", over SSH" if facts.ssh else ""
    )
    colours = "no colour (NO_COLOR)" if facts.no_colour else _colours_in_words(facts.colours)
    letters = "UTF-8" if facts.unicode else "ASCII"
    fact = f"{facts.columns}x{facts.rows}, {colours}, {letters}{around}"
    advice = _advice(facts)
    return (Finding("Terminal", "warn" if advice else "ok", fact, advice),)


def _advice(facts: TerminalFacts) -> str:
    advice = []
    if facts.columns < 80 or facts.rows < 24:
        advice.append("Make the window larger: 80x24 shows every screen whole.")
    if facts.colours == "none" and not facts.no_colour:
        advice.append("For colours: export TERM=xterm-256color.")
    if facts.colours == "16" and facts.multiplexer == "tmux":
        advice.append("In ~/.tmux.conf: set -g default-terminal tmux-256color.")
    if not facts.unicode:
        advice.append("For lines and curves in full detail: export LANG=C.UTF-8.")
    return " ".join(advice)


def _colours() -> Literal["none", "16", "256", "true colour"]:
    terminal = os.environ.get("TERM", "")
    if terminal in {"", "dumb", "unknown"}:
        return "none"
    if os.environ.get("COLORTERM", "").lower() in {"truecolor", "24bit"} or "direct" in terminal:
        return "true colour"
    return "256" if "256color" in terminal else "16"


def _colours_in_words(colours: str) -> str:
    return {"none": "no colours", "true colour": "true colour"}.get(colours, f"{colours} colours")


def _unicode() -> bool:
    encoding = getattr(sys.stdout, "encoding", None) or locale.getpreferredencoding(False)
    return encoding.lower().replace("-", "").replace("_", "") == "utf8"


def _multiplexer() -> Literal["", "tmux", "screen"]:
    terminal = os.environ.get("TERM", "")
    if os.environ.get("TMUX") or terminal.startswith("tmux"):
        return "tmux"
    return "screen" if os.environ.get("STY") or terminal.startswith("screen") else ""
