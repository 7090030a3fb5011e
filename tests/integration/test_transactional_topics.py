"""Topics that are written in transactions: where their end is, and who waits for whom."""

from __future__ import annotations

from typing import Any

import pytest

import headrace as hr
from headrace.broker import TemporaryBroker
from tests.integration.support import new_topic, until

confluent_kafka = pytest.importorskip("confluent_kafka", reason="transactions of another client")
pytestmark = pytest.mark.broker

SCHEMA = hr.Schema(
    {"id": hr.int64, "key": hr.string, "t": hr.timestamp("ms")}, event_time="t", key="key"
)


class Writer:
    """Writes records in transactions of its own, as another application does."""

    def __init__(self, boot: str, topic: str) -> None:
        self.topic, self.written = topic, 0
        self.producer = confluent_kafka.Producer(
            {"bootstrap.servers": boot, "transactional.id": topic, "log_level": 0}
        )
        self.producer.init_transactions()

    def begin(self, count: int, partition: int = 0) -> None:
        """Write `count` records and leave their transaction open."""
        self.producer.begin_transaction()
        for _ in range(count):
            value = b'{"id": %d, "key": "k%d", "t": %d}' % (
                self.written,
                partition,
                1000 * self.written,
            )
            self.producer.produce(self.topic, value, key=b"k%d" % partition, partition=partition)
            self.written += 1
        self.producer.flush()

    def commit(self, count: int, partition: int = 0) -> None:
        self.begin(count, partition)
        self.producer.commit_transaction()


def bars(kafka: TemporaryBroker, topic: str, **options: Any) -> hr.Stream:
    return hr.kafka(topic, bootstrap=kafka.bootstrap, schema=SCHEMA, **options)


@pytest.mark.parametrize("commit", [True, False], ids=["committed", "aborted"])
def test_a_bounded_read_ends_behind_the_transaction_that_is_open(
    kafka: TemporaryBroker, commit: bool
) -> None:
    topic = new_topic(kafka.bootstrap)
    writer = Writer(kafka.bootstrap, topic)
    writer.commit(10)
    writer.begin(5)
    live = bars(kafka, topic, until="end").run()
    until(lambda: "transaction is open" in (live.status().message or ""))
    assert live.status().state == "running"
    assert f"{topic}[0]: a transaction is open from offset 11 on" in live.status().message
    if commit:
        writer.producer.commit_transaction()
    else:
        writer.producer.abort_transaction()
    live.wait(timeout="30s")
    status = live.status()
    assert (status.state, status.records) == ("finished", 15 if commit else 10)
    assert not status.message


def test_what_was_just_committed_is_read(kafka: TemporaryBroker) -> None:
    topic = new_topic(kafka.bootstrap, 3)
    writer = Writer(kafka.bootstrap, topic)
    for turn in range(20):  # the markers come after the answer to a commit, or may
        writer.commit(3, turn % 3)
        assert len(bars(kafka, topic, until="end").collect()) == writer.written


def test_the_mark_of_a_transaction_is_no_lag(kafka: TemporaryBroker) -> None:
    topic = new_topic(kafka.bootstrap, 2)
    writer = Writer(kafka.bootstrap, topic)
    for _ in range(3):
        writer.commit(10)
    with bars(kafka, topic).run() as live:
        live.wait(until="end", timeout="60s")
        (task,) = (task for task in live.status().tasks if task.partition == 0)
        assert (task.position, task.high_watermark, task.lag) == (33, 33, 0)
        writer.commit(5)
        until(lambda: live.status().records == 35)
        until(lambda: live.status().lag == 0)


def test_a_partition_at_rest_behind_a_transaction_does_not_hold_up_the_others(
    kafka: TemporaryBroker,
) -> None:
    topic = new_topic(kafka.bootstrap, 2)
    writer = Writer(kafka.bootstrap, topic)
    writer.commit(1, partition=1)
    writer.commit(50, partition=0)
    merged = bars(kafka, topic)._exchanged(10**9, idle_timeout_ns=10**9)
    with merged.run() as live:
        # All but what is within the grace of the newest.
        until(lambda: live.status().rows >= 49)
