"""What the drawn plot shows, read back from its characters."""

import re
import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from tui_al.report.axes import budget_axis, short_number, value_axis
from tui_al.report.plot import Line, Series, draw, plain_text
from tui_al.report.raster import MARKS, sample

RISING = Series("lc", (100, 200, 300, 400), (0.3, 0.5, 0.65, 0.75), (0.04, 0.03, 0.02, 0.02))
LOWER = Series("random", (100, 200, 300, 400), (0.2, 0.35, 0.5, 0.6))


def rows_of(lines: list[Line], wanted: str) -> dict[int, int]:
    """Row of each column in which a character stands."""
    text = plain_text(lines).split("\n")
    return {c: r for r, line in enumerate(text) for c, shown in enumerate(line) if shown == wanted}


@pytest.mark.parametrize("unicode", [True, False])
@pytest.mark.parametrize(("width", "height"), [(20, 5), (21, 7), (60, 12), (80, 18), (110, 30)])
def test_fits_exactly_and_keeps_to_its_alphabet(unicode: bool, width: int, height: int) -> None:
    lines = draw([RISING, LOWER], width, height, title="accuracy", unicode=unicode)
    assert len(lines) == height
    for line in lines:
        assert cell_len("".join(segment.text for segment in line)) <= width
    assert plain_text(lines).isascii() is not unicode


def test_marks_stand_where_the_points_are() -> None:
    lines = draw([RISING], 60, 14, unicode=True)
    marks = rows_of(lines[:-1], "●")  # without the legend
    columns = sorted(marks)
    assert len(columns) == 4
    assert columns[-1] == 59
    gaps = [b - a for a, b in pairwise(columns)]
    assert max(gaps) - min(gaps) <= 1  # equal steps of labels
    heights = [marks[column] for column in columns]
    assert heights == sorted(heights, reverse=True)
    assert len(set(heights)) == 4


def test_a_value_stands_on_the_row_that_names_it() -> None:
    text = plain_text(draw([Series("a", (1, 2, 3), (0.2, 0.4, 0.6))], 50, 20)).split("\n")
    named = {line.split("┤")[0].strip(): line for line in text if "┤" in line}
    assert "●" in named[".2"]
    assert "●" in named[".4"]
    assert "●" in named[".6"]


def test_ascii_lines_and_band() -> None:
    text = plain_text(draw([RISING, LOWER], 70, 20, unicode=False))
    body = text.split("\n")[:-2]
    assert "*" in "".join(body)
    assert "o" in "".join(body)
    assert "." in "".join(line[8:] for line in body)
    assert "*** lc  .750 +/-.020   ooo random  .600" in text


def test_band_styles_only_where_there_is_a_spread() -> None:
    def styles(series: list[Series]) -> set[str]:
        return {segment.style for line in draw(series, 80, 20) for segment in line}

    assert styles([RISING, LOWER]) >= {"series0", "band0", "series1", "axis", "text"}
    assert "band1" not in styles([RISING, LOWER])
    assert not any(style.startswith("band") for style in styles([LOWER]))


def test_band_reaches_as_far_as_the_deviation() -> None:
    flat = Series("a", (0, 10), (0.5, 0.5), (0.1, 0.1))
    lines = draw([flat], 40, 26)
    text = plain_text(lines).split("\n")
    banded = [r for r, line in enumerate(lines) if any(s.style == "band0" for s in line)]
    row = {line.split("┤")[0].strip(): r for r, line in enumerate(text) if "┤" in line}
    assert banded[0] == row[".60"]
    assert banded[-1] == row[".40"]


def test_no_value_above_one_is_promised() -> None:
    sure = Series("a", (1, 2, 3), (0.97, 0.98, 0.99), (0.04, 0.04, 0.04))
    text = plain_text(draw([sure], 60, 20))
    assert "1.00" in text
    assert "1.02" not in text


def test_legend_has_line_mark_name_and_last_value() -> None:
    legend = plain_text(draw([RISING, LOWER], 80, 12)).split("\n")[-1]
    assert (
        legend
        == f"{sample(0, unicode=True)} lc  .750 ±.020   {sample(1, unicode=True)} random  .600"
    )


def test_twelve_series_are_told_apart_or_counted() -> None:
    many = [
        Series(f"s{i}", (1, 2, 3), (0.1 + i / 20, 0.2 + i / 20, 0.3 + i / 20)) for i in range(12)
    ]
    wide = plain_text(draw(many, 110, 30))
    assert all(f"{MARKS[i]}" in wide and f" s{i} " in wide for i in range(12))
    assert len({sample(i, unicode=True) for i in range(12)}) == 12
    narrow = plain_text(draw(many, 40, 12))
    assert "more" in narrow
    assert len(narrow.split("\n")) == 12


def test_foreign_names_are_harmless() -> None:
    evil = Series("\x1b[31m漢字\n", (1, 2), (0.1, 0.2))
    assert "␛[31m漢字␊" in plain_text(draw([evil], 60, 12))
    assert plain_text(draw([evil], 60, 12, unicode=False)).isascii()


