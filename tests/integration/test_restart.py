"""A stream that goes on after kill -9, in another process and with a damaged checkpoint.

What is read with read_committed by a client that is not ours is compared with plain Python.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pytest

import headrace as hr
from headrace import _core, errors
from headrace.broker import TemporaryBroker
from tests.integration.support import caught_up, new_topic, until
from tests.prove import oracle

confluent_kafka = pytest.importorskip("confluent_kafka", reason="the oracle is another client")

RECORDS = 60_000
KEYS = 100
SCHEMA = hr.Schema({"id": hr.int64, "k": hr.string, "v": hr.int64}, key="k")

# Pauses now and then, so that kills hit it in the middle.
WORKER = """
import sys, time
import headrace as hr
boot, source, target, state, group, threads = sys.argv[1:7]
schema = hr.Schema({"id": hr.int64, "k": hr.string, "v": hr.int64}, key="k")
stream = hr.kafka(source, bootstrap=boot, schema=schema, group=group or None)
def slowly(df):
    time.sleep(len(df) / 60_000)
    return df
stream = stream.map_batches(slowly, schema=stream.schema)
stream = stream.with_columns(
    total=hr.ta.sum("v", timeperiod=5), former=hr.ta.lag("v", timeperiod=1))
live = stream.to_kafka(target).run(
    checkpoint=state or None, checkpoint_interval="100ms", commit_interval="30ms",
    threads=int(threads))
