"""Parquet files and databases after kill -9: each result once, the same as plain Python has it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pytest

import headrace as hr
from headrace import _core
from headrace.broker import TemporaryBroker
from headrace.sql_dialects import dialect_of
from tests.integration import postgres
from tests.integration.support import new_topic, until

RECORDS = 20_000
KEYS = 50
BAD = 977  # every so many records one is no JSON

# Pauses now and then, so that kills hit it in the middle.
WORKER = """
import sys, time, warnings
import headrace as hr
warnings.simplefilter("ignore")
boot, source, target, state, threads = sys.argv[1:6]
schema = hr.Schema({"id": hr.int64, "k": hr.string, "v": hr.int64}, key="k")
stream = hr.kafka(source, bootstrap=boot, schema=schema)
def slowly(df):
    time.sleep(len(df) / 15_000)
    return df
stream = stream.map_batches(slowly, schema=stream.schema)
stream = stream.with_columns(
    total=hr.ta.sum("v", timeperiod=5), former=hr.ta.lag("v", timeperiod=1))
if "://" in target:
    stream = stream.to_sql(target, "results", dead_letters="letters")
else:
    stream = stream.to_parquet(target, dead_letters=True)
live = stream.run(
    checkpoint=state or None, checkpoint_interval="100ms", commit_interval="30ms",
    threads=int(threads))
print("started", flush=True)
live.wait()
"""


def value(number: int) -> int:
    return number * 7919 % 1000


def is_bad(number: int) -> bool:
    return number % BAD == 5


def expected() -> pd.DataFrame:
    history: dict[int, list[int]] = defaultdict(list)
    rows = []
    for number in range(RECORDS):
        if is_bad(number):
            continue
        seen = history[number % KEYS]
        seen.append(value(number))
        total = float(sum(seen[-5:])) if len(seen) >= 5 else None
        rows.append((number, total, float(seen[-2]) if len(seen) >= 2 else None))
    return pd.DataFrame(rows, columns=["id", "total", "former"])


@dataclass
class Job:
    """A topic of records, a place for results, and who works on them."""

    bootstrap: str
    source: str
    target: str
    state: str
    threads: int = 1
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self) -> subprocess.Popen[bytes]:
        arguments = [self.bootstrap, self.source, self.target, self.state, str(self.threads)]
        worker = subprocess.Popen(
            [sys.executable, "-c", WORKER, *arguments], stdout=subprocess.PIPE
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

    def rows(self) -> int:
        """Count the results that are committed; there may be no place for them yet."""
        try:
            return len(self.read()[0])
        except Exception:  # of any library
            return 0

    def read(self) -> tuple[pd.DataFrame, list[int]]:
        """Return what is committed: results, and offsets of dead letters."""
        if "://" not in self.target:
            letters = hr.read_results(self.target, dead_letters=True)
            return hr.read_results(self.target), letters["offset"].tolist()
        connection = dialect_of(self.target).connect()
        try:
            rows = connection.execute("SELECT id, k, total, former FROM results").fetchall()
            found = connection.execute('SELECT "offset" FROM letters').fetchall()
        finally:
            connection.close()
        return pd.DataFrame(rows, columns=["id", "k", "total", "former"]), [o for (o,) in found]


def check(job: Job) -> None:
    """Read until all is there and some time after, and compare."""
    wanted = expected()
    until(lambda: job.rows() >= len(wanted), seconds=90)
    time.sleep(0.5)
    rows, letters = job.read()
    assert len(letters) == sum(map(is_bad, range(RECORDS)))
    for _, of_key in rows.groupby("k"):  # one partition each
        assert of_key["id"].is_monotonic_increasing
    found = rows.sort_values("id")[["id", "total", "former"]].reset_index(drop=True)
    pd.testing.assert_frame_equal(found, wanted)


@pytest.fixture(scope="module")
def postgres_url() -> Iterator[str]:
    with postgres.server() as url:
        yield url


@pytest.fixture(params=["parquet", "sqlite", "postgres"])
def job(request: pytest.FixtureRequest, kafka: TemporaryBroker, tmp_path: Path) -> Iterator[Job]:
    targets: dict[str, Callable[[], str]] = {
        "parquet": lambda: str(tmp_path / "results"),
        "sqlite": lambda: f"sqlite:///{tmp_path}/results.db",
        "postgres": lambda: str(request.getfixturevalue("postgres_url")),
    }
    target = targets[request.param]()
    if request.param == "postgres":
        connection = dialect_of(target).connect()
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
        connection.close()
    made = Job(kafka.bootstrap, new_topic(kafka.bootstrap, 3), target, str(tmp_path / "state"))
    records = [
        (
            f"k{number % KEYS}".encode(),
            b"{"
            if is_bad(number)
            else json.dumps({"id": number, "k": f"k{number % KEYS}", "v": value(number)}).encode(),
        )
        for number in range(RECORDS)
    ]
    producer = _core.Producer(kafka.bootstrap, {})
    producer.produce(made.source, records, [])
    until(lambda: producer.try_flush(500))
    yield made
    made.kill_all()


def kill_after(job: Job, seconds: float) -> None:
    job.start()
    time.sleep(seconds)
    job.kill_all()


@pytest.mark.parametrize(("with_state", "threads"), [(True, 1), (False, 2)])
def test_killed_again_and_again(job: Job, with_state: bool, threads: int) -> None:
    job.threads = threads
    job.state = job.state if with_state else ""
    live_for = 0.3
    while job.rows() == 0:  # a little longer each time, until a life has committed something
        kill_after(job, live_for)
        live_for = min(live_for + 0.2, 1.0)
    assert job.rows() < len(expected())
    for more in (0.0, 0.1, -0.2):
        kill_after(job, live_for + more)
    job.start()
    check(job)


def test_two_runs_double_nothing(job: Job) -> None:
    first = job.start()
    time.sleep(0.3)
    job.start()  # it waits for the first, or takes over
    time.sleep(0.5)
    first.send_signal(signal.SIGKILL)
    check(job)


def test_a_frozen_run_wakes_up_beside_its_successor(job: Job) -> None:
    if "://" not in job.target:
        pytest.skip("a frozen process keeps its lock of the directory: a second one waits for it")
    first = job.start()
    time.sleep(0.4)
    first.send_signal(signal.SIGSTOP)
    job.start()
    time.sleep(0.6)
    first.send_signal(signal.SIGCONT)
    check(job)
