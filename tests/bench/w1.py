"""W1: the seeded market that every job of the benchmark reads.

Minute bars of 100 tickers; within a minute the tickers come in a seeded random order. Prices are
random walks rounded to cents. The same ``(count, seed)`` always gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

TICKERS = 100
RECORDS = 2_000_000
SEED = 20_240_102
_KNOWN = ("AAPL", "MSFT", "GOOG", "AMZN", "NVDA", "META", "TSLA", "INTC", "ORCL", "CSCO")


@dataclass(frozen=True)
class Bars:
    """Columns of W1 in the order of production."""

    minute: NDArray[np.int64]
    ticker: NDArray[np.int64]
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    adj_close: NDArray[np.float64]
    volume: NDArray[np.int64]
    label: NDArray[np.int64]


def ticker_names() -> list[str]:
    """Name the 100 tickers: ten known ones, then four-letter codes that sort after none of them."""
    made = (f"Q{chr(65 + i // 10)}{chr(65 + i % 10)}X" for i in range(TICKERS - len(_KNOWN)))
    return [*_KNOWN, *made]


def make_bars(count: int = RECORDS, seed: int = SEED) -> Bars:
    """Compute ``count`` bars.

    Examples
    --------
    >>> bars = make_bars(1_000)
    >>> bool((bars.high >= bars.low).all())
    True
    """
    rng = np.random.default_rng(seed)
    minutes = -(-count // TICKERS)
    shape = (minutes, TICKERS)
    step = rng.normal(0.0, 0.001, shape)
    base = 20.0 + 10.0 * np.arange(TICKERS) ** 0.75
    close = base * np.exp(np.cumsum(step, axis=0))
    opening = np.vstack([close[:1], close[:-1]])
    spread = close * 0.001
    high = np.maximum(opening, close) + np.abs(rng.normal(0.0, 1.0, shape)) * spread
    low = np.minimum(opening, close) - np.abs(rng.normal(0.0, 1.0, shape)) * spread
    volume = rng.integers(10_000, 100_000_000, shape)
    label = np.vstack([step[1:], step[-1:]]) > 0.0
    order = np.argsort(rng.random(shape), axis=1)

    def flat(values: NDArray[np.generic]) -> NDArray[np.generic]:
        return np.take_along_axis(values, order, axis=1).reshape(-1)[:count]

    def cents(values: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        return flat(np.round(values, 2)).astype(np.float64)

    return Bars(
        minute=np.repeat(np.arange(minutes), TICKERS)[:count],
        ticker=order.reshape(-1)[:count],
        open=cents(opening),
        high=cents(high),
        low=cents(low),
        close=cents(close),
        adj_close=cents(close * 0.995),
        volume=flat(volume).astype(np.int64),
        label=flat(label).astype(np.int64),
    )


def values(bars: Bars) -> Iterator[bytes]:
    """Yield the JSON value of every bar."""
    start = datetime(2024, 1, 2, 9, 30)
    dates = [
        (start + timedelta(minutes=m)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        for m in range(int(bars.minute[-1]) + 1)
    ]
    names = ticker_names()
    rows = zip(
        bars.minute.tolist(),
        bars.ticker.tolist(),
        bars.open.tolist(),
        bars.high.tolist(),
        bars.low.tolist(),
        bars.close.tolist(),
        bars.adj_close.tolist(),
        bars.volume.tolist(),
        bars.label.tolist(),
        strict=True,
    )
    for minute, ticker, o, h, lo, c, adj, v, label in rows:
        yield (
            f'{{"Date":"{dates[minute]}","Ticker":"{names[ticker]}","Open":{o},"High":{h},'
            f'"Low":{lo},"Close":{c},"Adj Close":{adj},"Volume":{v},"Label":{label}}}'
        ).encode()


def keys(bars: Bars) -> Iterator[bytes]:
    """Yield the Kafka key of every bar: its ticker."""
    names = [name.encode() for name in ticker_names()]
    return (names[i] for i in bars.ticker.tolist())
