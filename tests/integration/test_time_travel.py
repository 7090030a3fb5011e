"""A stream as it was, on a real Kafka: the same rows as were given out then."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path

import pandas as pd
import pytest

import headrace as hr
from headrace import errors
from headrace.broker import TemporaryBroker
from headrace.replay import produce
from tests.integration.support import new_topic, until

pytestmark = pytest.mark.broker

SCHEMA = hr.Schema({"id": hr.int64, "k": hr.string, "v": hr.float64}, key="k")
KEYS = 7


class Job:
    """Records of some keys, and a stream that remembers much of each."""

    def __init__(self, kafka: TemporaryBroker, partitions: int) -> None:
        self.boot = kafka.bootstrap
        self.source, self.target = new_topic(self.boot, partitions), new_topic(self.boot)
        self.written = 0
        stream = hr.kafka(self.source, bootstrap=self.boot, schema=SCHEMA, group=self.source)
        self.stream = stream.with_columns(
            total=hr.ta.sum("v", timeperiod=40), ema=hr.ta.ema("v", timeperiod=10)
        )

    def write(self, count: int) -> None:
        numbers = range(self.written, self.written + count)
        records = [
            (b"%d" % (n % KEYS), b'{"id": %d, "k": "%d", "v": %d}' % (n, n % KEYS, n * 7 % 11))
            for n in numbers
        ]
        produce(records, to=self.source, bootstrap=self.boot)
        self.written += count

    def run(self, state: Path | None) -> hr.Live:
        sink = self.stream.to_kafka(self.target)
        return sink.run(checkpoint=state, checkpoint_interval="50ms", commit_interval="20ms")

    def settle(self, live: hr.Live) -> None:
        until(lambda: len(live.frame(last=self.written)) == self.written)


def same(then: hr.Live, all_rows: pd.DataFrame, positions: dict[int, int]) -> int:
    """Compare the rows of a past with those that were given out before it; give their number."""
    rows = then.frame(last=10_000, positions=True)
    order = ["_partition", "_offset"]
    expected = all_rows[all_rows._offset < all_rows._partition.map(positions)]
    expected = expected.merge(rows[order], on=order)  # those since the checkpoint
    pd.testing.assert_frame_equal(
        rows.sort_values(order, ignore_index=True), expected.sort_values(order, ignore_index=True)
    )
    for partition, position in positions.items():
        own = rows.loc[rows._partition == partition, "_offset"]
        assert own.empty or own.max() == position - 1
    return len(rows)


def test_it_begins_at_the_nearest_checkpoint_and_ends_at_the_point(
    kafka: TemporaryBroker, tmp_path: Path
) -> None:
    job = Job(kafka, partitions=1)
    job.write(1_000)
    with job.run(tmp_path) as live:
        job.settle(live)
        until(lambda: live.status().checkpoints > 0)
        live.savepoint("kept")  # that nothing of the past is written where the present writes
        job.write(1_000)
        job.settle(live)
        everything = live.frame(last=10_000, positions=True)
        until(lambda: hr.checkpoints(tmp_path)["positions"].str.endswith("@2000").any())
        until(lambda: (hr.checkpoints(tmp_path)["savepoint"] == "").sum() <= 2)  # tidied up
        kept = hr.checkpoints(tmp_path)
        then = live.at(offset=1_990)
        assert then.status().state == "finished"
        assert same(then, everything, {0: 1_990}) <= 1_990
        assert live.status().state == "running"
        early = live.at(offset=10)  # older than any checkpoint
        assert same(early, everything, {0: 10}) == 10
        assert early.status().recovery == []
        assert len(live.at(offset=0).frame()) == 0
        with pytest.raises(errors.InvalidArgument, match="has been read up to 2000, not to 2001"):
            live.at(offset=2_001)
        pd.testing.assert_frame_equal(kept, hr.checkpoints(tmp_path))
    again = live.at(offset=2_000)  # also of a stream that has ended: its last checkpoint
    assert any("restored checkpoint" in line for line in again.status().recovery)


def test_partitions_by_name_and_by_time(kafka: TemporaryBroker, tmp_path: Path) -> None:
    job = Job(kafka, partitions=3)
    job.write(600)
    with job.run(tmp_path) as live:
        job.settle(live)
        time.sleep(0.05)
        noon = dt.datetime.now(dt.timezone.utc)
        time.sleep(0.05)
        before = {task.partition: task.position for task in live.status().tasks}
        job.write(600)
        job.settle(live)
        everything = live.frame(last=10_000, positions=True)
        now = {task.partition: task.position for task in live.status().tasks}
        same(live.at(time=noon), everything, before)
        same(live.at(time=noon.isoformat()), everything, before)
        partition = max(now, key=lambda p: now[p])
        same(live.at(offset={partition: 100}), everything, {**now, partition: 100})
        same(live.at(offset={(job.source, partition): 100}), everything, {**now, partition: 100})
        with pytest.raises(errors.InvalidArgument, match="reads 3 partitions, say for which"):
            live.at(offset=3)


def test_without_checkpoints_it_is_computed_from_the_beginning(kafka: TemporaryBroker) -> None:
    job = Job(kafka, partitions=1)
    job.write(300)
    with job.run(None) as live:
        job.settle(live)
        everything = live.frame(last=10_000, positions=True)
        assert same(live.at(offset=200), everything, {0: 200}) == 200


def test_what_nobody_can_compute_is_said(kafka: TemporaryBroker) -> None:
    job = Job(kafka, partitions=1)
    job.write(100)
    late = hr.kafka(job.source, bootstrap=job.boot, schema=SCHEMA, start="latest")
    with late.run() as live:
        until(lambda: bool(live.status().tasks))
        job.write(10)
        until(lambda: live.status().rows == 10)
        with pytest.raises(errors.CheckpointError, match="no checkpoint up to offset 50"):
            live.at(offset=50)
