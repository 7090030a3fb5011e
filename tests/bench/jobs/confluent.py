"""The way into the Python peers: confluent-kafka in big batches, tuned as the bare loop is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import polars as pl
from confluent_kafka import Consumer, TopicPartition

_IDLE_S = 10.0
_SCHEMA = {
    "Date": pl.String(),  # parsed below: five times faster than asking read_ndjson for a datetime
    "Ticker": pl.String(),
    "Open": pl.Float64(),
    "High": pl.Float64(),
    "Low": pl.Float64(),
    "Close": pl.Float64(),
    "Adj Close": pl.Float64(),
    "Volume": pl.Int64(),
}


def batches(bootstrap: str, topic: str, most: int) -> Iterator[list[bytes]]:
    """Yield the values of a topic, up to its present end, ``most`` at a time."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "bench-peer",
            "enable.auto.commit": False,
            "fetch.queue.backoff.ms": 1,
            "fetch.message.max.bytes": 8_388_608,
        }
    )
    found = consumer.list_topics(topic, timeout=_IDLE_S).topics[topic]
    assignment = []
    left = 0
    for partition in found.partitions:
        low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition))
        assignment.append(TopicPartition(topic, partition, low))
        left += high - low
    consumer.assign(assignment)
    while left:
        messages = consumer.consume(min(most, left), _IDLE_S)
        if not messages:
            raise RuntimeError(f"no record of {topic} within {_IDLE_S} s, {left} to come")
        left -= len(messages)
        yield cast(list[bytes], [message.value() for message in messages])
    consumer.close()


def parse(values: list[bytes]) -> pl.DataFrame:
    """Turn JSON values into typed columns."""
    frame = pl.read_ndjson(b"\n".join(values), schema=_SCHEMA)
    date = pl.col("Date").str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", time_unit="ns")
    return frame.with_columns(date)
