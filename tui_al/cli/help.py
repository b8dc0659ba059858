"""`--help`: options in groups, as wide as the terminal, in words; what was once called otherwise
under today's name only."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

#: What stands behind an option where nothing else is said, by type.
_WORDS = {"str": "TEXT", "int": "NUMBER", "float": "NUMBER", "path": "PATH"}

#: As wide as the terminal is.
CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 1000}


@functools.cache
def old_flags() -> frozenset[str]:
    """Flags of before, which are still taken."""
    from tui_al.core.settings.options import KINDS
    from tui_al.core.settings.schema import entries

    settings = [entry.setting for kind in KINDS for entry in entries(kind).values()]
    before = {"--each", *(flag for setting in settings for flag in setting.old)}
    return frozenset(before | {f"--no-{flag[2:]}" for flag in before})


def names_of(option: TyperOption) -> str:
    """ "--rounds NUMBER", "--save-models / --no-save-models": today's names, and what stands behind
    them."""
    today, secondary = option.opts, option.secondary_opts
    if len(today) > 1:
        today = [name for name in today if name not in old_flags()] or today
        secondary = [name for name in secondary if name not in old_flags()]
    names = ", ".join(sorted(today, key=len))
    if option.is_flag:
        usual = option.default is True or "default: " in (option.help or "")
        return f"{names} / {', '.join(secondary)}" if secondary and usual else names
    return f"{names} {_metavar(option)}"


def help_of(option: TyperOption) -> str:
    """What it is for, with its default where the help does not say it."""
    said = (option.help or "").strip()
    default = option.default
    if option.required:
        return f"{said} [required]".strip()
    if default in (None, False, True, (), []) or "default: " in said:
        return said
    return f"{said} [default: {default}]".strip()


def _metavar(option: TyperOption) -> str:
    if option.metavar:
        return option.metavar
    kind = str(getattr(option.type_descriptor, "annotation", ""))
    return next((word for name, word in _WORDS.items() if name in kind.lower()), "VALUE")


class Command(TyperCommand):
    """A command whose help has its options in groups, and its examples last."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """The arguments, then the options of each group."""
        from tui_al.core.settings.schema import GROUPS

        options = [
            one for one in self.get_params(ctx) if isinstance(one, TyperOption) and not one.hidden
        ]
        arguments = [one for one in self.get_params(ctx) if isinstance(one, TyperArgument)]
        if arguments:
            with formatter.section("Arguments"):
                formatter.write_dl(
                    [(one.metavar or str(one.name).upper(), one.help or "") for one in arguments]
                )
        groups = [group for group in GROUPS if any(one.rich_help_panel == group for one in options)]
        if len(groups) < 2:
            groups = []
        own = [one for one in options if one.rich_help_panel not in groups]
        parts = [
            ("Options", own),
            *((g, [o for o in options if o.rich_help_panel == g]) for g in groups),
        ]
        if len(own) == 1:  # --help
            parts = parts[1:] + parts[:1]
        for title, several in parts:
            with formatter.section(title):
                formatter.write_dl([(names_of(one), help_of(one)) for one in several])

    def format_epilog(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002  # as it is called
        """The examples, a line each."""
        if self.epilog:
            with formatter.section("Examples"):
                for line in self.epilog.splitlines():
                    formatter.write(f"  {line.strip()}\n")

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Arguments as they are called."""
        arguments = [one for one in self.get_params(ctx) if isinstance(one, TyperArgument)]
        called = [(one.metavar or str(one.name).upper(), one.required) for one in arguments]
        return ["[OPTIONS]", *(name if needed else f"[{name}]" for name, needed in called)]


class Group(TyperGroup):
    """The list of commands, each with all of its first sentence."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command with all of its options; those of settings are made here
        (`tui_al.cli.options.takes_settings`)."""
        found = super().get_command(ctx, cmd_name)
        whole = getattr(found and found.callback, "whole", None)
        if found is None or whole is None:
            return found
        alone = typer.Typer(add_completion=False, rich_markup_mode=None)
        alone.command(cmd_name, cls=Command, epilog=found.epilog, context_settings=CONTEXT)(whole())
        self.commands[cmd_name] = typer.main.get_command(alone)
        return self.commands[cmd_name]

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """A line or more for each command."""
        commands = [(name, self.commands[name]) for name in self.list_commands(ctx)]
        rows = [(name, one.get_short_help_str(10_000)) for name, one in commands if not one.hidden]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


class Commands(typer.Typer):
    """Commands whose help is written as here."""

    def command(  # type: ignore[override]
        self, name: str | None = None, *, examples: Sequence[str] = (), **settings: Any
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """As Typer's, with examples of how to call it."""
        epilog = "\n".join(examples) or None
        return super().command(
            name, cls=Command, epilog=epilog, context_settings=CONTEXT, **settings
        )
