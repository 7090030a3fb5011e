"""Every kind of window and every aggregate against plain Python, pandas, Polars and DuckDB.

Random streams: several groups, null and NaN, out of order within the grace and beyond it, twice the
same, empty. ``HEADRACE_ORACLE_EXAMPLES`` says how many for each kind of window (``make
test-oracles``: 10,000); without it some dozens.

Whole numbers, times, texts and extremes are compared exactly, sums and means to the last digit of
``math.fsum``, the rest to 12 digits of pandas; skew, kurtosis and correlation, which cancel out, to
10 digits of a sum of fractions.
"""

from __future__ import annotations

import datetime as dt
import math
import os
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import headrace as hr
from headrace import aggregates
from tests.agreement import window_oracles as oracles
from tests.agreement.window_oracles import KINDS, Found, Record

SECOND = 1_000_000_000
DAY = 86_400 * SECOND
START = pd.Timestamp("2024-03-04T09:00", tz="UTC").value
SCHEMA = hr.Schema(
    {
        "at": hr.timestamp,
        "g": hr.string,
        "n": hr.nullable(hr.int64),
        "x": hr.nullable(hr.float64),
        "s": hr.nullable(hr.string),
        "b": hr.nullable(hr.bool_),
    },
    event_time="at",
    key="g",
)
EXAMPLES = int(os.environ.get("HEADRACE_ORACLE_EXAMPLES", "40"))
pytestmark = pytest.mark.timeout(300 if EXAMPLES < 1000 else 20_000)

oracle = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))

# -- streams

# Few values, so that they meet; quarters, so that the references are exact where they can be.
values = st.tuples(
    st.sampled_from("abc"),
    st.one_of(st.none(), st.integers(-5, 5), st.sampled_from([2**62, -(2**62)])),
    st.one_of(
        st.sampled_from([None, math.nan, 0.0, -0.0]), st.integers(-400, 400).map(lambda q: q / 4)
    ),
    st.sampled_from([None, "", "a", "ab", "é"]),
    st.sampled_from([None, True, False]),
)
asked = st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=4, unique=True)


def streams(steps: st.SearchStrategy[int], unit: int = SECOND) -> st.SearchStrategy[list[Record]]:
    """Records whose times go by steps, mostly forward."""

    def timed(drawn: list[tuple[int, tuple[Any, ...]]]) -> list[Record]:
        now, records = START, []
        for row, (step, fields) in enumerate(drawn):
            now += step * unit
            g, n, x, s, b = fields
            records.append({"row": row, "at": now, "g": g, "n": n, "x": x, "s": s, "b": b})
        return records

    return st.lists(st.tuples(steps, values), max_size=40).map(timed)


seconds = streams(st.one_of(st.integers(-3, 6), st.integers(-40, 60)))


def frame_of(records: list[Record]) -> pd.DataFrame:
    columns = {name: [record[name] for record in records] for name in SCHEMA}
    return pd.DataFrame(
        {
            "at": pd.to_datetime(pd.Series(columns["at"], dtype="int64"), utc=True, unit="ns"),
            "g": pd.Series(columns["g"], dtype="object"),
            "n": pd.array(columns["n"], dtype="Int64"),
            "x": pd.Series(columns["x"], dtype="float64"),
            "s": pd.Series(columns["s"], dtype="object"),
            "b": pd.array(columns["b"], dtype="boolean"),
        }
    )


# -- the comparison


def ns(text: str) -> int:
    return pd.Timedelta(text).value


def plain(value: Any) -> Any:
    """Return what pandas gave as a plain value; times in nanoseconds."""
    if value is None or value is pd.NaT or value is pd.NA or value != value:
        return None
    if isinstance(value, pd.Timestamp):
        return value.value
    return value.item() if hasattr(value, "item") else value


def rows_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    columns = {name: [plain(value) for value in frame[name]] for name in frame}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def agrees(name: str, found: Any, expected: Any, records: list[Record]) -> bool:
    expected = plain(expected)
    tolerance = KINDS[name].tolerance
    if found is None or expected is None or tolerance == 0:
        return bool(found == expected)
    terms = [1.0, abs(expected), *(abs(x) for x in oracles.present(records, "x"))]
    if name in {"mean_n", "quantile_n", "vwap"}:
        terms += [abs(n) for n in oracles.present(records, "n")]
    return abs(found - expected) <= tolerance * max(terms)


