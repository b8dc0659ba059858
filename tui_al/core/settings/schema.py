"""What a setting is: its type, bounds, default, words, flags; stated once, at the field of its
class.

    epochs: Annotated[int, Setting("Passes over the labelled texts.", low=1, flag="--epochs")] = 8

From these declarations come the options of the command line (`options`), the fields of the set-up
form, the checks of sweep files and of stored experiments (`values`), lines of reports, and the
documentation's page of settings."""

import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Annotated, Any, Literal

from tui_al.core.settings.amounts import Amount

#: Headings of `--help` and of the documentation, in this order.
GROUPS = ("Data", "Models", "Loop", "Session")

#: Commands that set up an experiment.
EXPERIMENTS = ("simulate", "label")

#: The models of an experiment.
ROLES = ("acquisition", "successor")


@dataclass(frozen=True, slots=True)
class Setting:
    """What people are told of a setting, and what its values may be. The type and the default are
    its field's."""

    help: str  #: a sentence or two, for `--help` and the documentation
    title: str = ""  #: in the form and in reports; at most 19 characters. "": not in the form
    name: str = (
        ""  #: what people call it where it is not the field's name, which stored sessions have
    )
    group: str = ""  #: one of GROUPS
    low: float | None = None  #: the lowest value
    high: float | None = None  #: the highest value
    above: float | None = None  #: a bound that is itself not allowed
    below: float | None = None  #: a bound that is itself not allowed
    share: bool = False  #: 0.1 and 10% are the same
    percent: bool = False  #: a share that is shown as a percentage
    usual: str = ""  #: "10 is usual", to stand behind the bounds; with a pattern: what fits it
    unset: str = ""  #: what it is where nothing is given: "guessed", "all"
    choices: Mapping[str, str] = field(default_factory=dict)  #: values with a line on each
    pattern: str = ""  #: a regular expression that any other text has to match
    switch: tuple[Any, Any] | None = None  #: values of `--flag` and `--no-flag`
    flag: str = ""  #: of the command line; for learners: of both models
    roles: Mapping[str, str] = field(default_factory=dict)  #: flags of one model only, by role
    old: Mapping[str, str] = field(
        default_factory=dict
    )  #: flags of before that are still taken, by today's
    old_value: str = (
        ""  #: a flag of before that takes one of the choices, where today's is a switch
    )
    metavar: str = ""  #: what stands behind the flag in `--help`
    example: str = ""  #: a value for `--help` and the documentation
    commands: tuple[str, ...] = EXPERIMENTS  #: that have the flag
    defaults: Mapping[str, Any] = field(
        default_factory=dict
    )  #: by command or role, where not the field's
    helps: Mapping[str, str] = field(default_factory=dict)  #: by command or role, where not `help`
    report: str = (
        ""  #: how reports put a value: "dropout {}", "{%} warm-up"; "" leaves it to the report
    )
    reports: Mapping[Any, str] = field(default_factory=dict)  #: the same for certain values


@dataclass(frozen=True, slots=True)
class Entry:
    """A setting with what its field says."""

    section: str  #: "data", "learner", "loop", or "" for the experiment's own
    key: str  #: the field
    kind: Any  #: its type
    default: Any  #: dataclasses.MISSING where there is none
    setting: Setting

    @property
    def name(self) -> str:
        """What people call it in sweep files."""
        return self.setting.name or self.key

    @property
    def kinds(self) -> tuple[Any, ...]:
        """The types and, of literals, the values it may have: `int | Literal["auto"]` is (int,
            "auto").

        A text with choices is one of them, unless a pattern leaves room for others.
        """
        found = tuple(_kinds(self.kind))
        if str in found and self.setting.choices and not self.setting.pattern:
            return (*self.setting.choices, *(kind for kind in found if kind is not str))
        return found

    @property
    def optional(self) -> bool:
        """Whether it may be left open."""
        return type(None) in self.kinds

    @property
    def words(self) -> tuple[str, ...]:
        """The words that it may be; none where it is a number or any text."""
        return tuple(kind for kind in self.kinds if isinstance(kind, str))

    @property
    def picked(self) -> bool:
        """Whether a form offers its choices, rather than a line to type."""
        return bool(self.setting.choices) and int not in self.kinds

    def default_for(self, what: str) -> Any:
        """The default in a command, or of a role."""
        return self.setting.defaults.get(what, self.default)

    def help_for(self, what: str) -> str:
        """The help in a command, or of a role."""
        return self.setting.helps.get(what, self.setting.help)


def entries(kind: type[Any]) -> Mapping[str, Entry]:
    """The settings of a configuration class by field, in order; its `SECTION` says where they
    stand."""
    if kind not in _READ:
        _READ[kind] = _read(kind)
    return _READ[kind]


_READ: dict[type[Any], Mapping[str, Entry]] = {}


def _read(kind: type[Any]) -> Mapping[str, Entry]:
    hints = typing.get_type_hints(kind, include_extras=True)
    found = {}
    for one in fields(kind):
        if typing.get_origin(hints[one.name]) is not Annotated:
            continue
        plain, *extras = typing.get_args(hints[one.name])
        setting = next(extra for extra in extras if isinstance(extra, Setting))
        section = getattr(kind, "SECTION", "")
        found[one.name] = Entry(section, one.name, plain, one.default, setting)
    return types.MappingProxyType(found)


def named(kind: type[Any], name: str) -> Entry | None:
    """A setting by its name or its field; None where there is none."""
    found = entries(kind)
    return found.get(name) or next((one for one in found.values() if one.name == name), None)


def allowed(entry: Entry) -> str:
    """What a value may be, as a sentence: "It is above 0 and at most 1; 2e-5 to 5e-3 is usual." """
    setting = entry.setting
    if Amount in entry.kinds:
        return 'Give a percentage, as "1%", or a count, as "100".'
    if entry.words and set(entry.kinds) <= {*entry.words, type(None)}:
        return f"Choose {_listed(entry.words)}."
    if setting.pattern:
        return f"Use {setting.usual}."
    said = _range(setting)
    if setting.share:
        said = f"a share: {said}, or as a percentage"
    said = said or _word(entry)
    between = ", or " if " or " in said else " or "
    said = between.join(part for part in (said, *entry.words) if part)
    return f"It is {said}{f'; {setting.usual}' if setting.usual else ''}."


def _range(setting: Setting) -> str:
    bounds = [
        (setting.low, "{:g} or more"), (setting.above, "above {:g}"),
        (setting.high, "at most {:g}"), (setting.below, "below {:g}"),
    ]  # fmt: skip
    if setting.low is not None and setting.high is not None:
        return f"{setting.low:g} to {setting.high:g}"
    return " and ".join(words.format(bound) for bound, words in bounds if bound is not None)


def _word(entry: Entry) -> str:
    words = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}
    for kind in entry.kinds:
        if typing.get_origin(kind) is tuple:
            inside = words[typing.get_args(kind)[0]].removeprefix("a ")
            return f"a list of {inside}s"
        if kind in words:
            return words[kind]
    return ""


def _listed(words: tuple[str, ...]) -> str:
    return " or ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)


def _kinds(kind: Any) -> list[Any]:
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        return [one for part in typing.get_args(kind) for one in _kinds(part)]
    if typing.get_origin(kind) is Literal:
        return list(typing.get_args(kind))
    return [kind]
