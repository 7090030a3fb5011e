"""What a worker computes, and how its output is judged."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tests.prove import oracle
from tests.prove.oracle import Verdict
from tests.prove.records import Records

# As in worker.py, which imports nothing of ours but headrace.
WINDOW_MS = 5_000
GRACE_MS = 2 * 3_600_000


@dataclass(frozen=True)
class Job:
    """A job of worker.py."""

    name: str
    results: Callable[[Records], int]  # how many there have to be, each with an id of its own
    judge: Callable[[Iterable[bytes], Records], Verdict]

    @property
    def options(self) -> list[str]:
        """What the worker is told."""
        return ["--job", self.name]


RUNNING = Job("running", lambda records: records.good, oracle.judge)
WINDOWS = Job(
    "windows",
    lambda records: len(records.windows(WINDOW_MS)),
    lambda values, records: oracle.judge_windows(values, records, WINDOW_MS),
)
HOSTILE = Job(
    "hostile",
    lambda records: len(records.windows(WINDOW_MS, GRACE_MS)),
    lambda values, records: oracle.judge_windows(values, records, WINDOW_MS, GRACE_MS),
)
CAPPED = Job("capped", lambda records: records.good, oracle.judge)
JOBS = {job.name: job for job in (RUNNING, WINDOWS, HOSTILE, CAPPED)}
