"""A stream as it was at an earlier point: from the nearest checkpoint, by computing again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from headrace import durability, topology
from headrace.errors import InvalidArgument, Unsupported
from headrace.kafka_source import KafkaSource, timestamp_ms

if TYPE_CHECKING:
    from headrace import _core
    from headrace.durability import Wish
    from headrace.sources import Source
    from headrace.stream import Stream

__all__ = ["Point", "Positions", "source_until", "target"]

Point = int | Mapping[Any, int]
Positions = dict[tuple[str, int], int]
_ANSWER_MS = 10_000


def target(source: Source, now: Positions, offset: Point | None, time: Any) -> Positions:
    """Return the position of each partition at a point.

    Parameters
    ----------
    source : Source
        What the stream reads.
    now : dict
        How far each partition has been read.
    offset : int or mapping, optional
        As :meth:`headrace.Live.at` takes it.
    time : datetime or str, optional
        Likewise.

    Examples
    --------
    >>> import headrace as hr
    >>> from headrace.time_travel import target
    >>> bars = hr.kafka("stocks", schema=hr.market.SCHEMA)
    >>> target(bars._source, {("stocks", 0): 12}, 5, None)
    {('stocks', 0): 5}
    """
    leaves = _leaves(source)
    if (offset is None) == (time is None):
        raise InvalidArgument(f"at: expected offset or time, got {offset!r} and {time!r}")
    if time is not None:
        return _at_time(leaves, now, _milliseconds(time))
    if isinstance(offset, Mapping):
        return {**now, **_named(now, offset)}
    position = _checked(offset)
    if len(now) > 1:
        raise InvalidArgument(
            f"at: offset: this stream reads {len(now)} partitions, say for which: "
            "{partition: offset} or {(topic, partition): offset}"
        )
    return dict.fromkeys(now, position)


def source_until(
    stream: Stream, source: Source, wish: Wish | None, positions: Positions
) -> tuple[Source, _core.Durability]:
    """Return what reads up to these positions and no further, and how a run of it begins.

    Examples
    --------
    >>> from headrace.time_travel import source_until  # called by ``Live.at``
    """
    from headrace import _core

    rows = [(topic, partition, offset) for (topic, partition), offset in positions.items()]
    settings = durability.settings(stream, source, wish or durability.Wish(None, None, 10_000, 2))
    core = _core.durability({**settings, "savepoint": None, "up_to": rows})
    read = [
        replace(
            leaf,
            group=None,
            joins=False,
            until="end",
            start={"kind": "earliest"} if leaf.start["kind"] == "group" else leaf.start,
            ends=tuple(row for row in rows if row[0] in leaf.topics or leaf.pattern),
            ingest_threads=1,
            durability=core,
        )
        for leaf in _leaves(source)
    ]
    return durability.read_by(source, read), core


def _leaves(source: Source) -> list[KafkaSource]:
    found = topology.leaves(source)
    other = next((leaf for leaf in found if not isinstance(leaf, KafkaSource)), None)
    if other is not None:
        raise Unsupported(f"at: {other.describe()} cannot be read again")
    return [leaf for leaf in found if isinstance(leaf, KafkaSource)]


def _checked(offset: Any) -> int:
    if isinstance(offset, bool) or not isinstance(offset, int) or offset < 0:
        raise InvalidArgument(f"at: offset: expected a number from 0, got {offset!r}")
    return offset


def _named(now: Positions, offsets: Mapping[Any, int]) -> Positions:
    topics = sorted({topic for topic, _ in now})
    named: Positions = {}
    for where, offset in offsets.items():
        if isinstance(where, int) and len(topics) != 1:
            raise InvalidArgument(
                f"at: offset: with the topics {', '.join(topics)} name them: "
                f"{{(topic, partition): offset}}, got {where!r}"
            )
        place = (topics[0], where) if isinstance(where, int) else tuple(where)
        if place not in now:
            raise InvalidArgument(f"at: offset: this stream does not read {place[0]}[{place[1]}]")
        named[place] = _checked(offset)
    return named


def _milliseconds(time: Any) -> int:
    if isinstance(time, str):
        try:
            time = dt.datetime.fromisoformat(time)
        except ValueError as error:
            raise InvalidArgument(f"at: time: {error}") from None
    if not isinstance(time, dt.datetime):
        raise InvalidArgument(f"at: time: expected a datetime, got {time!r}")
    return timestamp_ms(time)


def _at_time(leaves: list[KafkaSource], now: Positions, milliseconds: int) -> Positions:
    from headrace import _core

    found: Positions = {}
    for topic in sorted({topic for topic, _ in now}):
        leaf = next(leaf for leaf in leaves if topic in leaf.topics or leaf.pattern)
        admin = _core.Admin(leaf.bootstrap, dict(leaf.config))
        offsets = admin.offsets_at(topic, milliseconds, _ANSWER_MS)
        found |= {
            (topic, partition): min(offset, now[topic, partition])
            for partition, offset in enumerate(offsets)
            if (topic, partition) in now
        }
    return found
