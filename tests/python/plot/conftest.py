"""A stream that has ended, with indicators, for charts to draw."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import headrace as hr

FRAME = hr.market.bars(rows=900, tickers=3, seed=2)
STREAM = hr.from_frame(FRAME, schema=hr.market.SCHEMA).with_columns(
    hr.ta.bbands("Close", 20),
    hr.ta.aroon("High", "Low", 25),
    hr.ta.macd("Close"),
    rsi=hr.ta.rsi("Close"),
)


@pytest.fixture(scope="module")
def live() -> Iterator[hr.Live]:
    with STREAM.run() as running:
        running.wait()
        yield running
