"""Messages speak of keyword arguments where the command line speaks of flags."""

from pathlib import Path

import pytest

import tui_al
from tui_al.api.messages import in_python
from tui_al.errors import ConfigError, DataError


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("--epochs 0 is out of range.", "epochs = 0 is out of range."),
        ("Name it, as --label-column 'a'.", "Name it, as label_column = 'a'."),
        ("(guessed; --no-header overrides)", "(guessed; header=False overrides)"),
        ("another name with --session.", "another name with session."),
        ("--labels: names.txt cannot be read", "labels: names.txt cannot be read"),
        ("`tui-al check x --session y`", "`tui-al check x --session y`"),  # a command stays one
        ("--repair and --labels-of are none", "--repair and --labels-of are none"),
        ("a -- b, a--labels", "a -- b, a--labels"),
    ],
)
def test_flags_become_keywords(told: str, expected: str) -> None:
    assert in_python(told) == expected


def test_what_is_wrong_with_a_file_is_told_so(tmp_path: Path) -> None:
    file = tmp_path / "two.csv"
    file.write_text(
        "body,left,right\n" + "".join(f"t{n} u v w,m{n % 2},k{n % 3}\n" for n in range(40))
    )
    with pytest.raises(DataError) as caught:
        tui_al.load_dataset(file)
    assert "label_column = 'left'" in str(caught.value)
    assert "--" not in str(caught.value)


def test_what_was_guessed_is_told_so(tmp_path: Path) -> None:
    file = tmp_path / "plain.csv"
    file.write_text("text;label\n" + "".join(f"t{n} u v w;m{n % 2}\n" for n in range(40)))
    data = tui_al.load_dataset(file)
    assert any("guessed; delimiter overrides" in note for note in data.notes)
    assert set(data.warnings) <= set(data.notes)
    assert not any("--" in note for note in data.notes)


def test_an_unknown_strategy() -> None:
    with pytest.raises(ConfigError, match=r"^strategy = 'bt2' is unknown\.\nDid you mean bt\?"):
        tui_al.simulate("tickets", strategy="bt2")
