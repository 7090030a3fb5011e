"""JupyterLab in a headless Chromium: open a notebook, run it, record what the compositor shows."""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.ux.lab import Lab
from tests.ux.pictures import Box, Shot

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
WIDTH, HEIGHT = 1200, 1400  # a notebook with its code and the whole chart in view
_ARGUMENTS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Nothing but the loopback address has a name or a route.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
]
_READY_LIMIT_S = 60.0
_DONE = re.compile(r"\[\d+\]")
_CHARTS = ".jp-OutputArea-output img, .jp-OutputArea-output canvas"
_SMALLEST = 10_000  # pixels of a chart; icons are smaller
_PLACES = """
selector => Array.from(document.querySelectorAll(selector), picture => {
  const place = picture.getBoundingClientRect();
  return [place.x, place.y, place.width, place.height];
})
"""
# Notes when the page itself gets a chart: images that were loaded, canvases that were drawn on.
_NOTES = """
window.chartUpdates = [];
document.addEventListener('load', event => {
  if (event.target.tagName === 'IMG' && event.target.closest('.jp-OutputArea-output'))
    window.chartUpdates.push(Date.now() / 1000);
}, true);
const drawImage = CanvasRenderingContext2D.prototype.drawImage;
CanvasRenderingContext2D.prototype.drawImage = function (...rest) {
  if (this.canvas.isConnected && this.canvas.closest('.jp-OutputArea-output'))
    window.chartUpdates.push(Date.now() / 1000);
  return drawImage.apply(this, rest);
};
"""


def missing() -> str:
    """Say what is missing for a browser; empty where all is there."""
    try:
        import playwright  # noqa: F401
    except ImportError:
        return "playwright is not installed"
    return "" if executable() else "there is no chromium on this system"


def executable() -> str | None:
    """Find the browser of this system."""
    return next(filter(None, map(shutil.which, CHROMIUM)), None)


@dataclass
class Browser:
    """A running browser. Use it from the event loop that made it."""

    context: Any
    outside: list[str] = field(default_factory=list)  # requests that left this machine

    @contextlib.asynccontextmanager
    async def notebook(self, lab: Lab, name: str) -> AsyncIterator[Notebook]:
        """Open a notebook in a page of its own and wait until it can be run."""
        page = await self.context.new_page()
        try:
            await page.add_init_script(_NOTES)
            await page.goto(f"{lab.address}/doc/tree/{name}?token={lab.token}&reset")
            await page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=_READY_LIMIT_S * 1000)
            notebook = Notebook(page, lab, name)
            yield notebook
        finally:
            await page.close()


@contextlib.asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Browser]:
    """Run a browser with a fresh profile, for which there is no network but this machine's own."""
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        context = await playwright.chromium.launch_persistent_context(
            str(folder),
            executable_path=executable(),
            headless=False,  # headless by the argument below: the browser that users have
            args=_ARGUMENTS,
            viewport={"width": WIDTH, "height": HEIGHT},
        )
        browser = Browser(context)
        context.on("request", lambda request: _note_outside(browser, request.url))
        try:
            yield browser
        finally:
            await context.close()


def _note_outside(browser: Browser, url: str) -> None:
    if is_outside(url):
        browser.outside.append(url)


def is_outside(url: str) -> bool:
    """Tell whether a request leaves this machine.

    Examples
    --------
    >>> is_outside("http://127.0.0.1:8888/lab"), is_outside("https://cdn.example.org/x.js")
    (False, True)
    >>> is_outside("data:image/png;base64,AAAA"), is_outside("blob:http://127.0.0.1:8888/1")
    (False, False)
    """
    return url.startswith(("http:", "https:", "ws:", "wss:")) and "//127.0.0.1:" not in url


@dataclass
class Notebook:
    """A notebook in a page."""

    page: Any
    lab: Lab
    name: str

    async def ready(self) -> str:
        """Wait until the kernel has started and is idle; give its id."""
        deadline = time.monotonic() + _READY_LIMIT_S
        while time.monotonic() < deadline:
            kernel = self.lab.kernel_of(self.name)
            if kernel and self.lab.call("GET", f"kernels/{kernel}")["execution_state"] == "idle":
                return kernel
            await asyncio.sleep(0.2)
        raise RuntimeError(f"the kernel of {self.name} did not start")

    async def run_cells(
        self, first: int = 0, count: int = 0, patience_s: float | None = None
    ) -> float:
        """Run the cells from ``first`` on by Ctrl+Enter; give the time of the first one's.

        They follow each other at once. With ``patience_s`` each waits until the cell before is
        done, and as long again for widgets to come up: a kernel that is busy does not answer them.
        *Run and select next* would do the same, but scrolls a chart out of view.
        """
        cells = self.page.locator(".jp-Notebook .jp-CodeCell")
        began = 0.0
        for number in range(first, first + count if count else await cells.count()):
            if number > first and patience_s is not None:
                await self.done(number - 1)
                await asyncio.sleep(patience_s)
            await cells.nth(number).locator(".jp-InputArea-editor").click()
            began = began or time.time()
            await self.page.keyboard.press("Control+Enter")
        return began

    async def done(self, number: int) -> None:
        """Wait until a cell is done."""
        cells = self.page.locator(".jp-Notebook .jp-CodeCell")
        prompt = cells.nth(number).locator(".jp-InputPrompt")
        await prompt.filter(has_text=_DONE).wait_for(timeout=_READY_LIMIT_S * 1000)

    async def chart(self) -> Box | None:
        """Find the place of the chart: the largest picture in an output."""
        found = [Box(*place) for place in await self.page.evaluate(_PLACES, _CHARTS)]
        large = [box for box in found if box.width * box.height > _SMALLEST]
        return max(large, key=lambda box: box.width * box.height, default=None)

    async def updates(self) -> list[float]:
        """List the times at which the page was given a picture for its charts so far."""
        return list(await self.page.evaluate("window.chartUpdates"))

    async def texts(self) -> str:
        """Read everything that the outputs say."""
        found = await self.page.query_selector_all(".jp-OutputArea-output")
        return "\n".join([await output.inner_text() for output in found])

    @contextlib.asynccontextmanager
    async def recording(self) -> AsyncIterator[list[Shot]]:
        """Record each frame that the compositor shows, with its time."""
        from playwright.async_api import Error

        session = await self.page.context.new_cdp_session(self.page)
        shots: list[Shot] = []
        tasks: set[asyncio.Task[None]] = set()

        async def acknowledge(number: int) -> None:
            with contextlib.suppress(Error):  # the page may be closed by now
                await session.send("Page.screencastFrameAck", {"sessionId": number})

        def take(event: dict[str, Any]) -> None:
            shots.append(Shot(event["metadata"]["timestamp"], event["data"]))
            task = asyncio.ensure_future(acknowledge(event["sessionId"]))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        session.on("Page.screencastFrame", take)
        await session.send(
            "Page.startScreencast",
            {"format": "jpeg", "quality": 70, "maxWidth": WIDTH, "maxHeight": HEIGHT},
        )
        try:
            yield shots
        finally:
            session.remove_listener("Page.screencastFrame", take)
            await session.send("Page.stopScreencast")
            await asyncio.gather(*tasks)
            await session.detach()
