"""Repartition topics on a real Kafka: groups whose records several processes read."""

from __future__ import annotations

import warnings

import pandas as pd
import pytest

import headrace as hr
from headrace import _core
from tests.integration.support import new_topic, until

SCHEMA = hr.Schema(
    {"at": hr.timestamp, "sensor": hr.string, "room": hr.string, "x": hr.nullable(hr.float64)},
    event_time="at",
    key="sensor",
)


def rows(count: int = 600) -> pd.DataFrame:
    """Return readings of seven sensors in three rooms, each sensor in every room."""
    numbers = range(count)
    return pd.DataFrame(
        {
            "at": pd.date_range("2026-03-02", periods=count, freq="s", tz="UTC"),
            "sensor": [f"s{i % 7}" for i in numbers],
            "room": [f"r{i % 3}" for i in numbers],
            "x": [None if i % 50 == 0 else i / 3 for i in numbers],
        }
    )


def readings(bootstrap: str, **options: object) -> hr.Stream:
    """Return a stream of the readings, three partitions of them."""
    topic = new_topic(bootstrap, 3)
    hr.replay(rows(), to=topic, bootstrap=bootstrap, key="sensor", event_time="at")
    return hr.kafka(
        topic, bootstrap=bootstrap, schema=SCHEMA, group=f"g-{topic}", start="earliest", **options
    )


def test_groups_come_together_through_the_topic(kafka) -> None:
    """Each room's records are in one partition, and counted once."""
    stream = readings(kafka.bootstrap, until="end").filter(hr.col("sensor") != "s0")
    rooms = stream.repartition("room")
    counted = rooms.group_by("room").window(hr.tumbling("1d"), grace="1h")
    result = counted.agg(n=hr.count(), total=hr.sum("x")).collect()
    kept = rows().query("sensor != 's0'")
    expected = kept.groupby("room").agg(n=("at", "size"), total=("x", "sum"))
    found = result.set_index("room").sort_index()
    assert found["n"].tolist() == expected["n"].tolist()
    assert found["total"].tolist() == pytest.approx(expected["total"].tolist(), rel=1e-12)
    (topic,) = rooms._source.topics
    marks = _core.Admin(kafka.bootstrap, {}).watermarks(topic, 20_000)
    assert len(marks) == 3
    assert sum(high - low for low, high in marks.values()) == len(kept)


def test_values_come_back_as_they_went(kafka) -> None:
    """Times, numbers, texts and nulls are the same behind the topic."""
    back = readings(kafka.bootstrap, until="end").repartition("room", partitions=1)
    result = back.collect().sort_values("at", ignore_index=True)
    pd.testing.assert_frame_equal(result, rows(), check_dtype=False)


def test_two_processes_share_the_groups(kafka) -> None:
    """Two members: together they count every record of every room, each room in one of them."""
    stream = readings(kafka.bootstrap)
    rooms = stream.repartition("room").group_by("room")
    counted = rooms.window(hr.all_time(), emit="update").agg(n=hr.count())
    with counted.run() as first, counted.run() as second:
        until(lambda: first.status().rows + second.status().rows == len(rows()))
        newest = pd.concat([live.frame(last=1000) for live in (first, second)])
        per_room = newest.groupby("room")["n"].max()
        assert per_room.to_dict() == {"r0": 200, "r1": 200, "r2": 200}
        both = set(first.frame()["room"]) & set(second.frame()["room"])
        assert not both


def test_what_is_wrong_before_the_topic_is_seen_in_the_handle(kafka) -> None:
    """Dead letters of the upper half are those of the whole."""
    stream = readings(kafka.bootstrap).validate(low=hr.col("x") >= 10.0)
    counted = stream.repartition("room").group_by("room").window(hr.all_time(), emit="update")
    good = int((rows()["x"] >= 10.0).sum())
    with warnings.catch_warnings(), counted.agg(n=hr.count()).run() as live:
        warnings.simplefilter("ignore", hr.errors.RejectedWarning)
        assert live.wait(rows=good, timeout="60s")
        until(lambda: live.status().rejected.get("rule") == len(rows()) - good)
        assert len(live.rejected()) == len(rows()) - good
