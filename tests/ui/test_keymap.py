"""Keys of one's own from a file, and what is said of mistakes in it."""

from pathlib import Path

import pytest

from tui_al.errors import ConfigError
from tui_al.ui.keymap import Keymap, load_keymap


def load(home: Path, text: str) -> Keymap:
    home.mkdir(exist_ok=True)
    (home / "keys.toml").write_text(text, encoding="utf-8")
    return load_keymap(home)


def test_without_a_file_nothing_is_changed(tmp_path: Path) -> None:
    assert load_keymap(tmp_path) == Keymap()


def test_keys_of_screens_and_labels(tmp_path: Path) -> None:
    read = load(
        tmp_path,
        '# mine\n[label]\nskip = "j"\nanswer = "a,x,w"\ntake = "enter,tab"\n\n[run]\npause = '
        '"f5"\n[labels]\ninvoice = "i"\n"né [/]" = "ctrl+k"\n',
    )
    assert read.keys == {
        "label.skip": "j", "label.answer": "a,x,w", "label.take": "enter,tab", "run.pause": "f5",
    }  # fmt: skip
    assert read.labels == {"invoice": "i", "né [/]": "ctrl+k"}


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('[label]\nskip = "j"\nskipp = "x"\n', 3, "there is no key label.skipp"),
        ('[lable]\nskip = "j"\n', 1, "there is no table [lable]"),
        ('[label]\nskip = 7\n', 2, "7 is not a key"),
        ('[label]\nnote = "hyper+x"\n', 2, "'hyper+x' is not a key"),
        ('[label]\nnote = "a, b"\n', 2, "' b' is not a key"),
        ('[run]\npause = "f5"\n[label]\nnote = "u"\n', 4, "'u' has two meanings: label.note and "
            "label.undo"),
        ('[label]\n"blind" = "q"\n', 2, "'q' has two meanings: label.blind and app.leave"),
        ('[labels]\ninvoice = "f"\n', 2, "'f' has two meanings: label.unclear and labels.invoice"),
        ('[labels]\ninvoice = "i,j"\n', 2, "label 'invoice' has several keys"),
        ('[label]\nfind = "?"\n', 2, "'?' has two meanings: label.find and app.help"),
    ],
)  # fmt: skip
def test_a_mistake_names_its_line_and_its_key(
    tmp_path: Path, text: str, line: int, said: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    assert caught.value.message.startswith(f"{tmp_path / 'keys.toml'}, line {line}: {said}")
    assert caught.value.hint


def test_a_file_that_is_no_toml(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"keys\.toml cannot be read: .*line 2"):
        load(tmp_path, '[label]\nskip = j"\n')
