"""Live charts: fixed Matplotlib artists whose data is replaced on a timer of their own.

Drawing happens in a thread (inline, scripts) or on the kernel's event loop (widget backends), takes
a snapshot of the newest rows and never touches the stream: a slow drawing is drawn less often,
records are consumed at the same rate.
"""

from __future__ import annotations

import base64
import html
import io
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from headrace import frames
from headrace.errors import InvalidArgument

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    from headrace.live import Live
    from headrace.stream import Stream

__all__ = ["Chart"]

PRICE = "price"

# Where an indicator's usual guide lines are.
_GUIDES = {"rsi": (30.0, 70.0), "aroon": (30.0, 70.0), "macd": (0.0,), "prediction": (0.5,)}
_LIMITS = {"rsi": (0.0, 100.0), "aroon": (-4.0, 104.0), "prediction": (0.0, 1.0)}
# Okabe and Ito's palette, told apart by colour-blind readers too.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_MIN_INTERVAL = 0.05  # at most 20 redraws a second


@dataclass
class _Panel:
    name: str
    columns: list[str] = field(default_factory=list)
    bands: list[str] = field(default_factory=list)  # stems: upper, middle and lower are drawn


def panel_of(stream: Stream) -> dict[str, str]:
    """Return the panel to which each computed column belongs, as the registry says."""
    from headrace import _core

    panels = {info["name"]: info["panel"] for info in _core.indicators()}
    found: dict[str, str] = {}
    for step in stream._steps:
        if step["op"] == "predict":
            found |= dict.fromkeys(step["outputs"], "prediction")
        for column in step.get("columns", []):
            if isinstance(column, dict) and column["kind"] == "indicator":
                found |= dict.fromkeys(column["outputs"], panels[column["indicator"]])
    return found


def _panels(stream: Stream, columns: Sequence[str], bands: Sequence[str]) -> list[_Panel]:
    belongs = panel_of(stream)
    panels = {PRICE: _Panel(PRICE, bands=list(bands))}
    for column in columns:
        name = belongs.get(column, PRICE)
        panels.setdefault(name, _Panel(name)).columns.append(column)
    return [p for p in panels.values() if p.columns or p.bands]


