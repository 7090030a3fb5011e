"""Keys spread over partitions, and topics beside each other: as if all had come in order in one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import headrace as hr
from headrace import testing
from headrace.broker import TemporaryBroker
from headrace.replay import produce
from tests.integration.support import caught_up, new_topic, until

FRAME = hr.market.bars(rows=4_000, tickers=7, seed=41)
# Every bar a moment of its own, so that nothing depends on where it is.
FRAME["Date"] += pd.to_timedelta(np.arange(len(FRAME)) % 7, unit="s")
FRAME = FRAME.sort_values("Date", kind="stable").reset_index(drop=True)
GRACE = "10m"


def spread(topic: str, bootstrap: str, frame: pd.DataFrame, seed: int) -> None:
    """Write bars to any partition, some up to nine minutes later than their time."""
    chance = np.random.default_rng(seed)
    delay = chance.integers(0, 540, len(frame)) * (chance.random(len(frame)) < 0.3)
    order = np.argsort(frame["Date"].astype("int64") + delay * 1_000_000_000, kind="stable")
    records = [value for _, value in hr.market.records(frame.iloc[order])]
    anywhere = [str(number).encode() for number in chance.permutation(len(frame))]
    produce(list(zip(anywhere, records, strict=True)), to=topic, bootstrap=bootstrap)


def bars(topic: str, bootstrap: str, **options: str) -> hr.Stream:
    return hr.kafka(topic, schema=hr.market.SCHEMA, bootstrap=bootstrap, **options)


def features(stream: hr.Stream) -> hr.Stream:
    return stream.with_columns(
        hr.ta.bbands("Close", timeperiod=20), before=hr.col("Close").shift(3)
    )


EXPECTED = features(hr.from_frame(FRAME, schema=hr.market.SCHEMA)).collect()


@pytest.mark.parametrize("partitions", [1, 3, 6])
def test_keys_in_any_partition(kafka: TemporaryBroker, partitions: int) -> None:
    topic = new_topic(kafka.bootstrap, partitions)
    spread(topic, kafka.bootstrap, FRAME, seed=partitions)
    grace_ns = pd.Timedelta(GRACE).value
    merged = features(bars(topic, kafka.bootstrap, until="end")._exchanged(grace_ns))
    testing.assert_same_bits(merged.collect(), EXPECTED)
    testing.assert_same_bits(merged.collect(threads=4), EXPECTED)
    several = features(
        bars(topic, kafka.bootstrap, until="end", ingest_threads=3)._exchanged(grace_ns)  # type: ignore[arg-type]
    )
    testing.assert_same_bits(several.collect(threads=2), EXPECTED)


def test_two_topics_as_one(kafka: TemporaryBroker) -> None:
    left, right = new_topic(kafka.bootstrap, 3), new_topic(kafka.bootstrap, 2)
    spread(left, kafka.bootstrap, FRAME.iloc[::2], seed=1)
    spread(right, kafka.bootstrap, FRAME.iloc[1::2], seed=2)
    both = bars(left, kafka.bootstrap, until="end").union(
        bars(right, kafka.bootstrap, until="end"), grace=GRACE
    )
    testing.assert_same_bits(features(both).collect(threads=2), EXPECTED)


def test_a_restart_reads_again_what_had_not_come_out(kafka: TemporaryBroker) -> None:
    topic, out = new_topic(kafka.bootstrap, 3), new_topic(kafka.bootstrap, 1)
    spread(topic, kafka.bootstrap, FRAME, seed=5)
    stream = bars(topic, kafka.bootstrap, group="merged")._exchanged(pd.Timedelta(GRACE).value)
    for _ in range(2):
        live = stream.select("Date", "Ticker", "Close").to_kafka(out).run()
        until(lambda live=live: caught_up(live, 3))  # type: ignore[misc]
        live.stop()
    result = hr.Schema(
        {"Date": hr.timestamp, "Ticker": hr.string, "Close": hr.float64}, event_time="Date"
    )
    written = hr.kafka(out, schema=result, bootstrap=kafka.bootstrap, until="end").collect()
    # Nothing is lost; what was written twice is what waits near the end.
    distinct = written.drop_duplicates()
    held = FRAME[FRAME["Date"] > FRAME["Date"].max() - 2 * pd.Timedelta(GRACE)]
    assert len(distinct) >= len(FRAME) - len(held)
    assert len(distinct) == distinct.merge(FRAME[["Date", "Ticker"]]).shape[0]
    first = FRAME.iloc[: len(distinct)]
    assert distinct["Date"].reset_index(drop=True).equals(first["Date"].reset_index(drop=True))
