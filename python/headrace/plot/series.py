"""Artists of one panel: lines, bands, bars from zero, candles."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from headrace.plot import style
from headrace.plot.area import Area
from headrace.plot.decimate import Floats, extremes, runs_of
from headrace.plot.feed import Rows
from headrace.plot.panels import BAND_PARTS, Panel
from headrace.plot.scale import value_text

_FINE = 3.0  # pixels of a candle or bar, at least


def _bounds(*columns: Floats) -> tuple[float, float]:
    """Return least and greatest finite value; NaN where there is none."""
    known = [c[np.isfinite(c)] for c in columns]
    lows = [float(c.min()) for c in known if len(c)]
    highs = [float(c.max()) for c in known if len(c)]
    return (min(lows), max(highs)) if lows else (math.nan, math.nan)


def _are_whole(values: Floats) -> bool:
    known = values[np.isfinite(values)]
    return bool((known == np.floor(known)).all())


def _columns_between(x: Floats, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Return one line of upright strokes, with gaps between them."""
    xs, ys = np.full(3 * len(x), np.nan), np.full(3 * len(x), np.nan)
    xs[0::3], xs[1::3] = x, x
    ys[0::3], ys[1::3] = low, high
    return xs, ys


class LineSeries:
    """A column as a line, with its newest value at the edge."""

    def __init__(self, area: Area, column: str, colour: str) -> None:
        self.column, self._area, self._colour = column, area, colour
        (line,) = area.ax.plot([], [], color=colour, linewidth=1.3)
        self.line: Any = area.add(line, column)

    def set(self, rows: Rows, places: int) -> tuple[float, float]:
        """Show the rows; least and greatest value."""
        y = rows.values[self.column]
        at = extremes(y, self._area.width)
        self.line.set_data((rows.x, y) if at is None else (rows.x[at], y[at]))
        if len(y) and math.isfinite(y[-1]):
            text = value_text(float(y[-1]), whole=_are_whole(y))
            self._area.ends.append((float(y[-1]), text, self._colour))
        return _bounds(y)


class BandSeries:
    """Upper, middle and lower band: a shaded area with a broken line in it."""

    def __init__(self, area: Area, stem: str) -> None:
        self._upper, self._middle, self._lower = (f"{stem}_{part}" for part in BAND_PARTS)
        self._area = area
        self.fill: Any = area.add(
            area.ax.fill_between([], [], [], color=style.BAND, alpha=0.2, linewidth=0), stem
        )
        self._edges = [
            area.add(area.ax.plot([], [], how, color=style.BAND, linewidth=0.9)[0])
            for how in ("-", "--", "-")
        ]

    def set(self, rows: Rows, places: int) -> tuple[float, float]:
        """Show the rows; least and greatest value."""
        upper, lower = rows.values[self._upper], rows.values[self._lower]
        names = (self._upper, self._middle, self._lower)
        for edge, name in zip(self._edges, names, strict=True):
            y = rows.values[name]
            at = extremes(y, self._area.width)
            edge.set_data((rows.x, y) if at is None else (rows.x[at], y[at]))
        tops, bottoms = (extremes(c, self._area.width) for c in (upper, lower))
        x = rows.x
        if tops is not None and bottoms is not None:
            at = np.union1d(tops, bottoms)
            x, upper, lower = x[at], upper[at], lower[at]
        there = np.isfinite(upper) & np.isfinite(lower)
        self.fill.set_data(x, lower, upper, where=there)
        return _bounds(rows.values[self._lower], rows.values[self._upper])


