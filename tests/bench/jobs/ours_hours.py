"""An hour's bar of every ticker by headrace: sixty records a window where a minute has one."""

from __future__ import annotations

from tests.bench.jobs.base import JobConfig, JobResult
from tests.bench.jobs.ours_minutes import run_every


def run(config: JobConfig) -> JobResult:
    """Collect the hours."""
    return run_every("1h", config)
