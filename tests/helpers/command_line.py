"""The command line in this process: what a command prints, and how it leaves."""

import logging
import sys
from collections.abc import Callable
from typing import NamedTuple
from unittest import mock

import pytest

from tui_al.cli import main


class Said(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """Of what it printed."""
        return self.out.splitlines()


#: `tui-al` with these arguments.
Command = Callable[..., Said]


def run_command(capture: pytest.CaptureFixture[str], *arguments: object) -> Said:
    """Run `tui-al` with these arguments in this process; it must end in words, never in a
    traceback. What was printed before is left out."""
    capture.readouterr()
    with (
        mock.patch.object(sys, "argv", ["tui-al", *map(str, arguments)]),
        pytest.raises(SystemExit) as left,
    ):
        main()
    logging.captureWarnings(False)
    out, err = capture.readouterr()
    assert "Traceback" not in err
    return Said(int(left.value.code or 0), out, err)
