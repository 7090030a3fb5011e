"""Bars: the newest value of each key, or of each value of another column."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from headrace.plot import style
from headrace.plot.area import Area
from headrace.plot.feed import Snapshot
from headrace.plot.scale import value_text
from headrace.plot.stamps import Label
from headrace.plot.views import Grid, Moment, put_legend

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_BARS = 24


class BarView:
    """One bar a key and column; the largest where there are many keys."""

    def __init__(self, figure: Figure, columns: Sequence[str], category: str) -> None:
        self._columns, self._category = list(columns), category
        self.grid = Grid(figure, 1, [1.0])
        ax = self.grid.blocks[0][0]
        self._area = Area(ax, style.PanelStyle(", ".join(columns)), from_zero=True)
        self._area.x_lines = False
        self.areas: list[Area] = [self._area]
        self._left_out = 0
        self._bars: list[Any] = []
        for number, column in enumerate(self._columns):
            colour = style.COLOURS[number % len(style.COLOURS)]
            (bars,) = ax.plot([], [], color=colour, solid_capstyle="butt")
            self._bars.append(self._area.add(bars, column))
        ax.set_ylabel(columns[0] if len(columns) == 1 else "newest value", parse_math=False)
        if len(columns) > 1:
            put_legend(self._area)

    def update(self, snapshot: Snapshot, moment: Moment) -> None:
        """Put the newest values into the bars."""
        shown = dict(sorted(snapshot.newest.items()))
        if len(shown) > MOST_BARS:
            size = {
                key: max((abs(v) for v in vs if v == v), default=0) for key, vs in shown.items()
            }
            kept = sorted(shown, key=lambda key: -size[key])[:MOST_BARS]
            shown = {key: shown[key] for key in sorted(kept)}
        self._left_out = len(snapshot.newest) - len(shown)
        area, count = self._area, max(len(shown), 1)
        area.limit("x", -0.6, count - 0.4)
        area.x_ticks, area.x_texts = [float(i) for i in range(len(shown))], list(shown)
        values = np.array(list(shown.values()), dtype=np.float64).reshape(-1, len(self._columns))
        self._set_bars(values, count)
        finite = values[np.isfinite(values)]
        if len(finite):
            area.fit(float(finite.min()), float(finite.max()))
        area.notes = list(self._value_labels(values)) if values.size <= 16 else []

    def _set_bars(self, values: Any, count: int) -> None:
        share = 0.7 / len(self._columns)
        thick = self._area.points(self._area.width / (count + 0.2) * share)
        for number, bars in enumerate(self._bars):
            x = np.full(3 * len(values), np.nan)
            y = np.full(3 * len(values), np.nan)
            x[0::3] = x[1::3] = self._places(len(values), number)
            y[0::3], y[1::3] = 0.0, values[:, number]
            bars.set_data(x, y)
            bars.set_linewidth(thick)

    def _places(self, count: int, number: int) -> Any:
        share = 0.7 / len(self._columns)
        return np.arange(count) + (number - (len(self._columns) - 1) / 2) * share

    def _value_labels(self, values: Any) -> Any:
        area = self._area
        for number in range(len(self._columns)):
            places = self._places(len(values), number)
            for place, value in zip(places, values[:, number], strict=True):
                if math.isfinite(value):
                    up = value >= 0
                    y = area.pixel_y(float(value)) + (3 if up else -3) * area.pixel
                    x = area.pixel_x(float(place))
                    yield Label(value_text(float(value)), x, y, "center", "bottom" if up else "top")

    def context(self) -> str:
        """Return what the labels of the x axis leave out."""
        more = f" (the {MOST_BARS} largest, {self._left_out} more)" if self._left_out else ""
        return self._category + more
