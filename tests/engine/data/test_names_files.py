"""Files of names for numbered classes and tags: one parser of all forms, for data and for --labels;
and numbers of any length."""

import json
from pathlib import Path

import pytest

from tests.engine.data.loading import Load
from tui_al.core.data.examples import Task
from tui_al.engine.data.names_files import given_names, in_order, numbered_names
from tui_al.errors import DataError

CARD = (
    "---\ndataset_info:\n  features:\n  - name: label\n    dtype:\n      class_label:\n        "
    "names:\n          '0': a\n          '1': b\n---\n# text\n"
)


@pytest.mark.parametrize(
    ("name", "content", "names"),
    [
        ("a.txt", "repair\nbilling\n", {0: "repair", 1: "billing"}),
        ("a.txt", "\ufeff0\trepair\r\n1\tbilling\r\n", {0: "repair", 1: "billing"}),
        ("a.txt", "1: repair\n2: wrong bill\n", {1: "repair", 2: "wrong bill"}),
        ("a.csv", "repair,0\nbilling,1\n", {0: "repair", 1: "billing"}),
        ("a.txt", "Group 1\nGroup 2\n", {0: "Group 1", 1: "Group 2"}),
        ("a.txt", "model 4\nother 9\n", {0: "model 4", 1: "other 9"}),
        ("a.txt", "repair\u2028now\nbilling", {0: "repair\u2028now", 1: "billing"}),
        ("a.txt", f"{'9' * 5000} a\n1 b\n", {0: f"{'9' * 5000} a", 1: "1 b"}),
        ("a.json", '["repair", "billing"]', {0: "repair", 1: "billing"}),
        ("a.json", '{"id2label": {"0": "repair", "1": "billing"}}', {0: "repair", 1: "billing"}),
        ("a.json", '{"x": {"names": {"repair": 0, "billing": 1}}}', {0: "repair", 1: "billing"}),
        ("README.md", CARD, {0: "a", 1: "b"}),
    ],
)
def test_every_form(tmp_path: Path, name: str, content: str, names: dict[int, str]) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert next(numbered_names(tmp_path / name)) == names


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.json", b"{"), ("a.json", b"[" * 100_000), ("a.json", b"1" * 5000),
        ("a.txt", b"\xff\xfe\xff"), ("README.md", b"---\na: "
        b"[\n---\n"), ("a.txt", b"x" * (1 << 21))],
)  # fmt: skip
def test_what_is_none_is_a_value_error(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=r"it|read|codec|Expecting|digits"):
        list(numbered_names(tmp_path / name))


def test_nesting_is_looked_into_only_so_deep(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(
        json.dumps({"a": [[["x", "y"]]]}).replace("[[[", "[" * 300).replace("]]]", "]" * 300)
    )
    assert list(numbered_names(tmp_path / "a.json")) == []


def test_numbers_in_order() -> None:
    assert in_order({1: "b", 0: "a"}) == ("a", "b")
    assert in_order({1: "a", 2: "b"}) is None
    assert in_order({}) is None


def test_what_a_person_gives(tmp_path: Path) -> None:
    file = tmp_path / "names.txt"
    file.write_text("1 repair\n2 billing\n")
    assert given_names(str(file)) == ("repair", "billing")
    assert given_names(" repair , billing") == ("repair", "billing")
    with pytest.raises(DataError, match=r"--labels: .*gone\.txt cannot be read"):
        given_names(str(tmp_path / "gone.txt"))
    file.write_text("5 repair\n9 billing\n")
    with pytest.raises(DataError, match="holds no names, counted from 0 or from 1"):
        given_names(str(file))


def test_names_of_other_amounts_are_told(load_text: Load) -> None:
    rows = "text,label\n" + "".join(f"text {i},{i % 3}\n" for i in range(9))
    data = load_text("a.csv", rows, labels=("x", "y"))
    assert data.labels == ("0", "1", "2")
    assert "--labels has 2 names, which do not fit the numbers 0, 1, 2: these stay" in data.warnings


LONG = "9" * 5000


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "text,label\n" + "".join(f"text {i},{LONG}{i % 2}\n" for i in range(9))),
        ("a.conll", "".join(f"{LONG} a{i} O\n1 b B-X\n\n" for i in range(9))),
        ("a.conllu", "".join(f"1\ta\t_\tO\n{LONG}\tb\t_\tB-X\n\n" for _ in range(9))),
        ("a.csv", "sentence,word,tag\n" + "".join(f"{LONG},a,O\n1,b,B-X\n" for _ in range(9))),
        ("a.jsonl", "".join(json.dumps({"tokens": ["a"],
            "tags": [LONG if i else "1"]}) + "\n" for i in range(9))),
    ],
)  # fmt: skip
def test_numbers_of_thousands_of_digits(load_text: Load, name: str, content: str) -> None:
    """Python refuses to read them as numbers: they are no index, no class and no tag."""
    try:
        data = load_text(name, content, labels=("x", "y") if "label" in content else None)
    except DataError as error:
        assert error.exit_code == 3
    else:
        assert data.task in Task
