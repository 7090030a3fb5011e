"""Charts in a real kernel, as a front end sees them: one place each, and what is new in it."""

from __future__ import annotations

import base64
import io
import time
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

import headrace as hr
from tests.kernel.support import Cell, Kernel, Output

INLINE = "module://matplotlib_inline.backend_inline"
WIDGET = "module://ipympl.backend_nbagg"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
BARS = hr.market.bars(rows=4000, tickers=2, seed=1)


class Topic:
    """A topic that gets the next bars when a test says so."""

    def __init__(self, broker: hr.MockBroker) -> None:
        self.bootstrap = broker.bootstrap
        self.sent = 0

    def send(self, count: int) -> None:
        part = BARS[self.sent : self.sent + count]
        hr.replay(part, to="ohlcv", bootstrap=self.bootstrap, key="Ticker", progress=False)
        self.sent += count


@pytest.fixture(params=[INLINE, WIDGET], ids=["inline", "ipympl"])
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def topic() -> Iterator[Topic]:
    with hr.MockBroker(ohlcv=1) as broker:
        topic = Topic(broker)
        topic.send(1000)
        yield topic


@pytest.fixture
def kernel(backend: str) -> Iterator[Kernel]:
    with Kernel(MPLBACKEND=backend) as kernel:
        ready = kernel.run("import headrace as hr, time")
        assert ready.status == "ok", ready.error
        yield kernel


@pytest.fixture
def chart(kernel: Kernel, topic: Topic) -> Cell:
    """The five lines; the cell that made the chart."""
    lines = (
        f'bars = hr.kafka("ohlcv", bootstrap="{topic.bootstrap}", key="Ticker", event_time="Date")',
        'live = bars.with_columns(hr.ta.bbands("Close", 20), hr.ta.aroon("High", "Low", 25)).run()',
        "assert live.wait(rows=1000, timeout='20s')",
    )
    for line in lines:
        cell = kernel.run(line)
        assert cell.status == "ok", cell.error
    cell = kernel.run('chart = live.plot("Close", key="ACME")')
    assert (cell.status, cell.stderr) == ("ok", ""), cell.error
    return cell


def places(cell: Cell) -> list[Output]:
    return [out for out in cell.outputs if out.kind == "display_data"]


def picture(data: dict[str, object]) -> np.ndarray:
    raw = base64.b64decode(str(data["image/png"]))
    assert len(raw) <= 40_000
    return np.asarray(Image.open(io.BytesIO(raw)).convert("RGB")).astype(int)


def coloured(pixels: np.ndarray) -> int:
    """How many pixels have a colour that no grey, no text has."""
    return int((pixels.max(axis=2) - pixels.min(axis=2) > 48).sum())


def test_one_place_with_a_picture_and_a_text(kernel: Kernel, chart: Cell, backend: str) -> None:
    (shown,) = places(chart)
    kinds = {"text/plain", "image/png"} | ({WIDGET_VIEW} if backend == WIDGET else set())
    assert set(shown.data) == kinds
    assert shown.data["text/plain"] == (
        "Chart of Close, bbands_upper, bbands_middle, bbands_lower, aroon_down, aroon_up"
        f" ({kernel.value('live._name()')})"
    )
    assert coloured(picture(shown.data)) > 3000  # lines, not an empty frame


def test_as_the_last_line_of_its_cell_it_is_shown_once(kernel: Kernel, chart: Cell) -> None:
    cell = kernel.run('live.plot("Close", key="BOLT")')
    assert len(places(cell)) == 1
    assert cell.result == ""


def test_in_another_cell_it_is_shown_again(kernel: Kernel, chart: Cell) -> None:
    cell = kernel.run("chart")
    assert len(places(cell)) == 1
    assert cell.stderr == ""


def test_two_charts_on_one_handle(kernel: Kernel, chart: Cell) -> None:
    cell = kernel.run(
        'one = live.plot("Close", key="ACME"); two = live.plot("aroon_up", key="BOLT")'
    )
    assert len(places(cell)) == 2


def test_after_the_end_a_picture_stays_that_says_so(
    kernel: Kernel, chart: Cell, backend: str
) -> None:
    kernel.run("live.stop()")
    (last,) = kernel.shown(chart)
    assert set(last) == {"text/plain", "image/png"}  # nothing that needs a kernel
    assert coloured(picture(last)) > 3000
    before = len(kernel.history(chart))
    time.sleep(1.0)
    assert len(kernel.history(chart)) == before


