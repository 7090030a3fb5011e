"""Where a chart is seen: below a notebook cell, in a widget, in a window, or nowhere."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, cast

from headrace.display import Bundle, Output, sent, shell
from headrace.plot import style
from headrace.plot.painter import LiveFigure
from headrace.plot.png import Encoder, Palette
from headrace.plot.stamps import Label, Pixels, Stamps, fill
from headrace.plot.times import clock_text

if TYPE_CHECKING:
    from headrace.redraw import Drawable

_NOT_LIVE_AFTER = 5.0  # seconds without a new picture
_NEW_PALETTE = 10.0  # seconds: a picture may have got colours that it had not before


class Screen(Protocol):
    """What shows pictures."""

    def show(self, pixels: Pixels, text: str) -> None:
        """Show the first picture."""

    def update(self, pixels: Pixels, text: str, *, final: bool, look: object = None) -> None:
        """Show a newer one, with other colours where `look` is another; the final one stays."""


class PngMaker:
    """Makes small files of a chart's pixels."""

    def __init__(self) -> None:
        self._encoder: Encoder | None = None
        self._palette: Palette | None = None
        self._look: object = None
        self._made_at = 0.0
        self._banner: tuple[str, Any] = ("", None)

    def make(self, pixels: Pixels, *, live: bool, look: object = None) -> bytes:
        """Return a file.

        Parameters
        ----------
        pixels : array
            The picture.
        live : bool
            Whether it will be replaced soon; if not it says so by itself.
        look : object
            When this changes, the colours of the picture do.
        """
        now = time.monotonic()
        stale = now - self._made_at > _NEW_PALETTE
        if self._encoder is None or self._palette is None or look != self._look or stale:
            self._palette = Palette(pixels, style.RESERVED)
            self._encoder = Encoder(self._palette)
            self._look, self._made_at = look, now
        later = self._later(pixels) if live else None
        return self._encoder.encode(pixels, later=later, after=_NOT_LIVE_AFTER)

    def _later(self, pixels: Pixels) -> tuple[Pixels, int, int]:
        words = f"not live · last drawn {clock_text(time.time(), date=True)}"
        if self._banner[0] != words:
            self._banner = (words, banner(words))
        over = self._banner[1][: pixels.shape[0], : pixels.shape[1]]
        return over, (pixels.shape[1] - over.shape[1]) // 2, 0


_banner_stamps = Stamps(style.DPI)


def banner(words: str) -> Pixels:
    """Return the picture of a notice of one line."""
    import numpy as np

    label = Label(words, 0, 0, "center", "center", 9.0, style.NOTE_TEXT, bold=True)
    width, _ = _banner_stamps.size(label)
    width, height = width + 36, 26
    pixels = np.full((height, width, 4), 255, np.uint8)
    fill(pixels, 0, 0, width, height, style.NOTE_EDGE)
    fill(pixels, 1, 1, width - 1, height - 1, style.NOTE_FILL)
    placed = Label(words, width / 2, height / 2, "center", "center", 9.0, style.NOTE_TEXT, True)
    _banner_stamps.put(pixels, placed)
    return pixels


def bundle_of(png: bytes, text: str) -> Bundle:
    """Return a picture as a notebook takes it."""
    return {"text/plain": text, "image/png": base64.b64encode(png).decode("ascii")}


def _put(data: Bundle, output: Output | None) -> Output | None:
    """Show `data` below the running cell, as one more place of `output` where there is one."""
    if output is None:
        return Output.of(data)
    output.again(data)
    return output


class InlineScreen:
    """A picture below the cell that made the chart, and wherever it is shown again."""

    def __init__(self) -> None:
        self._maker = PngMaker()
        self._output: Output | None = None

    def show(self, pixels: Pixels, text: str) -> None:
        """Show the picture below the running cell."""
        data = bundle_of(self._maker.make(pixels, live=True), text)
        self._output = _put(data, self._output)

    def update(self, pixels: Pixels, text: str, *, final: bool, look: object = None) -> None:
        """Replace it."""
        if self._output is not None:
            png = self._maker.make(pixels, live=not final, look=look)
            self._output.update(bundle_of(png, text))


