"""A minute's bar of a thousand keys by Polars' group_by_dynamic, in memory."""

from __future__ import annotations

import polars as pl

from tests.bench.jobs.bars import checksums
from tests.bench.jobs.base import JobConfig, JobResult
from tests.bench.jobs.polars_bars import dynamic
from tests.bench.jobs.tick_frame import frame, prepare

__all__ = ["prepare", "result", "run"]


def run(config: JobConfig) -> JobResult:
    """Group by key and minute."""
    ticks = frame(config)
    return result(dynamic(ticks, "1m", time="time", key="key", price="price", volume="volume"))


def result(bars: pl.DataFrame) -> JobResult:
    """Sum what came out."""
    found = checksums("1m", {name: bars[name] for name in bars.columns}, bars.height)
    return JobResult(int(bars["count"].sum()), found, {"windows": float(bars.height)})
