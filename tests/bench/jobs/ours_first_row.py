"""From ``run()`` to the first row in a frame."""

from __future__ import annotations

import time

from tests.bench.jobs.base import JobConfig, JobResult
from tests.bench.jobs.ours import features, start

_LIMIT_S = 10.0
_LOOK_EVERY_S = 0.0005


def run(config: JobConfig) -> JobResult:
    """Start J2 and look until there is a row."""
    stream = features(config)
    begin = time.perf_counter()
    live = start(stream, config)
    while live.frame(last=1).empty:
        if time.perf_counter() - begin > _LIMIT_S:
            raise RuntimeError(f"no row within {_LIMIT_S} s: {live.status()}")
        time.sleep(_LOOK_EVERY_S)
    milliseconds = 1e3 * (time.perf_counter() - begin)
    live.stop()
    return JobResult(1, {}, {"first_row_ms": milliseconds})
