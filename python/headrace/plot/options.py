"""The arguments of a chart, checked when the line is written."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from headrace.errors import InvalidArgument
from headrace.plot import bars, hist, lines, scatter
from headrace.plot.panels import Chooser, Panel, Panels
from headrace.plot.style import COLOURS, PREDICTION
from headrace.plot.views import View, figure_size

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from headrace.stream import Stream

KINDS = ("line", "candles", "bar", "hist", "scatter")
Markers = bool | str | Sequence[str] | Mapping[str, float]

_FASTEST = 0.05  # seconds: 20 redraws a second
_LEVEL = 0.5  # what a probability crosses
_MOST_ROWS = 100_000
_BAR_ROWS = 20_000  # in which the newest value of each key is looked for, at least


@dataclass(frozen=True)
class Options:
    """What the user asked for."""

    columns: tuple[str, ...]
    keys: tuple[str, ...] | None  # None: whichever there are
    kind: str
    panels: Panels
    bands: tuple[str, ...]
    last: int
    every: float
    title: str | None
    figsize: tuple[float, float] | None
    markers: Markers
    x: str | None

    @classmethod
    def checked(
        cls,
        columns: Sequence[str],
        *,
        key: object,
        kind: str,
        panels: Panels,
        bands: str | Sequence[str],
        last: int,
        every: str | float,
        title: str | None,
        figsize: tuple[float, float] | None,
        markers: Markers,
        x: str | None,
    ) -> Options:
        """Check what can be checked without the columns of the stream."""
        if kind not in KINDS:
            near = difflib.get_close_matches(str(kind), KINDS, 1, 0.4)
            hint = f'; did you mean "{near[0]}"?' if near else ""
            raise InvalidArgument(
                f"plot: kind: expected one of {', '.join(KINDS)}, got {kind!r}{hint}"
            )
        if not isinstance(last, int) or isinstance(last, bool) or not 2 <= last <= _MOST_ROWS:
            raise InvalidArgument(f"plot: last: expected 2 to {_MOST_ROWS:,} rows, got {last!r}")
        if panels is not None and not isinstance(panels, (bool, Mapping)):
            raise InvalidArgument(
                'plot: panels: expected a dict such as {"mine": ["rsi"]}, or False for one panel, '
                f"got {panels!r}"
            )
        if kind == "scatter" and (x is None or len(columns) != 1):
            raise InvalidArgument(
                'plot: kind="scatter" takes one column and x=, e.g. plot("Close", x="Volume", '
                'kind="scatter")'
            )
        if kind not in ("scatter", "bar") and x is not None:
            raise InvalidArgument(f'plot: x= is for kind="scatter" and "bar", got x={x!r}')
        if kind != "line" and kind != "candles" and (bands or panels):
            raise InvalidArgument(f'plot: kind="{kind}" has no bands and panels')
        stems = (bands,) if isinstance(bands, str) else tuple(bands)
        return cls(
            columns=tuple(columns),
            keys=_keys(key),
            kind=kind,
            panels=panels,
            bands=stems,
            last=max(last, _BAR_ROWS) if kind == "bar" else last,
            every=_seconds(every),
            title=title,
            figsize=figsize,
            markers=markers,
            x=x,
        )


def _keys(key: object) -> tuple[str, ...] | None:
    if key is None:
        return None
    listed = list(key) if isinstance(key, (list, tuple, set, frozenset, pd.Index)) else [key]
    if not listed:
        raise InvalidArgument("plot: key: expected a key or a list of keys, got an empty list")
    if len(listed) > len(COLOURS) + 5:
        raise InvalidArgument(f"plot: key: {len(listed)} keys do not fit into one chart (most: 12)")
    return tuple(dict.fromkeys(str(k) for k in listed))


def _seconds(every: str | float) -> float:
    delta: pd.Timedelta | None
    try:
        delta = pd.Timedelta(every) if isinstance(every, str) else pd.Timedelta(seconds=every)
    except (ValueError, TypeError):
        delta = None
    if pd.isna(delta) or delta < pd.Timedelta(0):
        raise InvalidArgument(
            f'plot: every: expected a time such as "100ms" or seconds, got {every!r}'
        )
    return max(delta.total_seconds(), _FASTEST)


class Recipe:
    """What is drawn of a stream whose columns are known.

    Raises
    ------
    InvalidArgument, UnknownColumn
        If a column is not there or cannot be drawn.
    """

    def __init__(self, options: Options, stream: Stream) -> None:
        self._options = options
        schema = stream.schema
        self._chooser = Chooser(stream)
        self.time_column = schema.event_time if schema.event_time in schema.columns else None
        self.key_column = schema.key if schema.key in schema.columns else None
        self.panels: list[Panel] = []
        self.category = ""
        self.markers: dict[str, float] = {}
        if options.keys is not None and schema.key is None:
            raise InvalidArgument(
                f"plot: key={', '.join(options.keys)!r}: the schema has no key; "
                "hr.Schema(..., key=...)"
            )
        self.columns = self._columns(stream)
        self._chooser.check(self.columns)

    def _columns(self, stream: Stream) -> list[str]:
        options, chooser = self._options, self._chooser
        if options.kind in ("line", "candles"):
            chooser.check(options.columns)
            candles = options.kind == "candles"
            self.panels = chooser.panels(
                options.columns, options.bands, options.panels, candles=candles
            )
            needed = [name for panel in self.panels for name in panel.needed]
            self.markers = self._levels(needed)
            return list(dict.fromkeys([*needed, *self.markers]))
        columns = list(options.columns) or [chooser.main_column()]
        if options.kind == "scatter":
            return [*columns, str(options.x)]
        if options.kind == "bar":
            self.category = options.x or self.key_column or ""
            if not self.category:
                raise InvalidArgument(
                    'plot: kind="bar" draws one bar a key, and the schema has no key; name the '
                    'column that tells bars apart: x="..."'
                )
            _ = stream.schema[self.category]
        return columns

    def _levels(self, shown: Sequence[str]) -> dict[str, float]:
        """Return the columns whose crossings are marked, with the level."""
        markers = self._options.markers
        if markers is False:
            return {}
        if markers is True:
            predicted = {p for p, panel in self._chooser.belongs.items() if panel == PREDICTION}
            return {name: _LEVEL for name in shown if name in predicted}
        if isinstance(markers, Mapping):
            levels = {name: float(level) for name, level in markers.items()}
        else:
            names = [markers] if isinstance(markers, str) else markers
            levels = dict.fromkeys(names, _LEVEL)
        self._chooser.check(list(levels))
        return levels

    def figure_size(self, keys: Sequence[str | None]) -> tuple[float, float]:
        """Return inches."""
        blocks = 1 if self._options.kind in ("bar", "scatter") else len(keys)
        return self._options.figsize or figure_size(blocks, max(len(self.panels), 1))

    def view(self, figure: Figure, keys: Sequence[str | None]) -> View:
        """Make the axes and artists."""
        if self._options.kind == "bar":
            return bars.BarView(figure, self.columns, self.category)
        if self._options.kind == "hist":
            return hist.HistView(figure, self.columns, keys)
        if self._options.kind == "scatter":
            return scatter.ScatterView(figure, self.columns[1], self.columns[0], keys)
        return lines.LineView(figure, self.panels, keys, self.markers, self.time_column)
