"""Small files out of which gigabytes would come, or hours: JSON that nests, values without an end,
columns without an end."""

import io
import json
from typing import Any

import pytest

from tests.engine.data.loading import Load
from tui_al.engine.data import json_values
from tui_al.engine.data.encodings import TextStream
from tui_al.engine.data.lines import Lines
from tui_al.engine.data.tables import LoadReport
from tui_al.errors import DataError


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.csv", "a.txt"])
@pytest.mark.parametrize("opening", ["[", '{"a":', '{"text": [', '[{"text":'])
def test_json_that_nests(load_text: Load, name: str, opening: str) -> None:
    content = opening * 100_000
    try:
        found = load_text(name, content)
    except DataError as error:
        assert error.message.startswith(name)
    else:
        assert name in ("a.csv", "a.txt") and len(found.train) <= 1


def test_a_long_value_of_json_is_not_read_from_its_beginning_again_and_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried = []

    class Counting(json.JSONDecoder):
        def raw_decode(self, s: str, idx: int = 0) -> tuple[Any, int]:
            tried.append(len(s) - idx)
            return super().raw_decode(s, idx)

    monkeypatch.setattr(json, "JSONDecoder", Counting)
    values = ["a text " * 3_000_000, "short"]
    stream = TextStream(io.BytesIO(json.dumps(values).encode()), "a.json", "utf-8", LoadReport())
    text = json_values.JsonText(Lines(stream, "a.json"))
    text.take("[")
    assert text.value() == values[0]
    assert text.take(",") == ","
    assert text.value() == values[1]
    assert sum(tried) < 3 * len(values[0])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", ",".join(f"c{n}" for n in range(10_001)) + "\n" + "1," * 10_000 + "1\n"),
        ("a.jsonl", "".join(f'{{"k{n}": 1, "l{n}": 2, "a": 3}}\n' for n in range(5_000))),
        ("a.json", json.dumps([{f"k{n}_{k}": 1 for k in range(101)} for n in range(100)])),
    ],
    ids=["csv", "jsonl", "json"],
)
def test_columns_without_end(load_text: Load, name: str, content: str) -> None:
    """Objects that have no field in common make a column each, with a cell for every row."""
    with pytest.raises(DataError, match=rf"{name} has 1\d,\d\d\d columns; at most 10,000 are read"):
        load_text(name, content)
