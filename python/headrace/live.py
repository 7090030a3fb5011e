"""The handle of a running stream: look at it, wait for it, stop it."""

from __future__ import annotations

import asyncio
import atexit
import html
import os
import time
import warnings
import weakref
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any

import pandas as pd

from headrace import errors, frames, logs, notebook, waiting
from headrace.errors import HeadraceError, InvalidArgument, KeysInSeveralPartitions
from headrace.schema import Schema
from headrace.status import Status, TaskStatus

if TYPE_CHECKING:
    from types import TracebackType

    from headrace import _core
    from headrace.plot import Chart
    from headrace.sources import Source
    from headrace.stream import Stream
    from headrace.waiting import Until

__all__ = ["FrameIterator", "Live"]

# Waits are cut into slices of this length so that Ctrl-C is noticed within 100 ms.
_SLICE_MS = 50

_REJECT_COLUMNS = (
    *("reason", "field", "detail"),
    *("topic", "partition", "offset", "timestamp"),
    *("key", "value"),
)

_running: weakref.WeakSet[Live] = weakref.WeakSet()


class Live:
    """A running stream; made by ``Stream.run``.

    Every method may be called at any time, also after the end; looking never stops or slows the
    stream. Use it as a context manager to stop it at the end of a block.

    Examples
    --------
    >>> import headrace as hr
    >>> df = hr.market.bars(rows=1000, tickers=2, seed=1)
    >>> with hr.from_frame(df, schema=hr.market.SCHEMA).run() as live:
    ...     _ = live.wait()
    >>> live.status().rows
    1000
    """

    def __init__(self, stream: Stream, source: Source, engine: _core.Engine) -> None:
        self._stream = stream
        self._source = source
        self._engine = engine
        self._pid = os.getpid()
        self._made_at = time.monotonic()
        self._charts: list[Chart] = []
        self._split_keys_said = False
        self._stopped_by_caller = False

    @classmethod
    def _start(
        cls, stream: Stream, source: Source, *, replace_former: bool = False, **options: Any
    ) -> Live:
        from headrace import _core

        plan = _core.Plan(stream._plan_text(source), list(stream._predictors))
        former = notebook.former_stream_of_this_cell() if replace_former else None
        if former is not None:
            former.stop()  # the same cell again: one consumer, no doubled rows
        sinks = [sink.open() for sink in stream._sinks]
        engine = _core.Engine(plan, source.open(stream._schema), sinks, options)
        live = cls(stream, source, engine)
        engine.start()
        _running.add(live)
        if replace_former:
            notebook.remember_stream_of_this_cell(live)
        return live

    # -- looking

    def frame(
        self, last: int = 1000, key: object = None, *, positions: bool = False
    ) -> pd.DataFrame:
        """Return the newest rows, in arrival order.

        Parameters
        ----------
        last : int
            How many rows at most.
        key : optional
            Only rows of this key.
        positions : bool
            Whether to add the columns ``_partition`` and ``_offset``.

        Returns
        -------
        pandas.DataFrame
            A consistent snapshot that later records do not change.
        """
        return frames.to_pandas(self._tail(last, key), positions)

    def numpy(self, last: int = 1000, key: object = None) -> dict[str, frames.Array]:
        """Return the newest rows as read-only arrays by column name, without a copy where possible.

        The arrays keep their memory alive for as long as they are used, also after ``stop()``.
        """
        return frames.to_numpy(self._tail(last, key))

    def arrow(
        self, last: int = 1000, key: object = None, *, positions: bool = False
    ) -> frames.ArrowFrame:
        """Return the newest rows for PyArrow, Polars or DuckDB (``__arrow_c_stream__``)."""
        return frames.ArrowFrame(self._tail(last, key), positions)

    def _tail(self, last: int, key: object) -> _core.Frame:
        if not isinstance(last, int) or isinstance(last, bool) or last < 0:
            raise InvalidArgument(f"last: expected a number of rows from 0, got {last!r}")
        if key is not None and self._stream._schema.key is None:
            raise InvalidArgument(f"key={key!r}: the schema has no key; hr.Schema(..., key=...)")
        self._check()
        return self._engine.frame(last, None if key is None else str(key))

    def frames(self, every: str | float = "1s") -> FrameIterator:
        """Return an iterator over DataFrames of the rows that are new since the one before.

        Works in ``for`` and ``async for`` and ends when the stream does. Each row comes once; rows
        that left the history before they were read are counted in ``.missed``.

        Parameters
        ----------
        every : str or float
            Time between two frames at least: ``"1s"``, ``"200ms"``, or seconds.

        Examples
        --------
        >>> import headrace as hr
        >>> df = hr.market.bars(rows=1000, tickers=2, seed=1)
        >>> live = hr.from_frame(df, schema=hr.market.SCHEMA).run()
        >>> sum(len(df) for df in live.frames(every="10ms"))
        1000
        """
        return FrameIterator(self, waiting.seconds_of("every", every))

    def rejected(self) -> pd.DataFrame:
        """Return the newest dead letters: why, where, and the original bytes.

        Returns
        -------
        pandas.DataFrame
            Columns ``reason``, ``field``, ``detail``, ``topic``, ``partition``, ``offset``,
            ``timestamp``, ``key`` (bytes), ``value`` (bytes).
        """
        table = pd.DataFrame(self._engine.rejects(), columns=list(_REJECT_COLUMNS))
        times = table["timestamp"].where(table["timestamp"] >= 0)
        table["timestamp"] = pd.to_datetime(times, unit="ms", utc=True)
        return table

    def status(self) -> Status:
        """Return what has been done so far, with lag per partition and rejects by reason."""
        logs.forward()
        raw = self._engine.status()
        tasks = [
            TaskStatus(**{**task, "event_time": _timestamp(task["event_time"])})
            for task in raw.pop("tasks")
        ]
        status = Status(tasks=tasks, **raw)
        if status.keys_in_several_partitions and not self._split_keys_said:
            self._split_keys_said = True
            warnings.warn(
                f"{status.keys_in_several_partitions} keys are in more than one partition, e.g. "
                f"{', '.join(status.key_examples)}: their state is split. Let the producer set the "
                "Kafka key to the schema's key, so that one key stays in one partition",
                KeysInSeveralPartitions,
                stacklevel=2,
            )
        return status

    def digest(self) -> dict[str, str]:
        """Return a checksum of every output so far, by column (needs ``run(digest=True)``).

        Two runs over the same records agree, however they were batched, cut or threaded.
        """
        return self._engine.digest()

    @property
    def schema(self) -> Schema:
        """Columns of the rows."""
        return self._stream.schema

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return self._stream.columns

    def plot(self, *columns: str, **options: Any) -> Chart:
        """Draw columns live with Matplotlib; see :class:`headrace.plot.Chart` for the options."""
        from headrace.plot import Chart

        chart = Chart(self, *columns, **options)
        self._charts.append(chart)
        return chart

    # -- waiting and stopping

    def wait(
        self,
        timeout: str | float | None = None,
        *,
        records: int | None = None,
        rows: int | None = None,
        seconds: str | float | None = None,
        until: Until | None = None,
        progress: bool = True,
    ) -> bool:
        """Wait until the stream has ended, or has come as far as you say; Ctrl-C interrupts.

        With several conditions the first one that is met counts. Waiting changes nothing: the
        stream goes on afterwards, until :meth:`stop`.

        Parameters
        ----------
        timeout : str or float, optional
            ``"30s"``, or seconds, to wait at most.
        records : int, optional
            Until that many records were read since the start, good or bad.
        rows : int, optional
            Until that many rows left the last step since the start.
        seconds : str or float, optional
            For that long; unlike at the `timeout` the answer is True.
        until : {"end"} or callable, optional
            ``"end"``: until every partition has come to the high watermark that it had when
            waiting began. A function is called with this object, some 20 times a second, until it
            returns something true.
        progress : bool
            False: no line on a terminal. There it says state, records, lag and rejects while a
            wait takes longer than a second; a pipe, a CI log or a notebook never sees it.

        Returns
        -------
        bool
            True when it has ended or a condition was met. False at the timeout, and where the
            stream ended short of `records`, `rows` or `until`.

        Raises
        ------
        HeadraceError
            The error that ended the stream, if one did.

        Examples
        --------
        >>> import headrace as hr
        >>> df = hr.market.bars(rows=1000, tickers=2, seed=1)
        >>> live = hr.from_frame(df, schema=hr.market.SCHEMA).run()
        >>> live.wait(records=500, timeout="10s")
        True
        >>> live.wait(until=lambda live: live.status().rows == 1000, timeout="10s")
        True
        >>> live.wait(records=2000)  # it ended with 1,000
        False
        >>> live.stop()
        """
        return waiting.wait(
            self,
            timeout,
            records=records,
            rows=rows,
            seconds=seconds,
            until=until,
            progress=progress,
        )

    def stop(self) -> None:
        """Stop reading and computing; frames and status stay. Stopping twice is harmless."""
        if os.getpid() != self._pid:
            return  # a forked child: the threads are the parent's
        self._stopped_by_caller = True
        for chart in self._charts:
            chart.stop()
        self._engine.stop()
        _running.discard(self)

    def _check(self) -> None:
        if os.getpid() != self._pid:
            raise HeadraceError(
                f"this stream was started by process {self._pid} and cannot be used in its forked "
                "child; start a stream of its own there"
            )
        failure = self._engine.failure()
        if failure is not None:
            name, message, code, retriable, native_code = failure
            raise getattr(errors, name)(message, code, retriable, native_code)

    def __enter__(self) -> Live:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Live:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self.arrow().__arrow_c_stream__(requested_schema)

    def __repr__(self) -> str:
        return f"Live stream from {self._source.describe()}\n{self.status()}"

    def _repr_html_(self) -> str:
        tail = self._engine.frame(5, None)
        return (
            f"<pre>{html.escape(repr(self))}</pre>{frames.to_pandas(tail).to_html(notebook=True)}"
        )


