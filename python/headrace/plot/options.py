"""The arguments of a chart, checked when the line is written."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from headrace.errors import InvalidArgument
from headrace.plot import bars, hist, lines, scatter
from headrace.plot.panels import Chooser, Panel, Panels
from headrace.plot.style import PREDICTION
from headrace.plot.views import View, figure_size
from headrace.waiting import seconds_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from headrace.stream import Stream

KINDS = ("line", "candles", "bar", "hist", "scatter")
Markers = bool | str | Sequence[str] | Mapping[str, float]

_FASTEST = 0.05  # seconds: 20 redraws a second
_LEVEL = 0.5  # what a probability crosses
_MOST_ROWS = 100_000
_MOST_KEYS = 12
_SMALLEST, _LARGEST = 2.0, 40.0  # inches: smaller cannot be read, larger is hundreds of megabytes
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
        if kind == "scatter" and (x is None or len(columns) != 1):
            raise InvalidArgument(
                'plot: kind="scatter" takes one column and x=, e.g. plot("Close", x="Volume", '
                'kind="scatter")'
            )
        if kind not in ("scatter", "bar") and x is not None:
            raise InvalidArgument(f'plot: x= is for kind="scatter" and "bar", got x={x!r}')
        if kind != "line" and kind != "candles" and (bands or panels):
            raise InvalidArgument(f'plot: kind="{kind}" has no bands and panels')
        if title is not None and not isinstance(title, str):
            raise InvalidArgument(f"plot: title: expected a text, got {title!r}")
        return cls(
            columns=tuple(columns),
            keys=_keys(key),
            kind=kind,
            panels=_panels(panels),
            bands=_names("bands", bands),
            last=max(last, _BAR_ROWS) if kind == "bar" else last,
            every=max(seconds_of("plot: every", every, "100ms"), _FASTEST),
            title=title,
            figsize=_size(figsize),
            markers=_markers(markers),
            x=x,
        )


def _names(option: str, value: object) -> tuple[str, ...]:
    """Return one column name or several as a tuple."""
    names = (value,) if isinstance(value, str) else value
    if not isinstance(names, Sequence) or not all(isinstance(name, str) for name in names):
        raise InvalidArgument(f"plot: {option}: expected names of columns, got {value!r}")
    return tuple(names)


def _panels(panels: Panels) -> Panels:
    if isinstance(panels, Mapping):
        return {str(name): _names(f"panels: {name}", names) for name, names in panels.items()}
    if panels is not None and not isinstance(panels, bool):
        raise InvalidArgument(
            'plot: panels: expected a dict such as {"mine": ["rsi"]}, or False for one panel, '
            f"got {panels!r}"
        )
    return panels


def _markers(markers: Markers) -> Markers:
    if isinstance(markers, bool):
        return markers
    if not isinstance(markers, Mapping):
        return _names("markers", markers)
    for name, level in markers.items():
        if not isinstance(level, (int, float)):
            raise InvalidArgument(f"plot: markers: expected a level for {name!r}, got {level!r}")
    return markers


def _size(figsize: object) -> tuple[float, float] | None:
    if figsize is None:
        return None
    sides = list(figsize) if isinstance(figsize, Sequence) else []
    if len(sides) != 2 or not all(
        isinstance(side, (int, float)) and _SMALLEST <= side <= _LARGEST for side in sides
    ):
        raise InvalidArgument(
            f"plot: figsize: expected width and height of {_SMALLEST:g} to {_LARGEST:g} inches, "
            f"got {figsize!r}"
        )
    return float(sides[0]), float(sides[1])


def _keys(key: object) -> tuple[str, ...] | None:
    if key is None:
        return None
    several = isinstance(key, Iterable) and not isinstance(key, (str, bytes))
    listed = list(cast("Iterable[object]", key)) if several else [key]
    if not listed:
        raise InvalidArgument("plot: key: expected a key or a list of keys, got an empty list")
    if len(listed) > _MOST_KEYS:
        raise InvalidArgument(
            f"plot: key: {len(listed)} keys do not fit into one chart (most: {_MOST_KEYS})"
        )
    return tuple(dict.fromkeys(str(k) for k in listed))


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
            levels = dict.fromkeys(markers, _LEVEL)
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
