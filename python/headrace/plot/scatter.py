"""One column against another: the newest rows as points, each key in its colour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from headrace.plot import style
from headrace.plot.area import Area
from headrace.plot.feed import Snapshot
from headrace.plot.scale import Scale, round_ticks, tick_texts
from headrace.plot.stamps import shortened
from headrace.plot.views import Grid, Moment, put_legend

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST_POINTS = 20_000  # of one key: more take long to draw and cover one another


class ScatterView:
    """Points of the newest rows; the newest of all has a ring."""

    def __init__(self, figure: Figure, x: str, y: str, keys: Sequence[str | None]) -> None:
        self._x, self._y = x, y
        self.grid = Grid(figure, 1, [1.0])
        ax = self.grid.blocks[0][0]
        area = Area(ax, style.PanelStyle(y))
        self.areas: list[Area] = [area]
        self._scale = Scale()
        self._points: list[Any] = []
        for number, key in enumerate(keys):
            (points,) = ax.plot(
                [], [], "o", color=style.COLOURS[number % len(style.COLOURS)], markersize=3.2,
                alpha=0.55, markeredgewidth=0,
            )  # fmt: skip
            self._points.append(area.add(points, key or "" if len(keys) > 1 else ""))
        (ring,) = ax.plot(
            [], [], "o", markersize=8, markerfacecolor="none", color=style.TEXT,
            markeredgewidth=1.2,
        )  # fmt: skip
        self._ring: Any = area.add(ring, "newest")
        ax.set_ylabel(shortened(y, 60), parse_math=False)
        put_legend(area)

    def update(self, snapshot: Snapshot, moment: Moment) -> None:
        """Put the rows into the points."""
        area = self.areas[0]
        shown = []
        for points, rows in zip(self._points, snapshot.rows, strict=False):
            x, y = rows.values[self._x], rows.values[self._y]
            there = np.flatnonzero(np.isfinite(x) & np.isfinite(y))[-_MOST_POINTS:]
            points.set_data(x[there], y[there])
            shown.append((rows.x[there], x[there], y[there]))
        places, xs, ys = (np.concatenate(part) for part in zip(*shown, strict=True))
        if not len(xs):
            return
        newest = int(places.argmax())
        self._ring.set_data([xs[newest]], [ys[newest]])
        area.fit(float(ys.min()), float(ys.max()))
        self._scale.fit(float(xs.min()), float(xs.max()))
        area.limit("x", self._scale.low, self._scale.high)
        area.x_ticks = round_ticks(
            self._scale.low, self._scale.high, max(int(area.width / area.pixel / 90), 2)
        )
        area.x_texts = tick_texts(area.x_ticks)

    def context(self) -> str:
        """Return what the labels of the x axis leave out."""
        return self._x