def assert_result(row: dict[str, Any], names: list[str], records: list[Record]) -> None:
    for name in names:
        kind = KINDS[name]
        expected = kind.expected(records)
        expected = expected if len(kind.suffixes) > 1 else (expected,)
        for suffix, value in zip(kind.suffixes, expected, strict=True):
            found = row[name + suffix]
            assert agrees(name, found, value, records), (
                f"{name}{suffix}: {found!r}, expected {value!r} of {records}"
            )


def run(
    records: list[Record], names: list[str], window: hr.Window, **options: Any
) -> tuple[list[dict[str, Any]], set[int]]:
    """Return the rows that came out, and which records were dead letters because they were late."""
    stream = hr.from_frame(frame_of(records), schema=SCHEMA).group_by("g").window(window, **options)
    wanted = {name: KINDS[name].aggregate for name in names}
    good, bad = stream.agg(**wanted).collect(rejected=True)
    assert set(bad["reason"]) <= {"late"}
    return rows_of(good), {int(offset) for offset in bad["offset"]}


def key(row: dict[str, Any]) -> tuple[Any, int, int]:
    return row["g"], row["window_start"], row["window_end"]


def assert_windows(
    records: list[Record], names: list[str], expected: Found, window: hr.Window, **options: Any
) -> None:
    rows, late = run(records, names, window, on_late="side_output", **options)
    assert late == expected.late
    assert sorted(key(row) for row in rows) == sorted(expected.windows)
    for row in rows:
        assert_result(row, names, expected.windows[key(row)])


def test_every_aggregate_has_a_reference() -> None:
    named = {*aggregates.__all__, "approx_n_unique"} - {"Aggregate", "median"}
    assert {kind.aggregate.kind for kind in KINDS.values()} == named


# -- windows of time


def hops(size: int, hop: int) -> oracles.Bounds:
    def bounds(at: int) -> list[tuple[int, int]]:
        newest = at // hop * hop
        starts = range(newest, at - size, -hop)
        return [(start, start + size) for start in starts]

    return bounds


graces = st.integers(0, 30)


@oracle
@given(seconds, asked, st.integers(1, 40), graces)
def test_tumbling(records: list[Record], names: list[str], size: int, grace: int) -> None:
    expected = oracles.time_windows(records, hops(size * SECOND, size * SECOND), grace * SECOND)
    assert_windows(records, names, expected, hr.tumbling(f"{size}s"), grace=f"{grace}s")
    counted = sum(len(members) for members in expected.windows.values())
    assert counted + len(expected.late) == len(records)


@oracle
@given(seconds, asked, st.integers(1, 40), st.integers(1, 40), graces)
def test_hopping(records: list[Record], names: list[str], size: int, hop: int, grace: int) -> None:
    hop = min(size, hop)
    expected = oracles.time_windows(records, hops(size * SECOND, hop * SECOND), grace * SECOND)
    window = hr.hopping(f"{size}s", hop=f"{hop}s")
    assert_windows(records, names, expected, window, grace=f"{grace}s")


@oracle
@given(seconds, asked, st.integers(0, 30), graces)
def test_a_shifted_window(records: list[Record], names: list[str], shift: int, grace: int) -> None:
    def bounds(at: int) -> list[tuple[int, int]]:
        return [
            (start + shift * SECOND, end + shift * SECOND)
            for start, end in hops(20 * SECOND, 20 * SECOND)(at - shift * SECOND)
        ]

    expected = oracles.time_windows(records, bounds, grace * SECOND)
    window = hr.tumbling("20s", offset=f"{shift}s")
    assert_windows(records, names, expected, window, grace=f"{grace}s")


@oracle
@given(seconds, asked, st.integers(1, 40), graces)
def test_session(records: list[Record], names: list[str], gap: int, grace: int) -> None:
    expected = oracles.sessions(records, gap * SECOND, grace * SECOND)
    assert_windows(records, names, expected, hr.session(f"{gap}s"), grace=f"{grace}s")


@oracle
@given(seconds, asked)
def test_all_time(records: list[Record], names: list[str]) -> None:
    rows, _ = run(records, names, hr.all_time())
    groups: dict[str, list[Record]] = {}
    for record in records:
        groups.setdefault(record["g"], []).append(record)
    assert {row["g"] for row in rows} == set(groups)
    for row in rows:
        times = [record["at"] for record in groups[row["g"]]]
        assert key(row)[1:] == (min(times), max(times))
        assert_result(row, names, groups[row["g"]])


