"""Lines and candles over time, with indicators in panels below and a block for each key."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from headrace.plot import style
from headrace.plot.area import Area
from headrace.plot.decimate import Floats
from headrace.plot.feed import Rows, Snapshot, places_of_rejects
from headrace.plot.panels import Panel
from headrace.plot.scale import round_ticks, tick_texts
from headrace.plot.series import series_of
from headrace.plot.stamps import shortened
from headrace.plot.times import TimeAxis
from headrace.plot.views import Grid, Moment, put_legend

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_FIRST_WINDOW, _GROWTH = 40, 1.5  # rows that the axis has room for before there are many


class LineView:
    """Panels of lines, bands, bars and candles over a common time axis.

    Parameters
    ----------
    figure : Figure
        Where.
    panels : sequence of Panel
        From above.
    keys : sequence of str or None
        One block of panels each.
    markers : mapping of str to float
        Columns whose crossing of a level is marked over the first panel.
    time_column : str, optional
        Name of the event time.
    """

    def __init__(
        self,
        figure: Figure,
        panels: Sequence[Panel],
        keys: Sequence[str | None],
        markers: Mapping[str, float],
        time_column: str | None,
    ) -> None:
        self._time_column = time_column
        self._axis = TimeAxis()
        self._context = ""
        heights = [2.2] + [1.0] * (len(panels) - 1) if len(panels) > 1 else [1.0]
        self.grid = Grid(figure, len(keys), heights)
        single = len(keys) == 1
        self._blocks = [
            _Block(axes, panels, None if single else key, markers)
            for axes, key in zip(self.grid.blocks, keys, strict=True)
        ]
        self.areas: list[Area] = [area for block in self._blocks for area in block.areas]

    def update(self, snapshot: Snapshot, moment: Moment) -> None:
        """Put the rows into the artists."""
        places = snapshot.places
        room = places if moment.ended else _room(places, moment.last)
        first = self.areas[0]
        first.limit("x", -0.6, max(room, 2) - 0.4)
        ticks, texts, strong = self._ticks(snapshot, room, first)
        for area in self.areas:
            area.x_ticks, area.x_texts, area.x_strong = ticks, texts, strong
        for block, rows in zip(self._blocks, snapshot.rows, strict=False):
            block.set(rows, room)
            block.mark_rejects(rows, moment)

    def _ticks(
        self, snapshot: Snapshot, room: int, area: Area
    ) -> tuple[list[float], list[str], list[bool]]:
        places = snapshot.places
        if snapshot.times is None or not places:
            self._context = "rows before the newest" if places else ""
            back = round_ticks(float(1 - places), 0.0, max(int(area.width / 110), 2))
            texts = tick_texts([v + 0.0 for v in back])
            return [v + places - 1 for v in back], texts, [False] * len(back)
        width = area.width / area.pixel * places / max(room, 1)
        found = self._axis.ticks(snapshot.times, width)
        self._context = f"{self._time_column}, {found.context}"
        return [float(row) for row in found.rows], found.texts, found.strong

    def context(self) -> str:
        """Return what the labels of the x axis leave out."""
        return self._context


def _room(places: int, last: int) -> int:
    """Return how many rows the axis has room for: it grows by steps, then stays."""
    room = float(_FIRST_WINDOW)
    while room < places:
        room *= _GROWTH
    return places if places >= last else min(int(room), last)


class _Block:
    """The panels of one key."""

    def __init__(
        self,
        axes: Sequence[Any],
        panels: Sequence[Panel],
        key: str | None,
        markers: Mapping[str, float],
    ) -> None:
        self.areas: list[Area] = []
        self._series: list[list[Any]] = []
        self._panels = panels
        for number, (ax, panel) in enumerate(zip(axes, panels, strict=True)):
            look = style.panel_style(panel.kind)
            from_zero = bool(panel.bars) and not panel.columns
            area = Area(ax, look, from_zero=from_zero)
            ax.set_ylabel(shortened(panel.label, 26), parse_math=False)
            series = series_of(area, panel)
            area.x_labelled = number == len(panels) - 1
            put_legend(area, key if number == 0 else None)
            self.areas.append(area)
            self._series.append(series)
        self._markers = [
            _Crossings(self.areas[0], panels[0], column, level) for column, level in markers.items()
        ]
        (rejects,) = axes[-1].plot(
            [], [], "|", color=style.ERROR_TEXT, markersize=7, markeredgewidth=1.4,
            clip_on=False, transform=axes[-1].get_xaxis_transform(),
        )  # fmt: skip
        self._rejects: Any = self.areas[-1].add(rejects)

    def set(self, rows: Rows, room: int) -> None:
        """Show the rows."""
        for area, series in zip(self.areas, self._series, strict=True):
            area.ends = []
            bounds = [one.set(rows, room) for one in series]
            lows = [low for low, _ in bounds if math.isfinite(low)]
            highs = [high for _, high in bounds if math.isfinite(high)]
            if lows and highs:
                area.fit(min(lows), max(highs))
        for marker in self._markers:
            marker.set(rows)

    def mark_rejects(self, rows: Rows, moment: Moment) -> None:
        """Put a tick where a dead letter was."""
        own = [(p, o) for p, o, key in moment.rejects if rows.key in (None, key) or key is None]
        x = places_of_rejects(rows, own) if own and len(rows.x) else np.zeros(0)
        self._rejects.set_data(x, np.full(len(x), 0.012))


class _Crossings:
    """Marks over the first panel where a column rises above a level or falls below it."""

    def __init__(self, area: Area, panel: Panel, column: str, level: float) -> None:
        self._area, self._column, self._level = area, column, level
        candles = panel.candles
        shown = panel.columns or [f"{stem}_middle" for stem in panel.bands] or panel.bars
        self._above = candles[1] if candles else shown[0]
        self._below = candles[2] if candles else shown[0]
        look: Any = {"linestyle": "", "markersize": 6.5, "markeredgewidth": 0.6}
        (up,) = area.ax.plot([], [], "^", color=style.UP, markeredgecolor="white", **look)
        (down,) = area.ax.plot([], [], "v", color=style.DOWN, markeredgecolor="white", **look)
        self.up, self.down = area.add(up), area.add(down)

    def set(self, rows: Rows) -> None:
        """Show the rows."""
        values = rows.values[self._column]
        up, down = crossings(values, self._level)
        low, high = self._area.ax.get_ylim()
        away = 0.035 * (high - low)
        self.up.set_data(rows.x[up], rows.values[self._below][up] - away)
        self.down.set_data(rows.x[down], rows.values[self._above][down] + away)


def crossings(values: Floats, level: float) -> tuple[Any, Any]:
    """Return where values rise to `level` or above it, and where they fall below it."""
    known = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        above = values >= level
    both = known[1:] & known[:-1]
    up = np.flatnonzero(both & above[1:] & ~above[:-1]) + 1
    down = np.flatnonzero(both & ~above[1:] & above[:-1]) + 1
    return up, down
