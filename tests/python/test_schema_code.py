"""Schemas as code: what fits on a line stays there, and every line has an end."""

from __future__ import annotations

import pytest

import headrace as hr
from headrace.schema_code import schema_code

PARTS = hr.timestamp_from(year="Year", month="Month", day="DayofMonth", clock="CRSDepTime")
NUMBERS = dict.fromkeys(("Year", "Month", "DayofMonth", "CRSDepTime"), hr.int64)


@pytest.mark.parametrize("columns", [1, 3, 4, 5, 30])
@pytest.mark.parametrize("csv", [hr.CsvFormat(), hr.CsvFormat(null_values=["NA", r"\N"])])
def test_it_makes_the_schema_and_fits_the_page(columns: int, csv: hr.CsvFormat) -> None:
    types = {f"column {i}": hr.nullable(hr.float64) for i in range(columns)}
    text = schema_code(types, None, None, csv)
    assert eval(text, {"hr": hr}) == hr.Schema(types, csv=csv)
    assert all(len(line) <= 88 for line in text.splitlines())
    assert (len(text.splitlines()) == 1) == (len(text) <= 88)


def test_a_composed_time_is_wrapped_as_a_formatter_would() -> None:
    lines = schema_code({"FlightDate": PARTS, **NUMBERS}, "FlightDate", None, hr.CsvFormat())
    assert lines.splitlines()[2:5] == [
        '        "FlightDate": hr.timestamp_from(',
        '            year="Year", month="Month", day="DayofMonth", clock="CRSDepTime"',
        "        ),",
    ]
