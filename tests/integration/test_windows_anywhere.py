"""Windows are the same bits for any batches, threads, pieces and partitions, and lose no record."""

from __future__ import annotations

import random

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import headrace as hr
from headrace import _core, testing
from headrace.replay import flush
from headrace.testing import assert_batch_invariant, assert_same_bits

TICKERS = 7


def disturbed(seconds: int, seed: int) -> pd.DataFrame:
    """Bars out of order by up to so many seconds, some of them twice."""
    frame = hr.market.bars(rows=900, tickers=TICKERS, seed=seed)
    frame = pd.concat([frame, frame.iloc[::50]])
    chance = random.Random(seed)
    shifts = pd.Series([chance.uniform(0, seconds) for _ in range(len(frame))], index=frame.index)
    order = (frame["Date"] + pd.to_timedelta(shifts.to_numpy(), unit="s")).argsort(kind="stable")
    return frame.iloc[order].reset_index(drop=True)


NEAR = disturbed(600, seed=3)  # within a grace of ten minutes
FAR = disturbed(3000, seed=4)  # not all of them
BARS = hr.kafka("bars", schema=hr.market.SCHEMA)
AGGREGATES = {
    "count": hr.count(),
    "mean": hr.mean("Close"),
    "total": hr.sum("Volume"),
    "spread": hr.std("Close"),
    "p90": hr.quantile("Close", 0.9),
    "vwap": hr.vwap("Close", "Volume"),
    "last": hr.last("Close"),
}
WINDOWS: dict[str, hr.Window] = {
    "tumbling": hr.tumbling("15m"),
    "hopping": hr.hopping("20m", hop="7m"),
    "calendar": hr.tumbling("1d", tz="America/New_York"),
    "trading session": hr.trading_session("09:45", "11:00", tz="America/New_York"),
    "session": hr.session("2m"),
    "count": hr.count_window(9),
    "sliding": hr.sliding("12m"),
    "sliding rows": hr.sliding(rows=5),
    "all time": hr.all_time(),
}


def windowed(kind: str, by: str = "Ticker", **options: str) -> hr.Stream:
    options = {"grace": "10m", "on_late": "side_output", **options}
    return BARS.group_by(by).window(WINDOWS[kind], **options).agg(**AGGREGATES)


def in_order(frame: pd.DataFrame) -> pd.DataFrame:
    """Return results in an order that does not depend on partitions."""
    return frame.sort_values(frame.columns[:3].tolist(), kind="stable").reset_index(drop=True)


def through_partitions(
    stream: hr.Stream, frame: pd.DataFrame, count: int, threads: int = 1
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Run the steps of a stream over the records in a topic of a broker in this process."""
    with hr.MockBroker(bars=count) as broker:
        source = hr.kafka("bars", bootstrap=broker.bootstrap, schema=hr.market.SCHEMA, until="end")
        producer = _core.Producer(broker.bootstrap, {})
        producer.produce("bars", list(hr.market.records(frame)), [])
        flush(producer, broker.bootstrap)
        over = hr.Stream(source._source, source._schema, stream._steps)
        return over.collect(rejected=True, threads=threads)


@pytest.mark.parametrize("kind", WINDOWS)
def test_batches_threads_and_pieces_never_show(kind: str) -> None:
    assert_batch_invariant(windowed(kind), FAR, cuts=6, seed=len(kind))


@pytest.mark.parametrize("kind", ["tumbling", "hopping", "session", "count", "all time"])
def test_nor_do_they_in_updates(kind: str) -> None:
    assert_batch_invariant(windowed(kind, emit="update"), NEAR, cuts=4)


def test_nor_where_late_records_correct_results_and_groups_are_evicted() -> None:
    window = BARS.group_by("Ticker").window(
        hr.hopping("20m", hop="8m"), on_late="update", allowed_lateness="25m", max_groups=4
    )
    assert_batch_invariant(window.agg(**AGGREGATES), FAR, cuts=6)


def test_nor_in_indicators_behind_windows() -> None:
    stream = windowed("tumbling").with_columns(
        hr.ta.ema("mean", timeperiod=3), change=hr.col("last") - hr.col("last").shift(1)
    )
    assert_batch_invariant(stream, FAR, cuts=6)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    kind=st.sampled_from(sorted(WINDOWS)),
    partitions=st.sampled_from([1, 3, 6]),
    threads=st.integers(1, 2),
)
def test_a_group_is_the_same_in_any_number_of_partitions(
    kind: str, partitions: int, threads: int
) -> None:
    stream = windowed(kind)
    expected = testing.run(stream, NEAR)
    found, late = through_partitions(stream, NEAR, partitions, threads)
    assert len(late) == 0
    assert_same_bits(in_order(found), in_order(expected))


@pytest.mark.parametrize("partitions", [1, 3, 6])
def test_late_and_counted_records_are_all_there_are(partitions: int) -> None:
    found, late = through_partitions(windowed("tumbling"), FAR, partitions)
    assert len(late) > 0
    assert set(late["reason"]) == {"late"}
    assert found["count"].sum() + len(late) == len(FAR)
    counted = windowed("tumbling", on_late="count")
    again, nothing = through_partitions(counted, FAR, partitions)
    assert len(nothing) == 0
    assert_same_bits(in_order(again), in_order(found))


def test_counts_of_every_window_are_those_of_pandas() -> None:
    found, late = through_partitions(windowed("tumbling"), NEAR, 3)
    assert len(late) == 0
    buckets = NEAR.groupby([NEAR["Ticker"], NEAR["Date"].dt.floor("15min")])
    expected = buckets["Volume"].agg(["size", "sum"])
    keys = pd.MultiIndex.from_frame(found[["Ticker", "window_start"]])
    assert expected.loc[keys, "size"].tolist() == found["count"].tolist()
    assert expected.loc[keys, "sum"].tolist() == found["total"].tolist()
    assert len(found) == len(expected)


@pytest.mark.parametrize("kind", ["tumbling", "session", "sliding", "count"])
def test_a_group_spread_over_partitions_is_put_together_again(kind: str) -> None:
    results = []
    for partitions in (1, 3, 6):
        with hr.MockBroker(bars=partitions) as broker:
            source = hr.kafka(
                "bars", bootstrap=broker.bootstrap, schema=hr.market.SCHEMA, until="end"
            )
            producer = _core.Producer(broker.bootstrap, {})
            producer.produce("bars", [(None, value) for _, value in hr.market.records(NEAR)], [])
            flush(producer, broker.bootstrap)
            window = source.group_by("Ticker", across_partitions=True).window(
                WINDOWS[kind], grace="10m", on_late="side_output"
            )
            found, late = window.agg(**AGGREGATES).collect(rejected=True)
        assert len(late) == 0
        results.append(in_order(found))
    for other in results[1:]:
        assert_same_bits(results[0], other)
    by_time = NEAR.sort_values("Date", kind="stable")
    assert_same_bits(results[0], in_order(testing.run(windowed(kind), by_time)))
