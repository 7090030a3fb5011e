"""Timestamps made of other columns: the type, and what becomes of records."""

from __future__ import annotations

import zoneinfo
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import headrace as hr
from headrace import _core, testing
from headrace.errors import InvalidArgument, SchemaError, TypeMismatch, UnknownColumn

PARTS = hr.timestamp_from(year="Year", month="Month", day="Day", clock="Dep")
COLUMNS = {"Year": hr.int64, "Month": hr.int64, "Day": hr.int64, "Dep": hr.nullable(hr.int64)}
FLIGHTS = hr.Schema({"At": PARTS, **COLUMNS, "k": hr.string}, event_time="At", key="k")
ROWS = pd.DataFrame(
    {
        "Year": [2015, 2015, 2015],
        "Month": [1, 7, 12],
        "Day": [31, 4, 31],
        "Dep": [5, 1745, 2400],
        "k": ["AA", "AA", "UA"],
    }
)
TIMES = pd.to_datetime(["2015-01-31 00:05", "2015-07-04 17:45", "2016-01-01 00:00"], utc=True)


@pytest.mark.parametrize(
    "dtype",
    [
        PARTS,
        hr.timestamp_from(date="ds", tz="America/New_York"),
        hr.nullable(hr.timestamp_from(date="ds", clock="it's")),
    ],
)
def test_a_type_prints_as_the_code_that_makes_it(dtype: hr.schema.DataType) -> None:
    assert eval(repr(dtype), {"hr": hr}) == dtype


def test_a_schema_with_one_prints_as_code_to_paste() -> None:
    long = [f"a rather long name of column {i}" for i in range(4)]
    made = hr.timestamp_from(year=long[0], month=long[1], day=long[2])
    schema = hr.Schema(
        {
            **dict.fromkeys(long, hr.int64),
            "made": made,
            "perhaps": hr.nullable(made),
        },
        event_time="made",
    )
    assert eval(repr(schema), {"hr": hr}) == schema
    assert eval(repr(FLIGHTS), {"hr": hr}) == FLIGHTS
    assert hash(eval(repr(FLIGHTS), {"hr": hr})) == hash(FLIGHTS)
    other = hr.Schema(
        {**FLIGHTS.columns, "At": hr.timestamp_from(year="Year", month="Month", day="Day")},
        event_time="At",
        key="k",
    )
    assert other != FLIGHTS


def test_it_stands_where_the_schema_has_it_and_is_the_event_time() -> None:
    result = hr.from_frame(ROWS, schema=FLIGHTS).collect()
    assert result.columns.tolist() == FLIGHTS.names
    assert result["At"].tolist() == TIMES.tolist()
    last = hr.Schema({**COLUMNS, "k": hr.string, "At": PARTS}, event_time="At")
    assert hr.from_frame(ROWS, schema=last).collect().columns[-1] == "At"


def test_steps_see_it_as_any_other_event_time() -> None:
    stream = hr.from_frame(ROWS.iloc[::-1], schema=FLIGHTS).sort_within("365d")
    assert stream.select("At", "k").schema == hr.Schema(
        {"At": hr.timestamp, "k": hr.string}, event_time="At", key="k"
    )
    assert stream.collect()["At"].tolist() == TIMES.tolist()


@pytest.mark.parametrize("form", ["json", "csv"])
def test_records_of_both_formats(form: str) -> None:
    stream = hr.kafka("flights", schema=FLIGHTS, format=form)
    assert testing.run(stream, ROWS)["At"].tolist() == TIMES.tolist()


def test_parts_that_make_no_time_are_dead_letters_with_their_bytes() -> None:
    stream = hr.kafka("flights", schema=FLIGHTS, format="csv")
    records = ["2015,2,29,0,AA", "2015,2,28,2360,AA", "1066,10,14,900,AA", "2015,2,28,,AA"]
    good, bad = testing.run(stream, [*records, "2015,2,28,0,AA"], rejected=True)
    assert len(good) == 1
    assert bad["value"].tolist() == [record.encode() for record in records]
    assert bad["reason"].tolist() == ["time_format", "time_format", "time_range", "null"]
    assert bad["detail"].tolist() == [
        'field "At": Year=2015, Month=2, Day=29 is no date',
        'field "At": Dep=2360 is no time of day',
        'field "At": Year=1066, Month=10, Day=14 is outside 1677-09-21 to 2262-04-11',
        'field "At": column "Dep" is null',
    ]


def test_one_that_is_nullable_is_null_where_a_part_is() -> None:
    schema = hr.Schema({**COLUMNS, "At": hr.nullable(PARTS)})
    result = testing.run(hr.kafka("f", schema=schema, format="csv"), ["2015,2,28,", "2015,2,28,5"])
    assert result["At"].isna().tolist() == [True, False]


