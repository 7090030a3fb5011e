"""Repartition topics: what is refused, and at which line. The rest needs a real Kafka."""

from __future__ import annotations

import pytest

import headrace as hr
from headrace.errors import InvalidArgument, UnknownColumn

SCHEMA = hr.Schema(
    {"at": hr.timestamp, "sensor": hr.string, "room": hr.string, "x": hr.float64},
    event_time="at",
    key="sensor",
)


def test_the_topic_is_named_after_group_topic_and_column() -> None:
    """So that every process of a group finds the same one."""
    readings = hr.kafka("readings", schema=SCHEMA, group="rooms")
    by_room = readings.filter(hr.col("x") > 0).repartition("room")
    assert "rooms-readings-room-repartition" in repr(by_room)
    assert by_room.schema.key == "room"
    assert by_room.columns == readings.columns
    named = readings.repartition("room", topic="by-room")
    assert "by-room" in repr(named)


def test_misuse_is_said_at_the_line() -> None:
    """What has no topic, no group or no such column."""
    frame = hr.from_frame(hr.market.bars(rows=4), schema=hr.market.SCHEMA)
    with pytest.raises(InvalidArgument, match="across_partitions=True"):
        frame.repartition("Ticker")
    alone = hr.kafka("readings", schema=SCHEMA)
    with pytest.raises(InvalidArgument, match="consumer group"):
        alone.repartition("room")
    grouped = hr.kafka("readings", schema=SCHEMA, group="rooms")
    with pytest.raises(UnknownColumn, match="room"):
        grouped.repartition("rom")
    with pytest.raises(InvalidArgument, match="event time"):
        grouped.repartition("at")
    with pytest.raises(InvalidArgument, match="partitions"):
        grouped.repartition("room", partitions=0)
    with pytest.raises(InvalidArgument, match="repartition topic"):
        grouped.repartition("room").collect(hr.market.bars(rows=4))
