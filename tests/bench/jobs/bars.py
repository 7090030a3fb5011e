"""What the jobs of event time compute: bars of a key and a stretch of time, and their checksums."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import headrace as hr
from headrace import Stream

COLUMNS = ("open", "high", "low", "close", "vwap", "count")


def bars_of(stream: Stream, every: str, *, key: str, price: str, volume: str) -> Stream:
    """Write the bars of a stream as a user would: one row a key and window, when it closes."""
    windows = stream.group_by(key).window(hr.tumbling(every))
    return windows.agg(hr.ohlc(price), vwap=hr.vwap(price, volume), count=hr.count())


def checksums(every: str, bars: Mapping[str, Any], rows: int) -> dict[str, float | str]:
    """Sum what came out: equal for two jobs that made the same bars, in whatever order.

    Closing prices weighted by the number of records tell bars apart whose rows were mixed up.
    """
    sums: dict[str, float | str] = {f"{every} {name}": float(bars[name].sum()) for name in COLUMNS}
    weighted = float((bars["close"] * bars["count"]).sum())
    return sums | {f"{every} rows": float(rows), f"{every} close by count": weighted}
