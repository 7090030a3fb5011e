"""Which columns are drawn, and in which panel."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from headrace.errors import InvalidArgument
from headrace.plot.style import PREDICTION, PRICE, VOLUME_PANEL, panel_style

if TYPE_CHECKING:
    from headrace.schema import Schema
    from headrace.stream import Stream

# As the user gives them; one name is a sequence of one once they were checked.
Panels = Mapping[str, str | Sequence[str]] | bool | None

BAND_PARTS = ("upper", "middle", "lower")
_NUMERIC = ("float64", "int64", "bool")
_MAIN = ("close", "price", "last", "mid", "value")
_CANDLE = ("open", "high", "low", "close")
_PRICE_LIKE = re.compile(r"(?i)^(adj[ _.]?)?(open|high|low|close|price|last|bid|ask|mid|vwap)$")
_VOLUME_LIKE = re.compile(r"(?i)^(volume|vol|turnover|quantity|qty|size|open[ _]?interest)$")


@dataclass
class Panel:
    """One above the other with those of the same key."""

    name: str
    columns: list[str] = field(default_factory=list)
    bands: list[str] = field(default_factory=list)  # stems: upper, middle and lower are drawn
    bars: list[str] = field(default_factory=list)  # columns drawn as bars from zero
    candles: list[str] = field(default_factory=list)  # open, high, low and close
    kind: str = ""  # whose guide lines, limits and colours it has; default: its name

    def __post_init__(self) -> None:
        self.kind = self.kind or self.name

    @property
    def needed(self) -> list[str]:
        """All columns that the panel draws."""
        of_bands = [f"{stem}_{part}" for stem in self.bands for part in BAND_PARTS]
        return [*self.candles, *self.columns, *of_bands, *self.bars]

    @property
    def label(self) -> str:
        """What the values are."""
        if self.name != PRICE:
            return panel_style(self.kind).label if self.name == self.kind else self.name
        names = self.columns + self.bars
        if self.candles or (any(_PRICE_LIKE.match(name) for name in names) and len(names) > 1):
            return PRICE
        return names[0] if len(names) == 1 else "value"


def indicators_of(stream: Stream) -> list[dict[str, Any]]:
    """Return the indicator columns of all steps, as the plan has them, with their panel."""
    from headrace import _core

    panels = {info["name"]: info["panel"] for info in _core.indicators()}
    return [
        {**column, "panel": panels[column["indicator"]]}
        for step in stream._steps
        for column in step.get("columns", [])
        if isinstance(column, dict) and column["kind"] == "indicator"
    ]


def panel_of(stream: Stream) -> dict[str, str]:
    """Return the panel to which each computed column belongs, as the registry says.

    Indicators that the registry puts over the price are put over their input: the average of a
    volume is drawn over the volume.
    """
    found: dict[str, str] = {}
    for column in indicators_of(stream):
        panel = column["panel"]
        if panel == PRICE:
            panel = found.get(column["inputs"][0], _source_panel(column["inputs"][0]))
        found |= dict.fromkeys(column["outputs"], panel)
    for step in stream._steps:
        if step["op"] == "predict":
            found |= dict.fromkeys(step["outputs"], PREDICTION)
    return found


def _source_panel(column: str) -> str:
    return VOLUME_PANEL if _VOLUME_LIKE.match(column) else PRICE


class Chooser:
    """Finds the columns and panels of a chart from what the user has named."""

    def __init__(self, stream: Stream) -> None:
        self._schema: Schema = stream.schema
        self.belongs = panel_of(stream)
        self._indicators = indicators_of(stream)

    def check(self, names: Sequence[str]) -> None:
        """Raise for a column that is not there or cannot be drawn."""
        for name in names:
            if not isinstance(name, str):
                raise InvalidArgument(f"plot: expected column names, got {name!r}")
            kind = self._schema[name].name
            if kind not in _NUMERIC:
                numbers = ", ".join(self.numeric)
                raise InvalidArgument(
                    f"plot: column {name!r} is not numeric ({kind}); numeric columns: {numbers}"
                )

    @property
    def numeric(self) -> list[str]:
        """Columns of numbers, apart from the key."""
        kinds = self._schema.columns
        return [n for n, t in kinds.items() if t.name in _NUMERIC and n != self._schema.key]

    def main_column(self) -> str:
        """Return the column that is drawn where none is named: a price, else the first number."""
        sources = [name for name in self.numeric if name not in self.belongs]
        for wanted in _MAIN:
            for name in sources:
                if name.lower() == wanted:
                    return name
        if not self.numeric:
            raise InvalidArgument(
                f"plot: no numeric column among {', '.join(self._schema.columns)}"
            )
        return (sources or self.numeric)[0]

    def candle_columns(self, columns: Sequence[str]) -> list[str]:
        """Return open, high, low and close: the four named, else guessed by their names."""
        if len(columns) == 4:
            return list(columns)
        if columns:
            raise InvalidArgument(
                'plot: kind="candles" takes four columns (open, high, low, close) or none, got '
                + ", ".join(map(repr, columns))
            )
        by_name = {name.lower(): name for name in reversed(self.numeric)}
        missing = [wanted for wanted in _CANDLE if wanted not in by_name]
        if missing:
            raise InvalidArgument(
                f'plot: kind="candles": no column named {" or ".join(missing)}; name four of '
                f"{', '.join(self.numeric)} as open, high, low and close"
            )
        return [by_name[wanted] for wanted in _CANDLE]

    def panels(
        self, columns: Sequence[str], bands: Sequence[str], panels: Panels, *, candles: bool
    ) -> list[Panel]:
        """Return the panels from above, each with what it draws."""
        ohlc = self.candle_columns(columns) if candles else []
        named = [] if candles else list(dict.fromkeys(columns)) or [self.main_column()]
        if isinstance(panels, Mapping):
            chosen = self._as_told(named, ohlc, bands, panels)
        else:
            chosen = self._as_usual(named, ohlc, bands, panels)
        for panel in chosen:
            self.check(panel.needed)
        return chosen

    def _as_told(
        self,
        named: list[str],
        ohlc: list[str],
        bands: Sequence[str],
        panels: Mapping[str, Sequence[str]],
    ) -> list[Panel]:
        told = [Panel(name, list(names)) for name, names in panels.items()]
        for panel in told:
            kinds = {self.belongs.get(column, "") for column in panel.columns}
            panel.kind = (kinds.pop() if len(kinds) == 1 else "") or panel.name
        elsewhere = {column for panel in told for column in panel.columns}
        first = Panel(PRICE, [c for c in named if c not in elsewhere], list(bands), [], ohlc)
        for panel in told:
            if panel.name == PRICE:
                panel.bands, panel.candles = first.bands, first.candles
                panel.columns = first.columns + panel.columns
                return [self._with_bars(p) for p in told]
        return [self._with_bars(p) for p in ([first] if first.needed else []) + told]

    def _as_usual(
        self, named: list[str], ohlc: list[str], bands: Sequence[str], panels: bool | None
    ) -> list[Panel]:
        if panels is False:
            return [Panel(PRICE, named, list(bands), [], ohlc)]
        stems = list(bands)
        if not bands and not any(name in self.belongs for name in named):
            extra, found = self._what_belongs_to(named + ohlc)
            named = named + extra
            stems += [stem for stem in found if stem not in stems]
        made = {PRICE: Panel(PRICE, bands=stems, candles=ohlc)}
        for column in named:
            name = self.belongs.get(column, _source_panel(column))
            made.setdefault(name, Panel(name)).columns.append(column)
        return [self._with_bars(panel) for panel in made.values() if panel.needed]

    def _what_belongs_to(self, named: list[str]) -> tuple[list[str], list[str]]:
        """Return the computed columns, and stems of bands, that are usually seen with `named`."""
        there = self._schema.columns
        columns: list[str] = []
        stems: list[str] = []
        over = set(named)
        for indicator in self._indicators:
            outputs = [name for name in indicator["outputs"] if name in there]
            beside = self.belongs.get(indicator["outputs"][0]) in (PRICE, VOLUME_PANEL)
            if beside and not over & set(indicator["inputs"]):
                continue
            over |= set(outputs) if beside else set()
            stem = indicator["outputs"][0].removesuffix("_upper")
            if indicator["indicator"] == "bbands" and len(outputs) == 3:
                stems.append(stem)
            else:
                columns += outputs
        columns += [n for n, panel in self.belongs.items() if panel == PREDICTION and n in there]
        return columns, stems

    def _with_bars(self, panel: Panel) -> Panel:
        """Draw volumes and MACD's histogram as bars."""
        histograms = {i["outputs"][2] for i in self._indicators if i["indicator"] == "macd"}
        is_bar = {c for c in panel.columns if _VOLUME_LIKE.match(c) or c in histograms}
        panel.bars = [c for c in panel.columns if c in is_bar]
        panel.columns = [c for c in panel.columns if c not in is_bar]
        return panel
