"""Judges an output topic, read as any read_committed reader would, by clients that are not ours.

Results may come in any order between keys; of one key they must come in the order of their records.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition

from tests.prove.records import Records

_READ_S = 30.0
_BATCH = 10_000
_ID = re.compile(rb'"id": ?(\d+)')


class Unreadable(RuntimeError):
    """The topic could not be read to its end: a transaction hangs, or the broker is gone."""


@dataclass
class Verdict:
    """What an output topic has, beside what it has to have."""

    expected: int
    results: int = 0
    twice: int = 0
    lost: int = 0
    wrong: int = 0
    disordered: int = 0
    foreign: int = 0  # no result of any record: torn, unreadable, or an id that was never sent

    @property
    def exact(self) -> bool:
        """Whether each result is there once, with its values, in its order."""
        return not any((self.twice, self.lost, self.wrong, self.disordered, self.foreign))

    def counts(self) -> dict[str, int]:
        """Give the numbers for a result line."""
        return asdict(self)


def consumer(bootstrap: str, **more: object) -> Consumer:
    """Make a read_committed reader of explicit partitions that hears of the end of each."""
    return Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "prove-oracle",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "check.crcs": True,
            "reconnect.backoff.ms": 20,
            "reconnect.backoff.max.ms": 100,
            "log_level": 0,
            **more,
        }
    )


def partitions_of(reader: Consumer, topic: str) -> list[int]:
    """List the partitions of a topic."""
    found = reader.list_topics(topic, timeout=_READ_S).topics[topic]
    return sorted(found.partitions)


def read(bootstrap: str, topic: str) -> Iterator[tuple[int, int, bytes]]:
    """Give (partition, offset, value) of every committed record up to the present end."""
    reader = consumer(bootstrap)
    try:
        # The end of what there is: of a transaction that is committed its mark may not be yet.
        until = ends(bootstrap, topic, isolation="read_uncommitted")
        waiting = set(until)
        reader.assign([TopicPartition(topic, p, OFFSET_BEGINNING) for p in sorted(waiting)])
        heard = time.monotonic()
        while waiting:
            messages = reader.consume(_BATCH, timeout=0.2)  # waits for a full batch that long
            if messages:
                heard = time.monotonic()
            elif time.monotonic() - heard > _READ_S:
                raise Unreadable(f"{topic}: partitions {sorted(waiting)} do not come to their end")
            for message in messages:
                error = message.error()
                if error is None:
                    yield message.partition(), message.offset(), message.value() or b""
                elif error.code() == KafkaError._PARTITION_EOF:
                    if message.offset() >= until[message.partition()]:
                        waiting.discard(message.partition())
                elif not error.retriable():
                    raise Unreadable(f"{topic}: {error}")
    finally:
        reader.close()


def ends(bootstrap: str, topic: str, isolation: str = "read_committed") -> dict[int, int]:
    """Give where a reader stands in each partition when it has read everything that it may now.

    A broker that has just come back says for a moment that it leads nothing: it is asked again.
    """
    reader = consumer(bootstrap, **{"isolation.level": isolation})
    deadline = time.monotonic() + _READ_S
    try:
        while True:
            try:
                return {p: _end(reader, topic, p) for p in partitions_of(reader, topic)}
            except KafkaException:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
    finally:
        reader.close()


def _end(reader: Consumer, topic: str, partition: int) -> int:
    place = TopicPartition(topic, partition)
    return int(reader.get_watermark_offsets(place, timeout=_READ_S, cached=False)[1])


def judge(values: Iterable[bytes], records: Records) -> Verdict:
    """Compare results, in the order in which they are in their partitions, with the reference."""
    counts, sums = records.expected()
    verdict = Verdict(expected=records.good)
    seen = bytearray(records.count)
    newest: dict[int, int] = {}
    for value in values:
        verdict.results += 1
        try:
            result = json.loads(value)
            i, count, total = int(result["id"]), result["count"], result["sum"]
        except (ValueError, KeyError, TypeError):
            verdict.foreign += 1
            continue
        if not 0 <= i < records.count or records.is_bad(i):
            verdict.foreign += 1
            continue
        if (count, total) != (counts[i], sums[i]):
            verdict.wrong += 1
        if seen[i]:
            verdict.twice += 1
            continue
        seen[i] = 1
        verdict.disordered += newest.get(records.key_of[i], -1) > i
        newest[records.key_of[i]] = i
    verdict.lost = records.good - seen.count(1)
    return verdict


def judge_dead_letters(
    values: Iterable[bytes], records: Records, *, original: bool = True
) -> Verdict:
    """Compare dead letters with the bad records.

    What could not be read is there as it came; what a later step set aside (`original` is False) is
    a row by then, and is known by its id.
    """
    shown = (lambda value: value) if original else _id_of
    bad = {shown(records.record(i).value) for i in range(records.count) if records.is_bad(i)}
    verdict = Verdict(expected=len(bad))
    seen: set[bytes] = set()
    for value in map(shown, values):
        verdict.results += 1
        verdict.foreign += value not in bad
        verdict.twice += value in seen
        seen.add(value)
    verdict.lost = len(bad - seen)
    return verdict


def judge_topic(bootstrap: str, topic: str, records: Records) -> Verdict:
    """Read a topic and compare it with the reference."""
    return judge((value for _, _, value in read(bootstrap, topic)), records)


def _id_of(value: bytes) -> bytes:
    found = _ID.search(value)
    return found.group(1) if found else value


def judge_windows(
    values: Iterable[bytes], records: Records, size_ms: int, grace_ms: int = 0
) -> Verdict:
    """Compare rows of (key, start, count, sum) with the windows that had to close."""
    expected = records.windows(size_ms, grace_ms)
    verdict = Verdict(expected=len(expected))
    seen: dict[tuple[str, int], int] = {}
    newest: dict[str, int] = {}
    for value in values:
        verdict.results += 1
        try:
            row = json.loads(value)
            group = (str(row["key"]), _ms(row["window_start"]))
            sums = row["count"], row["sum"]
        except (ValueError, KeyError, TypeError):
            verdict.foreign += 1
            continue
        if group not in expected:
            verdict.foreign += 1
            continue
        seen[group] = seen.get(group, 0) + 1
        verdict.twice += seen[group] > 1
        verdict.wrong += sums != expected[group]
        verdict.disordered += newest.get(group[0], 0) > group[1]
        newest[group[0]] = max(newest.get(group[0], 0), group[1])
    verdict.lost = len(expected) - len(seen)
    return verdict


def _ms(time: object) -> int:
    """Read a time of JSON: ISO 8601, or milliseconds."""
    if isinstance(time, int):
        return time
    from datetime import datetime

    return round(datetime.fromisoformat(str(time).replace("Z", "+00:00")).timestamp() * 1000)
