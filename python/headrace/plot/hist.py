"""The distribution of the newest values, one below or beside the other for several keys."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from headrace.plot import style
from headrace.plot.area import Area
from headrace.plot.feed import Snapshot
from headrace.plot.scale import Scale, round_ticks, tick_texts, value_text
from headrace.plot.stamps import Label
from headrace.plot.views import Grid, Moment, put_legend

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_BINS = 40
_ROOM = 1.12  # above the highest bar: the summary stands there


class HistView:
    """Counts of values in bins whose edges are round and stay."""

    def __init__(self, figure: Figure, columns: Sequence[str], keys: Sequence[str | None]) -> None:
        self._columns = list(columns)
        self.grid = Grid(figure, len(keys), [1.0], share_x=False)
        self._scales = [Scale() for _ in keys]
        self._steps: list[list[Any]] = []
        self.areas: list[Area] = []
        for axes, key in zip(self.grid.blocks, keys, strict=True):
            area = Area(axes[0], style.PanelStyle("rows"), from_zero=True)
            axes[0].set_ylabel("rows")
            self.areas.append(area)
            self._steps.append([self._make(area, i) for i in range(len(self._columns))])
            put_legend(area, None if len(keys) == 1 else key)

    def _make(self, area: Area, number: int) -> Any:
        colour = style.COLOURS[number % len(style.COLOURS)]
        (polygon,) = area.ax.fill([], [], facecolor=colour + "59", edgecolor=colour, linewidth=1.2)
        return area.add(polygon, self._columns[number])

    def update(self, snapshot: Snapshot, moment: Moment) -> None:
        """Count the rows of the snapshot."""
        blocks = zip(self.areas, self._steps, self._scales, snapshot.rows, strict=False)
        for area, steps, scale, rows in blocks:
            values = [_finite(rows.values[column]) for column in self._columns]
            every = np.concatenate(values)
            if len(every):
                scale.fit(float(every.min()), float(every.max()))
            self._set(area, steps, values, _edges(scale.low, scale.high))
            area.notes = [self._summary(area, values)]

    def _set(self, area: Area, steps: list[Any], block: list[Any], edges: Any) -> None:
        area.limit("x", float(edges[0]), float(edges[-1]))
        ticks = round_ticks(float(edges[0]), float(edges[-1]), max(int(area.width / 80), 2))
        area.x_ticks, area.x_texts = ticks, tick_texts(ticks)
        most = 0
        for polygon, values in zip(steps, block, strict=True):
            counts, _ = np.histogram(values, edges)
            most = max(most, int(counts.max(initial=0)))
            polygon.set_xy(_outline(edges, counts))
        if most:
            area.fit(0.0, float(most) * _ROOM)

    def _summary(self, area: Area, block: list[Any]) -> Label:
        box, one = area.ax.bbox, area.pixel
        values = block[0]
        text = f"{len(values):,} rows"
        if len(values) and len(block) == 1:
            mean, spread = float(values.mean()), float(values.std())
            text += f", mean {value_text(mean)}, std. dev. {value_text(spread)}"
        return Label(text, box.x1 - 2 * one, box.y1 - 8 * one, "right", "center", colour=style.SOFT)

    def context(self) -> str:
        """Return what the labels of the x axis leave out."""
        return ", ".join(self._columns)


def _finite(values: Any) -> Any:
    return values[np.isfinite(values)]


def _edges(low: float, high: float) -> Any:
    """Return edges of about forty bins, at round values so that they do not wander."""
    step = 10.0 ** math.floor(math.log10((high - low) / _BINS))
    for factor in (1, 2, 2.5, 5, 10):
        if (high - low) / (step * factor) <= _BINS:
            step *= factor
            break
    return np.arange(math.floor(low / step), math.ceil(high / step) + 1) * step


def _outline(edges: Any, counts: Any) -> Any:
    x = np.repeat(edges, 2)
    y = np.concatenate([[0], np.repeat(counts, 2), [0]])
    return np.stack([x, y], axis=1)
