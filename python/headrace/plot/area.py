"""One pair of axes of a chart: its scale, ticks and labels, and the artists that move."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from headrace.plot import stamps, style
from headrace.plot.scale import Scale, round_ticks, tick_texts
from headrace.plot.stamps import Label, Pixels
from headrace.plot.style import PanelStyle

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

_Y_DISTANCE, _LABEL_HEIGHT = 24.0, 11.0  # pixels at 100 dpi


class Area:
    """Axes whose frame and names are drawn once; all else again and again, by the painter.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where.
    look : PanelStyle
        Guide lines, limits and ticks that are usual here.
    from_zero : bool
        Whether the scale begins at zero.
    """

    def __init__(self, ax: Axes, look: PanelStyle, *, from_zero: bool = False) -> None:
        self.ax = ax
        self.look = look
        self.scale = Scale(from_zero=from_zero)
        self.artists: list[Artist] = []  # in the order in which they are drawn
        self.named: list[tuple[Artist, str]] = []  # those that the legend names
        self.ends: list[tuple[float, str, str]] = []  # value, text and colour at the right edge
        self.notes: list[Label] = []  # further labels, in pixels
        self.x_ticks: list[float] = []
        self.x_texts: list[str] = []
        self.x_strong: list[bool] = []
        self.x_labelled = True
        self.x_lines = True
        self._y_ticks: tuple[tuple[float, float, float], list[float], list[str]] | None = None
        self._own: dict[str, tuple[float, float]] = {}
        _make_bare(ax)
        for level in look.guides:
            self.add(ax.axhline(level, color=style.FRAME, linewidth=0.9, linestyle=(0, (5, 3))))
        if look.limits:
            self.limit("y", *look.limits)

    def add(self, artist: Any, name: str = "") -> Any:
        """Draw `artist` anew in every picture; a name is one for the legend."""
        artist.set_animated(True)
        self.artists.append(artist)
        if name:
            artist.set_label(name)
            self.named.append((artist, name))
        return artist

    @property
    def pixel(self) -> float:
        """Pixels of this figure per pixel at 100 dpi."""
        return self.dpi / style.DPI

    @property
    def dpi(self) -> float:
        """Pixels an inch."""
        figure: Any = self.ax.get_figure(root=True)
        return float(figure.dpi)

    def points(self, pixels: float) -> float:
        """Return a line width, which Matplotlib counts in points."""
        return pixels * 72 / self.dpi

    @property
    def width(self) -> int:
        """Columns of pixels inside the axes."""
        return max(round(float(self.ax.bbox.width)), 2)

    def limit(self, axis: str, low: float, high: float) -> None:
        """Set the limits, unless the user has zoomed since they were last set here."""
        get, put = getattr(self.ax, f"get_{axis}lim"), getattr(self.ax, f"set_{axis}lim")
        now = tuple(float(v) for v in get())
        if axis in self._own and now != self._own[axis]:
            return
        if now != (low, high):
            put(low, high)
        self._own[axis] = tuple(float(v) for v in get())  # type: ignore[assignment]

    def fit(self, low: float, high: float) -> None:
        """Make room for values from `low` to `high`, where the limits follow the data."""
        if self.look.limits is None and self.scale.fit(low, high):
            self.limit("y", self.scale.low, self.scale.high)

    def y_ticks(self) -> tuple[list[float], list[str]]:
        """Return values and texts of the ticks."""
        low, high = (float(v) for v in self.ax.get_ylim())
        height = float(self.ax.bbox.height)
        if self._y_ticks is None or self._y_ticks[0] != (low, high, height):
            most = max(int(height / (_Y_DISTANCE * self.pixel)), 2)
            values = list(self.look.ticks or round_ticks(low, high, most))
            values = [v for v in values if low <= v <= high]
            if self.look.ticks:
                values = _apart(values, _LABEL_HEIGHT * self.pixel * (high - low) / height)
            self._y_ticks = ((low, high, height), values, tick_texts(values))
        return self._y_ticks[1], self._y_ticks[2]

    def visible_x_ticks(self) -> Iterator[tuple[float, str, bool]]:
        """Yield place, text and strength of the ticks that are inside the axes."""
        low, high = self.ax.get_xlim()
        strong = self.x_strong or [False] * len(self.x_ticks)
        for place, text, is_strong in zip(self.x_ticks, self.x_texts, strong, strict=True):
            if low <= place <= high:
                yield place, text, is_strong

    # -- pixels

    def paint_grid(self, pixels: Pixels) -> None:
        """Draw the lines of the grid."""
        box = self.ax.bbox
        left, right = round(box.x0) + 1, round(box.x1)
        top, bottom = pixels.shape[0] - round(box.y1), pixels.shape[0] - round(box.y0)
        thick = max(round(self.pixel), 1)
        for value in self.y_ticks()[0]:
            row = pixels.shape[0] - round(self.pixel_y(value))
            if top < row < bottom - 1:
                stamps.fill(pixels, left, row, right, row + thick, style.GRID)
        for place, _, strong in self.visible_x_ticks() if self.x_lines else ():
            column = round(self.pixel_x(place))
            colour = style.FRAME if strong else style.GRID
            if left < column < right:
                stamps.fill(pixels, column, top, column + thick, bottom, colour)

    def labels(self) -> Iterator[Label]:
        """Yield the labels of the ticks, of the newest values, and the notes."""
        box, one = self.ax.bbox, self.pixel
        for value, text in zip(*self.y_ticks(), strict=True):
            yield Label(
                text, box.x0 - 5 * one, self.pixel_y(value), "right", "center", colour=style.SOFT
            )
        if self.x_labelled:
            for place, text, strong in self.visible_x_ticks():
                x, y = self.pixel_x(place), box.y0 - 4 * one
                colour = style.TEXT if strong else style.SOFT
                yield Label(text, x, y, "center", "top", colour=colour, bold=strong)
        yield from self.end_labels()
        yield from self.notes

    def end_labels(self) -> Iterator[Label]:
        """Yield the newest values, at the right edge, so that they do not touch."""
        box, one = self.ax.bbox, self.pixel
        apart = _LABEL_HEIGHT * one
        bottom = -math.inf
        ends = sorted((self.pixel_y(value), text, colour) for value, text, colour in self.ends)
        excess = len(ends) * apart - float(box.height)
        for i, (y, text, colour) in enumerate(ends):
            highest = box.y1 - (len(ends) - 1 - i) * apart + max(excess, 0)
            y = max(min(max(y, box.y0), highest), bottom + apart)
            bottom = y
            yield Label(text, box.x1 + 5 * one, y, "left", "center", colour=colour, bold=True)

    def pixel_x(self, place: float) -> float:
        """Return the column of a place on the axis."""
        low, high = self.ax.get_xlim()
        return float(self.ax.bbox.x0 + (place - low) / (high - low) * self.ax.bbox.width)

    def pixel_y(self, value: float) -> float:
        """Return the row, counted from below, of a value."""
        low, high = self.ax.get_ylim()
        return float(self.ax.bbox.y0 + (value - low) / (high - low) * self.ax.bbox.height)

    # -- files

    def make_native(self) -> None:
        """Give the axes Matplotlib's own ticks, for files of any resolution and for vectors."""
        values, texts = self.y_ticks()
        self.ax.set_yticks(values, labels=texts)
        shown = [(p, t) for p, t, _ in self.visible_x_ticks()]
        self.ax.set_xticks([p for p, _ in shown], labels=[t for _, t in shown])
        # Axes share their ticks with those below; each has labels or not by itself.
        self.ax.tick_params(axis="x", labelbottom=self.x_labelled)
        for text in self.ax.get_xticklabels():
            text.set_parse_math(False)
        self.ax.grid(self.x_lines, axis="x")

    def make_bare(self) -> None:
        """Take them away again."""
        _make_bare(self.ax)


def _make_bare(ax: Axes) -> None:
    from matplotlib.ticker import NullLocator

    ax.set_autoscale_on(False)
    ax.set_facecolor("white")
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["bottom", "left"]].set(color=style.FRAME, linewidth=0.9)
    ax.tick_params(length=0, pad=3, labelsize=style.LABEL, labelcolor=style.SOFT)
    ax.tick_params(grid_color=style.GRID, grid_linewidth=0.8)
    ax.grid(True)
    ax.set_axisbelow(True)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(NullLocator())
        axis.set_minor_locator(NullLocator())


def _apart(values: list[float], least: float) -> list[float]:
    """Leave out what would touch the one below; keep both ends."""
    kept = values[:1]
    for value in values[1:]:
        if value - kept[-1] >= least:
            kept.append(value)
    return kept
