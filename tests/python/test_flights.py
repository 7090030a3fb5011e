"""The simulated flight schedule: what a reader of real flight files would expect of it."""

from __future__ import annotations

import io

import pandas as pd
import pytest

import headrace as hr
from headrace import testing
from headrace.errors import InvalidArgument

FLIGHTS = hr.flights.schedule(rows=6000, airlines=3, seed=2)


def minutes(clock: pd.Series) -> pd.Series:  # type: ignore[type-arg]
    return clock // 100 * 60 + clock % 100


def test_the_same_seed_gives_the_same_flights() -> None:
    assert FLIGHTS.equals(hr.flights.schedule(rows=6000, airlines=3, seed=2))
    assert not FLIGHTS.equals(hr.flights.schedule(rows=6000, airlines=3, seed=3))


def test_days_airlines_and_airports() -> None:
    assert len(hr.flights.COLUMNS) >= 41
    assert FLIGHTS.columns.tolist() == list(hr.flights.COLUMNS)
    assert FLIGHTS["FlightDate"].iloc[0] == "2015-01-01"
    assert FLIGHTS["FlightDate"].nunique() == 20
    assert sorted(FLIGHTS["Airline"].unique()) == ["Auric", "Borealis", "Cirrus"]
    assert FLIGHTS["Origin"].nunique() > 10
    assert (FLIGHTS["Origin"] != FLIGHTS["Dest"]).all()
    time = pd.to_datetime(FLIGHTS["FlightDate"]) + pd.to_timedelta(
        minutes(FLIGHTS["CRSDepTime"]), unit="min"
    )
    assert time.is_monotonic_increasing


def test_clocks_show_times_of_day() -> None:
    for name in ("CRSDepTime", "DepTime", "WheelsOff", "WheelsOn", "CRSArrTime", "ArrTime"):
        clock = FLIGHTS[name].dropna()
        assert clock.between(1, 2400).all()
        assert (clock % 100 < 60).all()


def test_delays_and_durations_add_up() -> None:
    flown = FLIGHTS[FLIGHTS["ArrDelay"].notna()]
    assert ((flown["TaxiOut"] + flown["AirTime"] + flown["TaxiIn"])
            == flown["ActualElapsedTime"]).all()  # fmt: skip
    late = (minutes(flown["DepTime"]) - minutes(flown["CRSDepTime"]) - flown["DepDelay"]) % 1440
    assert (late == 0).all()
    on_board = flown["DepDelay"] + flown["ActualElapsedTime"] - flown["CRSElapsedTime"]
    assert (on_board == flown["ArrDelay"]).all()
    causes = flown[["CarrierDelay", "WeatherDelay", "NASDelay", "SecurityDelay",
                     "LateAircraftDelay"]]  # fmt: skip
    told = flown["ArrDelay"] >= 15
    assert (causes[told].sum(axis=1) == flown["ArrDelay"][told]).all()
    assert causes[~told].isna().all(axis=None)
    assert 0.05 < told.mean() < 0.4


def test_cancelled_and_diverted_flights_leave_fields_empty() -> None:
    cancelled, diverted = FLIGHTS["Cancelled"] == 1, FLIGHTS["Diverted"] == 1
    assert 0.003 < cancelled.mean() < 0.05
    assert 0 < diverted.mean() < 0.02
    assert FLIGHTS["DepTime"].isna().equals(cancelled)
    assert FLIGHTS["ArrTime"].isna().equals(cancelled | diverted)
    assert FLIGHTS["CancellationCode"].notna().equals(cancelled)


def test_as_a_frame_and_as_records_it_is_the_same_stream() -> None:
    frame = hr.from_frame(FLIGHTS, schema=hr.flights.SCHEMA).collect()
    assert len(frame) == len(FLIGHTS)
    assert frame["FlightDate"].is_monotonic_increasing
    assert frame["FlightDate"].dt.strftime("%Y-%m-%d").tolist() == FLIGHTS["FlightDate"].tolist()
    some = FLIGHTS.head(1500)
    stream = hr.kafka("flights", schema=hr.flights.SCHEMA, format="csv")
    testing.assert_same_bits(
        testing.run(stream, list(hr.flights.records(some))),
        hr.from_frame(some, schema=hr.flights.SCHEMA).collect(),
    )


def test_its_csv_is_inferred_as_what_it_is() -> None:
    text = FLIGHTS.to_csv(index=False)
    schema = hr.Schema.from_csv(text, event_time="FlightDate", key="Airline")
    assert schema["FlightDate"] == hr.timestamp_from(date="FlightDate", clock="CRSDepTime")
    assert schema.names == hr.flights.SCHEMA.names
    same = [name for name in schema if schema[name] == hr.flights.SCHEMA[name]]
    assert set(schema) - set(same) == {"FlightDate"}
    assert pd.read_csv(io.StringIO(text)).shape == FLIGHTS.shape


def test_where_it_begins_and_how_much_there_is() -> None:
    later = hr.flights.schedule(rows=10, airlines=1, start="2016-02-28")
    assert later["FlightDate"].unique().tolist() == ["2016-02-28"]
    assert hr.flights.schedule(rows=0).columns.tolist() == list(hr.flights.COLUMNS)
    with pytest.raises(InvalidArgument, match="airlines: expected 1 to 10, got 11"):
        hr.flights.schedule(airlines=11)
    with pytest.raises(InvalidArgument, match="rows: expected 0 or more, got -1"):
        hr.flights.schedule(rows=-1)
    with pytest.raises(InvalidArgument, match="start: expected a day"):
        hr.flights.schedule(start="soon")
