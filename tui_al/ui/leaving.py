"""What is said when the app is left, and before something is deleted."""

import contextlib
import shlex
from collections.abc import Iterable
from pathlib import Path

from tui_al.errors import TuiAlError
from tui_al.store.home import home_directory
from tui_al.store.removal import Loss
from tui_al.store.sweeps import find, is_sweep, sweep_of
from tui_al.ui.eta import roughly

_MIB, _GIB = 2**20, 2**30


def keeps_running(home: Path, live: Iterable[Path]) -> list[str]:
    """A line for each session or sweep that goes on without the app, with the command that shows it
    again.

    A sweep's session is shown by its sweep.
    """
    whole = dict.fromkeys(sweep_of(one) or one for one in live)
    return [
        f"{'Sweep ' * is_sweep(one)}{one.name} keeps running. `{attach_command(home, one)}` shows "
        "it again."
        for one in whole
    ]


def attach_command(home: Path, directory: Path) -> str:
    """The command that opens the app on this session or sweep from any directory: its name where
    that is enough, else its path."""
    named, where = ["tui-al", "attach", directory.name], directory.absolute()
    for known, words in ((home_directory(), named), (home, [*named, "--home", str(home)])):
        with contextlib.suppress(TuiAlError):
            if find(known, directory.name) == where:
                return shlex.join(words)
    return shlex.join(["tui-al", "attach", str(where)])


def what_is_lost(loss: Loss) -> str:
    """What goes with a session or sweep, a line for each kind of thing."""
    size = f"{loss.bytes / _GIB:.1f} GiB" if loss.bytes >= _GIB else f"{loss.bytes / _MIB:,.1f} MiB"
    if loss.trouble:
        return (
            f"It cannot be read ({loss.trouble}), so nobody knows whether labels by hand are in "
            "it.\n"
            f"Lost for good: {size} on disk."
        )
    lines = []
    if loss.labelled or loss.conflicts:
        took = f", {roughly(loss.labelling_seconds)} of labelling" if loss.labelling_seconds else ""
        lines.append(f"{_count(loss.labelled, 'text')} labelled by hand{took}")
        if loss.conflicts:
            lines.append(f"{_count(loss.conflicts, 'text')} that people answered differently")
        lines.append(
            f"of these labels {loss.unexported:,} {'is' if loss.unexported == 1 else 'are'} in no "
            "exported file: `tui-al export` writes them"
            if loss.unexported
            else "these labels are in an exported file"
            if not loss.conflicts
            else ""
        )
    if loss.sessions != 1:
        lines.append(_count(loss.sessions, "session"))
    if loss.rounds:
        lines.append(f"{_count(loss.rounds, 'round')}, {roughly(loss.engine_seconds)} of computing")
    if loss.models:
        lines.append(_count(loss.models, "saved model"))
    lines.append(f"{size} on disk")
    listed = "\n".join(f"- {line}" for line in lines if line)
    return f"Lost for good; this cannot be undone:\n{listed}"


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'s' * (number != 1)}"
