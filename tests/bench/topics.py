"""Topics of W1 on a broker: made once, kept until the broker goes.

``python -m tests.bench.topics BOOTSTRAP COUNT NAME...`` produces in a process of its own.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass

from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from tests.bench import w1

CODECS = ("none", "lz4", "zstd")
_QUEUE_FULL_WAIT_S = 0.5
_QUIET = 2  # else librdkafka tells of retries that it deals with itself


@dataclass(frozen=True)
class Topic:
    """One layout of W1: how many partitions, which compression."""

    partitions: int
    codec: str

    @property
    def name(self) -> str:
        """Name of the topic; `parse` reads it back."""
        return f"ohlcv-p{self.partitions}-{self.codec}"

    @classmethod
    def parse(cls, name: str) -> Topic:
        """Read a name made by `name`.

        Examples
        --------
        >>> Topic.parse("ohlcv-p4-lz4")
        Topic(partitions=4, codec='lz4')
        """
        _, partitions, codec = name.split("-")
        return cls(partitions=int(partitions.removeprefix("p")), codec=codec)


def all_topics() -> list[Topic]:
    """Every layout PERFORMANCE.md names."""
    return [Topic(partitions, codec) for partitions in (1, 4) for codec in CODECS]


def record_count(bootstrap: str, topic: str) -> int:
    """Count the records of a topic by its watermarks; 0 where it does not exist."""
    from confluent_kafka import Consumer

    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "bench-count"})
    try:
        found = consumer.list_topics(topic, timeout=10).topics[topic]
        total = 0
        for partition in found.partitions:
            low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=10)
            total += high - low
        return total
    finally:
        consumer.close()


def create(bootstrap: str, name: str, partitions: int) -> None:
    """Create a topic that keeps its records whatever their age."""
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": _QUIET})
    new = NewTopic(
        name, partitions, 1, config={"retention.ms": "-1", "segment.bytes": "1073741824"}
    )
    for future in admin.create_topics([new]).values():
        future.result()


def produce(bootstrap: str, topic: Topic, records: Iterable[tuple[bytes, bytes]]) -> None:
    """Send ``(key, value)`` pairs in order and wait until the broker has them all."""
    failures: list[str] = []

    def delivered(error: object, _message: object) -> None:
        if error is not None:
            failures.append(str(error))

    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "compression.type": topic.codec,
            "enable.idempotence": True,  # keeps the order of a partition whatever is retried
            "linger.ms": 50,
            "queue.buffering.max.messages": 500_000,
            "log_level": _QUIET,
        }
    )
    for index, (key, value) in enumerate(records):
        while True:
            try:
                producer.produce(topic.name, value, key, on_delivery=delivered)
                break
            except BufferError:
                producer.poll(_QUEUE_FULL_WAIT_S)
        if index % 10_000 == 0:
            producer.poll(0)
    producer.flush()
    if failures:
        raise RuntimeError(f"{len(failures)} records of {topic.name} not delivered: {failures[0]}")


def main(bootstrap: str, count: int, names: list[str]) -> None:
    """Make the named topics, each with the first ``count`` records of W1."""
    bars = w1.make_bars(count)
    records = list(zip(w1.keys(bars), w1.values(bars), strict=True))
    for topic in map(Topic.parse, names):
        create(bootstrap, topic.name, topic.partitions)
        produce(bootstrap, topic, records)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3:])
