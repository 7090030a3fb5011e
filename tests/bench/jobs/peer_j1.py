"""J1 by confluent-kafka and Polars: the whole history at once, as the documentation would."""

from __future__ import annotations

from tests.bench.jobs.base import JobConfig, JobResult
from tests.bench.jobs.confluent import batches, parse

_MOST = 5_000  # 1,000 to 20,000 are within 5 %; larger ones leave the cache


def run(config: JobConfig) -> JobResult:
    """Gather every value, parse them in one call."""
    values: list[bytes] = []
    for batch in batches(config.bootstrap, config.topic, _MOST):
        values += batch
    frame = parse(values)
    return JobResult(frame.height, {"Close": float(frame["Close"].sum())})