@pytest.mark.parametrize(
    "series",
    [
        [],
        [Series("none", (), ())],
        [Series("nan", (1.0, 2.0), (float("nan"), float("inf")))],
    ],
)
def test_without_points_it_says_so(series: list[Series]) -> None:
    for width, height in ((20, 5), (60, 12)):
        text = plain_text(draw(series, width, height))
        assert "no points" in text
        assert "nan" not in text.split("\n")[0]


def test_one_point_is_a_mark() -> None:
    lines = draw([Series("a", (60,), (0.5,), (0.1,))], 60, 14)
    assert len(rows_of(lines[:-1], "●")) == 1
    assert any(segment.style == "band0" for line in lines for segment in line)


def test_too_small_is_empty() -> None:
    assert draw([RISING], 19, 5) == [[]] * 5
    assert draw([RISING], 20, 4) == [[]] * 4


finite = st.floats(0, 1)


@settings(max_examples=60, deadline=None)
@given(
    points=st.lists(
        st.tuples(st.integers(0, 100_000), st.floats(0, 1) | st.just(float("nan")), finite),
        max_size=12,
    ),
    count=st.integers(1, 3),
    width=st.integers(20, 90),
    height=st.integers(5, 24),
    unicode=st.booleans(),
)
def test_anything_can_be_drawn(
    points: list[tuple[int, float, float]], count: int, width: int, height: int, unicode: bool
) -> None:
    x, y, spread = (
        (tuple(column) for column in zip(*points, strict=True)) if points else ((), (), ())
    )
    lines = draw([Series("a", x, y, spread)] * count, width, height, unicode=unicode)
    assert len(lines) == height
    assert all(cell_len("".join(s.text for s in line)) <= width for line in lines)
    assert "nan" not in plain_text(lines)


@settings(max_examples=80, deadline=None)
@given(
    low=st.floats(-1e6, 1e6), span=st.floats(0, 1e6), rows=st.integers(2, 60), bounded=st.booleans()
)
def test_value_axis_covers_and_names_rows_evenly(
    low: float, span: float, rows: int, bounded: bool
) -> None:
    values = (0.5 + low / 4e6, 0.5 + low / 4e6 + span / 4e6) if bounded else (low, low + span)
    axis = value_axis(values, rows, (0.0, 1.0) if bounded else None)
    slack = 1e-9 * max(1.0, *map(abs, values))
    assert axis.low <= values[0] + slack
    assert axis.high >= values[1] - slack
    assert axis.ticks
    at = [axis.position(tick, rows) for tick in axis.ticks]
    assert len({b - a for a, b in pairwise(at)}) <= 1
    if bounded:
        assert all(0 <= tick <= 1 for tick in axis.ticks)


def test_names_of_values_and_labels() -> None:
    assert value_axis((0.7, 0.8), 12, None).names[:2] == (".70", ".75")
    assert budget_axis((100, 1300), 6).names == ("200", "400", "600", "800", "1,000", "1,200")
    assert budget_axis((3, 4), 4).names == ("3", "4")
    assert budget_axis((60,), 3).names == ("0", "50", "100")
    assert short_number(-0.031, 3) == "-.031"
    assert short_number(10.5, 1) == "10.5"
    assert short_number(1.0, 2) == "1.00"


def test_four_banded_curves_are_drawn_quickly() -> None:
    x = tuple(float(v) for v in range(100, 1400, 100))
    many = [
        Series(f"s{i}", x, tuple(0.3 + i / 20 + j / 30 for j in range(13)), (0.03,) * 13)
        for i in range(4)
    ]
    spent = []
    for _ in range(9):
        began = time.process_time()
        draw(many, 110, 30)
        spent.append(time.process_time() - began)
    assert sorted(spent)[4] < 0.03


def test_every_tick_has_its_name_beside_what_the_axis_counts() -> None:
    *_, axis, names, _ = plain_text(draw([RISING, LOWER], 80, 18)).split("\n")
    assert names.endswith(" labels")
    assert axis.count("┬") == len(re.findall(r"[\d,]+", names))
    for found in re.finditer(r"[\d,]+", names):
        assert "┬" in axis[found.start() : found.end()]


class TestReach:
    """How far the axes reach beyond the points."""

    def test_values_close_together_are_not_blown_up(self) -> None:
        axis = value_axis((0.95, 0.99), 12)
        assert 0.2 - 1e-9 <= axis.high - axis.low < 0.3  # a fifth, and what rounds it up
        assert value_axis((0.1, 0.9), 12).low <= 0.1

    def test_what_is_planned(self) -> None:
        points = Series("a", (100, 200), (0.2, 0.4))
        lines = plain_text(draw([points], 60, 12, planned=400)).splitlines()
        assert lines[-2].endswith(" 400")
        drawn = max(len(line) for line in lines[:-3])
        assert drawn < 30  # a third of the way, where without a plan the line ends at the edge
        assert max(map(len, plain_text(draw([points], 60, 12)).splitlines()[:-3])) == 60
        assert "labels, 400 planned" in plain_text(draw([points], 80, 12, planned=400))

    @pytest.mark.parametrize("planned", [None, 200, 150])
    def test_nothing_is_said_of_a_plan_that_is_reached(self, planned: float | None) -> None:
        points = Series("a", (100, 200), (0.2, 0.4))
        assert draw([points], 60, 12, planned=planned) == draw([points], 60, 12)
