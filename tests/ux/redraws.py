"""How often a chart is seen to change, and what that costs the kernel."""

from __future__ import annotations

import asyncio
import time

from tests.ux import notebooks, pictures
from tests.ux.first_chart import patience
from tests.ux.stage import Found, Session, Stage

_RATE = 200.0
_WARM_S = 5.0


async def measure(stage: Stage, way: str, found: Found, seconds: float) -> None:
    """Count the frames of the compositor whose chart area changed, at 200 records a second."""
    cells = notebooks.cells(notebooks.source(way))
    with stage.bars(_RATE) as source:
        async with stage.opened(way, cells, source.topic) as session:
            await session.page.run_cells(patience_s=patience(way))
            await session.chart()
            await asyncio.sleep(_WARM_S)
            found.add(way, **await count(session, seconds))


async def count(session: Session, seconds: float) -> dict[str, float]:
    """Count redraws a second for a while, and the share of a core that the kernel used."""
    async with session.page.recording() as shots:
        began, used = time.time(), session.processor_seconds()
        await asyncio.sleep(seconds)
        ended, used = time.time(), session.processor_seconds() - used
    box = await session.chart()
    within = [shot for shot in shots if shot.time <= ended]
    changes = pictures.look(within, box, began).changes
    given = [update for update in await session.page.updates() if began <= update <= ended]
    return {
        "redraws": max(len(changes) - 1, 0) / (ended - began),
        "core_percent": 100.0 * used / (ended - began),
        "pictures_given": len(given) / (ended - began),
    }