class WidgetScreen:
    """An ipympl widget: its canvas sends what is drawn to the browser.

    The widget's own pictures are 70 kB of differences, for which a notebook server has no room 20
    times a second. They are replaced by small files of the whole picture.
    """

    def __init__(self, figure: LiveFigure) -> None:
        self._figure = figure
        self._canvas = cast("Any", figure.canvas)
        self._maker = PngMaker()
        self._original: Callable[[], bytes | None] = self._canvas.get_diff_image
        self._canvas.get_diff_image = self._image
        self._canvas.header_visible = False
        self._output: Output | None = None
        self._closed = False

    def _image(self) -> bytes | None:
        if self._canvas.syncing_data_url:  # no browser yet: the widget keeps the picture itself
            return self._original()
        if not self._canvas._png_is_old:
            return None
        import numpy as np

        with self._figure.lock:
            self._canvas.set_image_mode("full")
            pixels = np.asarray(self._canvas.get_renderer().buffer_rgba())
            self._canvas._png_is_old = self._canvas._force_full = False
            png = self._maker.make(pixels, live=False)
            sent(len(png))
            return png

    @property
    def has_browser(self) -> bool:
        """Whether a browser shows the widget."""
        return not self._canvas.syncing_data_url

    def show(self, pixels: Pixels, text: str) -> None:
        """Show the widget; the picture beside it is for files that are opened without a kernel."""
        data = bundle_of(self._maker.make(pixels, live=True), text)
        if self._closed:
            self._output = _put(data, self._output)
            return
        # What the widget shows until it is connected, and how large: its own way of finding out
        # draws the figure once more and takes as long as all the rest.
        self._canvas._data_url = f"data:image/png;base64,{data['image/png']}"
        self._canvas._size = self._canvas.get_width_height()
        model = {"version_major": 2, "version_minor": 0, "model_id": self._canvas.model_id}
        data["application/vnd.jupyter.widget-view+json"] = model
        self._output = _put(data, self._output)

    def update(self, pixels: Pixels, text: str, *, final: bool, look: object = None) -> None:
        """Send what was drawn; in the end a picture takes the widget's place."""
        if not final:
            self._canvas.blit()
            return
        if self._output is not None:
            self._output.update(bundle_of(self._maker.make(pixels, live=False), text))
        if not self._closed:
            self.close()

    def close(self) -> None:
        """Let pyplot forget the figure; what it shows can still be saved."""
        import matplotlib.pyplot as plt
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        plt.close(self._figure)
        FigureCanvasAgg(self._figure)
        self._closed = True


class WindowScreen:
    """A window of a desktop: drawn by its own event loop."""

    def __init__(self, figure: LiveFigure, item: Drawable) -> None:
        self._canvas = cast("Any", figure.canvas)
        self._timer: Any = self._canvas.new_timer(interval=max(int(item.every * 1000), 1))
        self._timer.add_callback(self._tick, item)

    def _tick(self, item: Drawable) -> bool:
        return item.redraw()

    def show(self, pixels: Pixels, text: str) -> None:
        """Begin."""
        self._timer.start()

    def update(self, pixels: Pixels, text: str, *, final: bool, look: object = None) -> None:
        """Put what was drawn on the screen."""
        if hasattr(self._canvas, "blit"):
            self._canvas.blit(self._canvas.figure.bbox)
        else:
            self._canvas.draw_idle()
        if final:
            self._timer.stop()


def kind_of_screen() -> str:
    """Return ``inline``, ``widget``, ``window`` or ``none`` for Matplotlib's present backend."""
    import matplotlib

    in_notebook = shell() is not None
    # Selecting one would load pyplot, which a notebook that draws inline does not need.
    chosen = matplotlib.get_backend(auto_select=False) if in_notebook else matplotlib.get_backend()
    backend = (chosen or "").lower()
    if "ipympl" in backend or backend == "widget":
        return "widget" if in_notebook else "none"
    if "inline" in backend or backend in ("", "agg", "pdf", "svg", "ps", "cairo", "template"):
        return "inline" if in_notebook else "none"
    return "window"


def new_figure(kind: str, size: tuple[float, float]) -> LiveFigure:
    """Return a figure with a canvas for that kind of screen."""
    if kind in ("inline", "none"):
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        figure = LiveFigure(figsize=size, dpi=style.DPI, facecolor="white")
        FigureCanvasAgg(figure)
        return figure
    import matplotlib.pyplot as plt

    with plt.ioff():
        made = plt.figure(figsize=size, FigureClass=LiveFigure, facecolor="white")
    made.patch.set_alpha(1.0)  # ipympl makes it transparent, and then must send whole pictures
    assert isinstance(made, LiveFigure)
    return made
