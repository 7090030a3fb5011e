"""New rows of a running stream, one DataFrame after the other."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

from headrace import frames, interrupts
from headrace.lazy import asyncio, pd

if TYPE_CHECKING:
    from headrace.live import Live

__all__ = ["FrameIterator"]

# Waits are cut into slices of this length so that Ctrl-C is noticed within 100 ms.
_SLICE_MS = 50


class FrameIterator:
    """New rows as DataFrames, for ``for`` and ``async for``; made by ``Live.frames``.

    Attributes
    ----------
    missed : int
        Rows that left the history before they were read.

    Examples
    --------
    >>> import headrace as hr
    >>> df = hr.market.bars(rows=1000, tickers=2, seed=1)
    >>> new_rows = hr.from_frame(df, schema=hr.market.SCHEMA).run().frames(every="10ms")
    >>> sum(len(df) for df in new_rows), new_rows.missed
    (1000, 0)
    """

    def __init__(self, live: Live, every: float) -> None:
        self._live = live
        self._every = every
        self._position = 0
        self._due = time.monotonic()
        self.missed = 0

    def _take(self) -> pd.DataFrame | None:
        """Return the next frame where it is due and not empty."""
        self._live._check_process()
        engine = self._live._engine
        ended = engine.wait(0)  # before looking: what arrived until then is still to be handed on
        if not ended and (time.monotonic() < self._due or not engine.wait_rows(self._position, 0)):
            return None
        frame, missed = engine.since(self._position)
        self.missed += missed
        self._position = frame.end_row
        self._due = time.monotonic() + self._every
        self._live._tell()
        if frame.rows == 0:
            if ended:
                self._live._check()
                raise StopIteration
            return None
        return frames.to_pandas(frame)

    def _pause(self) -> float:
        return min(max(self._due - time.monotonic(), 0.001), _SLICE_MS / 1000)

    def __iter__(self) -> Iterator[pd.DataFrame]:
        return self

    def __next__(self) -> pd.DataFrame:
        with interrupts.stops_streams():
            while (table := self._take()) is None:
                if time.monotonic() < self._due:
                    time.sleep(self._pause())
                else:
                    self._live._engine.wait_rows(self._position, _SLICE_MS)
        return table

    def __aiter__(self) -> AsyncIterator[pd.DataFrame]:
        return self

    async def __anext__(self) -> pd.DataFrame:
        try:
            with interrupts.stops_streams():
                while (table := self._take()) is None:
                    await asyncio.sleep(self._pause())
        except StopIteration:
            raise StopAsyncIteration from None
        return table