class BarSeries:
    """A column as bars from zero: volumes, and MACD's histogram in two colours."""

    def __init__(self, area: Area, column: str, colours: tuple[str, str]) -> None:
        self.column, self._area = column, area
        self._bars = [
            area.add(area.ax.plot([], [], color=c, solid_capstyle="butt")[0], name)
            for c, name in zip(colours, (column, ""), strict=True)
        ]

    def set(self, rows: Rows, places: int) -> tuple[float, float]:
        """Show the rows; least and greatest value."""
        x, y = rows.x, rows.values[self.column]
        at = extremes(y, self._area.width // 2)
        if at is not None:
            x, y = x[at], y[at]
        width = max(self._area.width / max(places, 2) * 0.72, 1.0 if at is None else 2.0)
        with np.errstate(invalid="ignore"):
            parts = (y >= 0, y < 0)
        for bars, part in zip(self._bars, parts, strict=True):
            bars.set_data(_columns_between(x[part], np.zeros(int(part.sum())), y[part]))
            bars.set_linewidth(self._area.points(width))
        low, high = _bounds(y)
        return min(low, 0.0), max(high, 0.0)


class CandleSeries:
    """Open, high, low and close; several rows in one candle where there are too many."""

    def __init__(self, area: Area, columns: list[str]) -> None:
        self._columns, self._area = columns, area
        self.parts: list[Any] = []  # wick and body of rising, then of falling candles
        for colour, name in ((style.UP, "rising"), (style.DOWN, "falling")):
            look: Any = {"color": colour, "solid_capstyle": "butt"}
            (wick,) = area.ax.plot([], [], linewidth=0.9, **look)
            (body,) = area.ax.plot([], [], **look)
            self.parts += [area.add(wick), area.add(body, name)]

    def set(self, rows: Rows, places: int) -> tuple[float, float]:
        """Show the rows; least and greatest value."""
        opened, high, low, close = (rows.values[c] for c in self._columns)
        x, each = rows.x, 1
        starts = runs_of(len(x), int(self._area.width / _FINE))
        if starts is not None:
            each = int(starts[1])
            stops = np.append(starts[1:], len(x)) - 1
            x, opened, close = (x[starts] + x[stops]) / 2, opened[starts], close[stops]
            high, low = np.fmax.reduceat(high, starts), np.fmin.reduceat(low, starts)
        width = max(self._area.width * each / max(places, 2) * 0.7, 1.0)
        # A body without height would not be seen.
        bottom_limit, top_limit = self._area.ax.get_ylim()
        least = (top_limit - bottom_limit) / max(float(self._area.ax.bbox.height), 1.0)
        with np.errstate(invalid="ignore"):
            rising = close >= opened
        for i, part in enumerate((rising, ~rising)):
            wick, body = self.parts[2 * i], self.parts[2 * i + 1]
            wick.set_data(_columns_between(x[part], low[part], high[part]))
            bottom = np.fmin(opened[part], close[part])
            top = np.fmax(opened[part], close[part])
            body.set_data(_columns_between(x[part], bottom, np.fmax(top, bottom + least)))
            body.set_linewidth(self._area.points(width))
        if len(close) and math.isfinite(close[-1]):
            colour = style.UP if bool(rising[-1]) else style.DOWN
            text = value_text(float(close[-1]), whole=_are_whole(close))
            self._area.ends.append((float(close[-1]), text, colour))
        return _bounds(low, high)


def series_of(area: Area, panel: Panel) -> list[Any]:
    """Return what draws the columns of a panel, from behind."""
    made: list[Any] = [BandSeries(area, stem) for stem in panel.bands]
    signed = ("#8CCDB9", "#EBB08C")
    colours = signed if panel.columns else (style.VOLUME, style.VOLUME)
    made += [BarSeries(area, column, colours) for column in panel.bars]
    if panel.candles:
        made.append(CandleSeries(area, panel.candles))
    free = [c for c in style.COLOURS if not panel.candles or c not in (style.UP, style.DOWN)]
    for number, column in enumerate(panel.columns):
        colour = free[number % len(free)]
        if panel.kind == "aroon":  # as everybody draws it
            colour = style.UP if column.endswith("_up") else style.DOWN
        made.append(LineSeries(area, column, colour))
    return made
