"""J2 by confluent-kafka, Polars and TA-Lib per ticker in micro-batches."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np
import polars as pl

from tests.bench.jobs.base import INDICATORS, LAST_ROWS, JobConfig, JobResult
from tests.bench.jobs.confluent import batches, parse
from tests.bench.jobs.talib_stream import TalibStream

_CONSUME = 20_000
_MOST = 200_000  # rows a micro-batch; 20,000 to 400,000 are within 15 %, this is the best


def run_with(
    config: JobConfig, columns: tuple[str, ...], step: Callable[[pl.DataFrame], pl.DataFrame]
) -> JobResult:
    """Stream the topic through ``step``; sum the columns and keep the last rows as pandas."""
    sums = dict.fromkeys(columns, 0.0)
    tail: deque[pl.DataFrame] = deque()
    records = 0
    parsed: list[pl.DataFrame] = []

    def flush() -> None:
        nonlocal records
        frame = step(pl.concat(parsed))
        parsed.clear()
        for name in columns:
            sums[name] += float(np.nansum(frame[name].to_numpy()))
        records += frame.height
        tail.append(frame.tail(LAST_ROWS))
        while len(tail) > 1 and sum(f.height for f in tail) - tail[0].height >= LAST_ROWS:
            tail.popleft()

    for batch in batches(config.bootstrap, config.topic, _CONSUME):
        parsed.append(parse(batch))
        if sum(f.height for f in parsed) >= _MOST:
            flush()
    if parsed:
        flush()
    last = pl.concat(list(tail)).tail(LAST_ROWS).to_pandas()
    return JobResult(records, {**sums}, {"frame_rows": float(len(last))})


def run(config: JobConfig) -> JobResult:
    """Run J2."""
    return run_with(config, ("Close", *INDICATORS), TalibStream().update)
