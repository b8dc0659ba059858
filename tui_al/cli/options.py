"""Options that several commands have; those of an experiment are made from its settings."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tui_al.cli.completion import session_names_here, values_of

if TYPE_CHECKING:
    from tui_al.core.settings.options import Option

Home = Annotated[
    Path | None,
    typer.Option(
        help="Directory of all sessions. [default: $TUI_AL_HOME or the user's data directory]",
        metavar="DIR",
        rich_help_panel="Session",
        readable=False,  # who shares a session in it may pass it, and not list it
    ),
]

#: A command's session.
OneSession = Annotated[
    str, typer.Argument(help="Name or path.", metavar="SESSION", autocompletion=session_names_here)
]

Shared = Annotated[
    str | None,
    typer.Option(
        "--shared",
        help="Open it to this group, by name or number, so that several accounts work in it; see "
        "`tui-al share`.",
        metavar="GROUP",
        rich_help_panel="Session",
    ),
]

#: What a command that takes settings gets: what was given of each, as text; None where it was not.
Settings = dict[str, Any]


def takes_settings(command: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command an option for each setting that it has (`tui_al.core.settings`), in place of
    its parameter `settings`.

    The options are made when the command is looked up: `tui-al --help` needs none of them, and is
    quicker without."""

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        bare = _shaped(function, lambda **own: function(settings={}, **own), [])
        bare.whole = lambda: _with_options(function, command)  # type: ignore[attr-defined]
        return bare

    return decorate


def _with_options(function: Callable[..., None], command: str) -> Callable[..., None]:
    """The command with its options; one that it declares itself goes before that of a setting with
    the same name."""
    from tui_al.core.settings.options import options_of

    own = inspect.signature(function).parameters
    options = [one for one in options_of(command) if one.key not in own]

    def run(**given: Any) -> None:
        settings = {one.key: given.pop(one.key) for one in options}
        function(settings=settings, **given)

    return _shaped(function, run, [_parameter(one) for one in options])


def _shaped(
    function: Callable[..., None], run: Callable[..., None], options: list[inspect.Parameter]
) -> Callable[..., None]:
    """`run` as Typer sees it: called and documented as the function, with the options in place of
    its settings."""
    found: list[inspect.Parameter] = []
    for one in inspect.signature(function).parameters.values():
        found += options if one.name == "settings" else [one]
    parameters = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in found]
    run.__name__, run.__doc__, run.__module__ = (
        function.__name__,
        function.__doc__,
        function.__module__,
    )
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    return run


def _parameter(option: "Option") -> inspect.Parameter:
    """The option as Typer reads it. Values come as text: the settings' own checks say what is wrong
    with them."""
    flags = [option.flag, *option.old]
    kind: Any = str | None
    if option.switch:
        flags = [f"{flag}/--no-{flag[2:]}" for flag in flags]
        kind = bool | None
    elif option.repeated:
        kind = list[str] | None
    typed = typer.Option(
        *flags,
        help=option.help,
        metavar=None if option.switch else option.metavar,
        hidden=option.hidden,
        show_default=False,
        rich_help_panel=option.entry.setting.group,
        autocompletion=values_of(option),
    )
    return inspect.Parameter(
        option.key, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind, typed]
    )