print("started", flush=True)
live.wait()
"""


def value(number: int) -> int:
    return number * 7919 % 1000


def expected() -> dict[int, tuple[float | None, float | None]]:
    history: dict[int, list[int]] = defaultdict(list)
    rows = {}
    for number in range(RECORDS):
        seen = history[number % KEYS]
        seen.append(value(number))
        rows[number] = (
            float(sum(seen[-5:])) if len(seen) >= 5 else None,
            float(seen[-2]) if len(seen) >= 2 else None,
        )
    return rows


@dataclass
class Job:
    """A topic of records, one for results, and who works on them."""

    bootstrap: str
    source: str
    target: str
    state: str
    group: str
    threads: int = 1
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self) -> subprocess.Popen[bytes]:
        arguments = [self.bootstrap, self.source, self.target, self.state, self.group]
        worker = subprocess.Popen(
            [sys.executable, "-c", WORKER, *arguments, str(self.threads)], stdout=subprocess.PIPE
        )
        self.workers.append(worker)
        assert worker.stdout is not None
        assert worker.stdout.readline() == b"started\n"
        return worker

    def kill_all(self) -> None:
        for worker in self.workers:
            if worker.poll() is None:
                worker.send_signal(signal.SIGKILL)
            worker.communicate()
        self.workers.clear()


def check(job: Job) -> None:
    """Read what is committed until all is there and some time after, and compare."""
    consumer = confluent_kafka.Consumer(
        {
            "bootstrap.servers": job.bootstrap,
            "group.id": "oracle-" + job.target,
            "isolation.level": "read_committed",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
    )
    consumer.subscribe([job.target])
    found: dict[int, tuple[float | None, float | None]] = {}
    twice = 0
    last: dict[str, int] = {}
    disordered = 0
    deadline = time.monotonic() + 90
    quiet_since = time.monotonic()
    while time.monotonic() - quiet_since < 1.5 or len(found) < RECORDS:
        assert time.monotonic() < deadline, f"{len(found)} of {RECORDS} results"
        for message in consumer.consume(5_000, 0.3):
            assert message.error() is None, message.error()
            row = json.loads(message.value())
            twice += row["id"] in found
            found[row["id"]] = (row["total"], row["former"])
            disordered += last.get(row["k"], -1) > row["id"]
            last[row["k"]] = row["id"]
            quiet_since = time.monotonic()
    consumer.close()
    wrong = sum(found[number] != row for number, row in expected().items())
    assert (twice, disordered, wrong) == (0, 0, 0)


@pytest.fixture
def job(kafka: TemporaryBroker, tmp_path: Path) -> Iterator[Job]:
    boot = kafka.bootstrap
    made = Job(boot, new_topic(boot, 3), new_topic(boot, 2), str(tmp_path / "state"), "")
    records = [
        (
            f"k{number % KEYS}".encode(),
            json.dumps({"id": number, "k": f"k{number % KEYS}", "v": value(number)}).encode(),
        )
        for number in range(RECORDS)
    ]
    producer = _core.Producer(boot, {})
    producer.produce(made.source, records, [])
    until(lambda: producer.try_flush(500))
    yield made
    made.kill_all()


@pytest.mark.parametrize(
    ("group", "with_state", "threads"), [("", True, 1), ("", False, 2), ("app", True, 2)]
)
def test_killed_six_times(job: Job, group: str, with_state: bool, threads: int) -> None:
    job.group = f"{group}-{job.target}" if group else ""
    job.threads = threads
    job.state = job.state if with_state else ""
    for pause in (0.0, 0.15, 0.3, 0.5, 0.2, 0.4):
        job.start()
        time.sleep(pause)
        job.kill_all()
    job.start()
    check(job)


def test_a_second_worker_takes_over_with_the_state(job: Job) -> None:
    job.group = "shared-" + job.target
    first = job.start()
    time.sleep(0.3)
    job.start()  # partitions move while results flow
    time.sleep(1.0)
    first.send_signal(signal.SIGTERM)
    check(job)


def test_two_runs_under_one_name_double_nothing(job: Job) -> None:
    job.start()
    time.sleep(0.3)
    job.start()  # each fences the other until one of them gives up
    check(job)


def live_of(job: Job, **options: object) -> hr.Live:
    stream = hr.kafka(job.source, bootstrap=job.bootstrap, schema=SCHEMA)
    stream = stream.with_columns(total=hr.ta.sum("v", timeperiod=5))
    return stream.to_kafka(job.target).run(**options)  # type: ignore[arg-type]


def until_committed(job: Job) -> None:
    """Return when all results are there: a stop does not wait long for the last ones."""
    until(lambda: sum(1 for _ in oracle.read(job.bootstrap, job.target)) == RECORDS)


def test_a_damaged_checkpoint_is_refused_and_the_one_before_it_used(job: Job) -> None:
    with live_of(job, checkpoint=job.state, checkpoint_interval="50ms") as live:
        until(lambda: caught_up(live, 3) and live.status().checkpoints >= 3)  # one a partition
        until_committed(job)
    kept = sorted(Path(job.state).glob(f"{job.source}-0/*.ckpt"))
    assert len(kept) >= 1
    damaged = bytearray(kept[-1].read_bytes())
    damaged[len(damaged) // 2] ^= 1
    kept[-1].write_bytes(damaged)
    with live_of(job, checkpoint=job.state) as live:
        until(
            lambda: caught_up(live, 3) and any("refused" in line for line in live.status().recovery)
        )
        until(lambda: sum("verified" in line for line in live.status().recovery) >= 1)
        assert live.status().rows == 0


def test_a_checkpoint_of_another_pipeline_is_computed_again_or_refused(job: Job) -> None:
    with live_of(job, checkpoint=job.state) as live:
        until(lambda: caught_up(live, 3))
        until_committed(job)
    changed = hr.kafka(job.source, bootstrap=job.bootstrap, schema=SCHEMA)
    changed = changed.with_columns(total=hr.ta.sum("v", timeperiod=6))
    with changed.to_kafka(job.target).run(checkpoint=job.state) as live:
        until(lambda: any("the pipeline has changed" in line for line in live.status().recovery))
        until(lambda: caught_up(live, 3))
        assert live.status().rows == 0
    third = hr.kafka(job.source, bootstrap=job.bootstrap, schema=SCHEMA)
    plain = third.with_columns(total=hr.ta.sum("v", timeperiod=7)).run(checkpoint=job.state)
    with pytest.raises(errors.CheckpointError, match="the state of another pipeline"):
        plain.wait(timeout=30)  # no commits to go by


def test_without_a_sink_a_stream_goes_on_from_its_checkpoint(job: Job) -> None:
    stream = hr.kafka(job.source, bootstrap=job.bootstrap, schema=SCHEMA)
    stream = stream.with_columns(total=hr.ta.sum("v", timeperiod=5))
    with stream.run(checkpoint=job.state, checkpoint_interval="50ms") as live:
        until(lambda: caught_up(live, 3) and live.status().checkpoints >= 3)
    more = [
        (f"k{n}".encode(), json.dumps({"id": n, "k": f"k{n}", "v": n}).encode())
        for n in range(KEYS)
    ]
    producer = _core.Producer(job.bootstrap, {})
    producer.produce(job.source, more, [])
    until(lambda: producer.try_flush(500))
    with stream.run(checkpoint=job.state, digest=True) as live:
        until(lambda: live.status().rows == KEYS)  # the new ones alone
        restored = live.digest()
    with stream.run(digest=True) as live:
        until(lambda: live.status().rows == RECORDS + KEYS)
        assert live.digest() == restored  # that of all results since the state began


def test_work_that_a_checkpoint_waits_for_is_no_stall(job: Job) -> None:
    slept = []

    def slowly(frame: pd.DataFrame) -> pd.DataFrame:
        if len(slept) < 2:
            time.sleep(1.5)  # longer than several checkpoints take to come
            slept.append(len(frame))
        return frame

    stream = hr.kafka(job.source, bootstrap=job.bootstrap, schema=SCHEMA)
    stream = stream.map_batches(slowly, schema=SCHEMA)
    stream = stream.with_columns(total=hr.ta.sum("v", timeperiod=5))
    with stream.run(checkpoint=job.state, checkpoint_interval="50ms") as live:
        until(lambda: caught_up(live, 3) and live.status().checkpoints >= 3)
        assert len(slept) == 2
        assert 0 < live.status().longest_stall_seconds < 1
