"""Puts what moves over what does not, in the pixels of an Agg canvas."""

from __future__ import annotations

import contextlib
import threading
import warnings
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure

from headrace.plot.stamps import Label, Pixels, Stamps

if TYPE_CHECKING:
    from headrace.plot.area import Area

# A letter that the font lacks is drawn as a box, which says it; every picture would say it again.
warnings.filterwarnings("ignore", "Glyph .* missing from font", module=r"headrace\.plot\.")

_FADED = 0.62  # how much white lies over data that is not up to date


class LiveFigure(Figure):
    """A figure that may be drawn by its own timer and by the front end, one after the other."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lock = threading.RLock()

    def draw(self, renderer: Any) -> None:
        """Draw all artists that are not animated."""
        with self.lock:
            super().draw(renderer)


class Painter:
    """Draws a figure quickly. Everything under the figure's lock.

    The base, that is frames, names and titles, is kept as pixels. A picture is the base, then grid,
    moving artists and labels: a few milliseconds where Matplotlib takes thirty and more.
    """

    def __init__(self, figure: LiveFigure) -> None:
        self._figure = figure
        self._stamps = Stamps(figure.dpi)
        self._base: Any = None
        self._base_size: tuple[int, int] = (0, 0)
        self._areas: Sequence[Area] = ()
        self._labels: Sequence[Label] = ()
        self._faded = False
        self._texts: list[tuple[Label, Any]] = []
        self.full_draws = 0
        self._canvas.mpl_connect("draw_event", self._on_draw)

    @property
    def _canvas(self) -> Any:
        """The figure's present canvas: a widget that has ended leaves a plain one behind."""
        return self._figure.canvas

    def rebuild(self) -> None:
        """Draw everything at the next picture: axes are elsewhere."""
        self._base = None

    def clear(self) -> None:
        """Empty the figure."""
        self._figure.clear()
        self._texts = []
        self._base = None

    @property
    def stamps(self) -> Stamps:
        """Texts as masks."""
        return self._stamps

    def paint(self, areas: Sequence[Area], labels: Sequence[Label], *, faded: bool) -> Pixels:
        """Draw the picture and return its pixels; valid until the next one.

        Parameters
        ----------
        areas : sequence of Area
            Axes with what moves in them.
        labels : sequence of Label
            What is said beside them.
        faded : bool
            Whether the data is drawn in pale colours.
        """
        with self._figure.lock:
            self._areas, self._labels, self._faded = areas, labels, faded
            self._mirror(labels)
            size = self._canvas.get_width_height(physical=True)
            if self._base is None or self._base_size != size:
                self._canvas.draw()  # calls _on_draw, which draws all the rest
            else:
                self._canvas.restore_region(self._base)
                self._put_moving()
            return self._pixels()

    def _mirror(self, labels: Sequence[Label]) -> None:
        """Have the labels as texts of the figure too: for files, and for who asks what it says."""
        width, height = self._canvas.get_width_height(physical=True)
        for number, label in enumerate(labels):
            if number < len(self._texts) and self._texts[number][0] == label:
                continue
            if number < len(self._texts):
                self._texts[number][1].remove()
            text = _text(self._figure, label, width, height)
            text.set_animated(True)
            self._texts[number : number + 1] = [(label, text)]
        for _, text in self._texts[len(labels) :]:
            text.remove()
        del self._texts[len(labels) :]

    def _pixels(self) -> Pixels:
        return np.asarray(self._canvas.get_renderer().buffer_rgba())

    def _on_draw(self, event: Any) -> None:
        if event.canvas is not self._canvas or self._canvas.is_saving():
            return
        if self._figure.dpi != self._stamps.dpi:
            self._stamps = Stamps(self._figure.dpi)
        self.full_draws += 1
        self._base = self._canvas.copy_from_bbox(self._figure.bbox)
        self._base_size = self._canvas.get_width_height(physical=True)
        self._put_moving()

    def _put_moving(self) -> None:
        pixels = self._pixels()
        renderer = self._canvas.get_renderer()
        for area in self._areas:
            area.paint_grid(pixels)
        for area in self._areas:
            for artist in area.artists:
                artist.draw(renderer)
        for area in self._areas:
            for label in area.labels():
                self._stamps.put(pixels, label)
        if self._faded:
            _fade(pixels, self._areas)
        for label in self._labels:
            self._stamps.put(pixels, label)

    @contextlib.contextmanager
    def native(self, areas: Sequence[Area]) -> Iterator[None]:
        """Turn ticks and values into Matplotlib's own artists while a file is written."""
        with self._figure.lock:
            width, height = self._canvas.get_width_height(physical=True)
            added = []
            for area in areas:
                area.make_native()
                for label in (*area.notes, *area.end_labels()):
                    added.append(_text(self._figure, label, width, height))
            self._mirror_is_animated(False)
            try:
                yield
            finally:
                self._mirror_is_animated(True)
                for text in added:
                    text.remove()
                for area in areas:
                    area.make_bare()

    def _mirror_is_animated(self, animated: bool) -> None:
        for _, text in self._texts:
            text.set_animated(animated)


def _fade(pixels: Pixels, areas: Sequence[Area]) -> None:
    for area in areas:
        box = area.ax.bbox
        top, bottom = pixels.shape[0] - round(box.y1), pixels.shape[0] - round(box.y0)
        part = pixels[max(top, 0) : bottom, round(box.x0) + 1 : round(box.x1), :3]
        part[...] = (part * (1 - _FADED) + 255 * _FADED).astype(np.uint8)


def _text(figure: LiveFigure, label: Label, width: float, height: float) -> Any:
    box = None
    if label.fill is not None:
        box = {"facecolor": label.fill, "edgecolor": label.edge or label.fill, "pad": 3.5}
    along = "center_baseline" if label.along == "center" else label.along
    return figure.text(
        label.x / width,
        label.y / height,
        label.text,
        ha=label.across,
        va=along,
        fontsize=label.size,
        color=label.colour,
        weight="bold" if label.bold else "normal",
        bbox=box,
        parse_math=False,
        zorder=10,
    )
