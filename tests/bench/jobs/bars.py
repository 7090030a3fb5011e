"""What the jobs of event time compute: bars of a key and a stretch of time, and their checksums."""

from __future__ import annotations

from typing import Any

import headrace as hr
from headrace import Stream
from tests.bench.jobs.base import JobResult

COLUMNS = ("open", "high", "low", "close", "vwap", "count")


def bars_of(stream: Stream, every: str, *, key: str, price: str, volume: str) -> Stream:
    """Write the bars of a stream as a user would: one row a key and window, when it closes."""
    windows = stream.group_by(key).window(hr.tumbling(every))
    return windows.agg(hr.ohlc(price), vwap=hr.vwap(price, volume), count=hr.count())


def checksums(every: str, bars: Any) -> dict[str, float | str]:
    """Sum what came out: equal for two jobs that made the same bars, in whatever order.

    Closing prices weighted by the number of records tell bars apart whose rows were mixed up.
    NumPy sums in a millisecond what pandas looks through for gaps first.
    """
    columns = {name: bars[name].to_numpy() for name in COLUMNS}
    sums: dict[str, float | str] = {
        f"{every} {name}": float(values.sum()) for name, values in columns.items()
    }
    weighted = float(columns["close"] @ columns["count"])
    return sums | {f"{every} close by count": weighted}


def result(every: str, bars: Any) -> JobResult:
    """Report the bars, a pandas or Polars frame; records are those that went in."""
    return JobResult(
        int(bars["count"].to_numpy().sum()),
        checksums(every, bars),
        {"windows": float(len(bars))},
    )
