"""What a kernel holds: memory after a while, and whether anything grows in the long run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tests.ux import notebooks
from tests.ux.first_chart import patience
from tests.ux.stage import CaseError, Found, Session, Stage

SETTLED_S = 120.0  # by then caches are full: what comes later is growth
_IMPORTS = "import matplotlib.pyplot, pandas"
_RATE = 200.0
_SOAK_RATE = 1000.0
_LOOK_EVERY_S = 5.0


@dataclass(frozen=True)
class Look:
    """What a kernel held at one time."""

    at: float
    resident_mb: float
    files: int
    threads: int

    @classmethod
    def of(cls, session: Session) -> Look:
        """Look at the kernel now."""
        process = session.process
        return cls(time.time(), session.resident_mb(), process.num_fds(), process.num_threads())


async def measure(stage: Stage, way: str, found: Found, seconds: float) -> None:
    """Measure the kernel's memory some time after the first cell."""
    cells = notebooks.cells(notebooks.source(way))
    with stage.bars(_RATE) as source:
        async with stage.opened(way, cells, source.topic) as session:
            started = await session.page.run_cells(patience_s=patience(way))
            await session.chart()
            await asyncio.sleep(started + seconds - time.time())
            found.add(way, memory_mb=session.resident_mb())


async def measure_alone(stage: Stage, found: Found) -> None:
    """Measure a kernel that has loaded what every way loads, and does nothing."""
    async with stage.opened("alone", [_IMPORTS], topic="none") as session:
        await session.page.run_cells()
        await session.page.done(0)
        found.add("alone", memory_mb=session.resident_mb())


async def soak(stage: Stage, job: str, found: Found, minutes: float) -> None:
    """Watch a kernel with chart and status panel for long."""
    cells = notebooks.cells(notebooks.source(job))
    with stage.bars(_SOAK_RATE) as source:
        async with stage.opened(job, cells, source.topic) as session:
            started = await session.page.run_cells()
            await session.chart()
            looks: list[Look] = []
            while time.time() < started + 60.0 * minutes:
                looks.append(Look.of(session))
                await asyncio.sleep(_LOOK_EVERY_S)
            state = await session.ask("live.status().state")
    if state != "running":
        raise CaseError(f"the stream did not last: {state}")
    found.add(job, **growth([look for look in looks if look.at >= started + SETTLED_S]))


def growth(looks: Sequence[Look]) -> dict[str, float]:
    """Compare the last look with the first, and fit a line through the memory of all.

    Examples
    --------
    >>> found = growth([Look(0.0, 100.0, 50, 9), Look(3600.0, 104.0, 51, 9)])
    >>> round(found["soak_percent"], 6), round(found["mb_per_hour"], 6), found["more_files"]
    (4.0, 4.0, 1.0)
    """
    if len(looks) < 2:
        raise CaseError("the soak is too short: memory is counted from two minutes on")
    first, last = looks[0], looks[-1]
    hours = [(look.at - first.at) / 3600.0 for look in looks]
    slope = np.polyfit(hours, [look.resident_mb for look in looks], 1)[0]
    return {
        "soak_first_mb": first.resident_mb,
        "soak_last_mb": last.resident_mb,
        "soak_percent": 100.0 * (last.resident_mb / first.resident_mb - 1.0),
        "mb_per_hour": float(slope),
        "more_files": float(last.files - first.files),
        "more_threads": float(last.threads - first.threads),
    }
