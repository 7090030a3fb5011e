"""The handle of a running stream: look at it, wait for it, stop it."""

from __future__ import annotations

import datetime as dt
import os
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any

from headrace import (
    batch_functions,
    durability,
    errors,
    frames,
    interrupts,
    late,
    logs,
    notebook,
    redraw,
    rejects,
    repartition,
    time_travel,
    topology,
    waiting,
)
from headrace.arguments import names_checked
from headrace.batch_functions import Caller
from headrace.deferred import WaitingEngine
from headrace.display import shell
from headrace.errors import HeadraceError, InvalidArgument, KeysInSeveralPartitions
from headrace.frame_iterator import FrameIterator
from headrace.lazy import pd
from headrace.outputs import Writer
from headrace.panel import Moment, Panel, html_of, text_of
from headrace.rejects import Announcer
from headrace.schema import Schema
from headrace.status import Status, TaskStatus
from headrace.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    from headrace import _core
    from headrace.durability import Slot, Wish
    from headrace.plot import Chart
    from headrace.sources import Source
    from headrace.stream import Stream
    from headrace.waiting import Until

__all__ = ["Live"]

_LAST_COMMIT_MS = 2_000  # patience with what is still computed and written at a stop


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

    def __init__(
        self, stream: Stream, source: Source, engine: _core.Engine | WaitingEngine
    ) -> None:
        self._stream = stream
        self._source = source
        self._engine = engine
        self._pid = os.getpid()
        self._made_at = time.monotonic()
        # Those that are on a screen live as long as they are drawn, others as the user holds them.
        self._charts: list[Chart] = []
        self._unseen_charts: weakref.WeakSet[Chart] = weakref.WeakSet()
        self._panels: list[Panel] = []
        self._announcer = Announcer()
        self._says_rejects = True
        self._split_keys_said = False
        self._stopping = threading.Lock()
        self._stop_reason = ""
        self._watch: Watch | None = None
        self._callers: list[Caller] = []
        self._slots: list[Slot | Writer] = []  # this worker's place in its group, its results
        self._wish: Wish | None = None  # what it was asked to keep
        self._upstreams: list[Live] = []  # that write the topics which this one reads

    @classmethod
    def _start(
        cls,
        stream: Stream,
        source: Source,
        wish: Wish | None = None,
        *,
        replace_former: bool = False,
        **options: Any,
    ) -> Live:
        calls = batch_functions.calls_for(stream._functions)
        plan = stream._plan_for(source, calls) if stream._pending is None else None
        if replace_former:
            notebook.end_former("stream")  # the same cell again: one consumer, no doubled rows
        slots: list[Slot | Writer] = []
        live = cls(stream, source, _engine(plan, stream, source, wish, calls, options, slots))
        live._slots = slots
        live._wish = wish
        live._have_called(calls)
        live._says_rejects = not options.get("collect", False)  # collect() says them itself
        live._upstreams = cls._start_upstreams(source, wish)  # with an engine that could be made
        live._engine.start()
        interrupts.add(live)
        if replace_former:
            notebook.remember("stream", live)
            live._watch = Watch(live)
            redraw.add(live._watch)
        return live

    @classmethod
    def _until(
        cls, stream: Stream, source: Source, wish: Wish | None, positions: time_travel.Positions
    ) -> Live:
        """Return a run of `stream` up to these positions that writes nothing."""
        from headrace import _core

        calls = batch_functions.calls_for(stream._functions)
        plan = stream._plan_for(source, calls)
        until, core = time_travel.source_until(stream, source, wish, positions)
        opened = topology.open_sources(until, stream._schema)
        live = cls(stream, until, _core.Engine(plan, opened, [], {}, core))
        live._have_called(calls)
        live._engine.start()
        interrupts.add(live)
        return live

    @classmethod
    def _start_upstreams(cls, source: Source, wish: Wish | None) -> list[Live]:
        """Start what writes the repartition topics of a source; of a bounded one until its end."""
        above = []
        for topic in repartition.topics_of(source):
            topic.create()
            if topic.upstream is not None:
                above.append(cls._start(topic.upstream, topic.upstream._source, wish))
        for live in above:
            if source.bounded:
                live.wait()
        return above

    def _have_called(self, calls: Sequence[_core.BatchCalls]) -> None:
        """Begin the threads on which functions of the user's are called, while this lives."""
        reference = weakref.ref(self)

        def ended() -> bool:
            live = reference()
            return live is None or live._engine.wait(0)

        self._callers = [
            Caller(function, over, ended)
            for function, over in zip(self._stream._functions, calls, strict=True)
        ]

    @property
    def _resolved(self) -> bool:
        """Whether the columns are known; until then the stream waits for its first records."""
        return not isinstance(self._engine, WaitingEngine) or self._engine.resolved

    # -- looking

    @names_checked
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

        Examples
        --------
        >>> import headrace as hr
        >>> df = hr.market.bars(rows=100, tickers=2, seed=1)
        >>> with hr.from_frame(df, schema=hr.market.SCHEMA).run() as live:
        ...     _ = live.wait()
        >>> live.frame(last=3, key="ACME")["Ticker"].tolist()
        ['ACME', 'ACME', 'ACME']
        """
        return frames.to_pandas(self._tail(last, key), positions)

    @names_checked
    def numpy(self, last: int = 1000, key: object = None) -> dict[str, frames.Array]:
        """Return the newest rows as read-only arrays by column name, without a copy where possible.

        The arrays keep their memory alive for as long as they are used, also after ``stop()``.

        Examples
        --------
        >>> import headrace as hr
        >>> df = hr.market.bars(rows=100, tickers=2, seed=1)
        >>> with hr.from_frame(df, schema=hr.market.SCHEMA).run() as live:
        ...     _ = live.wait()
        >>> live.numpy(last=5)["Close"].shape
        (5,)
        """
        return frames.to_numpy(self._tail(last, key))

    @names_checked
    def arrow(
        self, last: int = 1000, key: object = None, *, positions: bool = False
    ) -> frames.ArrowFrame:
        """Return the newest rows for PyArrow, Polars or DuckDB (``__arrow_c_stream__``).

        Examples
        --------
        >>> import headrace as hr
        >>> df = hr.market.bars(rows=100, tickers=2, seed=1)
        >>> with hr.from_frame(df, schema=hr.market.SCHEMA).run() as live:
        ...     _ = live.wait()
        >>> len(live.arrow(last=7))
        7
        """
        return frames.ArrowFrame(self._tail(last, key), positions)

    def _tail(self, last: int, key: object) -> _core.Frame:
        if not isinstance(last, int) or isinstance(last, bool) or last < 0:
            raise InvalidArgument(f"last: expected a number of rows from 0, got {last!r}")
        if key is not None and self._resolved and not self._has_key():
            raise InvalidArgument(f"key={key!r}: the schema has no key; hr.Schema(..., key=...)")
        self._check()
        self._tell()
        return self._engine.frame(last, None if key is None else str(key))

    def _has_key(self) -> bool:
        """Whether records have a key, or rows get one by a step; what lost it the core tells."""
        return self._stream._schema.key is not None or self._stream.schema.key is not None

    @names_checked
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
            ``timestamp``, ``key`` (bytes), ``value`` (bytes) and ``text``, which says all of that
            in one line.

        Examples
        --------
        >>> import headrace as hr
        >>> import pandas as pd, warnings
        >>> rows = hr.from_frame(
        ...     pd.DataFrame({"x": [1.0, None, 3.0]}), schema=hr.Schema({"x": hr.float64}))
        >>> with warnings.catch_warnings(), rows.run() as live:
        ...     warnings.simplefilter("ignore")  # the first one of each reason is warned of
        ...     _ = live.wait()
        >>> live.rejected()["offset"].tolist()
        [1]
        """
        self._tell()
        upstream = [reject for live in self._upstreams for reject in live._engine.rejects()]
        return rejects.table_of([*upstream, *self._engine.rejects()])

    def late(self) -> pd.DataFrame:
        """Return the newest rows that were late or too far ahead in time, as rows.

        They are those of :meth:`rejected` with the reason ``late`` or ``future``; rows that were
        only counted are in ``status().late_counted``.

        Returns
        -------
        pandas.DataFrame
            The columns of the source, and ``reason``, ``behind`` (how far the event time was behind
            the newest; negative: ahead of it), ``partition`` and ``offset``.

        Examples
        --------
        >>> import headrace as hr
        >>> import warnings
        >>> df = hr.market.bars(rows=4, tickers=1, seed=2).iloc[[0, 3, 1, 2]]
        >>> bars = hr.from_frame(df, schema=hr.market.SCHEMA).sort_within("1m")
        >>> with warnings.catch_warnings(), bars.run() as live:
        ...     warnings.simplefilter("ignore")  # dead letters are warned of
        ...     _ = live.wait()
        >>> live.late()[["Ticker", "Close", "reason", "behind", "offset"]]
          Ticker   Close reason          behind  offset
        0   ACME  134.14   late 0 days 00:02:00       2
        """
        self._tell()
        return late.frame_of(self._engine.rejects(), self._stream, self._source)

    def status(self) -> Status:
        """Return what has been done so far, with lag per partition and rejects by reason.

        Examples
        --------
        >>> import headrace as hr
        >>> df = hr.market.bars(rows=100, tickers=2, seed=1)
        >>> with hr.from_frame(df, schema=hr.market.SCHEMA).run() as live:
        ...     _ = live.wait()
        >>> live.status().state, live.status().records
        ('finished', 100)
        """
        status = self._look()
        self._tell(status)
        return status

    def _look(self) -> Status:
        """Return the status, saying nothing to the user: for threads of our own."""
        self._check_process()
        raw = self._engine.status()
        tasks = [TaskStatus(**task) for task in raw.pop("tasks")]
        reason = self._stop_reason if raw["state"] == "stopped" else ""
        rate = self._watch.rate(raw["records"]) if self._watch is not None else 0.0
        status = Status(tasks=tasks, reason=reason, rate=rate, **raw)
        for upstream in self._upstreams:
            status = status.below(upstream._look())
        return status

    def _name(self) -> str:
        return self._source.describe()

    def _tell(self, status: Status | None = None) -> None:
        """Warn of what the user has not heard of yet; in the user's own thread."""
        logs.forward()
        status = status or self._look()
        if self._says_rejects:
            self._announcer.warn(status)
        if status.keys_in_several_partitions and not self._split_keys_said:
            self._split_keys_said = True
            logs.warn(
                f"{status.keys_in_several_partitions} keys are in more than one partition, e.g. "
                f"{', '.join(status.key_examples)}: their state is split. Let the producer set the "
                "Kafka key to the schema's key, so that one key stays in one partition",
                KeysInSeveralPartitions,
            )

    def digest(self) -> dict[str, str]:
        """Return a checksum of every output so far, by column (needs ``run(digest=True)``).

        Two runs over the same records agree, however they were batched, cut or threaded.

        Examples
        --------
        >>> import headrace as hr
        >>> df = hr.market.bars(rows=100, tickers=2, seed=1)
        >>> with hr.from_frame(df, schema=hr.market.SCHEMA).run(digest=True) as live:
        ...     _ = live.wait()
        >>> sorted(live.digest()) == sorted(live.columns)
        True
        """
        self._check_process()
        return self._engine.digest()

    @property
    def schema(self) -> Schema:
        """Columns of the rows.

        Examples
        --------
        >>> import headrace as hr
        >>> df = hr.market.bars(rows=100, tickers=2, seed=1)
        >>> with hr.from_frame(df, schema=hr.market.SCHEMA).run() as live:
        ...     _ = live.wait()
        >>> live.schema.key
        'Ticker'
        """
        return self._stream.schema

    @property
    def columns(self) -> list[str]:
        """Names of the columns.

        Examples
        --------
        >>> import headrace as hr
        >>> df = hr.market.bars(rows=100, tickers=2, seed=1)
        >>> with hr.from_frame(df, schema=hr.market.SCHEMA).run() as live:
        ...     _ = live.wait()
        >>> live.columns[:2]
        ['Date', 'Ticker']
        """
        return self._stream.columns

    def plot(self, *columns: str, **options: Any) -> Chart:
        """Draw columns live with Matplotlib; see :class:`headrace.plot.Chart` for the options.

        Examples
        --------
        >>> import headrace as hr
        >>> df = hr.market.bars(rows=100, tickers=1, seed=1)
        >>> with hr.from_frame(df, schema=hr.market.SCHEMA).run() as live:
        ...     _ = live.wait()
        ...     chart = live.plot("Close", key="ACME", last=50)
        """
        from headrace.plot import Chart

        self._check_process()
        chart = Chart(self, *columns, **options)
        if chart._screen is None:
            self._unseen_charts.add(chart)
        elif not chart._done:
            self._charts.append(chart)
        return chart

    def _forget(self, chart: Chart) -> None:
        """Let go of a chart that is drawn no more."""
        self._unseen_charts.discard(chart)
        if chart in self._charts:
            self._charts.remove(chart)

    # -- waiting and stopping

    @names_checked
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
            waiting began, and the results up to there are written: committed, or acknowledged. A
            function is called with this object, some 20 times a second, until it returns something
            true.
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
        with interrupts.stops_streams():
            there = waiting.wait(
                self,
                timeout,
                records=records,
                rows=rows,
                seconds=seconds,
                until=until,
                progress=progress,
            )
        self._tell()
        return there

    def stop(self) -> None:
        """Stop reading and computing; frames and status stay. Stopping twice is harmless.

        Examples
        --------
        >>> import headrace as hr
        >>> with hr.MockBroker(stocks=1) as broker:
        ...     bars = hr.kafka("stocks", bootstrap=broker.bootstrap, schema=hr.market.SCHEMA)
        ...     live = bars.run()
        ...     live.stop()
        >>> live.status().state
        'stopped'
        """
        self._stop(interrupts.BY_USER)

    def _free_writers(self) -> None:
        """Have the last commit written; a log that hangs does not keep the stream from stopping."""
        for writer in list(self._slots):
            if isinstance(writer, Writer):
                self._engine.request_stop()
                self._engine.wait(_LAST_COMMIT_MS)
                writer.free()

    def _request_stop(self) -> None:
        if os.getpid() == self._pid:
            self._engine.request_stop()

    def _replaced(self) -> None:
        self._stop(notebook.REPLACED)

    def _stop(self, reason: str) -> None:
        if os.getpid() != self._pid:
            return  # a forked child: the threads are the parent's
        with self._stopping:
            self._stop_reason = self._stop_reason or reason
            for upstream in self._upstreams:
                upstream._stop(reason)
            self._free_writers()
            self._engine.stop()
            for slot in self._slots:  # whoever comes next in this process is the same member
                slot.free()
            for caller in self._callers:
                caller.close()
            interrupts.remove(self)
            for chart in [*self._charts, *self._unseen_charts]:
                chart.stop()
            for panel in self._panels:
                panel.redraw()
            if self._watch is not None:
                self._watch.look(self._look())

    def _check_process(self) -> None:
        if os.getpid() != self._pid:
            raise HeadraceError(
                f"this stream was started by process {self._pid} and cannot be used in its forked "
                "child; start a stream of its own there"
            )

    def _check(self) -> None:
        self._check_process()
        for upstream in self._upstreams:
            upstream._check()
        failure = self._engine.failure()
        if failure is not None:
            name, message, code, retriable, native_code = failure
            raise getattr(errors, name)(message, code, retriable, native_code)

    @names_checked
    def savepoint(self, name: str, *, timeout: float = 60.0) -> None:
        """Keep the state of every step as it is now, under a name, until it is removed.

        The stream goes on meanwhile. A run with ``checkpoint=`` of the same place and
        ``savepoint=name`` begins with it, also one of a changed pipeline. Of a group this is the
        state of the partitions that this process reads.

        Parameters
        ----------
        name : str
            Not one that is taken; letters, digits, ``-``, ``_``, ``.``.
        timeout : float
            Seconds it may take.

        Raises
        ------
        InvalidArgument
            If the stream runs without ``checkpoint=``, or the name is taken or is none.
        CheckpointError
            If it could not be made; then there is none of that name.

        Examples
        --------
        >>> import headrace as hr
        >>> live = hr.kafka("stocks").run(checkpoint="state/")  # doctest: +SKIP
        >>> live.savepoint("before-upgrade")  # doctest: +SKIP
        >>> hr.checkpoints("state/").query("savepoint != ''")  # doctest: +SKIP
        """
        if not isinstance(name, str):
            raise InvalidArgument(f"savepoint: expected a name, got {name!r}")
        if not isinstance(timeout, (int, float)) or not timeout > 0:
            raise InvalidArgument(f"savepoint: timeout: expected seconds, got {timeout!r}")
        self._engine.savepoint(name, max(round(timeout * 1000), 1))

    @names_checked
    def at(
        self,
        *,
        offset: int | Mapping[Any, int] | None = None,
        time: dt.datetime | str | None = None,
        timeout: float | None = None,
    ) -> Live:
        """Return the stream as it was at an earlier point, while this one goes on.

        It is computed again, from the newest checkpoint before that point (``checkpoint=`` of
        :meth:`~headrace.Stream.run`), else from where the stream began; nothing is written
        anywhere. What comes back has ended: its rows, by key too, are those from the checkpoint to
        the point, and ``status().recovery`` says which checkpoint it was.

        Parameters
        ----------
        offset : int or mapping, optional
            The record that would be the next one: a number where the stream reads one partition,
            else ``{partition: offset}`` or ``{(topic, partition): offset}``; partitions that are
            not named are taken as far as they have been read.
        time : datetime or str, optional
            The same for all partitions, by the time of the Kafka records: those before it. UTC,
            where it has no zone.
        timeout : float, optional
            Seconds it may take; as long as it takes, where it is not given.

        Returns
        -------
        Live
            A stream that has ended.

        Raises
        ------
        InvalidArgument
            If the point is later than what was read, or not one.
        CheckpointError
            If there is neither a checkpoint nor a record to begin with.
        TimeoutError
            If it took too long.

        Examples
        --------
        >>> import headrace as hr
        >>> live = hr.kafka("stocks").run(checkpoint="state/")  # doctest: +SKIP
        >>> then = live.at(time="2026-03-02 14:30")  # doctest: +SKIP
        >>> then.frame(last=1, key="AAPL")  # doctest: +SKIP
        >>> live.at(offset={0: 1_204_551}).frame()  # doctest: +SKIP
        """
        self._check_process()
        now = {(task.topic, task.partition): task.position for task in self.status().tasks}
        positions = time_travel.target(self._source, now, offset, time)
        for (topic, partition), position in positions.items():
            if position > now[topic, partition]:
                raise InvalidArgument(
                    f"at: {topic}[{partition}] has been read up to {now[topic, partition]}, "
                    f"not to {position}"
                )
        past = Live._until(self._stream, self._source, self._wish, positions)
        try:
            if not past.wait(timeout=timeout):
                raise TimeoutError(f"at: not done within {timeout:g} s")
        finally:
            past.stop()
        return past

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
        if os.getpid() != self._pid:
            return f"Live stream from {self._name()}, of process {self._pid}"
        return text_of(Moment.of(self))

    def _repr_html_(self) -> str:
        return html_of(Moment.of(self))

    def _ipython_display_(self) -> None:
        """Show a panel that is kept up to date; a terminal shows the text instead."""
        if shell() is None:
            raise NotImplementedError
        self._tell()
        notebook.end_former("panel")
        panel = Panel(self)
        notebook.remember("panel", panel)
        self._panels.append(panel)
        redraw.add(panel)


