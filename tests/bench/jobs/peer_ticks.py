"""A minute's bar of a thousand keys by Polars' group_by_dynamic, in memory."""

from __future__ import annotations

from tests.bench.jobs.bars import result
from tests.bench.jobs.base import JobConfig, JobResult
from tests.bench.jobs.polars_bars import dynamic
from tests.bench.jobs.tick_frame import frame, prepare

__all__ = ["prepare", "run"]


def run(config: JobConfig) -> JobResult:
    """Group by key and minute."""
    ticks = frame(config)
    bars = dynamic(ticks, "1m", time="time", key="key", price="price", volume="volume")
    return result("1m", bars)
