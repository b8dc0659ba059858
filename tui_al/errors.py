"""What can go wrong, as one small tree.

Every error carries a message (what happened, with the name and the bad value) and a hint (what is
allowed, what to do next). They are raised anywhere and turned into text in exactly two places: the
command line (exit code) and the app (a dialog)."""

import contextlib
from collections.abc import Iterator
from typing import Self


class TuiAlError(Exception):
    """Base of all errors that are the user's to mend; never shown with a traceback."""

    exit_code = 1

    #: The setting that is to be mended, as "data.encoding" or "device": a form shows the message
    #: there. "": no single one.
    setting = ""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def at(self, setting: str) -> Self:
        """The same error, which names the setting that is to be mended."""
        self.setting = setting
        return self

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class ConfigError(TuiAlError):
    """An option, or a combination of options, is not allowed."""

    exit_code = 2


class PluginError(ConfigError):
    """Something that another package brings (a strategy, reader, exporter or model) cannot be
    used."""


class DataError(TuiAlError):
    """A data set cannot be found, read or used; names file and line where there is one."""

    exit_code = 3


class ModelError(TuiAlError):
    """A model cannot be found, loaded, trained or saved."""

    exit_code = 4


class HubError(TuiAlError):
    """The Hub does not answer, or does not have what was asked for."""

    exit_code = 4


class SessionError(TuiAlError):
    """A session is missing, locked by another engine, damaged, or belongs to another experiment."""

    exit_code = 5


class SessionClosedError(SessionError):
    """A session, or the home that it lies in, is closed to this account."""


class SampleTakenError(SessionError):
    """A sample's claim has lapsed, and by now somebody else has or has answered it; an answer to it
    was not recorded."""


class EngineError(TuiAlError):
    """A run failed in the engine: out of memory, numbers that are not finite, a device that went
    away."""

    exit_code = 6


class MachineError(TuiAlError):
    """The machine refuses: a full or read-only disk, a quota, rights, a lock, a network drive,
    memory.

    `code` is the errno, and `passes` says whether it may be over after a while, so that waiting
    makes sense."""

    exit_code = 7

    def __init__(
        self, message: str, hint: str = "", *, code: int = 0, passes: bool = False
    ) -> None:
        super().__init__(message, hint)
        self.code = code
        self.passes = passes


class EngineStopped(TuiAlError):
    """The engine was asked to stop and did so at a safe point; the session can be continued."""

    exit_code = 130


@contextlib.contextmanager
def errors_at(usual: str, section: str = "") -> Iterator[None]:
    """What is raised within is about a setting of this section: about the one that it names, else
    about the `usual` one. A message that begins with its name, as "model: ...", then begins with
    the section's, too: there are two models."""
    try:
        yield
    except TuiAlError as error:
        named = error.setting or usual
        error.at(f"{section}.{named}" if section else named)
        if section and error.message.startswith(f"{named}: "):
            error.message = f"{section} {error.message}"
        raise
