"""The handle of a live picture: shown, paused, saved, stopped."""

from __future__ import annotations

import logging
import time
import weakref
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headrace import notebook, redraw
from headrace.arguments import names_checked
from headrace.display import Bundle, shell
from headrace.errors import HeadraceError
from headrace.plot import files, screen
from headrace.plot.notice import Notice, Scene, notice_of
from headrace.plot.options import Markers, Options
from headrace.plot.panels import Panels
from headrace.plot.picture import Picture
from headrace.plot.stamps import Pixels
from headrace.status import Status

if TYPE_CHECKING:
    from headrace.live import Live
    from headrace.plot.painter import LiveFigure

__all__ = ["Chart"]

_HEARTBEAT = 1.5  # seconds: well before the picture would say that it is not live
_STATUS_EVERY = 0.25
_NO_BROWSER_EVERY = 1.0
# Records a second of a stream that catches up with its topic: it needs every processor, and nobody
# can follow 20 pictures a second of it.
_CATCHING_UP, _CATCHING_UP_EVERY = 100_000, 0.25
_log = logging.getLogger("headrace")


class Chart:
    """A live picture of the newest rows of a stream; made by ``Live.plot``.

    In a notebook it appears below the cell and is redrawn up to 20 times a second, also while other
    cells run; as an ipympl widget with ``%matplotlib widget``. In a script it is drawn when it is
    saved. It ends with its stream, and then says so.

    Parameters
    ----------
    live : Live
        The stream.
    *columns : str
        Numeric columns. With source columns alone, and no `bands`, the indicators that belong to
        them are drawn too: bands over the price; Aroon, RSI, MACD and predictions below, each with
        its guide lines. Default: a price (``Close``, ``price``, ``value``), else the first number.
    key : optional
        Only rows of this key; of several keys (a list) side by side. Default: all keys, the six
        busiest where there are more.
    kind : {"line", "candles", "bar", "hist", "scatter"}
        Lines over time; candles of open, high, low and close (guessed by name, or four columns);
        the newest value of each key as bars; the distribution of the newest rows; points.
    panels : dict or False, optional
        Columns by panel, from above: ``{"momentum": ["rsi", "roc"]}``. False: all in one.
    bands : str or sequence of str
        Bollinger Bands by their stem (``"bbands"``), drawn as a shaded area.
    last : int
        Newest rows shown, up to 100,000.
    every : str or float
        Time between two drawings at least: ``"200ms"``, or seconds (not below 0.05).
    title : str, optional
        Default: the key and the source.
    figsize : (float, float), optional
        Inches, of 100 pixels.
    markers : bool, str, sequence of str or dict
        Columns whose rise above and fall below 0.5 (or the level that the dict gives) is marked.
        True: predictions. False: neither these nor dead letters.
    x : str, optional
        The horizontal column of a scatter; the category of bars (default: the key).

    Raises
    ------
    UnknownColumn, InvalidArgument
        If a column is not there or is not numeric, or an option has another value.

    Examples
    --------
    >>> import headrace as hr
    >>> df = hr.market.bars(rows=300, tickers=1, seed=1)
    >>> bars = hr.from_frame(df, schema=hr.market.SCHEMA)
    >>> live = bars.with_columns(hr.ta.bbands("Close", 20), hr.ta.rsi("Close")).run()
    >>> _ = live.wait()
    >>> chart = live.plot("Close", key="ACME")
    >>> chart
    Chart of Close, bbands_upper, bbands_middle, bbands_lower, rsi (a DataFrame of 300 rows)
    >>> [axes.get_ylabel() for axes in chart.figure.axes]
    ['Close', 'RSI']
    >>> live.stop()
    """

    @names_checked
    def __init__(
        self,
        live: Live,
        *columns: str,
        key: object = None,
        kind: str = "line",
        panels: Panels = None,
        bands: str | Sequence[str] = (),
        last: int = 500,
        every: str | float = 0.05,
        title: str | None = None,
        figsize: tuple[float, float] | None = None,
        markers: Markers = True,
        x: str | None = None,
    ) -> None:
        options = Options.checked(
            columns,
            key=key,
            kind=kind,
            panels=panels,
            bands=bands,
            last=last,
            every=every,
            title=title,
            figsize=figsize,
            markers=markers,
            x=x,
        )
        self.draws = 0
        self._live = live
        self._every = options.every
        self._made_at = time.monotonic()
        self._drawn_at = -_HEARTBEAT
        self._status: Status = live._look()
        self._status_at = self._made_at
        self._rate = 0.0  # records a second
        self._paused = False
        self._done = False
        self._error = ""
        self._drawn: Notice | None = None
        self._shown_in = -1  # the execution whose cell shows it
        self._for_key = f" of key {', '.join(options.keys)}" if options.keys else ""
        kind_of_screen = screen.kind_of_screen()
        self._picture = Picture(live, options, kind_of_screen)
        notebook.end_former("chart")
        self._screen = self._open(kind_of_screen)

    @property
    def figure(self) -> LiveFigure:
        """The Matplotlib figure; :meth:`save` writes it with the labels of its axes.

        Examples
        --------
        >>> import headrace as hr
        >>> df = hr.market.bars(rows=100, tickers=1, seed=1)
        >>> with hr.from_frame(df, schema=hr.market.SCHEMA).run() as live:
        ...     chart = live.plot("Close")
        ...     _ = chart.figure.suptitle("Close of the session")
        """
        return self._picture.figure

    # -- drawing

    def _open(self, kind: str) -> screen.Screen | None:
        with self.figure.lock:
            opened: screen.Screen | None = None
            drawer = _Drawer(self)
            if kind == "inline":
                opened = screen.InlineScreen()
            elif kind == "widget":
                opened = screen.WidgetScreen(self.figure)
            elif kind == "window":
                opened = screen.WindowScreen(self.figure, drawer)
            pixels = self._next(force=True)
            if opened is None or pixels is None:
                return None
            opened.show(pixels, repr(self))
            self._shown_in = _execution()
        notebook.remember("chart", self)
        if kind != "window":
            redraw.add(drawer)
        return opened

    def _redraw(self) -> bool:
        """Draw what is new; False when there will be nothing new any more."""
        with self.figure.lock:
            shown = self._screen
            if self._done or shown is None:
                return False
            unseen = isinstance(shown, screen.WidgetScreen) and not shown.has_browser
            if unseen and time.monotonic() - self._drawn_at < _NO_BROWSER_EVERY:
                return True
            try:
                pixels = self._next()
                final = self._status.ended or bool(self._error)
                if pixels is not None or final:
                    self._put(shown, pixels if pixels is not None else self._paint(), final)
            except Exception as error:
                self._give_up(error)
            return not self._done

    def _give_up(self, error: Exception) -> None:
        """Leave an empty picture that says why, and draw no more."""
        self._note_failure(error)
        self._done = True
        self._picture.give_up()
        pixels = self._paint()
        if self._screen is not None:
            self._put(self._screen, pixels, final=True)

    def _put(self, shown: screen.Screen, pixels: Pixels, final: bool) -> None:
        shown.update(pixels, repr(self), final=final, look=self._picture.look)
        self._drawn_at = time.monotonic()
        self.draws += 1
        if final:
            self._done = True
            self._live._forget(self)
            self._picture.close()

    def _next(self, *, force: bool = False) -> Pixels | None:
        """Return a newer picture; None where it would be the same."""
        now = time.monotonic()
        ended = self._live._engine.wait(0)
        if force or ended or now - self._status_at >= min(self.every, _STATUS_EVERY):
            self._look(now)
        changed = self._refresh() if force or not self._paused or self._status.ended else False
        notice = self._notice()
        same = self._drawn is not None and replace(notice, stamp="") == replace(
            self._drawn, stamp=""
        )
        if same and not changed and not force and now - self._drawn_at < _HEARTBEAT:
            return None
        return self._paint(notice)

    def _look(self, now: float) -> None:
        """Look where the stream stands, and how fast it goes."""
        status = self._live._look()
        self._rate = (status.records - self._status.records) / max(now - self._status_at, 1e-3)
        self._status, self._status_at = status, now

    @property
    def every(self) -> float:
        """Seconds between two drawings at least: more while the stream needs the processor.

        Examples
        --------
        >>> import headrace as hr
        >>> df = hr.market.bars(rows=100, tickers=1, seed=1)
        >>> with hr.from_frame(df, schema=hr.market.SCHEMA).run() as live:
        ...     live.plot("Close", every="100ms").every
        0.1
        """
        return max(self._every, _CATCHING_UP_EVERY) if self._rate > _CATCHING_UP else self._every

    def _refresh(self, *, final: bool = False) -> bool:
        try:
            return self._picture.refresh(self._status, final=final)
        except HeadraceError as error:  # a column that is not there, known only now
            if self._drawn is None:
                raise
            self._error = str(error)
        except Exception as error:
            if self._drawn is None:
                raise
            self._note_failure(error)
        return True

    def _note_failure(self, error: Exception) -> None:
        _log.exception("a chart could not be drawn")
        self._error = f"the chart could not be drawn: {error}"

    def _paint(self, notice: Notice | None = None) -> Pixels:
        self._drawn = notice or self._notice()
        return self._picture.paint(self._drawn)

    def _notice(self, stopped: str = "") -> Notice:
        scene = Scene(
            source=self._live._name(),
            rows=self._picture.rows,
            keys=self._for_key,
            waited=time.monotonic() - self._made_at,
            now=time.time(),
            paused=self._paused,
            stopped=stopped,
        )
        if self._error:
            lines = tuple(self._error.splitlines())
            return Notice(lines, grey=True, error=True, stamp="not live")
        return notice_of(self._status, scene)

    # -- what the user does

    def pause(self) -> None:
        """Keep the picture as it is; the stream goes on.

        Examples
        --------
        >>> import headrace as hr
        >>> df = hr.market.bars(rows=100, tickers=1, seed=1)
        >>> with hr.from_frame(df, schema=hr.market.SCHEMA).run() as live:
        ...     chart = live.plot("Close")
        ...     chart.pause()
        ...     chart.resume()
        """
        self._paused = True

    def resume(self) -> None:
        """Draw again what is new.

        Examples
        --------
        >>> import headrace as hr
        >>> df = hr.market.bars(rows=100, tickers=1, seed=1)
        >>> with hr.from_frame(df, schema=hr.market.SCHEMA).run() as live:
        ...     chart = live.plot("Close")
        ...     chart.pause()
        ...     chart.resume()
        """
        self._paused = False

    def stop(self) -> None:
        """Draw a last time and then no more; the picture says that it is not live.

        Examples
        --------
        >>> import headrace as hr
        >>> df = hr.market.bars(rows=100, tickers=1, seed=1)
        >>> with hr.from_frame(df, schema=hr.market.SCHEMA).run() as live:
        ...     chart = live.plot("Close")
        ...     chart.stop()  # the stream goes on
        """
        with self.figure.lock:
            if self._done:
                return
            self._look(time.monotonic())
            try:
                if not self._paused:
                    self._refresh(final=True)
                pixels = self._paint(self._notice(stopped="chart stopped"))
                if self._screen is not None:
                    self._put(self._screen, pixels, final=True)
            except Exception as error:
                self._give_up(error)
            self._done = True
            self._live._forget(self)

    def _replaced(self) -> None:
        """End without a last picture: its place shows another one."""
        with self.figure.lock:
            self._done = True
            self._live._forget(self)
            self._picture.close()
            if isinstance(self._screen, screen.WidgetScreen):
                self._screen.close()

    # -- what leaves it

    def png(self, dpi: float = 100) -> bytes:
        r"""Return the picture as it is now, as a PNG file.

        Examples
        --------
        >>> import headrace as hr
        >>> df = hr.market.bars(rows=100, tickers=1, seed=1)
        >>> with hr.from_frame(df, schema=hr.market.SCHEMA).run() as live:
        ...     _ = live.wait()
        ...     picture = live.plot("Close").png()
        >>> picture[:4]
        b'\x89PNG'
        """
        return self._file("png", dpi)

    def save(self, path: str | Path, dpi: float = 150) -> Path:
        """Write the picture as it is now to a file.

        Parameters
        ----------
        path : str or Path
            Ending in ``.png``, ``.svg``, ``.pdf`` or ``.html`` (self-contained, needs no network).
        dpi : float
            Pixels an inch, of PNG and HTML.

        Returns
        -------
        Path
            Where it is.

        Raises
        ------
        InvalidArgument
            If the ending is another one.
        StreamIOError
            If the file cannot be written; the message has path and reason.

        Examples
        --------
        >>> import headrace as hr, pathlib, tempfile
        >>> df = hr.market.bars(rows=100, tickers=1, seed=1)
        >>> with tempfile.TemporaryDirectory() as folder, hr.from_frame(
        ...         df, schema=hr.market.SCHEMA).run() as live:
        ...     _ = live.wait()
        ...     path = live.plot("Close").save(pathlib.Path(folder) / "close.html")
        ...     path.name, path.stat().st_size > 10_000
        ('close.html', True)
        """
        where = Path(path)
        kind = files.kind_of(where)
        data = self._file("png" if kind == "html" else kind, dpi)
        if kind == "html":
            data = files.page_of(data, self._picture.title)
        files.write(where, data)
        return where

    def _file(self, kind: str, dpi: float) -> bytes:
        self._live._check_process()
        with self.figure.lock:
            return self._picture.file(kind, dpi, self._now())

    def _now(self) -> Notice:
        """Take in what is new, unless it is paused or over; what is to be said with it."""
        if self._drawn is None or not (self._done or self._paused):
            self._look(time.monotonic())
            self._refresh(final=True)
            self._drawn = self._notice()
        return self._drawn

    # -- notebooks

    def _ipython_display_(self) -> None:
        """Show the chart below the running cell, unless it is there already."""
        shown = self._screen
        if shell() is None or shown is None:
            raise NotImplementedError
        if self._shown_in == _execution():
            return  # as the last line of the cell that made it: one picture, not two
        with self.figure.lock:
            pixels = self._paint(self._drawn if self._done else None)
            shown.show(pixels, repr(self))
            if self._done:
                shown.update(pixels, repr(self), final=True)
        self._shown_in = _execution()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Bundle:
        """Return the picture as it is now, as small as a notebook that is saved should have it."""
        with self.figure.lock:
            png = screen.PngMaker().make(self._picture.paint(self._now()), live=False)
        return screen.bundle_of(png, repr(self))

    def __repr__(self) -> str:
        return f"Chart of {', '.join(self._picture.columns)} ({self._live._name()})"


class _Drawer:
    """What the drawing thread holds: it does not keep a chart alive that nobody else has."""

    def __init__(self, chart: Chart) -> None:
        self._chart = weakref.ref(chart)

    @property
    def every(self) -> float:
        chart = self._chart()
        return chart.every if chart is not None else 0.0

    def redraw(self) -> bool:
        chart = self._chart()
        return chart is not None and chart._redraw()


def _execution() -> int:
    """Return the number of the cell that runs."""
    running = shell()
    return int(running.execution_count) if running is not None else -1
