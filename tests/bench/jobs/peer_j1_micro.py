"""J1 by confluent-kafka and Polars in micro-batches: less memory and faster than all at once."""

from __future__ import annotations

import polars as pl

from tests.bench.jobs.base import JobConfig, JobResult
from tests.bench.jobs.confluent import batches, parse

_MOST = 20_000  # the best of 1,000 to 500,000


def run(config: JobConfig) -> JobResult:
    """Parse each batch as it comes, put the frames together at the end."""
    frames = [parse(batch) for batch in batches(config.bootstrap, config.topic, _MOST)]
    frame = pl.concat(frames)
    return JobResult(frame.height, {"Close": float(frame["Close"].sum())})
