"""The same by a plain group_by on the key and the truncated time, which Polars does faster."""

from __future__ import annotations

import polars as pl

from tests.bench.jobs.bars import result
from tests.bench.jobs.base import JobConfig, JobResult
from tests.bench.jobs.polars_bars import aggregates
from tests.bench.jobs.tick_frame import frame, prepare

__all__ = ["prepare", "run"]


def run(config: JobConfig) -> JobResult:
    """Group by key and minute."""
    minute = pl.col("time").dt.truncate("1m")
    ticks = frame(config)
    return result("1m", ticks.group_by("key", minute).agg(aggregates("price", "volume")))