def test_a_date_may_be_replaced_by_the_time_that_is_made_of_it() -> None:
    schema = hr.Schema(
        {"k": hr.string, "ds": hr.timestamp_from(date="ds", clock="Dep"), "Dep": hr.int64},
        event_time="ds",
    )
    result = testing.run(hr.kafka("f", schema=schema, format="csv"), ["AA,2015-07-04,1745"])
    assert result.columns.tolist() == ["k", "ds", "Dep"]
    assert result["ds"].tolist() == [TIMES[1]]


def test_local_times_of_a_zone() -> None:
    schema = hr.Schema(
        {"At": hr.timestamp_from(date="ds", clock="Dep", tz=zoneinfo.ZoneInfo("Europe/Berlin")),
         "ds": hr.timestamp, "Dep": hr.string}
    )  # fmt: skip
    clocks = ["2024-01-15,1200", "2024-03-31,02:30", "2024-10-27,0230", "2024-07-15,1200"]
    result = testing.run(hr.kafka("f", schema=schema, format="csv"), clocks)
    naive = pd.to_datetime(
        ["2024-01-15 12:00", "2024-03-31 02:30", "2024-10-27 02:30", "2024-07-15 12:00"]
    )
    expected = naive.tz_localize(
        "Europe/Berlin", nonexistent=pd.Timedelta("1h"), ambiguous=[True] * 4
    )
    assert result["At"].tolist() == expected.tz_convert("UTC").tolist()


def test_dates_as_numbers_and_text(tmp_path: Path) -> None:
    for dtype, cell in ((hr.int64, "20150704"), (hr.string, "2015-07-04")):
        schema = hr.Schema({"At": hr.timestamp_from(date="d"), "d": dtype})
        result = testing.run(hr.kafka("f", schema=schema, format="csv"), [cell])
        assert result["At"].tolist() == [pd.Timestamp("2015-07-04", tz="UTC")]


@pytest.mark.parametrize(
    ("parts", "error", "words"),
    [
        ({}, InvalidArgument, "expected either date, or year, month and day"),
        ({"year": "Year", "month": "Month"}, InvalidArgument, "got year, month"),
        ({"date": "ds", "day": "Day"}, InvalidArgument, "got date, day"),
        ({"date": 5}, InvalidArgument, "date: expected the name of a column, got 5"),
        ({"date": "ds", "tz": "Europe/Berln"}, InvalidArgument, 'did you mean "Europe/Berlin"'),
        ({"dat": "ds"}, InvalidArgument, 'did you mean "date"'),
    ],
)
def test_parts_that_cannot_be_are_refused(
    parts: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error) as refused:
        hr.timestamp_from(**parts)
    assert words in str(refused.value)


def test_a_schema_refuses_parts_that_it_does_not_have() -> None:
    with pytest.raises(UnknownColumn, match='day: no column "Dy"; did you mean "Day"'):
        hr.Schema({"At": hr.timestamp_from(year="Year", month="Month", day="Dy"), **COLUMNS})
    with pytest.raises(TypeMismatch, match='date: column "x" is float64'):
        hr.Schema({"At": hr.timestamp_from(date="x"), "x": hr.float64})
    with pytest.raises(SchemaError, match="must be a timestamp that is not nullable"):
        hr.Schema({"At": hr.nullable(PARTS), **COLUMNS}, event_time="At")


def test_it_has_neither_unit_nor_path() -> None:
    with pytest.raises(SchemaError, match="takes no unit"):
        PARTS("ms")
    with pytest.raises(SchemaError, match="has no path of its own"):
        hr.field(PARTS, path="a.b")


def digest_of(batch_rows: int, threads: int) -> dict[str, str]:
    stream = hr.from_frame(hr.flights.schedule(rows=900, seed=5), schema=hr.flights.SCHEMA)
    stream = stream.with_columns(late=hr.ta.sma("Distance", timeperiod=5))
    options = {"digest": True, "batch_rows": batch_rows, "threads": threads}
    sources = stream._source.open(stream._schema)
    engine = _core.Engine(stream._plan, [sources], [], options)
    engine.start()
    while not engine.wait(50):
        pass
    assert engine.failure() is None
    result = engine.digest()
    engine.stop()
    return result


@pytest.mark.parametrize("batch_rows", [1, 7, 100, 899])
def test_batches_never_show(batch_rows: int) -> None:
    assert digest_of(batch_rows, 2) == digest_of(4096, 1)