# -- the calendar

ZONES = ("America/New_York", "Europe/Berlin", "Australia/Sydney")
# From hours to months, so that a stream comes past a change of the clock.
hours = streams(st.one_of(st.integers(-5, 30), st.integers(0, 3000)), unit=1800 * SECOND)
PERIODS = {"w": "W-SUN", "mo": "M", "q": "Q", "y": "Y"}


def local_midnight(day: dt.date, zone: str) -> int:
    return pd.Timestamp(day).tz_localize(zone).value


def calendar(count: int, unit: str, zone: str) -> oracles.Bounds:
    def bounds(at: int) -> list[tuple[int, int]]:
        local = pd.Timestamp(at, tz=zone)
        if unit == "d":
            first = (local.date() - dt.date(1970, 1, 1)).days // count * count
            days = [dt.date(1970, 1, 1) + dt.timedelta(days=first + n) for n in (0, count)]
            return [(local_midnight(days[0], zone), local_midnight(days[1], zone))]
        period = local.tz_localize(None).to_period(PERIODS[unit])
        origin = pd.Period("1970-01-05" if unit == "w" else "1970-01-01", freq=PERIODS[unit])
        first = (period.ordinal - origin.ordinal) // count * count
        starts = [(origin + first + n).start_time.date() for n in (0, count)]
        return [(local_midnight(starts[0], zone), local_midnight(starts[1], zone))]

    return bounds


