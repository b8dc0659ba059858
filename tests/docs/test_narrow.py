"""Wide tables are split, and notes that repeat are told once."""

from tests.docs.narrow import narrow, notes_once, wide_rows
from tui_al.report.markdown import table


def test_a_table_that_fits_stays_as_it_is() -> None:
    text = "Words.\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n\nMore."
    assert narrow(text, 13) == text
    assert wide_rows(text, 12) == ["| --- | --- |"]
    assert wide_rows(text, 13) == []


def test_a_wide_table_is_split_evenly_with_its_first_column_in_each_part() -> None:
    header = ["arm", *(f"column {n}" for n in range(9))]
    body = [["x \\| y", *(f"0.{n}" for n in range(9))], ["z", *("–" for _ in range(9))]]
    parts = narrow(table(header, body), 80).split("\n\n")
    assert [len(part.splitlines()) for part in parts] == [4, 4]
    assert [part.splitlines()[0].split("|")[1].strip() for part in parts] == ["arm", "arm"]
    assert all(part.splitlines()[2].startswith("| x \\| y") for part in parts)
    columns = [cell.strip() for part in parts for cell in part.splitlines()[0].split("|")[2:-1]]
    assert columns == header[1:]
    assert all(not wide_rows(part, 80) for part in parts)


def test_columns_of_uneven_width_still_fit() -> None:
    drawn = table(["a", "b", "c", "d", "e"], [["1", "x" * 30, "x" * 30, "2", "3"]])
    parts = narrow(drawn, 40).split("\n\n")
    assert not any(wide_rows(part, 40) for part in parts)
    assert len(parts) == 3


def test_a_repeated_note_is_taken_out_of_its_places() -> None:
    blocks = [
        "## A",
        "Same.\n\n| t |",
        "Other.",
        "Caption of one.",
        "Same.",
        "Caption of one.",
        "- l",
    ]
    notes, rest = notes_once(blocks, caption="Caption")
    assert notes == ["Same."]
    assert rest == ["## A", "| t |", "Other.", "Caption of one.", "Caption of one.", "- l"]
