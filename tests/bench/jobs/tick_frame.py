"""The ticks as the Polars frame that jobs in memory begin with."""

from __future__ import annotations

import functools
import os

import polars as pl

from tests.bench import ticks
from tests.bench.jobs.base import JobConfig


def prepare(config: JobConfig) -> None:
    """Make the frame; from here on this process has one core, however many threads it brings."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    frame_of(int(config.options["ticks"]))


def frame(config: JobConfig) -> pl.DataFrame:
    """Give the prepared frame."""
    return frame_of(int(config.options["ticks"]))


@functools.lru_cache(maxsize=1)
def frame_of(count: int) -> pl.DataFrame:
    """Make the frame of so many ticks; the same again without work."""
    made = ticks.make_ticks(count)
    columns = {
        "time": pl.Series(made.time).dt.replace_time_zone("UTC").set_sorted(),
        "key": pl.Series(ticks.key_names()).gather(made.key),
        "price": pl.Series(made.price),
        "volume": pl.Series(made.volume),
    }
    return pl.DataFrame(columns)
