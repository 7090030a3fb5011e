"""Runs in which workers or the broker are killed while records flow; the same for every system."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.prove import oracle
from tests.prove.cluster import Cluster
from tests.prove.feed import Feeder
from tests.prove.process import Place, Worker
from tests.prove.records import Records
from tests.prove.watch import Watcher

_FIRST_S = 180.0  # a life that has no result by then counts as stuck
_LIMIT_S = 1200.0
_SELF_EXITS = 40
_RATE = 20_000.0
_ALIVE_S = 3.0  # kills come so soon after a first result, at most
_STARTING_S = 1.0  # and every fifth so soon after the start of the process


MakeWorker = Callable[[Place], Worker]


@dataclass
class Outcome:
    """What a run has shown."""

    verdict: oracle.Verdict
    back_s: list[float] = field(default_factory=list)
    never_back: int = 0  # lives, or broker deaths, without a result within the limit
    self_exits: int = 0
    cpu_s: float = 0.0
    seconds: float = 0.0
    ended: bool = True  # all results came

    def line(self) -> dict[str, object]:
        """Give it as the fields of a result line."""
        back = sorted(self.back_s)
        return {
            "ok": self.verdict.exact and self.ended and not self.never_back,
            **self.verdict.counts(),
            "back_median_s": round(statistics.median(back), 2) if back else None,
            "back_worst_s": round(back[-1], 2) if back else None,
            "back_s": [round(seconds, 2) for seconds in back],
            "never_back": self.never_back,
            "self_exits": self.self_exits,
            "cpu_s": round(self.cpu_s, 2),
            "seconds": round(self.seconds, 1),
            "ended": self.ended,
        }


def make_place(cluster: Cluster, folder: Path, partitions: int, outputs: int = 0) -> Place:
    """Make topics and a folder for one run."""
    source = cluster.topic("in", partitions)
    target = cluster.topic("out", outputs or partitions)
    state = folder / f"state-{source}"
    state.mkdir(parents=True, exist_ok=True)
    return Place(cluster.bootstrap, source, target, f"job-{source}", state)


@dataclass
class Run:
    """One run: what is fed, who works, who looks on."""

    cluster: Cluster
    place: Place
    records: Records
    feeder: Feeder
    watcher: Watcher
    worker: Worker
    quiet_s: float
    outcome: Outcome

    def finish(self) -> Outcome:
        """Let the rest flow, wait for all results, stop the worker in order, and judge."""
        self.feeder.release_all()
        self.feeder.rate = _RATE
        deadline = time.monotonic() + _LIMIT_S
        while not self._all_there(deadline):
            if self.worker.running() or time.monotonic() > deadline:
                self.outcome.ended = False
                break
            self._begin_again()
        self.worker.stop()
        self.outcome.cpu_s = self.worker.cpu_s
        values = (v for _, _, v in oracle.read(self.cluster.bootstrap, self.place.output))
        self.outcome.verdict = oracle.judge(values, self.records)
        return self.outcome

    def _all_there(self, deadline: float) -> bool:
        """Wait for all results; False early where the worker has ended by itself."""
        last, since = self.watcher.distinct, time.monotonic()
        while self.watcher.distinct < self.records.count:
            now = time.monotonic()
            if self.watcher.distinct != last:
                last, since = self.watcher.distinct, now
            if now > deadline or now - since > self.quiet_s or not self.worker.running():
                return False
            time.sleep(0.05)
        return True

    def _begin_again(self) -> None:
        self.outcome.self_exits += 1
        if self.outcome.self_exits > _SELF_EXITS:
            raise RuntimeError(f"the worker ends by itself again and again: {self.worker.tail(5)}")
        time.sleep(0.5)
        self.worker.start()

    def first_result(self, marks: dict[int, int], since: float) -> float | None:
        """Wait for the first new result, starting the worker again if it ends by itself."""
        deadline = time.monotonic() + _FIRST_S
        while time.monotonic() < deadline:
            arrived = self.watcher.first_after(marks, since, timeout=0.25)
            if arrived is not None:
                return arrived
            if not self.worker.running():
                self._begin_again()
        return None


def _open(
    cluster: Cluster,
    place: Place,
    records: Records,
    make_worker: MakeWorker,
    rate: float,
    quiet_s: float,
) -> Run:
    return Run(
        cluster,
        place,
        records,
        Feeder(cluster.bootstrap, place.input, records, rate),
        Watcher(cluster.bootstrap, place.output, records.count),
        make_worker(place),
        quiet_s,
        Outcome(oracle.Verdict(records.count)),
    )


def worker_kills(
    cluster: Cluster,
    place: Place,
    records: Records,
    make_worker: MakeWorker,
    kills: int,
    *,
    quiet_s: float = 90.0,
) -> Outcome:
    """Kill the worker at seeded moments after its first new result, every fifth in its start-up.

    Each life has its share of the records: a quarter at once, so that a first result can come, the
    rest while kills are due.
    """
    rng = random.Random(records.seed)
    share = records.count // (kills + 1)
    run = _open(cluster, place, records, make_worker, _RATE, quiet_s)
    begun = time.monotonic()
    with run.feeder as feeder, run.watcher as watcher, run.worker as worker:
        for life in range(kills):
            marks = dict(watcher.mark())
            feeder.rate = _RATE
            feeder.release(share // 4)
            worker.start()
            if life % 5 == 4:
                feeder.release(share - share // 4)
                time.sleep(rng.uniform(0.0, _STARTING_S))
            else:
                arrived = run.first_result(marks, worker.started)
                if arrived is None:
                    run.outcome.never_back += 1
                elif life > 0:
                    run.outcome.back_s.append(arrived - worker.started)
                feeder.rate = share / _ALIVE_S
                feeder.release(share - share // 4)
                time.sleep(rng.uniform(0.0, _ALIVE_S))
            worker.kill()
        marks = dict(watcher.mark())
        worker.start()
        feeder.release(share)
        arrived = run.first_result(marks, worker.started)
        if arrived is not None:
            run.outcome.back_s.append(arrived - worker.started)
        outcome = run.finish()
    outcome.seconds = time.monotonic() - begun
    return outcome


def worker_kills_anywhen(
    cluster: Cluster,
    place: Place,
    records: Records,
    make_worker: MakeWorker,
    kills: int,
    *,
    longest_s: float = 3.0,
    quiet_s: float = 90.0,
) -> Outcome:
    """Kill the worker at seeded moments of 0 to 3 s after it was started, whatever it is doing."""
    rng = random.Random(records.seed)
    moments = [rng.uniform(0.0, longest_s) for _ in range(kills)]
    rate = min(_RATE, 0.9 * records.count / (sum(moments) + 0.001))
    run = _open(cluster, place, records, make_worker, rate, quiet_s)
    begun = time.monotonic()
    with run.feeder as feeder, run.watcher as watcher, run.worker as worker:
        feeder.release_all()
        for moment in moments:
            marks = dict(watcher.mark())
            worker.start()
            time.sleep(max(0.0, worker.started + moment - time.monotonic()))
            worker.kill()
            arrived = watcher.first_after(marks, worker.started, timeout=0.0)
            if arrived is not None:
                run.outcome.back_s.append(arrived - worker.started)
        worker.start()
        outcome = run.finish()
    outcome.seconds = time.monotonic() - begun
    return outcome


def broker_kills(
    cluster: Cluster,
    place: Place,
    records: Records,
    make_worker: MakeWorker,
    kills: int,
    *,
    clean: int = 0,
    rate: float = 5_000.0,
    quiet_s: float = 120.0,
) -> Outcome:
    """Kill the broker (or restart it in order) under load; the worker has to come through it.

    "Back" is the time from the broker's first answer to the first new committed result.
    """
    rng = random.Random(records.seed)
    run = _open(cluster, place, records, make_worker, rate, quiet_s)
    blows = ["kill"] * kills + ["stop"] * clean
    rng.shuffle(blows)
    begun = time.monotonic()
    with run.feeder as feeder, run.watcher as watcher, run.worker as worker:
        feeder.release(int(rate))
        worker.start()
        run.first_result({}, worker.started)
        share = records.count // (len(blows) + 1)
        for blow in blows:
            feeder.release(share)
            time.sleep(rng.uniform(1.0, 4.0))
            cluster.kill() if blow == "kill" else cluster.stop()
            time.sleep(rng.uniform(0.0, 1.0))
            cluster.start()
            answered = time.monotonic()
            arrived = run.first_result(dict(watcher.mark()), answered)
            if arrived is None:
                run.outcome.never_back += 1
            else:
                run.outcome.back_s.append(arrived - answered)
        outcome = run.finish()
    outcome.seconds = time.monotonic() - begun
    return outcome
