"""A minute's bar of every ticker by confluent-kafka and Polars' group_by_dynamic."""

from __future__ import annotations

import polars as pl

from tests.bench.jobs.bars import result
from tests.bench.jobs.base import JobConfig, JobResult
from tests.bench.jobs.confluent import batches, parse
from tests.bench.jobs.polars_bars import MicroBatchBars

_CONSUME = 20_000  # the best for consuming and parsing, see peer_j1_micro
_MOST = 200_000  # rows a micro-batch; 20,000 to 500,000 are within a third, this is the best


def run(config: JobConfig) -> JobResult:
    """Stream the topic through minutes."""
    return run_every("1m", config)


def run_every(every: str, config: JobConfig) -> JobResult:
    """Stream the topic through windows of one length, all bars as one frame at the end."""
    state = MicroBatchBars(every)
    most = int(config.options.get("most", _MOST))
    done: list[pl.DataFrame] = []
    parsed: list[pl.DataFrame] = []
    for batch in batches(config.bootstrap, config.topic, _CONSUME):
        parsed.append(parse(batch))
        if sum(frame.height for frame in parsed) >= most:
            done.append(state.update(pl.concat(parsed)))
            parsed.clear()
    if parsed:
        done.append(state.update(pl.concat(parsed)))
    return result(every, pl.concat([*done, state.finish()]))
