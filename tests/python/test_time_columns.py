"""Columns that are parts of a time: which are taken for one, and which are not."""

from __future__ import annotations

import pytest

import headrace as hr
from headrace.schema import DataType
from headrace.time_columns import compose

Columns = dict[str, DataType]
PARTS: Columns = {"Year": hr.int64, "Month": hr.int64, "DayofMonth": hr.int64}
DATE: Columns = {"FlightDate": hr.timestamp}
CLOCK: Columns = {"CRSDepTime": hr.int64}
VALUES = {
    **{name: {"2015"} for name in PARTS},
    **{name: {"2015-01-01"} for name in ("FlightDate", "ds", "FL_DATE")},
    "CRSDepTime": {"5", "1745", "2400"},
    "SCHEDULED_DEPARTURE": {"0005", "2354.0"},
}


def test_year_month_and_day_are_composed_under_a_name_that_is_free() -> None:
    made = compose({"k": hr.string, **PARTS, **CLOCK}, VALUES, None)
    assert made.event_time == "FlightDate"
    assert list(made.columns)[:2] == ["FlightDate", "k"]
    assert made.columns["FlightDate"] == hr.timestamp_from(
        year="Year", month="Month", day="DayofMonth", clock="CRSDepTime"
    )
    assert made.notes == [
        'event_time="FlightDate" composed of Year, Month, DayofMonth and CRSDepTime, taken as UTC'
    ]
    assert compose(PARTS, VALUES, None).event_time == "Date"
    assert compose({**PARTS, **CLOCK, "FlightDate": hr.string}, VALUES, None).event_time == "Date"
    assert compose(PARTS, VALUES, "Departure").event_time == "Departure"


@pytest.mark.parametrize("date", ["FlightDate", "ds", "FL_DATE"])
@pytest.mark.parametrize("clock", ["CRSDepTime", "SCHEDULED_DEPARTURE"])
def test_a_date_beside_a_clock_gets_its_time_of_day(date: str, clock: str) -> None:
    columns = {date: hr.timestamp, clock: hr.int64}
    whole = hr.timestamp_from(date=date, clock=clock)
    for chosen in (None, date):
        made = compose(columns, VALUES, chosen)
        assert (made.event_time, made.columns[date], list(made.columns)) == (
            date,
            whole,
            [date, clock],
        )
    made = compose(columns, VALUES, "At")
    assert (made.event_time, made.columns["At"]) == ("At", whole)
    assert made.columns[date] == hr.timestamp


def test_a_date_is_preferred_only_where_there_are_no_parts() -> None:
    made = compose({**PARTS, **DATE, **CLOCK}, VALUES, "At").columns["At"]
    assert made == hr.timestamp_from(
        year="Year", month="Month", day="DayofMonth", clock="CRSDepTime"
    )


@pytest.mark.parametrize(
    ("columns", "event_time"),
    [
        (DATE, None),  # a date alone is a time already
        ({**DATE, "t": hr.timestamp, **CLOCK}, None),  # two that could be it
        ({"Year": hr.int64, "Month": hr.int64}, None),
        ({**PARTS, "Month": hr.nullable(hr.int64)}, None),
        ({**PARTS, "Month": hr.bool_}, None),
        ({"x": hr.float64}, "x"),
        ({"x": hr.float64}, "At"),
        ({"t": hr.timestamp, **PARTS}, None),
    ],
)
def test_what_is_left_as_it_is(columns: Columns, event_time: str | None) -> None:
    made = compose(columns, VALUES, event_time)
    assert (made.columns, made.event_time, made.notes) == (columns, event_time, [])


@pytest.mark.parametrize("values", [{"2501x"}, {"99"}, {"12345"}, {"1.5"}, {"-5"}, set()])
def test_numbers_that_no_clock_shows_are_no_clock(values: set[str]) -> None:
    made = compose({**DATE, **CLOCK}, {**VALUES, "CRSDepTime": values}, "FlightDate")
    assert made.columns["FlightDate"] == hr.timestamp


def test_an_instant_is_no_date() -> None:
    values = {**VALUES, "FlightDate": {"2015-01-01", "2015-01-01T10:00:00Z"}}
    assert compose({**DATE, **CLOCK}, values, "FlightDate").notes == []
