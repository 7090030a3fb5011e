"""Watches an output topic while it is written, as a read_committed reader, and notes the times."""

from __future__ import annotations

import itertools
import re
import threading
import time
from collections.abc import Mapping

from confluent_kafka import OFFSET_BEGINNING, KafkaException, TopicPartition

from tests.prove import oracle

_ID = re.compile(rb'"id": ?(\d+)')

Marks = Mapping[int, int]


class Watcher(threading.Thread):
    """Reads along and knows when each partition got how far."""

    def __init__(self, bootstrap: str, topic: str, count: int) -> None:
        super().__init__(name="watcher", daemon=True)
        self._address, self._topic = bootstrap, topic
        self._seen = bytearray(count)
        self._lock = threading.Condition()
        self._arrivals: list[tuple[float, dict[int, int]]] = []  # time, newest offset by partition
        self._ended = threading.Event()
        self.distinct = 0

    def close(self) -> None:
        """Stop reading."""
        self._ended.set()
        self.join(timeout=20)

    def mark(self) -> Marks:
        """Give the end, as readers see it now: what is committed later comes behind it."""
        return oracle.ends(self._address, self._topic)

    def first_after(self, marks: Marks, since: float, timeout: float) -> float | None:
        """Wait for the first result behind `marks`; give its arrival on the monotonic clock."""
        deadline = time.monotonic() + timeout
        with self._lock:
            while True:
                for arrived, newest in self._arrivals:
                    if arrived >= since and any(
                        offset >= marks.get(partition, 0) for partition, offset in newest.items()
                    ):
                        return arrived
                left = deadline - time.monotonic()
                if left <= 0:
                    return None
                self._lock.wait(left)

    def longest_silence(self) -> float:
        """Give the longest time between two arrivals."""
        with self._lock:
            times = [arrived for arrived, _ in self._arrivals]
        return max((b - a for a, b in itertools.pairwise(times)), default=0.0)

    def run(self) -> None:
        """Read until told to end."""
        reader = oracle.consumer(self._address, **{"fetch.wait.max.ms": 50})
        try:
            known: set[int] = set()
            asked = 0.0
            while not self._ended.is_set():
                if time.monotonic() - asked > 2.0:
                    asked = time.monotonic()
                    self._add_partitions(reader, known)
                messages = reader.consume(5_000, timeout=0.02)
                self._note([m for m in messages if m.error() is None])
        finally:
            reader.close()

    def _add_partitions(self, reader: oracle.Consumer, known: set[int]) -> None:
        try:
            new = set(oracle.partitions_of(reader, self._topic)) - known
        except KafkaException:  # the broker is away
            return
        if new:
            reader.incremental_assign(
                [TopicPartition(self._topic, p, OFFSET_BEGINNING) for p in sorted(new)]
            )
            known |= new

    def _note(self, messages: list[object]) -> None:
        if not messages:
            return
        now = time.monotonic()
        newest: dict[int, int] = {}
        for message in messages:
            newest[message.partition()] = message.offset()  # type: ignore[attr-defined]
            found = _ID.search(message.value() or b"")  # type: ignore[attr-defined]
            i = int(found.group(1)) if found else -1
            if 0 <= i < len(self._seen) and not self._seen[i]:
                self._seen[i] = 1
                self.distinct += 1
        with self._lock:
            self._arrivals.append((now, newest))
            self._lock.notify_all()
