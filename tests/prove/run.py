"""One run: what is fed, who works, who looks on, and what came out."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from tests.prove import oracle
from tests.prove.cluster import Cluster
from tests.prove.feed import Feeder
from tests.prove.jobs import RUNNING, Job
from tests.prove.process import Place, Worker
from tests.prove.records import Records
from tests.prove.results import Line
from tests.prove.watch import Watcher

FIRST_S = 180.0  # a life that has no result by then counts as stuck
FAST = 20_000.0  # records a second
_LIMIT_S = 1800.0
_SELF_EXITS = 40
_REST_S = 0.5  # between the end of a worker and its next life, as a supervisor would have it

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

    def line(self, **more: object) -> Line:
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
            **more,
        }


def make_place(
    cluster: Cluster,
    folder: Path,
    partitions: int,
    *,
    outputs: int = 0,
    bootstrap: str = "",
) -> Place:
    """Make topics and a folder for one run; `bootstrap` where the worker has another way in."""
    source = cluster.topic("in", partitions)
    target = cluster.topic("out", outputs or partitions)
    state = folder / f"state-{source}"
    state.mkdir(parents=True, exist_ok=True)
    return Place(bootstrap or cluster.bootstrap, source, target, f"job-{source}", state)


class Run:
    """Feeds, watches and judges; the experiment says what happens to the workers meanwhile."""

    def __init__(
        self,
        cluster: Cluster,
        place: Place,
        records: Records,
        make_worker: MakeWorker,
        *,
        rate: float = FAST,
        quiet_s: float = 90.0,
        job: Job = RUNNING,
    ) -> None:
        self.cluster, self.place, self.records, self.job = cluster, place, records, job
        self.feeder = Feeder(cluster.bootstrap, place.input, records, rate)
        self.watcher = Watcher(cluster.bootstrap, place.output, records.count)
        self.worker = make_worker(place)
        self.expected = job.results(records)
        self.outcome = Outcome(oracle.Verdict(self.expected))
        self._quiet_s = quiet_s
        self._begun = 0.0

    def __enter__(self) -> Run:
        self._begun = time.monotonic()
        self.feeder.start()
        self.watcher.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.worker.close()
        self.watcher.close()
        self.feeder.close()

    def mark(self) -> Mapping[int, int]:
        """Give where readers stand now."""
        return self.watcher.mark()

    def first_result(
        self, marks: Mapping[int, int], since: float, limit_s: float = FIRST_S
    ) -> float | None:
        """Wait for the first new result, starting the worker again if it ends by itself."""
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline:
            arrived = self.watcher.first_after(marks, since, timeout=0.25)
            if arrived is not None:
                return arrived
            self.revive()
        return None

    def note_back(self, marks: Mapping[int, int], since: float) -> bool:
        """Wait for the first new result and note how long it took."""
        arrived = self.first_result(marks, since)
        if arrived is None:
            self.outcome.never_back += 1
            return False
        self.outcome.back_s.append(arrived - since)
        return True

    def revive(self) -> bool:
        """Start the worker again if it has ended by itself, as a supervisor would."""
        if self.worker.running():
            return False
        self.outcome.self_exits += 1
        if self.outcome.self_exits > _SELF_EXITS:
            raise RuntimeError(f"the worker ends by itself again and again: {self.worker.tail(5)}")
        time.sleep(_REST_S)
        self.worker.start()
        return True

    def finish(self) -> Outcome:
        """Let the rest flow, wait for all results, stop the worker in order, and judge."""
        self.feeder.release_all()
        self.feeder.rate = FAST
        self.outcome.ended = self.wait_for_all()
        self.worker.stop()
        self.outcome.cpu_s = self.worker.cpu_s
        values = (v for _, _, v in oracle.read(self.cluster.bootstrap, self.place.output))
        self.outcome.verdict = self.job.judge(values, self.records)
        self.outcome.seconds = time.monotonic() - self._begun
        return self.outcome

    def wait_for_all(self) -> bool:
        """Wait for all results; False where nothing comes for long."""
        begun = since = time.monotonic()
        last = self.watcher.distinct
        while self.watcher.distinct < self.expected:
            now = time.monotonic()
            if self.watcher.distinct != last:
                last, since = self.watcher.distinct, now
            if now - begun > _LIMIT_S or now - since > self._quiet_s:
                return False
            self.feeder.check()
            self.revive()
            time.sleep(0.05)
        return True
