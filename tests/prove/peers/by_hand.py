"""Exactly once by hand, by the book: one transaction has results, changed state and offsets.

State goes to a compacted changelog, which a new life reads back before it begins. The
transactional id is fixed, so that a new life fences the former; static membership spares the wait
for its session.
"""

from __future__ import annotations

import argparse
import json
import signal
import time
from types import FrameType
from typing import Any

from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    KafkaException,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, NewTopic

_COMMIT_S = 0.1
_CALL_S = 30.0


class Worker:
    """One partition-sharing worker."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.bootstrap, self.group = args.bootstrap, args.group
        self.source, self.target = args.input, args.output
        self.changelog = f"{self.group}-changelog"
        self.state: dict[int, dict[str, list[int]]] = {}
        self.running = True
        self.producer = Producer(
            {
                "bootstrap.servers": self.bootstrap,
                "transactional.id": f"{self.group}-{args.slot}",
                "linger.ms": 5,
                "reconnect.backoff.max.ms": 1000,
                **dict(text.split("=", 1) for text in args.producer),
            }
        )
        self.consumer = Consumer(
            {
                "bootstrap.servers": self.bootstrap,
                "group.id": self.group,
                "group.instance.id": f"{self.group}-{args.slot}",
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "isolation.level": "read_committed",
                "reconnect.backoff.max.ms": 1000,
                **dict(text.split("=", 1) for text in args.config),
            }
        )

    def run(self) -> None:
        """Work until told to end."""
        self.producer.init_transactions(_CALL_S)
        self._make_changelog()
        self.consumer.subscribe([self.source], on_assign=self._restore, on_revoke=self._forget)
        while self.running:
            self._one_transaction()
        self.consumer.close()

    def _make_changelog(self) -> None:
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        source = admin.list_topics(self.source, timeout=_CALL_S).topics[self.source]
        new = NewTopic(
            self.changelog, len(source.partitions), 1, config={"cleanup.policy": "compact"}
        )
        for future in admin.create_topics([new]).values():
            try:
                future.result(timeout=_CALL_S)
            except KafkaException as error:
                if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                    raise

    def _restore(self, _: Consumer, partitions: list[TopicPartition]) -> None:
        reader = Consumer(
            {
                "bootstrap.servers": self.bootstrap,
                "group.id": f"{self.group}-restore",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "isolation.level": "read_committed",
            }
        )
        waiting = {p.partition for p in partitions}
        self.state |= {p: {} for p in waiting}
        reader.assign([TopicPartition(self.changelog, p, OFFSET_BEGINNING) for p in waiting])
        while waiting:
            for message in reader.consume(5000, timeout=0.05):
                error = message.error()
                if error is None:
                    key = message.key().decode()
                    self.state[message.partition()][key] = json.loads(message.value())
                elif error.code() == KafkaError._PARTITION_EOF:
                    waiting.discard(message.partition())
        reader.close()

    def _forget(self, _: Consumer, partitions: list[TopicPartition]) -> None:
        for partition in partitions:
            self.state.pop(partition.partition, None)

    def _one_transaction(self) -> None:
        positions: dict[int, int] = {}
        changed: dict[tuple[int, str], list[int]] = {}
        ends = time.monotonic() + _COMMIT_S
        while (left := ends - time.monotonic()) > 0:
            for message in self.consumer.consume(500, timeout=left):
                if message.error() is not None:
                    if message.error().fatal():
                        raise KafkaException(message.error())
                    continue
                if not positions:
                    self.producer.begin_transaction()
                self._record(message, changed)
                positions[message.partition()] = message.offset() + 1
        if positions:
            self._commit(positions, changed)

    def _record(self, message: Any, changed: dict[tuple[int, str], list[int]]) -> None:
        record = json.loads(message.value())
        key, partition = record["key"], message.partition()
        sums = self.state[partition].setdefault(key, [0, 0])
        sums[0] += 1
        sums[1] += record["x"]
        changed[partition, key] = sums
        result = {"id": record["id"], "key": key, "count": sums[0], "sum": sums[1]}
        self._produce(self.target, json.dumps(result), key, partition)

    def _produce(self, topic: str, value: str, key: str, partition: int) -> None:
        while True:
            try:
                self.producer.produce(topic, value, key, partition)
                return
            except BufferError:
                self.producer.poll(0.1)

    def _commit(self, positions: dict[int, int], changed: dict[tuple[int, str], list[int]]) -> None:
        for (partition, key), sums in changed.items():
            self._produce(self.changelog, json.dumps(sums), key, partition)
        offsets = [TopicPartition(self.source, p, offset) for p, offset in positions.items()]
        metadata = self.consumer.consumer_group_metadata()
        self.producer.send_offsets_to_transaction(offsets, metadata, _CALL_S)
        self.producer.commit_transaction(_CALL_S)


def parse() -> argparse.Namespace:
    """Read the command line: the five places, and what the experiments set."""
    parser = argparse.ArgumentParser()
    for name in ("bootstrap", "input", "output", "group", "state"):
        parser.add_argument(name)
    parser.add_argument("--slot", type=int, default=0)
    parser.add_argument("--config", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--producer", action="append", default=[], metavar="NAME=VALUE")
    return parser.parse_known_args()[0]


def main() -> None:
    """Run; any error ends the process, whose next life takes over."""
    worker = Worker(parse())

    def end(_number: int, _frame: FrameType | None) -> None:
        worker.running = False

    signal.signal(signal.SIGTERM, end)
    worker.run()


if __name__ == "__main__":
    main()
