"""Joins: what a user reads when one is misused, and what comes out however records arrive."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

import headrace as hr
from headrace.errors import HeadraceError, InvalidArgument, TypeMismatch, UnknownColumn
from headrace.replay import produce

SCHEMA = hr.market.SCHEMA
BARS = hr.kafka("bars", schema=SCHEMA)
QUOTES = hr.kafka("quotes", schema=SCHEMA)
UNTIMED = hr.kafka("names", schema=hr.Schema({"Ticker": hr.string, "Name": hr.string}))
COMPANIES = hr.table("companies", schema=UNTIMED.schema, key="Ticker")
LOTS = pd.DataFrame({"Ticker": ["ACME", "BOLT"], "lot": [100, 10]})


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: BARS.join_asof("quotes"), InvalidArgument, "expected a stream, got 'quotes'"),
        (lambda: BARS.join_asof(COMPANIES), InvalidArgument, r"joined by join\(table, on=...\)"),
        (lambda: BARS.join_asof(QUOTES, by="Tickr"), UnknownColumn, 'did you mean "Ticker"'),
        (lambda: BARS.join_asof(QUOTES, by=3), InvalidArgument, "by: expected a column name"),
        (
            lambda: BARS.join_asof(QUOTES, strategy="backwards"),
            InvalidArgument,
            "strategy: expected one of .*got 'backwards'; did you mean \"backward\"",
        ),
        (lambda: BARS.join_asof(QUOTES, tolerance="-1s"), InvalidArgument, "join_asof: tolerance"),
        (lambda: BARS.join_asof(QUOTES, tolerance=5), InvalidArgument, "with its unit"),
        (lambda: BARS.join_asof(QUOTES, suffix=""), InvalidArgument, "two columns"),
        (lambda: BARS.join_asof(QUOTES, suffix=None), InvalidArgument, "suffix: expected text"),
        (lambda: BARS.join_asof(QUOTES, grace="soon"), InvalidArgument, "join_asof: grace"),
        (lambda: BARS.join_asof(QUOTES, allow_exact_matches=1), InvalidArgument, "True or False"),
        (lambda: BARS.join_asof(QUOTES, tolerence="1s"), InvalidArgument, 'mean "tolerance"'),
        (lambda: BARS.join_asof(UNTIMED), InvalidArgument, "the right stream has no event time"),
        (lambda: UNTIMED.join_asof(BARS), InvalidArgument, "the left stream has no event time"),
        (
            lambda: BARS.join_interval(QUOTES, lower="5m", upper="0s"),
            InvalidArgument,
            "lower: expected a time before upper='0s', got '5m'",
        ),
        (
            lambda: BARS.join_interval(QUOTES, lower="-5m", upper="0s", how="outer"),
            InvalidArgument,
            "how: expected one of",
        ),
        (
            lambda: BARS.join_interval(QUOTES, by=["Ticker", "Ticker"], lower="0s", upper="0s"),
            InvalidArgument,
            "named twice",
        ),
        (lambda: BARS.join(QUOTES, on="Ticker"), InvalidArgument, "join_asof or join_interval"),
        (lambda: BARS.join(3, on="Ticker"), InvalidArgument, "expected hr.table.*got int"),
        (lambda: BARS.join("lots.csv", on="Ticker"), InvalidArgument, "got 'lots.csv'"),
        (lambda: BARS.join(LOTS, on="Tickr"), UnknownColumn, "Tickr"),
        (lambda: BARS.join(LOTS, on="lot"), UnknownColumn, "left side"),
        (lambda: BARS.join(LOTS, on=[]), InvalidArgument, "at least one column name"),
        (lambda: BARS.join(LOTS, on="Ticker", how="right"), InvalidArgument, "how: expected one"),
        (lambda: BARS.join(COMPANIES, on="Close"), InvalidArgument, 'by its key, "Ticker"'),
        (lambda: UNTIMED.join(COMPANIES, on="Ticker"), InvalidArgument, "no event time"),
        (
            lambda: BARS.join(COMPANIES, on="Ticker", idle_timeout=None),
            InvalidArgument,
            "idle_timeout: a table without event times .*got None",
        ),
    ],
)
def test_misuse_is_refused_at_its_line(
    make: Callable[[], Any], error: type[HeadraceError], message: str
) -> None:
    with pytest.raises(error, match=message):
        make()


def test_a_column_of_another_type_is_said_with_both() -> None:
    numbered = hr.kafka(
        "n", schema=hr.Schema({"Date": hr.timestamp, "Ticker": hr.int64}, event_time="Date")
    )
    with pytest.raises(TypeMismatch, match="is string on the left side and int64 on the right"):
        BARS.join_asof(numbered, by="Ticker")


def test_the_keys_of_a_frame_take_the_type_of_the_stream() -> None:
    rows = hr.from_frame(pd.DataFrame({"k": [1, 2]}))
    floats = pd.DataFrame({"k": [1.0, None], "v": ["a", "b"]})  # as pandas has integers with gaps
    assert rows.join(floats, on="k").collect()["v"].tolist()[0] == "a"
    with pytest.raises(HeadraceError, match="k"):
        rows.join(pd.DataFrame({"k": ["one"]}), on="k")


def test_null_keys_match_nothing() -> None:
    keyed = pd.DataFrame({"k": ["a", None], "x": [1, 2]})
    rows = hr.from_frame(keyed)
    assert rows.join(keyed, on="k", how="inner").collect()["x"].tolist() == [1]


@pytest.mark.parametrize("library", ["polars", "pyarrow", "arrow"])
def test_a_table_of_any_library_can_be_joined(library: str) -> None:
    lots: Any = hr.from_frame(LOTS).collect(as_=library)
    bars = hr.from_frame(hr.market.bars(rows=4, tickers=2, seed=1), schema=SCHEMA)
    assert bars.join(lots, on="Ticker").collect()["lot"].tolist() == [100, 10, 100, 10]


def test_a_join_of_a_join_with_a_frame_and_steps_behind() -> None:
    df = hr.market.bars(rows=200, tickers=2, seed=3)
    bars = hr.from_frame(df, schema=SCHEMA)
    before = bars.select("Date", "Ticker", "Close").join(LOTS, on="Ticker")
    joined = bars.join_asof(before, by="Ticker", suffix="_b", allow_exact_matches=False)
    joined = joined.join(LOTS.assign(unit="piece"), on=["Ticker", "lot"], how="left")
    found = joined.with_columns(move=hr.col("Close") - hr.col("Close_b")).collect()
    expected = df.groupby("Ticker")["Close"].diff()
    pd.testing.assert_series_equal(found["move"], expected, check_names=False)
    assert found["unit"].tolist()[2:] == ["piece"] * 198


def test_data_is_given_in_the_order_in_which_the_streams_are_written() -> None:
    left, right = hr.market.bars(rows=20, tickers=1, seed=1), hr.market.bars(rows=20, tickers=1)
    joined = BARS.join_asof(QUOTES, by="Ticker")
    found = joined.collect([left, right])
    assert found["Close"].tolist() == left["Close"].tolist()
    assert found["Close_right"].tolist() == right["Close"].tolist()
    pd.testing.assert_frame_equal(found, joined.collect({"bars": left, "quotes": right}))


def test_what_a_join_is_made_of_is_shown_as_it_was_written() -> None:
    shown = repr(BARS.join_asof(QUOTES.select("Date", "Close")).join(LOTS, on="Ticker"))
    assert shown.splitlines() == [
        "Stream from 2 streams, merged by event time (join_asof)",
        "    bars on localhost:9092",
        "    quotes on localhost:9092",
        "      .select(Date, Close)",
        "  .join(on=['Ticker'], how='left')",
    ]


def ticks(seed: int, rows: int) -> list[dict[str, Any]]:
    """Return ticks of three symbols at times of which no two are equal, whatever the seed."""
    draw = random.Random(seed)
    times = draw.sample(range(10_000), rows)
    start = pd.Timestamp("2026-03-02", tz="UTC")
    return [
        {
            "at": (start + pd.Timedelta(milliseconds=2 * ms + seed % 2)).isoformat(),
            "sym": draw.choice("ABC"),
            "p": round(draw.uniform(1, 9), 2),
        }
        for ms in sorted(times)
    ]


TICK = hr.Schema(
    {"at": hr.timestamp, "sym": hr.string, "p": hr.float64}, event_time="at", key="sym"
)


@pytest.mark.parametrize("kind", ["asof", "nearest", "interval", "table"])
def test_the_same_bits_for_one_three_and_six_partitions(kind: str) -> None:
    def digest(partitions: int, threads: int) -> dict[str, str]:
        with hr.MockBroker(a=partitions, b=partitions) as broker:
            where = broker.bootstrap
            for topic, seed in (("a", 2), ("b", 3)):
                pairs = [(r["sym"].encode(), json.dumps(r).encode()) for r in ticks(seed, 400)]
                produce(pairs, to=topic, bootstrap=where)
            a = hr.kafka("a", schema=TICK, bootstrap=where, until="end")
            b = hr.kafka("b", schema=TICK, bootstrap=where, until="end")
            joined = {
                "asof": lambda: a.join_asof(b, by="sym", tolerance="200ms"),
                "nearest": lambda: a.join_asof(b, by="sym", strategy="nearest"),
                "interval": lambda: a.join_interval(b, by="sym", lower="-50ms", upper="50ms"),
                "table": lambda: a.join(
                    hr.table("b", schema=TICK, bootstrap=where, until="end"), on="sym"
                ),
            }[kind]()
            with joined.run(digest=True, threads=threads) as live:
                live.wait()
                assert live.status().rows > 200
                return live.digest()

    assert digest(1, 1) == digest(3, 2) == digest(6, 1)


def test_late_records_are_dead_letters_that_say_so() -> None:
    at = pd.to_datetime(["2026-03-02 10:00", "2026-03-02 10:05", "2026-03-02 10:01"], utc=True)
    left = hr.from_frame(pd.DataFrame({"at": at, "x": [1, 2, 3]}), event_time="at")
    right = hr.from_frame(pd.DataFrame({"at": at[:2], "y": [1, 2]}), event_time="at")
    good, bad = left.join_asof(right).collect(rejected=True)
    assert good["x"].tolist() == [1, 2]
    assert bad["reason"].tolist() == ["late"]
    assert "4m behind the newest that was joined" in bad["detail"][0]
    assert left.join_asof(right, grace="5m").collect()["x"].tolist() == [1, 3, 2]
