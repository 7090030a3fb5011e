"""A minute's bar of every ticker by headrace, from Kafka to a pandas frame."""

from __future__ import annotations

from tests.bench.jobs.bars import bars_of, result
from tests.bench.jobs.base import JobConfig, JobResult
from tests.bench.jobs.ours import bars


def run(config: JobConfig) -> JobResult:
    """Collect the minutes."""
    return run_every("1m", config)


def run_every(every: str, config: JobConfig) -> JobResult:
    """Collect the bars of windows of one length; records are those that went in."""
    stream = bars_of(bars(config), every, key="Ticker", price="Close", volume="Volume")
    return result(every, stream.collect())
