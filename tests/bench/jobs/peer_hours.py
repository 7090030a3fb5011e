"""An hour's bar of every ticker by confluent-kafka and Polars' group_by_dynamic."""

from __future__ import annotations

from tests.bench.jobs.base import JobConfig, JobResult
from tests.bench.jobs.peer_minutes import run_every


def run(config: JobConfig) -> JobResult:
    """Stream the topic through hours."""
    return run_every("1h", config)
