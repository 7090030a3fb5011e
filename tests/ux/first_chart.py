"""How long a user waits for the first chart, with records there and without."""

from __future__ import annotations

import asyncio
import contextlib

from tests.ux import notebooks, pictures
from tests.ux.stage import CaseError, Found, Stage

_RATE = 200.0
_SETTLE_S = 2.0
_IDLE_S = 1.0
_WIDGET_PATIENCE_S = 0.3
_WORDS = "' | '.join(text.get_text() for text in live._charts[-1].figure.texts)"


def patience(way: str) -> float | None:
    """Say how long a way's widgets must be given between two cells; None where all go at once."""
    return _WIDGET_PATIENCE_S if way == "glue_ipympl" else None


async def measure(stage: Stage, way: str, found: Found, *, imported: bool) -> None:
    """Measure from the first cell to the first frame that shows data."""
    with stage.bars(_RATE) as source:
        seen, clicked, _ = await _watch(stage, way, source.topic, imported=imported)
    if seen.data is None:
        raise CaseError(f"no data in {seen.frames} frames")
    found.add(way, **{_metric("first_s", imported): seen.data - clicked})


async def measure_empty(stage: Stage, way: str, found: Found, *, imported: bool) -> None:
    """Measure from the first cell to axes that say what they wait for."""
    seen, clicked, words = await _watch(stage, way, stage.topic(), imported=imported, ask=True)
    if seen.axes is None or "waiting for" not in words:
        raise CaseError(f"no axes that say what they wait for, but {words!r}")
    found.add(way, **{_metric("waiting_s", imported): seen.axes - clicked})


def _metric(name: str, imported: bool) -> str:
    return f"{name.removesuffix('_s')}_imported_s" if imported else name


async def _watch(
    stage: Stage, way: str, topic: str, *, imported: bool, ask: bool = False
) -> tuple[pictures.Seen, float, str]:
    cells = notebooks.cells(notebooks.source(way))
    if imported:
        cells = notebooks.imports_apart(cells)
    async with contextlib.AsyncExitStack() as stack:
        session = await stack.enter_async_context(stage.opened(way, cells, topic))
        page = session.page
        if imported:
            await page.run_cells(count=1)
            await page.done(0)
            await asyncio.sleep(_IDLE_S)
        async with page.recording() as shots:
            clicked = await page.run_cells(first=int(imported), patience_s=patience(way))
            await session.chart()
            await asyncio.sleep(_SETTLE_S)
        box = await session.chart()
        since = min((time for time in await page.updates() if time >= clicked), default=clicked)
        words = str(await session.ask(_WORDS)) if ask else ""
    return pictures.look(shots, box, since), clicked, words
