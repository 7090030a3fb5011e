"""What the tests against a real Kafka share."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable

import pandas as pd

import headrace as hr
from headrace import _core
from headrace.replay import produce

_names = itertools.count(1)


def new_topic(bootstrap: str, partitions: int = 1, **config: str) -> str:
    """Create a topic that no other test uses and return its name."""
    name = f"test-{next(_names)}"
    settings = {key.replace("_", "."): value for key, value in config.items()}
    _core.Admin(bootstrap, {}).create_topic(name, partitions, settings, 20_000)
    return name


def fill(topic: str, bootstrap: str, frame: pd.DataFrame, bad_every: int = 0) -> int:
    """Produce bars, keyed by ticker."""
    return produce(list(hr.market.records(frame, bad_every)), to=topic, bootstrap=bootstrap)


def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until something is true; the deadline only ends a hang."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "timed out"
        time.sleep(0.02)


def caught_up(live: hr.Live, partitions: int) -> bool:
    """Whether so many partitions are known, and all of them are worked off."""
    tasks = live.status().tasks
    return len(tasks) == partitions and all(task.lag == 0 for task in tasks)


def features(stream: hr.Stream) -> hr.Stream:
    """Rules and indicators of the main job."""
    return stream.validate(hr.col("High") >= hr.col("Low")).with_columns(
        hr.ta.bbands("Close", timeperiod=20),
        hr.ta.aroon("High", "Low", timeperiod=25),
        rsi=hr.ta.rsi("Close", timeperiod=14),
    )


def bits(table: pd.DataFrame) -> bytes:
    """All numbers, independent of how partitions interleaved."""
    ordered = table.sort_values(["Date", "Ticker"], kind="stable")
    return ordered.select_dtypes("number").to_numpy("float64").tobytes()
