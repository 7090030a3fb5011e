"""A minute's bar of a thousand keys by headrace: from a Polars frame to another, in memory."""

from __future__ import annotations

import headrace as hr
from tests.bench.jobs.bars import bars_of, result
from tests.bench.jobs.base import JobConfig, JobResult
from tests.bench.jobs.tick_frame import frame, prepare

SCHEMA = hr.Schema(
    {"time": hr.timestamp, "key": hr.string, "price": hr.float64, "volume": hr.int64},
    event_time="time",
    key="key",
)

__all__ = ["prepare", "run"]


def run(config: JobConfig) -> JobResult:
    """Collect the minutes."""
    rows = hr.from_frame(frame(config), schema=SCHEMA)
    stream = bars_of(rows, "1m", key="key", price="price", volume="volume")
    return result("1m", stream.collect(as_="polars"))