def _engine(
    plan: _core.Plan | None,
    stream: Stream,
    source: Source,
    wish: Wish | None,
    calls: Sequence[_core.BatchCalls],
    options: dict[str, Any],
    slots: list[Slot | Writer],
) -> _core.Engine | WaitingEngine:
    """Return what runs `stream`; without a plan, what waits until there can be one."""
    from headrace import _core

    def build(plan: _core.Plan) -> _core.Engine:
        durable = None if wish is None else durability.prepare(stream, source, wish, plan)
        if durable is None:
            opened = topology.open_sources(source, stream._schema)
            return _core.Engine(plan, opened, stream._open_sinks(), options)
        if durable.slot is not None:
            slots.append(durable.slot)
        sinks = [] if durable.exactly_once else stream._open_sinks()
        opened = topology.open_sources(durable.source, stream._schema)
        engine = _core.Engine(plan, opened, sinks, {**options, **durable.options}, durable.core)
        if durable.writer is not None:
            durable.writer.serve(engine)
            slots.append(durable.writer)
        return engine

    pending = stream._pending
    if plan is None and pending is not None:
        return WaitingEngine(
            pending,
            lambda: build(stream._plan_for(source, calls)),
            bounded=source.bounded,
            timeout=getattr(source, "timeout", None),
        )
    return build(plan or stream._plan_for(source, calls))
