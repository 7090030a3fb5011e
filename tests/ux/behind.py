"""How far consuming is behind the producer while a chart of four panels is drawn flat out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import numpy as np

from tests.ux import notebooks, producer
from tests.ux.redraws import count
from tests.ux.stage import CaseError, Found, Session, Stage

JOBS = ("panels_inline", "panels_ipympl")
_RATE = 10_000.0
_WARM_S = 5.0
_LOOK_EVERY_S = 0.2
_LAST_REPORT_S = 0.5
_PANELS = 4
_COUNT_PANELS = "len(live._charts[-1].figure.axes)"
_LOOK = "(__import__('time').time(), live.status().records)"

Looks = Sequence[tuple[float, int]]


def seconds_behind(looks: Looks, times: Sequence[float], sent: Sequence[int]) -> list[float]:
    """Compare what was consumed at each look with when the producer had sent as much.

    Examples
    --------
    >>> seconds_behind([(12.0, 150), (13.0, 300)], times=[10.0, 11.0, 13.0], sent=[100, 200, 300])
    [1.5, 0.0]
    """
    reached = np.interp([records for _, records in looks], sent, times)
    return [max(when - then, 0.0) for (when, _), then in zip(looks, reached.tolist(), strict=True)]


async def measure(stage: Stage, job: str, found: Found, seconds: float) -> None:
    """Look at the stream's own count of records while the browser counts redraws."""
    cells = notebooks.cells(notebooks.source(job))
    with stage.bars(_RATE) as source:
        async with stage.opened(job, cells, source.topic) as session:
            await session.page.run_cells()
            await session.chart()
            await asyncio.sleep(_WARM_S)
            if await session.ask(_COUNT_PANELS) != _PANELS:
                raise CaseError(f"the chart has not {_PANELS} panels; {await session.said()}")
            looks, redraws = await asyncio.gather(_looks(session, seconds), count(session, seconds))
        await asyncio.sleep(_LAST_REPORT_S)
        behind = seconds_behind(looks, *producer.sent_log(source.log))
    rate = (looks[-1][1] - looks[0][1]) / (looks[-1][0] - looks[0][0])
    middle = float(np.median(behind))
    found.add(job, behind_s=middle, behind_worst_s=max(behind), records_per_s=rate, **redraws)


async def _looks(session: Session, seconds: float) -> Looks:
    looks = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        looks.append(await session.ask(_LOOK))
        await asyncio.sleep(_LOOK_EVERY_S)
    return looks
