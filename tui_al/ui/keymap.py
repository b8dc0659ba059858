"""Keys of one's own, from `keys.toml` in the home directory of the sessions.

[label]              # a table for each screen of the help; an action and its key, several apart by
    commas
skip = "j"
answer = "a,s,d,f,g,h,j,k,l"
[labels]             # a label by its name gets a key for good
invoice = "i"
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tui_al.core.settings.toml_text import read_toml
from tui_al.core.small_files import read_small
from tui_al.errors import ConfigError
from tui_al.store.home import is_of_another
from tui_al.ui.keys import SCREENS, display, keys_of

FILE = "keys.toml"

_NAMED = (
    "space", "enter", "escape", "tab", "backspace", "delete", "insert", "up", "down", "left",
    "right", "home", "end", "pageup",
    "pagedown",
)  # fmt: skip
_FUNCTION_OR_CONTROL = re.compile(r"f([1-9]|1[0-2])|ctrl\+[a-z]")


@dataclass(frozen=True, slots=True)
class Keymap:
    """What a person changed: keys by id ("label.skip"), and keys of labels by name."""

    keys: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)


def load_keymap(home: Path) -> Keymap:
    """The person's keys; none where there is no file. Raises ConfigError that names the file, the
    line and the key."""
    path = home / FILE
    if is_of_another(home):  # whose keys are that person's
        return Keymap()
    try:
        text = read_small(path)
        read = read_toml(text)
    except FileNotFoundError:
        return Keymap()
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{path} cannot be read: {error}.", "It is a TOML file, see `tui-al docs keys`."
        ) from error
    return _Reader(path, text).keymap(read)


class _Reader:
    def __init__(self, path: Path, text: str) -> None:
        self._path, self._lines = path, text.splitlines()

    def keymap(self, read: Mapping[str, object]) -> Keymap:
        keys: dict[str, str] = {}
        labels: dict[str, str] = {}
        for table, entries in read.items():
            if not isinstance(entries, dict) or table not in (*SCREENS, "labels"):
                raise self._error(
                    table,
                    table,
                    f"there is no table [{table}]",
                    f"There are {', '.join((*SCREENS, 'labels'))}.",
                )
            for name, keys_given in entries.items():
                given = self._checked(table, name, keys_given)
                if table == "labels":
                    if "," in given:
                        raise self._error(
                            table, name, f"label {name!r} has several keys", "A label has one."
                        )
                    labels[name] = given
                else:
                    actions = [key.action for key in keys_of(table)]
                    if name not in actions:
                        raise self._error(
                            table,
                            name,
                            f"there is no key {table}.{name}",
                            f"[{table}] has {', '.join(actions)}.",
                        )
                    keys[f"{table}.{name}"] = given
        keymap = Keymap(keys, labels)
        for screen in SCREENS:
            self._check_clashes(screen, keymap)
        return keymap

    def _checked(self, table: str, name: str, given: object) -> str:
        if not isinstance(given, str) or not given.strip():
            raise self._error(
                table, name, f"{given!r} is not a key", 'Write a key in quotes, as "j".'
            )
        for key in given.split(","):
            known = key in _NAMED or _FUNCTION_OR_CONTROL.fullmatch(key)
            if not known and not (len(key) == 1 and key.isprintable() and not key.isspace()):
                raise self._error(
                    table, name, f"{key!r} is not a key",
                    "A key is one character, f1 to f12, ctrl+ and a letter, or "
                        f"{', '.join(_NAMED)}; several are apart by commas without spaces.",
                )  # fmt: skip
        return given

    def _check_clashes(self, screen: str, keymap: Keymap) -> None:
        """No key may do two things on one screen."""
        used = {
            f"{key.screen}.{key.action}": keymap.keys.get(key.id, key.keys)
            for name in dict.fromkeys((screen, "app"))
            for key in keys_of(name)
        }
        if screen == "label":
            used |= {f"labels.{name}": key for name, key in keymap.labels.items()}
        pairs = [(display(key), name) for name, keys in used.items() for key in keys.split(",")]
        for key, count in Counter(key for key, _ in pairs).items():
            if count > 1:
                names = [name for shown, name in pairs if shown == key]
                mine = next(
                    n for n in reversed(names) if n in keymap.keys or n.startswith("labels.")
                )
                table, _, action = mine.partition(".")
                raise self._error(
                    table,
                    action,
                    f"{key!r} has two meanings: {' and '.join(names)}",
                    "Give one of them another key.",
                )

    def _error(self, table: str, name: str, what: str, hint: str) -> ConfigError:
        return ConfigError(f"{self._path}, line {self._line(table, name)}: {what}.", hint)

    def _line(self, table: str, name: str) -> int:
        """Where an entry stands: the first line after its table's head that begins with it."""
        inside = False
        for number, line in enumerate(self._lines, start=1):
            text = line.strip()
            if text.startswith("["):
                inside = text.split("]")[0].strip("[ \"'") == table
                if inside and name == table:
                    return number
            elif inside and re.match(rf"[\"']?{re.escape(name)}[\"']?\s*=", text):
                return number
        return 1
