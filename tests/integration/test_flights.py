"""Flights per day per airline through a real Kafka: exact, however the records come.

Records are shuffled, some come twice, some three days late; those of an airline in one partition,
or anywhere. The two real files where they are there, and the simulator always.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import headrace as hr
from headrace import testing
from headrace.broker import TemporaryBroker
from headrace.errors import RejectedWarning
from tests.integration import flight_topics as topics
from tests.integration.flight_topics import DAY, HOUR, Arrivals, Flights, Writer

# A quantile is exact up to this many values; its rank is off by some thousandths beyond.
EXACT_VALUES = 1024
TOO_SMALL = HOUR // 6  # a grace of ten minutes


@pytest.fixture(scope="module", params=["simulated", "1987", "2015"])
def flights(request: pytest.FixtureRequest) -> Flights:
    if request.param == "simulated":
        return Flights.simulated(rows=12_000)
    folder: Path = request.getfixturevalue("data") / "flights"
    path = (
        folder
        / {
            "1987": "airlines_1987_2008_31col.csv.gz",
            "2015": "flights_2015_01_41col.csv.gz",
        }[request.param]
    )
    if not path.is_file():
        pytest.skip(f"no file {path}")
    if request.param == "1987":
        return Flights.of_file(
            path,
            ["Year", "Month", "DayofMonth"],
            ("UniqueCarrier", "DepDelay", "Cancelled", "CRSDepTime"),
            ("UniqueCarrier", "FlightNum", "Origin", "Dest"),
        )
    return Flights.of_file(
        path,
        ["ds"],
        ("AIRLINE", "DEPARTURE_DELAY", "CANCELLED", "SCHEDULED_DEPARTURE"),
        ("AIRLINE", "FLIGHT_NUMBER", "ORIGIN_AIRPORT", "DESTINATION_AIRPORT"),
    )


@pytest.fixture(scope="module")
def writer(kafka: TemporaryBroker) -> Writer:
    return Writer(kafka.bootstrap)


@pytest.fixture(autouse=True)
def _late_and_repeated_ones_are_meant() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RejectedWarning)
        yield


def read(kafka: TemporaryBroker, flights: Flights, topic: str) -> hr.Stream:
    """The records of a topic, each flight once."""
    stream = hr.kafka(
        topic, schema=flights.schema, format="csv", bootstrap=kafka.bootstrap, until="end"
    )
    return stream.deduplicate(*flights.same, within="12h")


def per_day(stream: hr.Stream, flights: Flights, keyed: bool, **options: Any) -> hr.Stream:
    """The example of the README, with the names of a file.

    Airlines of one partition may leave years out, so every time is believed.
    """
    options = {"grace": "6h", "on_late": "side_output", "max_skew": None} | options
    return (
        stream.filter(hr.col(flights.cancelled) == 0)
        .group_by(flights.airline, across_partitions=not keyed)
        .window(hr.tumbling("1d"), **options)
        .agg(
            flights=hr.count(),
            mean_delay=hr.mean(flights.delay),
            p95=hr.quantile(flights.delay, 0.95),
        )
    )


def finished(stream: hr.Stream, **options: Any) -> hr.Live:
    with stream.run(**options) as live:
        assert live.wait(timeout="120s")
    return live


def result(live: hr.Live, flights: Flights) -> pd.DataFrame:
    """What came out, by airline and day."""
    table = live.frame(last=live.status().rows)
    assert len(table) == live.status().rows
    table = table.rename(columns={flights.airline: "airline", "window_start": "day"})
    return table.set_index(["airline", "day"]).sort_index()


def in_time(flights: Flights, arriving: Arrivals, late: Any) -> pd.DataFrame:
    """The flights that are counted: once each, and not late."""
    return flights.table.iloc[arriving.row[~late & ~arriving.repeated]]


def assert_equal_to_pandas(found: pd.DataFrame, table: pd.DataFrame) -> None:
    expected = topics.per_day(table)
    assert found.index.is_unique
    assert found.index.tolist() == expected.index.tolist()
    assert found["flights"].tolist() == expected["flights"].tolist()
    np.testing.assert_allclose(found["mean_delay"], expected["mean_delay"], rtol=1e-12, atol=0)
    few = (expected["flights"] <= EXACT_VALUES).to_numpy()
    np.testing.assert_allclose(found["p95"][few], expected["p95"][few], rtol=1e-12, atol=0)
    for (airline, day), p95 in found["p95"][~few].items():
        here = (table["airline"] == airline) & (table["at"] // DAY == day.value // DAY)
        delays = table["delay"][here & ~table["cancelled"]]
        assert (delays < p95).mean() - 0.01 <= 0.95 <= (delays <= p95).mean() + 0.01


@pytest.mark.parametrize("keyed", [True, False], ids=["by airline", "anywhere"])
@pytest.mark.parametrize("partitions", [1, 3, 6])
def test_every_airline_and_day_is_as_in_pandas(
    kafka: TemporaryBroker, writer: Writer, flights: Flights, partitions: int, keyed: bool
) -> None:
    arriving = topics.arrivals(flights, partitions, keyed=keyed)
    topic = writer.write(flights, arriving, keyed=keyed)
    reference = topics.late_by_partition if keyed else topics.late_when_merged
    late = reference(flights, arriving, 6 * HOUR)
    assert late.any()
    assert not late[arriving.repeated].any()
    live = finished(per_day(read(kafka, flights, topic), flights, keyed), digest=True)

    assert_equal_to_pandas(result(live, flights), in_time(flights, arriving, late))
    status = live.status()
    assert status.records == len(arriving.row)
    assert status.rejected == {"duplicate": arriving.repeated.sum(), "late": late.sum()}
    said = live.late()
    assert set(said["reason"]) == {"late"}
    expected = flights.table["airline"].iloc[arriving.row[late]].value_counts()
    assert said[flights.airline].value_counts().to_dict() == expected.to_dict()

    again = finished(per_day(read(kafka, flights, topic), flights, keyed), threads=2, digest=True)
    assert again.digest() == live.digest()


def test_an_airline_is_the_same_in_any_number_of_partitions(
    kafka: TemporaryBroker, writer: Writer, flights: Flights
) -> None:
    """To the bit; only in which partition it is, and so what is late, may differ."""
    found = []
    for partitions in (1, 3, 6):
        arriving = topics.arrivals(flights, partitions, keyed=True)
        topic = writer.write(flights, arriving, keyed=True)
        stream = per_day(read(kafka, flights, topic), flights, True, grace="9d", on_late="count")
        live = finished(stream)
        assert live.status().late_counted == 0
        found.append(result(live, flights).reset_index())
    assert_equal_to_pandas(found[0].set_index(["airline", "day"]), flights.table)
    testing.assert_same_bits(found[1], found[0])
    testing.assert_same_bits(found[2], found[0])


@pytest.mark.parametrize("keyed", [True, False], ids=["by airline", "anywhere"])
def test_with_too_small_a_grace_every_flight_is_counted_or_late(
    kafka: TemporaryBroker, writer: Writer, flights: Flights, keyed: bool
) -> None:
    arriving = topics.arrivals(flights, 3, keyed=keyed)
    topic = writer.write(flights, arriving, keyed=keyed)
    reference = topics.late_by_partition if keyed else topics.late_when_merged
    late = reference(flights, arriving, TOO_SMALL)
    assert late.sum() >= reference(flights, arriving, 6 * HOUR).sum() > 0
    flown = flights.table[~flights.table["cancelled"]]["airline"].value_counts().to_dict()
    stream = per_day(read(kafka, flights, topic), flights, keyed, grace="10min")

    live = finished(stream)
    counted = result(live, flights).groupby("airline")["flights"].sum()
    said = live.late()[flights.airline].value_counts()
    assert counted.add(said, fill_value=0).astype(int).to_dict() == flown
    assert live.status().rejected["late"] == len(live.late())
    assert_equal_to_pandas(
        result(live, flights), in_time(flights, arriving, late & ~arriving.repeated)
    )

    stream = per_day(read(kafka, flights, topic), flights, keyed, grace="10min", on_late="count")
    live = finished(stream)
    assert "late" not in live.status().rejected
    assert live.status().late_counted == said.sum()
    assert result(live, flights)["flights"].sum() + said.sum() == sum(flown.values())


@pytest.mark.parametrize("keyed", [True, False], ids=["by airline", "anywhere"])
def test_late_ones_may_correct_what_came_out(
    kafka: TemporaryBroker, writer: Writer, flights: Flights, keyed: bool
) -> None:
    arriving = topics.arrivals(flights, 3, keyed=keyed)
    topic = writer.write(flights, arriving, keyed=keyed)
    reference = topics.late_by_partition if keyed else topics.late_when_merged
    late = reference(flights, arriving, TOO_SMALL) & ~arriving.repeated
    options = {"grace": "10min", "on_late": "update", "allowed_lateness": "36500d"}
    live = finished(per_day(read(kafka, flights, topic), flights, keyed, **options))
    assert live.status().late_counted == 0
    said = result(live, flights)
    newest = said.groupby(level=["airline", "day"], sort=True).tail(1)
    assert_equal_to_pandas(newest, flights.table)
    # Each late flight is a result of its own, beside those of the days that closed in time.
    closed = topics.per_day(in_time(flights, arriving, late))
    assert len(said) == len(closed) + late.sum()


def test_a_time_more_than_a_year_ahead_is_set_aside_and_accounted_for(
    kafka: TemporaryBroker, writer: Writer, flights: Flights
) -> None:
    """``max_skew`` doubts the first two records after a gap; months apart they are believed."""
    arriving = topics.arrivals(flights, 6, keyed=True)
    topic = writer.write(flights, arriving, keyed=True)
    gaps = topics.gaps(flights, arriving, 366 * DAY)
    live = finished(per_day(read(kafka, flights, topic), flights, True, max_skew="366d"))
    rejected = live.status().rejected
    assert rejected.get("future", 0) == 2 * gaps
    assert live.status().late == rejected["late"] + 2 * gaps == len(live.late())
    flown = (~flights.table["cancelled"]).sum()
    assert result(live, flights)["flights"].sum() + live.status().late == flown