@pytest.mark.parametrize("zone", ZONES)
@settings(oracle, max_examples=max(1, EXAMPLES // 2))
@given(
    records=hours,
    names=asked,
    count=st.integers(1, 3),
    unit=st.sampled_from(["d", "d", "d", "w", "mo", "q", "y"]),
    grace=st.integers(0, 40),
)
def test_calendar(
    zone: str, records: list[Record], names: list[str], count: int, unit: str, grace: int
) -> None:
    expected = oracles.time_windows(records, calendar(count, unit, zone), grace * 3600 * SECOND)
    window = hr.tumbling(f"{count}{unit}", tz=zone)
    assert_windows(records, names, expected, window, grace=f"{grace}h")


@pytest.mark.parametrize("zone", ZONES)
def test_a_year_of_days_is_that_of_pandas(zone: str) -> None:
    times = pd.date_range("2024-01-01", "2025-01-01", freq="37min", tz="UTC")
    frame = pd.DataFrame({"at": times, "g": "a", "x": range(len(times))})
    schema = hr.Schema(
        {"at": hr.timestamp, "g": hr.string, "x": hr.int64}, event_time="at", key="g"
    )
    days = hr.from_frame(frame, schema=schema).group_by("g").window(hr.tumbling("1d", tz=zone))
    found = days.agg(sum=hr.sum("x"), last=hr.last("at")).collect()
    local = frame.set_index(frame["at"].dt.tz_convert(zone)).resample("D")
    assert found["sum"].tolist() == local["x"].sum().tolist()
    assert found["last"].tolist() == local["at"].max().tolist()
    assert found["window_start"].tolist() == list(local["x"].sum().index.tz_convert("UTC"))
    lengths = (found["window_end"] - found["window_start"]).dt.total_seconds() / 3600
    assert sorted(set(lengths)) == [23, 24, 25]


def trading(opens: int, closes: int, days: set[int], zone: str) -> oracles.Bounds:
    def bounds(at: int) -> list[tuple[int, int]]:
        today = pd.Timestamp(at, tz=zone).date()
        for day in (today, today - dt.timedelta(days=1)):
            midnight = pd.Timestamp(day)
            ends = closes if closes > opens else closes + 24 * 60
            start, end = (
                (midnight + pd.Timedelta(minutes=minutes))
                .tz_localize(zone, ambiguous=True, nonexistent="shift_forward")
                .value
                for minutes in (opens, ends)
            )
            if day.weekday() in days and start <= at < end:
                return [(start, end)]
        return []

    return bounds


@pytest.mark.parametrize("zone", ZONES)
@settings(oracle, max_examples=max(1, EXAMPLES // 2))
@given(
    records=hours,
    names=asked,
    opens=st.integers(4 * 4, 24 * 4 - 1),  # no clock changes between 04:00 and midnight
    closes=st.integers(4 * 4, 24 * 4 - 1),
    days=st.sets(st.integers(0, 6), min_size=1),
)
def test_trading_session(
    zone: str, records: list[Record], names: list[str], opens: int, closes: int, days: set[int]
) -> None:
    if opens == closes:
        closes = opens - 1
    texts = [f"{quarter // 4:02}:{quarter % 4 * 15:02}" for quarter in (opens, closes)]
    weekdays = [("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[day] for day in sorted(days)]
    window = hr.trading_session(texts[0], texts[1], tz=zone, days=weekdays)
    bounds = trading(opens * 15, closes * 15, days, zone)
    expected = oracles.time_windows(records, bounds, 6 * 3600 * SECOND)
    assert_windows(records, names, expected, window, grace="6h")


# -- windows of records


@oracle
@given(seconds, asked, st.integers(1, 7), st.integers(0, 20))
def test_count_window(records: list[Record], names: list[str], rows: int, grace: int) -> None:
    ordered, late = (records, set()) if grace == 0 else oracles.in_order(records, grace * SECOND)
    window = hr.count_window(rows)
    found, found_late = run(records, names, window, grace=f"{grace}s", on_late="side_output")
    assert found_late == late
    expected = oracles.counted(ordered, rows)
    assert len(found) == len(expected)
    for group in "abc":  # within a group in the order in which they were filled
        of_group = sorted(
            (members for g, members in expected if g == group),
            key=lambda members: min(record["at"] for record in members),
        )
        starts = [min(record["at"] for record in members) for members in of_group]
        rows_found = [row for row in found if row["g"] == group]
        assert [row["window_start"] for row in rows_found] == starts
        for row, members in zip(rows_found, of_group, strict=True):
            if starts.count(row["window_start"]) > 1:
                continue  # their order is that of their offsets, which a frame does not show
            assert row["window_end"] == max(record["at"] for record in members)
            assert_result(row, names, members)


def assert_sliding(
    records: list[Record],
    names: list[str],
    window: hr.Window,
    grace: int,
    length: int | None = None,
    rows: int | None = None,
) -> None:
    ordered, late = (records, set()) if grace == 0 else oracles.in_order(records, grace * SECOND)
    expected, late_in_group = oracles.looked_back(ordered, length, rows)
    found, found_late = run(records, names, window, grace=f"{grace}s", on_late="side_output")
    assert found_late == late | late_in_group
    expected.sort(key=lambda pair: pair[0]["at"])  # as collect() puts them; then by offset
    assert [row["at"] for row in found] == [record["at"] for record, _ in expected]
    found_by_group = {g: [row for row in found if row["g"] == g] for g in "abc"}
    for g, of_group in found_by_group.items():
        wanted = [pair for pair in expected if pair[0]["g"] == g]
        for row, (_, members) in zip(of_group, wanted, strict=True):
            assert_result(row, names, members)


@oracle
@given(seconds, asked, st.integers(1, 60), st.integers(0, 30))
def test_sliding_by_time(records: list[Record], names: list[str], length: int, grace: int) -> None:
    window = hr.sliding(f"{length}s")
    assert_sliding(records, names, window, grace, length=length * SECOND)


@oracle
@given(seconds, asked, st.integers(1, 9), st.integers(0, 30))
def test_sliding_by_rows(records: list[Record], names: list[str], rows: int, grace: int) -> None:
    assert_sliding(records, names, hr.sliding(rows=rows), grace, rows=rows)


@settings(oracle, max_examples=max(1, EXAMPLES // 2))
@given(seconds, st.integers(1, 60))
def test_sliding_is_rolling_of_pandas(records: list[Record], length: int) -> None:
    ordered = sorted(({**r, "g": "a"} for r in records), key=lambda record: record["at"])
    ordered = [{**record, "row": row} for row, record in enumerate(ordered)]
    rolled = frame_of(ordered).set_index("at")["x"].rolling(f"{length}s")
    shown = ["count_x", "sum_x", "mean_x", "min_x", "median"]
    rows, _ = run(ordered, shown, hr.sliding(f"{length}s"))
    for name, method in (("count_x", "count"), ("min_x", "min"), ("median", "median")):
        found = [row[name] for row in rows]
        assert found == [plain(value) for value in getattr(rolled, method)()]
    # pandas takes values out of its sums by subtracting them, and knows no sum of nothing.
    for name, method in (("sum_x", "sum"), ("mean_x", "mean")):
        for row, expected in zip(rows, getattr(rolled, method)(), strict=True):
            if row["count_x"] > 0:
                assert row[name] == pytest.approx(expected, rel=1e-9, abs=1e-9)


# -- late records that correct a result, and results before a window closes


@oracle
@given(seconds, asked, st.integers(1, 30), st.integers(1, 30), graces, st.integers(0, 60))
def test_late_records_correct_their_windows(
    records: list[Record], names: list[str], size: int, hop: int, grace: int, lateness: int
) -> None:
    hop = min(size, hop)
    bounds = hops(size * SECOND, hop * SECOND)
    expected = oracles.time_windows(records, bounds, grace * SECOND, lateness * SECOND)
    window = hr.hopping(f"{size}s", hop=f"{hop}s")
    options = {"grace": f"{grace}s", "allowed_lateness": f"{lateness}s", "on_late": "update"}
    rows, _ = run(records, [*names, "count"] if "count" not in names else names, window, **options)
    newest: dict[tuple[Any, int, int], dict[str, Any]] = {}
    for row in rows:  # a correction has one more record
        before = newest.get(key(row))
        if before is None or row["count"] > before["count"]:
            newest[key(row)] = row
    assert set(newest) == set(expected.windows)
    for at, row in newest.items():
        assert_result(row, names, expected.windows[at])


@oracle
@given(
    seconds,
    st.sampled_from(
        [hr.tumbling("20s"), hr.hopping("30s", hop="12s"), hr.session("9s"), hr.all_time()]
    ),
    graces,
)
def test_updates_lead_to_the_result(records: list[Record], window: hr.Window, grace: int) -> None:
    options = {"grace": f"{grace}s", "on_late": "side_output"}
    closed, late = run(records, ["count", "sum_n"], window, **options)
    updated, late_too = run(records, ["count", "sum_n"], window, emit="update", **options)
    assert late_too == late
    finals = [
        {k: v for k, v in row.items() if k != "is_final"} for row in updated if row["is_final"]
    ]
    assert finals == closed
    before = [row for row in updated if not row["is_final"]]
    counted = sum(row["count"] for row in closed)
    assert len(before) == counted  # each record, in each of its windows


# -- other engines


def bounded(records: list[Record]) -> tuple[list[dict[str, Any]], pd.DataFrame]:
    names = ["count", "sum_b", "min_x", "max_n", "n_unique_s", "median"]
    rows, late = run(records, names, hr.tumbling("20s"), grace="10000s")
    assert late == set()
    return sorted(rows, key=key), frame_of(records)


@settings(oracle, max_examples=max(1, EXAMPLES // 2))
@given(seconds)
def test_tumbling_is_group_by_dynamic_of_polars(records: list[Record]) -> None:
    rows, frame = bounded(records)
    column = pl.col("x").fill_nan(None)
    found = (
        pl.from_pandas(frame)
        .sort("at", maintain_order=True)
        .group_by_dynamic("at", every="20s", group_by="g", start_by="window")
        .agg(
            count=pl.len().cast(pl.Int64),
            sum_b=pl.col("b").cast(pl.Int64).sum(),
            min_x=column.min(),
            max_n=pl.col("n").max(),
            n_unique_s=pl.col("s").drop_nulls().n_unique().cast(pl.Int64),
            median=column.quantile(0.5, "linear"),
        )
        .sort("g", "at")
    )
    expected = [{**row, "at": pd.Timestamp(row["at"]).value} for row in found.to_dicts()]
    assert [{**row, "at": row["window_start"]} for row in rows] == [
        {**row, "window_start": row["at"], "window_end": row["at"] + 20 * SECOND}
        for row in expected
    ]


@settings(oracle, max_examples=max(1, EXAMPLES // 2))
@given(seconds)
def test_tumbling_is_time_bucket_of_duckdb(records: list[Record]) -> None:
    rows, frame = bounded(records)
    query = """
        SELECT g, epoch_ns(time_bucket(INTERVAL 20 SECOND, "at")) AS start, count(*),
               coalesce(sum(b::INT), 0)::BIGINT, min(x) FILTER (NOT isnan(x)), max(n),
               count(DISTINCT s), quantile_cont(x, 0.5) FILTER (NOT isnan(x))
        FROM frame GROUP BY ALL ORDER BY g, start
    """
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.register("frame", frame)
        expected = connection.execute(query).fetchall()
    names = ["g", "window_start", "count", "sum_b", "min_x", "max_n", "n_unique_s", "median"]
    assert [tuple(row[name] for name in names) for row in rows] == expected
