"""Flights as they come out of a file, out of a simulator, and out of order into a topic.

The expectations here are pandas and plain NumPy; nothing of headrace computes them but the schema,
which is inferred as a user would have it inferred.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from confluent_kafka import Producer

import headrace as hr
from tests.integration.support import new_topic

Numbers = npt.NDArray[np.int64]
HOUR = 3_600_000_000_000
DAY = 24 * HOUR


@dataclass(frozen=True)
class Flights:
    """Flights in the order of their scheduled departures, and which columns hold what."""

    schema: hr.Schema
    table: pd.DataFrame  # airline, delay, cancelled, at (ns); one row a flight
    records: list[bytes]  # the line of each row
    airline: str
    delay: str
    cancelled: str
    same: tuple[str, ...]  # what two records of one flight agree in

    @classmethod
    def of(
        cls,
        schema: hr.Schema,
        cells: pd.DataFrame,
        records: list[bytes],
        date: list[str],
        names: tuple[str, str, str, str],
        same: tuple[str, ...],
    ) -> Flights:
        """Make them of the cells of a table; `names`: airline, delay, cancelled, clock."""
        airline, delay, cancelled, clock = names
        text = cells[date].astype(str).agg("-".join, axis=1)
        day = pd.to_datetime(text, format="%Y-%m-%d", utc=True).astype("datetime64[ns, UTC]")
        minutes = cells[clock].astype(int) // 100 * 60 + cells[clock].astype(int) % 100
        table = pd.DataFrame(
            {
                "airline": cells[airline].astype(str),
                "delay": pd.to_numeric(cells[delay], errors="coerce").astype("float64"),
                "cancelled": cells[cancelled].astype(int) != 0,
                "at": day.astype("int64") + minutes * (HOUR // 60),
            }
        ).sort_values("at", kind="stable")
        lines = [records[row] for row in table.index]
        return cls(schema, table.reset_index(drop=True), lines, airline, delay, cancelled, same)

    @classmethod
    def of_file(
        cls, path: Path, date: list[str], names: tuple[str, str, str, str], same: tuple[str, ...]
    ) -> Flights:
        """Read a file of the shared data."""
        schema = hr.Schema.from_csv(path, event_time="FlightDate", key=names[0])
        cells = pd.read_csv(path, dtype=str, keep_default_na=False)
        with gzip.open(path, "rb") as lines:
            next(lines)
            records = [line.rstrip(b"\r\n") for line in lines]
        return cls.of(schema, cells, records, date, names, (*same, "FlightDate"))

    @classmethod
    def simulated(cls, rows: int) -> Flights:
        """Flights of the simulator: no file is needed."""
        cells = hr.flights.schedule(rows=rows, airlines=8, seed=6)
        return cls.of(
            hr.flights.SCHEMA,
            cells,
            [value for _, value in hr.flights.records(cells)],
            ["FlightDate"],
            ("Airline", "DepDelay", "Cancelled", "CRSDepTime"),
            ("Airline", "Flight_Number_Marketing_Airline", "Origin", "FlightDate"),
        )


@dataclass(frozen=True)
class Arrivals:
    """In which order and where the records of flights come: one entry a record."""

    row: Numbers  # of Flights.table
    repeated: npt.NDArray[np.bool_]  # the flight came before
    partition: Numbers


def arrivals(flights: Flights, partitions: int, *, keyed: bool, seed: int = 7) -> Arrivals:
    """Shuffle within five hours, repeat one in 50, and hold back one in 40 for three days.

    What is repeated comes to the same partition, as when a producer tries again.
    """
    chance = np.random.default_rng(seed)
    count = len(flights.table)
    at = flights.table["at"].to_numpy()
    delay = chance.integers(0, 5 * HOUR, count) * (chance.random(count) < 0.4)
    held_back = chance.random(count) < 1 / 40
    delay[held_back] += 3 * DAY
    again = np.flatnonzero((chance.random(count) < 1 / 50) & ~held_back)
    row = np.concatenate([np.arange(count), again])
    comes = np.concatenate([at + delay, at[again] + 5 * HOUR + 1])
    repeated = np.arange(len(row)) >= count
    if keyed:
        partition = pd.factorize(flights.table["airline"], sort=True)[0] % partitions
    else:
        place = np.empty(count, np.int64)
        place[np.argsort(comes[:count], kind="stable")] = np.arange(count)
        partition = place % partitions
    order = np.argsort(comes, kind="stable")
    return Arrivals(row[order], repeated[order], partition[row][order].astype(np.int64))


class Writer:
    """Writes records to new topics, each to its partition, and each once."""

    def __init__(self, kafka: str) -> None:
        self._kafka = kafka
        settings = {
            "bootstrap.servers": kafka,
            "enable.idempotence": True,  # else one that is tried again may come twice
            "queue.buffering.max.messages": 500_000,
            "log_level": 2,
        }
        self._producer = Producer(settings)

    def write(self, flights: Flights, arriving: Arrivals, *, keyed: bool) -> str:
        """Write what arrives and return the topic."""
        topic = new_topic(self._kafka, int(arriving.partition.max()) + 1)
        airlines = flights.table["airline"].tolist()
        for row, partition in zip(arriving.row.tolist(), arriving.partition.tolist(), strict=True):
            key = airlines[row] if keyed else None
            self._producer.produce(topic, flights.records[row], key=key, partition=partition)
        assert self._producer.flush(60) == 0
        return topic


def late_by_partition(flights: Flights, arriving: Arrivals, grace: int) -> npt.NDArray[np.bool_]:
    """Which records come when their day has closed, where each partition goes by itself."""
    table = flights.table.iloc[arriving.row]
    at, kept = table["at"].to_numpy(), ~table["cancelled"].to_numpy()
    late = np.zeros(len(at), bool)
    for partition in np.unique(arriving.partition):
        here = np.flatnonzero((arriving.partition == partition) & kept)
        late[here] = closed(at[here], grace)
    return late


def late_when_merged(flights: Flights, arriving: Arrivals, grace: int) -> npt.NDArray[np.bool_]:
    """Which records come when their day has closed, where partitions are merged in order.

    A record has its own place, or, where it comes after the grace of its partition, the place at
    which it came; it is late where one of a later day has its place before it.
    """
    table = flights.table.iloc[arriving.row]
    at, kept = table["at"].to_numpy(), ~table["cancelled"].to_numpy()
    place = at.copy()
    for partition in np.unique(arriving.partition):
        here = np.flatnonzero((arriving.partition == partition) & ~arriving.repeated)
        place[here] = np.maximum(at[here], np.maximum.accumulate(at[here]) - grace)
    order = np.lexsort((np.arange(len(at)), arriving.partition, place))
    order = order[(kept & ~arriving.repeated)[order]]
    late = np.zeros(len(at), bool)
    late[order] = closed(at[order], 0)
    return late


def gaps(flights: Flights, arriving: Arrivals, longest: int) -> int:
    """How often time goes on by more than `longest` from one record of a partition to the next."""
    table = flights.table.iloc[arriving.row]
    at, kept = table["at"].to_numpy(), ~table["cancelled"].to_numpy()
    newest = [
        np.maximum.accumulate(at[(arriving.partition == partition) & kept])
        for partition in np.unique(arriving.partition)
    ]
    return sum(int((np.diff(times) > longest).sum()) for times in newest)


def closed(at: Numbers, grace: int) -> npt.NDArray[np.bool_]:
    """Whether the day of each record has ended when it comes."""
    return (at // DAY + 1) * DAY <= np.maximum.accumulate(at) - grace


def per_day(table: pd.DataFrame) -> pd.DataFrame:
    """Count and average flights by airline and day, with pandas."""
    flown = table[~table["cancelled"]]
    day = pd.to_datetime(flown["at"] // DAY * DAY, utc=True).astype("datetime64[ns, UTC]")
    groups = flown["delay"].groupby([flown["airline"].rename("airline"), day.rename("day")])
    p95 = groups.quantile(0.95)
    return pd.DataFrame({"flights": groups.size(), "mean_delay": groups.mean(), "p95": p95})