class Chart:
    """A chart of the newest rows of a live stream; made by ``Live.plot``.

    Parameters
    ----------
    live : Live
        The stream.
    *columns : str
        Numeric columns. Indicators are drawn in the panel that they belong to: bands over the
        price, Aroon, RSI and MACD below, each with its guide lines.
    bands : str or sequence of str
        Bollinger Bands by their stem (``"bbands"``), drawn as a shaded area over the price.
    key : optional
        Only rows of this key. Needed to make sense of a stream of several keys.
    last : int
        Newest rows shown.
    every : float
        Seconds between two drawings at least (not below 0.05).
    title : str, optional
        Default: the key and the source.
    figsize : (float, float), optional
        Inches.

    Examples
    --------
    >>> import headrace as hr
    >>> df = hr.market.bars(rows=300, tickers=1, seed=1)
    >>> bars = hr.from_frame(df, schema=hr.market.SCHEMA)
    >>> live = bars.with_columns(hr.ta.bbands("Close", 20), hr.ta.rsi("Close")).run()
    >>> _ = live.wait()
    >>> chart = live.plot("Close", "rsi", bands="bbands", key="ACME")
    >>> [axis.get_ylabel() for axis in chart.figure.axes]
    ['price', 'rsi']
    >>> live.stop()
    """

    def __init__(
        self,
        live: Live,
        *columns: str,
        bands: str | Sequence[str] = (),
        key: object = None,
        last: int = 500,
        every: float = 0.1,
        title: str | None = None,
        figsize: tuple[float, float] | None = None,
    ) -> None:
        stems = [bands] if isinstance(bands, str) else list(bands)
        shown = list(columns) or _default_columns(live._stream)
        needed = shown + [f"{s}_{part}" for s in stems for part in ("upper", "middle", "lower")]
        for name in needed:
            if live.schema[name].name not in ("float64", "int64", "bool"):
                raise InvalidArgument(f"plot: column {name!r} is not numeric")
        if last < 2:
            raise InvalidArgument(f"plot: last: expected 2 rows or more, got {last}")
        self._live = live
        self._key = key
        self._last = last
        self._every = max(every, _MIN_INTERVAL)
        self._columns = list(dict.fromkeys(needed))
        self._lines: dict[str, Line2D] = {}
        self._fills: dict[str, Any] = {}
        self._lock = threading.RLock()  # the artists: the timer draws while a cell may save
        self._end_row = -1
        self._times: Any = None
        self._stopped = threading.Event()
        self.draws = 0
        panels = _panels(live._stream, shown, stems)
        self.figure = self._make_figure(panels, title, figsize)
        self.update()
        self._show()

    # -- what is drawn

    def _make_figure(
        self, panels: list[_Panel], title: str | None, figsize: tuple[float, float] | None
    ) -> Figure:
        figure = _new_figure(figsize or (9, 3.2 + 1.4 * (len(panels) - 1)))
        heights = [2.6 if p.name == PRICE else 1.0 for p in panels]
        axes = figure.subplots(
            len(panels), 1, sharex=True, squeeze=False, gridspec_kw={"height_ratios": heights}
        )[:, 0]
        for axis, panel in zip(axes, panels, strict=True):
            self._fill_panel(axis, panel)
        key = "" if self._key is None else f"{self._key} · "
        axes[0].set_title(title or f"{key}{self._live._source.describe()}", loc="left", fontsize=10)
        axes[-1].xaxis.set_major_formatter(self._tick_text)
        axes[-1].set_xlim(0, 1)
        self._waiting = axes[0].text(
            0.5, 0.5, "", transform=axes[0].transAxes, ha="center", va="center", color="0.4"
        )
        return figure

    def _fill_panel(self, axis: Axes, panel: _Panel) -> None:
        axis.set_ylabel(panel.name)
        axis.grid(True, alpha=0.25, linewidth=0.6)
        axis.spines[["top", "right"]].set_visible(False)
        for level in _GUIDES.get(panel.name, ()):
            axis.axhline(level, color="0.6", linewidth=0.8, linestyle="--")
        for stem in panel.bands:
            self._fills[stem] = axis.fill_between(
                [], [], [], color=_COLOURS[5], alpha=0.22, label=stem, linewidth=0
            )
            for part in ("upper", "middle", "lower"):
                style = "--" if part == "middle" else "-"
                (line,) = axis.plot([], [], style, color=_COLOURS[5], linewidth=0.9)
                self._lines[f"{stem}_{part}"] = line
        for i, column in enumerate(panel.columns):
            (line,) = axis.plot(
                [], [], color=_COLOURS[i % len(_COLOURS)], linewidth=1.3, label=column
            )
            self._lines[column] = line
        if panel.columns or panel.bands:
            # Above the axes, where no line can be: beside the title of the first panel.
            axis.legend(
                loc="lower right", bbox_to_anchor=(1, 0.99), fontsize=8, frameon=False, ncols=5
            )

    def _tick_text(self, position: float, _: object = None) -> str:
        times = self._times
        index = round(position)
        if times is None or abs(position - index) > 0.01 or not 0 <= index < len(times):
            return ""
        stamp = times[index].astype("datetime64[s]").item()
        return str(stamp.strftime("%H:%M\n%d %b"))

    def update(self) -> bool:
        """Take the newest rows and put them into the artists; True where something changed."""
        frame = self._live._engine.frame(self._last, None if self._key is None else str(self._key))
        with self._lock:
            if frame.end_row == self._end_row:
                return False
            self._end_row = frame.end_row
            arrays = frames.to_numpy(frame)
            time_column = self._live.schema.event_time
            self._times = arrays.get(time_column) if time_column else None
            self._set_data(arrays, frame.rows)
        return True

    def _set_data(self, arrays: dict[str, frames.Array], rows: int) -> None:
        x = np.arange(rows, dtype=np.float64)
        for name, line in self._lines.items():
            line.set_data(x, np.ma.filled(arrays[name].astype(np.float64), np.nan))
        for stem, fill in self._fills.items():
            fill.set_data(x, arrays[f"{stem}_lower"], arrays[f"{stem}_upper"])
        what = self._live._source.describe()
        self._waiting.set_text("" if rows else f"waiting for {what}, {rows} records")
        for axis in self.figure.axes:
            axis.set_xlim(0, max(rows - 1, 1))
            limits = _LIMITS.get(axis.get_ylabel())
            if limits:
                axis.set_ylim(*limits)
            else:
                axis.relim()
                axis.autoscale(axis="y")

    # -- when it is drawn

    def _show(self) -> None:
        display = _inline_display()
        if display is not None:
            self._display = display(self, display_id=True)
            threading.Thread(target=self._draw_loop, name="headrace-chart", daemon=True).start()
        elif hasattr(self.figure.canvas, "manager") and self.figure.canvas.manager is not None:
            self._timer = self.figure.canvas.new_timer(interval=int(self._every * 1000))
            self._timer.add_callback(self._on_timer)
            self._timer.start()

    def _draw_loop(self) -> None:
        """Redraw until stopped or the stream has ended; time is taken after the drawing."""
        ended = False
        while not ended and not self._stopped.wait(self._every):
            ended = self._live._engine.wait(0)
            started = time.monotonic()
            if self.update():
                self._display.update(self)
                self.draws += 1
            # A drawing that takes long must leave the processor to the stream for as long again.
            self._stopped.wait(time.monotonic() - started)

    def _on_timer(self) -> bool:
        if self._stopped.is_set():
            return False
        if self.update():
            with self._lock:
                self.figure.canvas.draw_idle()
            self.draws += 1
        return True

    def stop(self) -> None:
        """Stop redrawing; the last picture stays."""
        self._stopped.set()
        timer = getattr(self, "_timer", None)
        if timer is not None:
            timer.stop()

    # -- what leaves it

    def png(self, dpi: float = 100) -> bytes:
        """Return the picture as it is now."""
        with self._lock:
            buffer = io.BytesIO()
            self.figure.savefig(
                buffer, format="png", dpi=dpi, pil_kwargs={"compress_level": 1}, facecolor="white"
            )
            return buffer.getvalue()

    def save(self, path: str | Path, dpi: float = 150) -> Path:
        """Write the picture to a ``.png`` or, self-contained, to an ``.html`` file.

        Raises
        ------
        InvalidArgument
            If the ending is another one.
        """
        where = Path(path)
        self.update()
        if where.suffix == ".png":
            where.write_bytes(self.png(dpi))
        elif where.suffix == ".html":
            title = html.escape(self.figure.axes[0].get_title(loc="left"))
            image = base64.b64encode(self.png(dpi)).decode()
            where.write_text(
                f'<!doctype html><meta charset="utf-8"><title>{title}</title>'
                f'<img alt="{title}" style="max-width:100%" src="data:image/png;base64,{image}">',
                encoding="utf-8",
            )
        else:
            raise InvalidArgument(f"save: expected a name ending in .png or .html, got {path!r}")
        return where

    def _repr_png_(self) -> bytes:
        return self.png()

    def __repr__(self) -> str:
        return f"Chart of {', '.join(self._columns)} ({self._live._source.describe()})"


def _default_columns(stream: Stream) -> list[str]:
    """All computed columns, or without any the numeric ones, apart from key and time."""
    numeric = [n for n, t in stream.schema.columns.items() if t.name in ("float64", "int64")]
    computed = [n for n in numeric if n in panel_of(stream)]
    chosen = computed or numeric
    if not chosen:
        raise InvalidArgument(f"plot: no numeric column among {', '.join(stream.columns)}")
    return chosen


def _inline_display() -> Any:
    """IPython's display where the inline backend is in use, else None."""
    import matplotlib

    if "inline" not in matplotlib.get_backend().lower():
        return None
    try:
        from IPython.display import display
    except ImportError:
        return None
    return display


def _new_figure(size: tuple[float, float]) -> Figure:
    """Return a figure with a window or widget where the backend has one."""
    import matplotlib

    backend = matplotlib.get_backend().lower()
    if backend in ("agg", "pdf", "svg", "ps", "cairo", "template") or "inline" in backend:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure as PlainFigure

        figure = PlainFigure(figsize=size, layout="constrained")
        FigureCanvasAgg(figure)
        return figure
    import matplotlib.pyplot as plt

    return plt.figure(figsize=size, layout="constrained")