class FrameIterator:
    """New rows as DataFrames, for ``for`` and ``async for``; made by ``Live.frames``."""

    def __init__(self, live: Live, every: float) -> None:
        self._live = live
        self._every = every
        self._position = 0
        self._due = time.monotonic()
        self.missed = 0

    def _take(self) -> pd.DataFrame | None:
        """Return the next frame where it is due and not empty."""
        engine = self._live._engine
        ended = engine.wait(0)  # before looking: what arrived until then is still to be handed on
        if not ended and (time.monotonic() < self._due or not engine.wait_rows(self._position, 0)):
            return None
        frame, missed = engine.since(self._position)
        self.missed += missed
        self._position = frame.end_row
        self._due = time.monotonic() + self._every
        if frame.rows == 0:
            if ended:
                self._live._check()
                raise StopIteration
            return None
        return frames.to_pandas(frame)

    def _pause(self) -> float:
        return min(max(self._due - time.monotonic(), 0.001), _SLICE_MS / 1000)

    def __iter__(self) -> Iterator[pd.DataFrame]:
        return self

    def __next__(self) -> pd.DataFrame:
        while (table := self._take()) is None:
            if time.monotonic() < self._due:
                time.sleep(self._pause())
            else:
                self._live._engine.wait_rows(self._position, _SLICE_MS)
        return table

    def __aiter__(self) -> AsyncIterator[pd.DataFrame]:
        return self

    async def __anext__(self) -> pd.DataFrame:
        try:
            while (table := self._take()) is None:
                await asyncio.sleep(self._pause())
        except StopIteration:
            raise StopAsyncIteration from None
        return table


def _timestamp(nanoseconds: int | None) -> pd.Timestamp | None:
    return None if nanoseconds is None else pd.Timestamp(nanoseconds, unit="ns", tz="UTC")


def _stop_all() -> None:
    """Join every core thread before the interpreter goes."""
    for live in list(_running):
        live.stop()


atexit.register(_stop_all)
