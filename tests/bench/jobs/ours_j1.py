"""J1 by headrace: every row as a pandas frame."""

from __future__ import annotations

from tests.bench.jobs.base import JobConfig, JobResult
from tests.bench.jobs.ours import bars


def run(config: JobConfig) -> JobResult:
    """Collect the topic and sum Close."""
    frame = bars(config).collect()
    return JobResult(len(frame), {"Close": float(frame["Close"].sum())})
