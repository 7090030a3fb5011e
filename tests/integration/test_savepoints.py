"""Savepoints on a real Kafka: kept under a name, begun with, also by a changed pipeline."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

import headrace as hr
from headrace import errors
from headrace.broker import TemporaryBroker
from headrace.replay import produce
from tests.integration.support import new_topic, until
from tests.prove import oracle

confluent_kafka = pytest.importorskip("confluent_kafka", reason="the oracle is another client")
pytestmark = pytest.mark.broker

SCHEMA = hr.Schema({"id": hr.int64, "k": hr.string, "v": hr.float64}, key="k")
Version = Callable[[hr.Stream], hr.Stream]


def first(stream: hr.Stream) -> hr.Stream:
    return stream.with_columns(total=hr.ta.sum("v", timeperiod=5))


def second(stream: hr.Stream) -> hr.Stream:
    """Have something more before and something more after what there was."""
    before = stream.with_columns(former=hr.ta.lag("v", timeperiod=1))
    return first(before).with_columns(least=hr.ta.min("v", timeperiod=3))


class Job:
    """One topic of records of two keys, one of results, one place for state."""

    def __init__(self, kafka: TemporaryBroker, state: str) -> None:
        self.boot, self.state = kafka.bootstrap, state
        self.source, self.target = new_topic(self.boot, 2), new_topic(self.boot)
        self.written = 0

    def write(self, count: int) -> None:
        numbers = range(self.written, self.written + count)
        records = [(b"ab"[n % 2 : n % 2 + 1], self.record(n)) for n in numbers]
        produce(records, to=self.source, bootstrap=self.boot)
        self.written += count

    @staticmethod
    def record(number: int) -> bytes:
        return json.dumps({"id": number, "k": "ab"[number % 2], "v": number * 7 % 11}).encode()

    def run(self, version: Version, savepoint: str | None = None) -> hr.Live:
        stream = hr.kafka(self.source, bootstrap=self.boot, schema=SCHEMA, group=self.source)
        return (
            version(stream)
            .to_kafka(self.target)
            .run(checkpoint=self.state, commit_interval="20ms", savepoint=savepoint)
        )

    def rows(self) -> dict[int, dict[str, float | None]]:
        found = [json.loads(value) for _, _, value in oracle.read(self.boot, self.target)]
        assert len({row["id"] for row in found}) == len(found), "something twice"
        return {row["id"]: row for row in found}

    def wait(self) -> dict[int, dict[str, float | None]]:
        until(lambda: len(self.rows()) == self.written)
        return self.rows()

    def values(self, number: int, length: int) -> list[float]:
        """Give the last values of a record's key, itself included."""
        own = range(number % 2, number + 1, 2)
        return [float(n * 7 % 11) for n in own][-length:]


def test_a_changed_pipeline_begins_with_the_state_of_the_steps_it_still_has(
    kafka: TemporaryBroker, tmp_path: Path
) -> None:
    job = Job(kafka, str(tmp_path))
    job.write(20)
    with job.run(first) as live:
        job.wait()
        live.savepoint("before-upgrade")
        with pytest.raises(errors.InvalidArgument, match="before-upgrade"):
            live.savepoint("before-upgrade")
        job.write(4)  # committed behind it: their state is computed again
        job.wait()
    kept = hr.checkpoints(tmp_path)
    places = kept.loc[kept["savepoint"] == "before-upgrade", "positions"]
    assert sum(int(place.partition("@")[2]) for place in places) == 20
    assert kept["taken"].notna().all()
    told = r"1 of 3 steps go on .*: with_columns\(lag\(v\)\), with_columns\(min\(v\)\)"
    with pytest.warns(errors.SavepointWarning, match=told):
        live = job.run(second, "before-upgrade")
    with live:
        job.write(6)
        rows = job.wait()
        story = "\n".join(live.status().recovery)
    assert "replayed" in story
    for number in range(24, 30):
        assert rows[number]["total"] == sum(job.values(number, 5))  # no new warm-up
    assert [rows[n]["former"] for n in (24, 25)] == [job.values(n, 2)[0] for n in (24, 25)]
    assert {rows[n]["least"] for n in range(24, 30)} != {None}  # known since the savepoint
    with warnings.catch_warnings():
        warnings.simplefilter("error", errors.SavepointWarning)
        again = job.run(first)  # without it, and back: computed again from the beginning
    with again:
        job.write(2)
        rows = job.wait()
    assert rows[31]["total"] == sum(job.values(31, 5))


def test_a_run_from_a_savepoint_goes_on_from_it_after_a_death(
    kafka: TemporaryBroker, tmp_path: Path
) -> None:
    job = Job(kafka, str(tmp_path))
    job.write(20)
    with job.run(first) as live:
        job.wait()
        live.savepoint("one")
    for _ in range(2):  # the second time without a checkpoint of its own: as if it had died
        for file in [f for f in tmp_path.glob("test-*/*") if f.is_file()]:
            file.unlink()
        with pytest.warns(errors.SavepointWarning):
            live = job.run(second, "one")
        with live:
            job.write(4)
            rows = job.wait()
    assert any("state verified" in line for line in live.status().recovery)
    assert rows[27]["total"] == sum(job.values(27, 5))


def test_one_that_does_not_fit_is_refused_before_anything_starts(
    kafka: TemporaryBroker, tmp_path: Path
) -> None:
    job = Job(kafka, str(tmp_path))
    job.write(4)
    with job.run(first) as live:
        job.wait()
        live.savepoint("before-upgrade")
    with pytest.raises(errors.CheckpointError, match='did you mean "before-upgrade"'):
        job.run(first, "before-upgade")
    schema = hr.Schema({"id": hr.int64, "k": hr.string, "v": hr.float64}, key="id")
    other = hr.kafka(job.source, bootstrap=job.boot, schema=schema, group=job.source)
    with pytest.raises(errors.CheckpointError, match='by "k", that of this pipeline by "id"'):
        first(other).to_kafka(job.target).run(checkpoint=tmp_path, savepoint="before-upgrade")
    with pytest.raises(errors.CheckpointError, match="does not run any more"):
        live.savepoint("late")
    assert set(hr.checkpoints(tmp_path)["savepoint"]) == {"", "before-upgrade"}


def test_state_in_a_compacted_topic(kafka: TemporaryBroker) -> None:
    name = new_topic(kafka.bootstrap, cleanup_policy="compact")
    job = Job(kafka, f"kafka://{name}")
    job.write(20)
    with job.run(first) as live:
        job.wait()
        live.savepoint("before-upgrade")
    with job.run(first) as live:
        job.write(4)
        rows = job.wait()
        assert any("restored checkpoint" in line for line in live.status().recovery)
    assert rows[23]["total"] == sum(job.values(23, 5))
    with pytest.warns(errors.SavepointWarning):
        live = job.run(second, "before-upgrade")
    with live:
        job.write(4)
        rows = job.wait()
    assert rows[27]["total"] == sum(job.values(27, 5))
    kept = hr.checkpoints(job.state, bootstrap=job.boot)
    assert kept["valid"].all()
    assert set(kept["savepoint"]) == {"", "before-upgrade"}
