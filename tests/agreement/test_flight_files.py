"""Real flight files, column by column as pandas reads them: files, records, no header."""

from __future__ import annotations

import csv
import gzip
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

import headrace as hr
from headrace.replay import produce


@dataclass(frozen=True)
class Flights:
    """A file, and where its time and its nulls are."""

    path: Path
    null: str  # beside the empty field
    date: tuple[str, ...]
    clock: str
    flight: tuple[str, ...]  # what tells the flights of a minute apart

    def table(self) -> pd.DataFrame:
        """The cells as text, null where they are, in the order of the event times."""
        cells = pd.read_csv(self.path, dtype=str, keep_default_na=False)
        cells = cells.mask(cells.isin(["", self.null]))
        day = cells[list(self.date)].agg("-".join, axis=1)
        clock = cells[self.clock].astype(int)
        minutes = pd.to_timedelta(clock // 100 * 60 + clock % 100, unit="min")
        time = pd.to_datetime(
            day, utc=True, format="ISO8601" if len(self.date) == 1 else "%Y-%m-%d"
        )
        cells.insert(0, "FlightDate", (time + minutes).astype("datetime64[ns, UTC]"))
        return cells.sort_values("FlightDate", kind="stable", ignore_index=True)


@pytest.fixture(scope="module", params=["1987", "2015"])
def flights(request: pytest.FixtureRequest, data: Path) -> Flights:
    made = {
        "1987": Flights(
            data / "flights" / "airlines_1987_2008_31col.csv.gz",
            "NA",
            ("Year", "Month", "DayofMonth"),
            "CRSDepTime",
            ("UniqueCarrier", "FlightNum", "Origin", "Dest"),
        ),
        "2015": Flights(
            data / "flights" / "flights_2015_01_41col.csv.gz",
            "",
            ("ds",),
            "SCHEDULED_DEPARTURE",
            ("AIRLINE", "FLIGHT_NUMBER", "ORIGIN_AIRPORT", "DESTINATION_AIRPORT"),
        ),
    }[request.param]
    if not made.path.is_file():
        pytest.skip(f"no file {made.path}")
    return made


@pytest.fixture(scope="module")
def expected(flights: Flights) -> pd.DataFrame:
    return flights.table()


@pytest.fixture(scope="module")
def schema(flights: Flights) -> hr.Schema:
    return hr.Schema.from_csv(flights.path, event_time="FlightDate")


def assert_same(got: pd.DataFrame, expected: pd.DataFrame) -> None:
    """Compare column by column; `expected` is text, read as the type that the column got."""
    assert got.columns.tolist() == expected.columns.tolist()
    assert len(got) == len(expected)
    for name in expected:
        ours, theirs = got[name], expected[name]
        assert ours.isna().tolist() == theirs.isna().tolist(), name
        there = theirs.notna()
        ours, theirs = ours[there], theirs[there]
        if pd.api.types.is_bool_dtype(ours.dtype):
            theirs = theirs == "YES"
        elif pd.api.types.is_numeric_dtype(ours.dtype):
            theirs = pd.to_numeric(theirs)
        elif name == "ds":
            theirs = pd.to_datetime(theirs, utc=True)
        assert ours.tolist() == theirs.tolist(), name


def test_the_schema_prints_as_code_to_paste(schema: hr.Schema) -> None:
    assert eval(repr(schema), {"hr": hr}) == schema
    assert all(len(line) <= 100 for line in repr(schema).splitlines())
    assert not any("left out" in note or "is empty" in note for note in schema.notes)


def test_a_file_is_read_completely(
    flights: Flights, schema: hr.Schema, expected: pd.DataFrame
) -> None:
    assert_same(hr.from_file(flights.path, schema=schema).collect(), expected)
    elsewhere = hr.kafka("flights", schema=schema, format="csv")
    assert_same(elsewhere.collect(flights.path), expected)


def test_records_of_a_topic_are_read_completely(
    flights: Flights, schema: hr.Schema, expected: pd.DataFrame
) -> None:
    with gzip.open(flights.path, "rb") as lines:
        next(lines)
        records = [(b"%d" % i, line.rstrip(b"\r\n")) for i, line in enumerate(lines)]
    with hr.MockBroker(flights=12) as broker:
        produce(records, to="flights", bootstrap=broker.bootstrap)
        got = hr.kafka(
            "flights", schema=schema, format="csv", bootstrap=broker.bootstrap, until="end"
        ).collect()
    # Within a minute the order is that of the partitions.
    by = ["FlightDate", *flights.flight]
    assert_same(in_order(got, by), in_order(expected, by))


def in_order(table: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    return table.sort_values(by, kind="stable", ignore_index=True, key=_as_text)


def _as_text(column: pd.Series) -> pd.Series:  # type: ignore[type-arg]
    return column if isinstance(column.dtype, pd.DatetimeTZDtype) else column.astype(str)


def test_a_file_without_a_header_and_with_another_null(
    flights: Flights, expected: pd.DataFrame, tmp_path: Path
) -> None:
    path = tmp_path / "flights.csv.gz"
    with (
        gzip.open(flights.path, "rt", newline="") as whole,
        gzip.open(path, "wt", newline="") as cut,
    ):
        rows = csv.reader(whole)
        names = next(rows)
        csv.writer(cut).writerows(
            [r"\N" if cell in ("", flights.null) else cell for cell in row] for row in rows
        )
    schema = hr.Schema.from_csv(path, columns=names, event_time="FlightDate")
    assert schema.csv.null_values == (r"\N",)
    assert_same(hr.from_file(path, schema=schema).collect(), expected)