@pytest.mark.parametrize("backend", [INLINE], indirect=True)
class TestInline:
    """What is seen only where the picture itself is replaced."""

    def test_new_rows_are_drawn_while_no_cell_runs(
        self, kernel: Kernel, chart: Cell, topic: Topic
    ) -> None:
        before = kernel.history(chart)[-1].data["image/png"]
        topic.send(200)
        kernel.until(lambda: kernel.history(chart)[-1].data["image/png"] != before)
        assert len(places(chart)) == 1
        kernel.until(lambda: kernel.value("chart.draws >= 1") == "True")

    def test_and_while_one_runs(self, kernel: Kernel, chart: Cell, topic: Topic) -> None:
        busy = kernel.send("time.sleep(3)")
        before = len(kernel.history(chart))
        topic.send(200)
        kernel.until(lambda: len(kernel.history(chart)) > before, timeout=2.5)
        assert busy.status == ""  # it did not have to end for that
        kernel.finish(busy)

    def test_paused_it_stays_while_the_stream_goes_on(
        self, kernel: Kernel, chart: Cell, topic: Topic
    ) -> None:
        kernel.run("chart.pause()")
        kernel.until(lambda: "paused" in kernel.value(WORDS))
        points = kernel.value(POINTS)
        topic.send(200)
        kernel.until(lambda: kernel.value("live.status().rows") == "1200")
        assert kernel.value(POINTS) == points
        kernel.run("chart.resume()")
        kernel.until(lambda: kernel.value(POINTS) != points)
        kernel.until(lambda: "paused" not in kernel.value(WORDS))

    def test_with_nothing_new_it_only_says_that_it_lives(self, kernel: Kernel, chart: Cell) -> None:
        before = len(kernel.history(chart))
        time.sleep(4)
        assert 1 <= len(kernel.history(chart)) - before <= 4  # before five seconds are over

    def test_a_drawing_that_fails_is_told_and_harms_no_other(
        self, kernel: Kernel, chart: Cell, topic: Topic
    ) -> None:
        other = kernel.run('other = live.plot("aroon_up", key="BOLT")')
        kernel.run("chart._picture._view.update = None")
        topic.send(200)
        kernel.until(lambda: "the chart could not be drawn" in kernel.value(WORDS))
        before = len(kernel.history(other))
        topic.send(200)
        kernel.until(lambda: len(kernel.history(other)) > before)
        assert kernel.value("live.status().state") == "running"

    def test_a_chart_that_nobody_holds_ends(self, kernel: Kernel, chart: Cell) -> None:
        cell = kernel.run(
            "import gc, weakref\n"
            "held = weakref.ref(live)\n"
            "live.stop()\n"
            "del live, chart\n"
            "for _ in range(50):\n"
            "    _ = gc.collect()\n"
            "    if held() is None: break\n"
            "    time.sleep(0.1)  # the drawing thread may just be looking at it\n"
            "print(held())"
        )
        assert (cell.status, cell.stdout.strip()) == ("ok", "None"), cell.error

    def test_a_cell_that_captures_its_output_takes_no_picture(
        self, kernel: Kernel, chart: Cell, topic: Topic
    ) -> None:
        before = len(kernel.history(chart))
        topic.send(200)
        cell = kernel.run("%%capture caught\ntime.sleep(1)\nlive.stop()")
        assert cell.status == "ok", cell.error
        assert kernel.value("len(caught.outputs)") == "0"
        assert len(kernel.history(chart)) > before
        assert "not live" in kernel.value(WORDS)


@pytest.mark.parametrize("backend", [INLINE, WIDGET], indirect=True)
def test_a_chart_that_has_ended_is_shown_again_as_it_was(kernel: Kernel, chart: Cell) -> None:
    kernel.run("chart.stop()")
    said = kernel.value(WORDS)
    cell = kernel.run("chart")
    assert (cell.status, cell.stderr) == ("ok", ""), cell.error
    assert kernel.value(WORDS) == said
    (shown,) = kernel.shown(cell)
    assert set(shown) == {"text/plain", "image/png"}
    assert coloured(picture(shown)) > 3000


WORDS = "' | '.join(t.get_text() for t in chart.figure.texts)"
POINTS = "len(chart.figure.axes[0].lines[-1].get_xdata()), chart._picture._seen[0][0][3]"


@pytest.mark.parametrize("backend", [WIDGET], indirect=True)
def test_a_widget_closes_its_figure(kernel: Kernel, chart: Cell) -> None:
    assert kernel.value("len(__import__('matplotlib.pyplot').pyplot.get_fignums())") == "1"
    kernel.run("live.stop()")
    assert kernel.value("len(__import__('matplotlib.pyplot').pyplot.get_fignums())") == "0"
    saved = kernel.run("print(chart.png()[:4])")
    assert saved.stdout.strip() == r"b'\x89PNG'"
