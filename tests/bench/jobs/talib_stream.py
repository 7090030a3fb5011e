"""TA-Lib over a stream: per ticker a tail of history, recomputed with every micro-batch.

TA-Lib has no streaming state, so each call gets the rows before the batch again: as many as the
windows need, and for Wilder's RSI as many as it takes for the forgotten past to weigh < 1e-12.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import talib
from numpy.typing import NDArray

from tests.bench.jobs.base import INDICATORS

_TAIL = 400  # (13 / 14) ** 400 = 1.3e-13

Floats = NDArray[np.float64]


def indicators(high: Floats, low: Floats, close: Floats) -> Floats:
    """Compute J2's six outputs for one ticker, one row each, in the order of ``INDICATORS``."""
    upper, middle, lower = talib.BBANDS(close, timeperiod=20, nbdevup=2.0, nbdevdn=2.0)
    down, up = talib.AROON(high, low, timeperiod=25)
    return np.stack([upper, middle, lower, talib.RSI(close, timeperiod=14), down, up])


class TalibStream:
    """Per ticker the last rows; ``update`` adds a micro-batch and gives its outputs."""

    def __init__(self) -> None:
        self._tails: dict[str, Floats] = {}

    def update(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Append the indicator columns to a batch of bars."""
        prices = frame.select("High", "Low", "Close").to_numpy()
        out = np.empty((len(INDICATORS), frame.height))
        groups = frame.with_row_index("row").group_by("Ticker", maintain_order=True)
        rows = groups.agg(pl.col("row"))
        for ticker, index in zip(rows["Ticker"].to_list(), rows["row"], strict=True):
            at = index.to_numpy()
            fresh = prices[at].T
            tail = self._tails.get(ticker)
            series = np.ascontiguousarray(fresh if tail is None else np.hstack([tail, fresh]))
            out[:, at] = indicators(*series)[:, -len(at) :]
            self._tails[ticker] = series[:, -_TAIL:].copy()
        return frame.with_columns(
            pl.Series(name, values) for name, values in zip(INDICATORS, out, strict=True)
        )
