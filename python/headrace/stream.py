"""A stream: a lazy, immutable description of where records come from and what is done to them."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headrace import (
    batch_functions,
    durability,
    durations,
    frames,
    logs,
    models,
    parquet_sink,
    reshaping,
    sql_sink,
    topology,
)
from headrace.arguments import names_checked
from headrace.batch_functions import BatchFunction
from headrace.errors import (
    HeadraceError,
    InvalidArgument,
    RejectedWarning,
    SchemaError,
    Unsupported,
)
from headrace.expressions import Expr, _expr
from headrace.pending import Pending
from headrace.schema import Schema
from headrace.sinks import KafkaSink, Sink
from headrace.ta import Indicator

if TYPE_CHECKING:
    import pandas as pd

    from headrace import _core
    from headrace.aggregates import Aggregate
    from headrace.description import Description
    from headrace.grouping import GroupBy, Windowed
    from headrace.live import Live
    from headrace.sources import Source
    from headrace.status import Status
    from headrace.windows import Window

__all__ = ["Stream"]


@dataclass(frozen=True)
class Stream:
    """Records on their way: a source and the steps applied to them.

    A stream is lazy and immutable, like a Polars LazyFrame: every method returns a new stream and
    nothing is read until :meth:`collect` or :meth:`run`. Every argument is checked by the core when
    the line is written.

    Made by :func:`headrace.kafka`, :func:`headrace.from_frame` and :func:`headrace.from_file`.

    Examples
    --------
    >>> import headrace as hr
    >>> df = hr.market.bars(rows=200, tickers=2, seed=1)
    >>> bars = hr.from_frame(df, schema=hr.market.SCHEMA)
    >>> features = bars.with_columns(hr.ta.bbands("Close", timeperiod=20), rsi=hr.ta.rsi("Close"))
    >>> features.collect().shape
    (200, 12)
    """

    _source: Source
    _input: Schema | Pending
    _steps: tuple[dict[str, Any], ...] = ()
    _predictors: tuple[_core.Predictor, ...] = ()
    _sinks: tuple[Sink, ...] = ()
    _tables: tuple[_core.StaticTable, ...] = ()
    _tombstones: bool = False  # whether they become rows: what a table is made of
    _functions: tuple[BatchFunction, ...] = ()

    @classmethod
    def _from_source(cls, source: Source, schema: Schema | Pending) -> Stream:
        if not isinstance(schema, (Schema, Pending)):
            raise InvalidArgument(f"schema: expected hr.Schema({{...}}), got {schema!r}")
        return cls(source, schema)

    # -- what it is

    @property
    def _pending(self) -> Pending | None:
        """What this stream waits for while the columns of its source are not known."""
        known = isinstance(self._input, Schema) or self._input.schema is not None
        return None if known else self._input  # type: ignore[return-value]

    @property
    def _schema(self) -> Schema:
        """Columns of the source; an error while they are not known."""
        return self._input if isinstance(self._input, Schema) else self._input.known()

    @cached_property
    def _plan(self) -> _core.Plan:
        return self._plan_for(self._source)

    def _plan_for(
        self, source: Source, calls: Sequence[_core.BatchCalls] | None = None
    ) -> _core.Plan:
        """Return the core's plan for records from `source`; the core checks every step.

        `calls` are those over which a run has the functions of ``map_batches`` called.
        """
        from headrace import _core

        if calls is None:  # only to be checked
            calls = batch_functions.calls_for(self._functions)
        predictors, tables = list(self._predictors), list(self._tables)
        return _core.Plan(self._plan_text(source), predictors, tables, list(calls))

    def _plan_text(self, source: Source) -> str:
        return json.dumps(self._plan_tree(source))

    def _plan_tree(self, source: Source, first: topology.First | None = None) -> dict[str, Any]:
        """Return the plan; its predictors and functions are numbered from `first` on."""
        first = first or topology.First()
        head = topology.plan_head(source, self._schema, first)
        steps = topology.renumbered(self._steps, first)
        own = [] if isinstance(source, topology.Merged) else self._schema._own_steps()
        table = {"table": True} if self._tombstones else {}
        return {"version": 1, **head, **table, "steps": [*own, *steps]}

    def _format_of(self, source: Source) -> tuple[str, dict[str, Any]]:
        """Return decoder and options; of the schema's only where the columns are known."""
        if self._pending is not None:
            return source.format
        return topology.format_of(source, self._schema)

    @property
    def schema(self) -> Schema:
        """Columns of the result.

        Without steps it is the schema of the source: code to paste, and where it was inferred how.

        Raises
        ------
        SchemaError
            If the columns are not known yet; the message says why.

        Examples
        --------
        >>> import headrace as hr
        >>> bars = hr.kafka("stocks", schema=hr.Schema({"Close": hr.float64}))
        >>> bars.with_columns(double=hr.col("Close") * 2).schema
        hr.Schema({"Close": hr.float64, "double": hr.float64})
        """
        if self._pending is not None:
            self._pending.look()
        return Schema._from_plan(self._plan.schema()) if self._steps else self._schema

    @property
    def columns(self) -> list[str]:
        """Names of the result's columns.

        Examples
        --------
        >>> import headrace as hr
        >>> hr.kafka("stocks", schema=hr.market.SCHEMA).columns[:2]
        ['Date', 'Ticker']
        """
        return self.schema.names

    def _with_step(
        self,
        step: dict[str, Any],
        *predictors: _core.Predictor,
        tables: tuple[_core.StaticTable, ...] = (),
    ) -> Stream:
        if self._sinks:
            raise InvalidArgument(f"{step['op']}: {self._sinks[0].name} comes last in a stream")
        stream = replace(
            self,
            _steps=(*self._steps, step),
            _predictors=(*self._predictors, *predictors),
            _tables=(*self._tables, *tables),
        )
        if self._pending is None:
            _ = stream._plan  # the core checks the step: errors are raised at the user's line
        return stream

    # -- steps

    def validate(self, *rules: Expr, on_reject: str = "dead_letter", **named: Expr) -> Stream:
        """Check rules; a record for which one is not true is rejected.

        Parameters
        ----------
        *rules : Expr
            Boolean expressions, named after their own text.
        on_reject : {"dead_letter", "drop", "flag"}
            Dead letter with the rule's name; counted and dropped; or kept, with the rule's name in
            the new column ``rejected`` (null where all rules hold).
        **named : Expr
            Rules under names of your own.

        Raises
        ------
        TypeMismatch, UnknownColumn
            If a rule does not fit the columns.

        Examples
        --------
        >>> import headrace as hr
        >>> bars = hr.kafka("stocks", schema=hr.market.SCHEMA)
        >>> good = bars.validate(hr.col("High") >= hr.col("Low"), volume=hr.col("Volume") >= 0)
        """
        listed = {repr(rule): rule for rule in rules} | named
        if not listed:
            raise InvalidArgument("validate: expected at least one rule")
        for name, rule in listed.items():
            if not isinstance(rule, Expr):
                raise InvalidArgument(f"validate: expected an expression for {name}, got {rule!r}")
        step = {
            "op": "validate",
            "rules": [{"name": name, "expr": rule._plan} for name, rule in listed.items()],
            "on_reject": on_reject,
        }
        return self._with_step(step)

    def with_columns(self, *columns: Expr | Indicator, **named: Any) -> Stream:
        """Add (or replace) columns.

        All columns of one call see the stream as it was before the call.

        Parameters
        ----------
        *columns : Expr or Indicator
            Indicators of :mod:`headrace.ta` under their own names; expressions with ``alias``.
        **named : Expr or Indicator or constant
            The same under names of your own.

        Examples
        --------
        >>> import headrace as hr
        >>> bars = hr.kafka("stocks", schema=hr.market.SCHEMA)
        >>> features = bars.with_columns(
        ...     hr.ta.bbands("Close", timeperiod=20), spread=hr.col("High") - hr.col("Low"))
        >>> features.columns[-4:]
        ['bbands_upper', 'bbands_middle', 'bbands_lower', 'spread']
        """
        if not columns and not named:
            raise InvalidArgument("with_columns: expected at least one column")
        listed = [_column(value, None) for value in columns]
        listed += [_column(value, name) for name, value in named.items()]
        return self._with_step({"op": "with_columns", "columns": listed})

    def filter(self, condition: Expr) -> Stream:
        """Keep the records for which `condition` is true.

        Examples
        --------
        >>> import headrace as hr
        >>> bars = hr.kafka("stocks", schema=hr.market.SCHEMA)
        >>> apple = bars.filter(hr.col("Ticker") == "AAPL")
        """
        if not isinstance(condition, Expr):
            raise InvalidArgument(f"filter: expected an expression, got {condition!r}")
        return self._with_step({"op": "filter", "expr": condition._plan})

    @names_checked
    def select(self, *columns: str) -> Stream:
        """Keep the named columns, in this order.

        Examples
        --------
        >>> import headrace as hr
        >>> bars = hr.kafka("stocks", schema=hr.market.SCHEMA)
        >>> bars.select("Ticker", "Close").columns
        ['Ticker', 'Close']
        """
        names = [name for c in columns for name in ([c] if isinstance(c, str) else c)]
        if not names:
            raise InvalidArgument("select: expected at least one column name")
        return self._with_step({"op": "select", "columns": names})

    @names_checked
    def deduplicate(self, *by: str, within: str | timedelta | None = None) -> Stream:
        """Reject records that repeat an earlier one.

        A record whose values in the columns `by` were there before becomes a dead letter with the
        reason ``duplicate``, which names the offset of the first one; the first one stays, as in
        :meth:`pandas.DataFrame.drop_duplicates`. Null is equal to null and NaN to NaN. Partitions
        are looked at each by itself.

        Parameters
        ----------
        *by : str
            Columns that make two records the same one.
        within : str or timedelta, optional
            How far apart in event time duplicates may be, like ``"10m"``. Records further than that
            behind the newest event time of their partition are forgotten, which bounds the memory:
            such a late one is neither found nor remembered (``sort_within`` before this step
            rejects it). Without it every record is remembered for as long as the stream runs, at
            about 60 bytes and the bytes of its values each: 80 MB for a million bars by ticker and
            time.

        Raises
        ------
        UnknownColumn
            If there is no such column; the message has the nearest.

        Examples
        --------
        >>> import headrace as hr
        >>> df = hr.market.bars(rows=4, tickers=2, seed=1).iloc[[0, 1, 2, 0, 3]]
        >>> bars = hr.from_frame(df, schema=hr.market.SCHEMA)
        >>> once, rejected = bars.deduplicate("Ticker", "Date", within="10m").collect(rejected=True)
        >>> len(once)
        4
        >>> rejected[["reason", "detail"]].values.tolist()
        [['duplicate', 'duplicate of offset 0 (Ticker="ACME", Date=2026-03-02T14:30:00Z)']]
        """
        names = [name for c in by for name in ([c] if isinstance(c, str) else c)]
        if not names:
            raise InvalidArgument("deduplicate: expected at least one column name")
        length = None if within is None else durations.nanoseconds("deduplicate: within", within)
        return self._with_step({"op": "deduplicate", "by": names, "within_ns": length})

    @names_checked
    def sort_within(self, grace: str | timedelta) -> Stream:
        """Put records in the order of their event times, waiting `grace` for those that come late.

        A record is held until the newest event time of its partition is more than `grace` ahead of
        it, and then handed on in its place (records of the same time in the order in which they
        came); every later step sees them in this order. One that comes when the newest is already
        more than `grace` ahead becomes a dead letter with the reason ``late``. This is what Flink
        calls bounded out-of-orderness: only event times decide, no clock, so a replay gives the
        same results. What is still held comes out at the end of a bounded source and on ``stop()``.

        The price is delay: results lag `grace` behind in event time, and the last records of a
        silent topic wait for newer ones. One time far in the future makes everything after it
        late, so check event times with :meth:`validate` first where they may be wrong. A position
        is committed only when what is held before it came out; after a crash, or when the
        partition moves to another member of the group, held records are read again.

        Parameters
        ----------
        grace : str or timedelta
            How far behind the newest event time a record may come, like ``"30s"``.

        Raises
        ------
        SchemaError
            If the stream has no event time.

        Examples
        --------
        Two records came in the wrong order; the column ``before`` shows what a later step saw:

        >>> import headrace as hr
        >>> df = hr.market.bars(rows=4, tickers=1, seed=2).iloc[[0, 2, 1, 3]]
        >>> df["Close"].tolist()
        [134.18, 134.11, 134.14, 133.97]
        >>> bars = hr.from_frame(df, schema=hr.market.SCHEMA)
        >>> in_order = bars.sort_within("2m").with_columns(before=hr.col("Close").shift(1))
        >>> in_order.collect()["before"].tolist()
        [nan, 134.18, 134.14, 134.11]
        """
        length = durations.nanoseconds("sort_within: grace", grace)
        return self._with_step({"op": "sort_within", "grace_ns": length})

    # -- groups and windows

    def group_by(self, *columns: str, across_partitions: bool | None = None) -> GroupBy:
        """Group records by the values of columns, for :meth:`GroupBy.window` and aggregates.

        Parameters
        ----------
        *columns : str
            The group's columns; none: all records are one group. Null is a value as any other.
        across_partitions : bool, optional
            Whether a group's records may be in several partitions: then all partitions are merged
            in the order of their event times before they are grouped, so that the result is the
            same however they arrive. Default: unless the stream's key is among the columns, since
            records of one key are in one partition where the producer sets the Kafka key.

        Raises
        ------
        UnknownColumn
            If there is no such column; the message has the nearest.

        Examples
        --------
        >>> import headrace as hr
        >>> bars = hr.from_frame(hr.market.bars(rows=90, tickers=2), schema=hr.market.SCHEMA)
        >>> per_hour = bars.group_by("Ticker").window(hr.tumbling("1h"))
        >>> per_hour.agg(high=hr.max("High")).collect().shape
        (4, 4)
        """
        from headrace.grouping import GroupBy

        names = [name for c in columns for name in ([c] if isinstance(c, str) else c)]
        if self._pending is None:
            for name in names:
                _ = self.schema[name]
        if across_partitions is None:
            pending = self._pending
            key = pending.named_key if pending is not None else self.schema.key
            across_partitions = key is None or key not in names
        return GroupBy(self, tuple(names), across_partitions)

    @names_checked
    def repartition(
        self, by: str, *, topic: str | None = None, partitions: int | None = None
    ) -> Stream:
        """Send each record to the partition of its value in `by`, through a topic of its own.

        Needed where several processes share the partitions of a topic (one consumer group) and a
        group's records are in several of them, as in Kafka Streams: what was computed so far is
        written to a repartition topic, keyed by `by`, and read back by a second consumer group, so
        that one process gets them all. A run of the result runs both halves. In a single process
        ``group_by(..., across_partitions=True)`` does the same without a topic, and in the order of
        event times; a repartition topic has the records of several partitions in the order in which
        they were written, so give windows behind it a ``grace``.

        Parameters
        ----------
        by : str
            Column that becomes the Kafka key, and the stream's key from here on. For a group of
            several columns one of them is enough: records with the same values have the same one.
        topic : str, optional
            Its name; default ``"<group>-<topics>-<by>-repartition"``. It is created where it does
            not exist; delete it, or set its retention, as that of any topic.
        partitions : int, optional
            How many it is created with; default: as many as the source has.

        Raises
        ------
        InvalidArgument
            If the stream is not one of Kafka topics, or has no consumer group.

        Examples
        --------
        >>> import headrace as hr
        >>> flights = hr.kafka("flights", group="delays", schema=hr.flights.SCHEMA)
        >>> flights.repartition("Origin")
        Stream from delays-flights-Origin-repartition on localhost:9092
        """
        from headrace import repartition

        return repartition.repartition(self, by, topic=topic, partitions=partitions)

    def window(self, window: Window, **options: Any) -> Windowed:
        """Cut the whole stream into windows: ``group_by()`` without columns.

        Parameters
        ----------
        window : Window
            As for :meth:`GroupBy.window`, whose other options this takes as well.

        Examples
        --------
        >>> import headrace as hr
        >>> bars = hr.from_frame(hr.market.bars(rows=90, tickers=2), schema=hr.market.SCHEMA)
        >>> bars.window(hr.tumbling("1h")).agg(bars=hr.count()).collect()["bars"].tolist()
        [59, 31]
        """
        return self.group_by().window(window, **options)

    @names_checked
    def bars(
        self,
        every: str | timedelta | Window | None = None,
        *,
        ticks: int | None = None,
        volume: str | float | None = None,
        dollar: float | None = None,
        price: str | None = None,
        size: str | None = None,
        by: str | None = None,
        fill: bool | str = False,
        emit: str = "close",
        grace: str | timedelta = "0s",
        tz: str | None = None,
    ) -> Stream:
        """Make bars of ticks, or larger bars of smaller ones.

        A bar closes with its time, or after so many trades, so much volume, so many dollars. The
        result has the key, the event time (the bar's start), ``Open``, ``High``, ``Low``,
        ``Close``, and where there is a volume ``Volume``; of ticks ``Trades`` and ``Vwap`` too. So
        :mod:`headrace.ta` and candles work on it as on any bars.

        Parameters
        ----------
        every : str, timedelta or Window, optional
            Length of a bar: ``"1min"``, ``"1d"``, ``"1mo"``, or a window such as
            :func:`headrace.trading_session`.
        ticks, volume, dollar : number, optional
            Instead: the trades, the volume or the price times volume that fill a bar. The record
            with which it is full belongs to it. `volume` may also be the name of the column with
            volumes.
        price : str, optional
            Column of prices; default: ``Price``, else the stream's bars are made into larger ones.
        size : str, optional
            Column of volumes; default: ``Volume``, ``Size``, ``Quantity`` or ``Qty``.
        by : str, optional
            Whose bars; default: the stream's key.
        fill : bool or str
            Whether windows without a trade get a bar with the last close and no volume, up to a gap
            of a length such as ``"1d"``, or of 100,000 bars. They come out with the next bar of
            their key.
        emit : {"close", "update"}
            A bar when it closes, or the forming bar with every record (``is_final`` false).
        grace : str or timedelta
            How late a record may come.
        tz : str, optional
            Time zone of days and longer.

        Examples
        --------
        >>> import headrace as hr
        >>> minutes = hr.from_frame(hr.market.bars(rows=90, tickers=1), schema=hr.market.SCHEMA)
        >>> five = minutes.bars("5min").with_columns(hr.ta.sma("Close", 3))
        >>> five.collect().shape
        (18, 9)
        >>> minutes.bars(ticks=30, price="Close").collect()["Trades"].tolist()
        [30, 30, 30]
        """
        from headrace import bars

        return bars.bars(
            self, every, ticks=ticks, volume=volume, dollar=dollar, price=price, size=size, by=by,
            fill=fill, emit=emit, grace=grace, tz=tz,
        )  # fmt: skip

    def resample(
        self,
        every: str | timedelta | Window,
        *,
        by: str | None = None,
        tz: str | None = None,
        grace: str | timedelta = "0s",
        emit: str = "close",
        **aggregates: Aggregate,
    ) -> Stream:
        """See the stream at a coarser step: daily, monthly, yearly.

        Without aggregates bars become larger bars, as with :meth:`bars`; with them, each is a
        column. The event time keeps its name and is the start of the step.

        Parameters
        ----------
        every : str, timedelta or Window
            ``"1d"``, ``"1w"``, ``"1mo"``, ``"1q"``, ``"1y"``, or any length of time.
        by : str, optional
            One row a value of this column; default: the stream's key.
        tz : str, optional
            Time zone by whose clock days and longer begin.
        grace : str or timedelta
            How late a record may come.
        emit : {"close", "update"}
            As for :meth:`GroupBy.window`.
        **aggregates : Aggregate
            Columns of the result.

        Examples
        --------
        >>> import headrace as hr
        >>> minutes = hr.from_frame(hr.market.bars(rows=800, tickers=1), schema=hr.market.SCHEMA)
        >>> len(minutes.resample("1mo").collect())
        1
        >>> minutes.resample("1d", high=hr.max("High")).columns
        ['Ticker', 'Date', 'high']
        """
        from headrace import bars

        return bars.resample(self, every, aggregates, by=by, tz=tz, grace=grace, emit=emit)

    def _event_time_name(self) -> str:
        name = self.schema.event_time
        return name if name is not None else "time"

    @names_checked
    def unpivot(
        self,
        on: Sequence[str] | None = None,
        *,
        index: Sequence[str] | None = None,
        variable_name: str = "variable",
        value_name: str = "value",
        key: str | None = None,
    ) -> Stream:
        """Turn wide rows into long ones: a row for each of several columns, with its name.

        For each row and each column of `on` comes one row, in this order: the columns of `index`
        as they are, the name of the column and its value. A null stays a row. Offset and event
        time are those of the row that it comes from.

        Parameters
        ----------
        on : sequence of str, optional
            Columns whose values are put below each other. They have one type; int64 and float64
            together become float64. Default: all that are not in `index`.
        index : sequence of str, optional
            Columns to keep. Default: all that are not in `on` (Polars keeps none).
        variable_name, value_name : str
            Names of the new columns.
        key : str, optional
            Give `variable_name` for the names to become the stream's key: every column that was
            then has a state of its own in later steps. Otherwise the key stays as it is, and its
            column must be kept.

        Raises
        ------
        TypeMismatch
            If the columns have types that cannot stand in one column.

        Examples
        --------
        One row for all sensors of a plant becomes one for each of them:

        >>> import headrace as hr
        >>> import pandas as pd
        >>> wide = pd.DataFrame({
        ...     "at": pd.to_datetime(["2026-03-02T14:30Z", "2026-03-02T14:31Z"]),
        ...     "inlet": [20.5, 20.7], "outlet": [61.0, 61.4]})
        >>> plant = hr.from_frame(wide).unpivot(["inlet", "outlet"], variable_name="sensor",
        ...                                     value_name="celsius", key="sensor")
        >>> plant.collect()[["sensor", "celsius"]].values.tolist()
        [['inlet', 20.5], ['outlet', 61.0], ['inlet', 20.7], ['outlet', 61.4]]
        >>> plant.with_columns(before=hr.col("celsius").shift(1)).collect()["before"].tolist()
        [nan, nan, 20.5, 61.0]
        """
        return self._with_step(
            reshaping.unpivot(
                on, index=index, variable_name=variable_name, value_name=value_name, key=key
            )
        )

    @names_checked
    def explode(self, column: str, *, keep_empty: bool = False) -> Stream:
        """Take lists apart: a row for each element.

        Of scalars the column keeps its name; of objects each of their fields becomes a column
        ``list.field``. The other columns are repeated; offset and event time are those of the row.

        Parameters
        ----------
        column : str
            A column of type :func:`headrace.list_`.
        keep_empty : bool
            What becomes of an empty list and of null: no row, or with True one row of nulls, as in
            :meth:`pandas.DataFrame.explode` (Polars keeps null alone). A detector that saw nothing
            has no object, and a row of nulls would count as one.

        Raises
        ------
        TypeMismatch
            If the column is no list.

        Examples
        --------
        A camera's events have what was seen in one picture; exploded, each object is a row:

        >>> import headrace as hr
        >>> from headrace import testing
        >>> events = hr.kafka("cameras", schema=hr.Schema(
        ...     {"at": hr.timestamp, "camera": hr.string,
        ...      "objects": hr.list_({"label": hr.string, "confidence": hr.float64})},
        ...     event_time="at", key="camera"))
        >>> sure = events.explode("objects").filter(hr.col("objects.confidence") > 0.5)
        >>> testing.run(sure, [
        ...     {"at": "2026-03-02T14:30:00Z", "camera": "gate", "objects": [
        ...         {"label": "car", "confidence": 0.9, "box": [1, 2, 3, 4]},
        ...         {"label": "dog", "confidence": 0.4}]},
        ...     {"at": "2026-03-02T14:30:01Z", "camera": "gate", "objects": []},
        ... ])[["camera", "objects.label", "objects.confidence"]].values.tolist()
        [['gate', 'car', 0.9]]
        """
        return self._with_step(reshaping.explode(column, keep_empty=keep_empty))

    @names_checked
    def map_batches(
        self,
        function: Callable[[Any], Any],
        *,
        schema: Schema | None = None,
        format: str = "pandas",
    ) -> Stream:
        """Have a Python function of your own make rows of rows, batch by batch.

        For what no expression or indicator does. It is outside the promise that a result is the
        same however records were batched: the function sees where a batch ends, which depends on
        when records came, so let it look at each row by itself. Steps before and after it keep
        the promise for the rows they get.

        The function is called on a thread of its own, one batch at a time, while the core goes on
        reading; it may be slow, and one that never returns does not keep the stream from stopping.
        If it raises, the stream fails with :class:`~headrace.errors.FunctionError`, which names
        the function, the exception and the offsets of the batch.

        Parameters
        ----------
        function : callable
            Takes a frame of its own and returns one, of the same rows, fewer or more.
        schema : Schema, optional
            All columns of what it returns, with event time and key if there are still such.
            Default: the function is tried on a frame without rows, now. Where that raises, the
            columns are taken to stay what they are. They may all have gaps then, except event time
            and key.
        format : {"pandas", "pyarrow"}
            Whether the frame is a :class:`pandas.DataFrame` or a ``pyarrow.Table``.

        Raises
        ------
        SchemaError
            If the type of a column cannot be told without rows, or columns are not known yet:
            give `schema`.

        Notes
        -----
        A row keeps its offset where the function returns as many rows as it was given; otherwise
        all rows of the batch have the offset of its last one.

        Examples
        --------
        >>> import headrace as hr
        >>> import pandas as pd
        >>> def with_rounded(df):
        ...     return df.assign(rounded=df["Close"].round(0))
        >>> bars = hr.from_frame(hr.market.bars(rows=3, tickers=1, seed=1), schema=hr.market.SCHEMA)
        >>> rounded = bars.select("Date", "Ticker", "Close").map_batches(with_rounded)
        >>> rounded.columns
        ['Date', 'Ticker', 'Close', 'rounded']
        >>> (rounded.collect()["rounded"] % 1).tolist()
        [0.0, 0.0, 0.0]
        """
        batch_functions.check(function, format)
        if schema is None:
            if self._pending is not None:
                self._pending.look()
            if self._pending is not None:
                raise SchemaError(
                    f"map_batches: {self._pending.reason}, so the columns are not known yet; give "
                    "schema=hr.Schema({...}) of what the function returns"
                )
            schema = batch_functions.output_schema(function, format, self.schema)
        if not isinstance(schema, Schema):
            raise InvalidArgument(
                f"map_batches: schema: expected hr.Schema({{...}}), got {schema!r}"
            )
        mapped = replace(
            self, _functions=(*self._functions, BatchFunction(function, format, schema))
        )
        name = batch_functions.name_of(function)
        return mapped._with_step(
            reshaping.map_batches(len(self._functions), name, schema._to_plan())
        )

    @names_checked
    def predict(
        self,
        model: str | Path,
        *,
        inputs: Sequence[str] | None = None,
        outputs: Sequence[str] = ("prediction",),
        window: int | None = None,
        device: str = "cpu",
        threads: int = 1,
        registry: str | Path | None = None,
    ) -> Stream:
        """Run a TorchScript model on every record and add its outputs as columns.

        The model is loaded now and tried on zeros, so that one that does not fit is refused here.
        Records whose inputs are not complete (NaN, null, warm-up) get NaN.

        Parameters
        ----------
        model : str or Path
            TorchScript file (``torch.jit.save``). It takes float32 ``[n, len(inputs)]``, or with
            `window` ``[n, window, len(inputs)]``, and returns ``[n, len(outputs)]`` (or ``[n]``, or
            a tuple of such).
        inputs : sequence of str
            Numeric columns, in the model's order.
        outputs : sequence of str
            Names of the new float64 columns.
        window : int, optional
            Last records of the same key that the model sees, oldest first.
        device : {"cpu", "cuda"}
            Where the model runs.
        threads : int
            Threads inside one operation of the model; 1 is best for small models.
        registry : str or Path, optional
            Not yet.

        Raises
        ------
        ModelError
            If the file is not TorchScript or does not fit; the message has the shapes.
        ImportError
            If torch is not installed.

        Examples
        --------
        >>> import headrace as hr
        >>> bars = hr.kafka("stocks", schema=hr.market.SCHEMA)
        >>> features = bars.with_columns(rsi=hr.ta.rsi("Close"))
        >>> features.predict("updown.pt", inputs=["rsi"], outputs=["up"])  # doctest: +SKIP
        Stream from stocks on localhost:9092
          .with_columns(rsi(Close))
          .predict(rsi -> up)

        A model that is not there is refused at once:

        >>> features.predict("gone.pt", inputs=["rsi"])
        Traceback (most recent call last):
        headrace.errors.ModelError: no model file 'gone.pt'
        """
        if registry is not None:
            raise Unsupported(
                f"predict: registry={str(registry)!r} is not yet supported; give the path of a "
                'TorchScript file instead: predict("updown.pt", inputs=[...], outputs=[...])'
            )
        if not inputs:
            raise InvalidArgument(
                "predict: inputs: expected the names of the model's input columns"
            )
        if self._pending is None:
            for name in inputs:
                _ = self.schema[name]
        predictor = models.load(
            model, inputs=inputs, outputs=outputs, window=window, device=device, threads=threads
        )
        step = {
            "op": "predict",
            "predictor": len(self._predictors),
            "inputs": list(inputs),
            "outputs": list(outputs),
            "window": window,
        }
        return self._with_step(step, predictor)

    @names_checked
    def to_kafka(
        self,
        topic: str,
        *,
        bootstrap: str | None = None,
        key: str | None = None,
        format: str = "json",
        dead_letters: str | None = None,
        processing_guarantee: str | None = None,
        config: dict[str, str] | None = None,
    ) -> Stream:
        """Write the results to a Kafka topic.

        Parameters
        ----------
        topic : str
            Where the results go.
        bootstrap : str, optional
            Brokers; default: those of the source.
        key : str, optional
            Column that becomes the Kafka key; default: the stream's key.
        format : {"json", "arrow"}
            How values are written: as a JSON object for each row, NaN and null as ``null``,
            timestamps in ISO 8601; or as Arrow IPC streams, which keep types and all bits and which
            ``pyarrow.ipc.open_stream`` reads: the rows of one key that were ready together are one
            record, so that how many records there are says nothing.
        dead_letters : str, optional
            Topic for rejected records: original bytes, with topic, partition, offset, reason and
            detail as headers.
        processing_guarantee : {"exactly-once", "at-least-once"}, optional
            With ``"exactly-once"``, the default for streams from Kafka, results, dead letters and
            positions are one transaction: whoever reads with ``isolation.level=read_committed``
            sees each result once, whatever was killed meanwhile. Positions are kept in the
            source's group, or without one under the name ``headrace-<topic>``; of two such runs
            only one can write at a time, and the other one stops. With ``"at-least-once"`` a
            position is committed after its results were acknowledged; after a crash some results
            may be written again. That is also what streams get whose positions cannot be in one
            transaction with the results (files, several clusters, a topic read twice), unless they
            ask for more, which is refused.
        config : dict, optional
            Further librdkafka settings of the producer.

        Examples
        --------
        >>> import headrace as hr
        >>> bars = hr.kafka("stocks", schema=hr.market.SCHEMA)
        >>> signals = bars.select("Date", "Ticker", "Close").to_kafka("signals", key="Ticker")
        """
        if processing_guarantee not in (None, *durability.GUARANTEES):
            raise InvalidArgument(
                'to_kafka: processing_guarantee: expected "exactly-once" or "at-least-once", got '
                + repr(processing_guarantee)
            )
        if format not in ("json", "arrow"):
            raise InvalidArgument(f'to_kafka: format: expected "json" or "arrow", got {format!r}')
        if key is not None and self._pending is None:
            _ = self.schema[key]
        client: dict[str, Any] = getattr(self._source, "client", dict)()
        where = bootstrap or client.get("bootstrap")
        if where is None:
            raise InvalidArgument("to_kafka: bootstrap= is needed, the source is not Kafka")
        settings = {**(client.get("config", {}) if bootstrap is None else {}), **(config or {})}
        sink = KafkaSink(
            topic, where, key, dead_letters, processing_guarantee, settings, value_format=format
        )
        return replace(self, _sinks=(*self._sinks, sink))

    @names_checked
    def to_parquet(
        self,
        directory: str | Path,
        *,
        partition_by: str | Sequence[str] | None = None,
        dead_letters: bool = False,
    ) -> Stream:
        """Write the results to Parquet files, exactly once.

        Results, dead letters and positions are committed together, every 5 s unless
        ``run(commit_interval=...)`` says otherwise, and after a million rows at the latest. A
        commit adds a file for each partition that had results, named by the offsets that it covers,
        and then a small file in ``_headrace`` that names it. After any death the next run goes on
        behind the last commit and removes what no commit names.

        Read with :func:`headrace.read_results`, or open the files that
        :func:`headrace.result_files` lists: that is each result once, also while the stream
        writes. Who opens all Parquet files of the directory may see a commit that is not complete.

        Parameters
        ----------
        directory : str or Path
            Where the files go; made where there is none. One run writes to it at a time: a second
            one waits for the end of the first. It is on a file system that keeps what was synced.
        partition_by : str or sequence of str, optional
            Columns whose values become folders, as in ``Ticker=ACME``: text, whole numbers or bool.
        dead_letters : bool
            Whether rejected records are kept there too; ``read_results(..., dead_letters=True)``
            returns them.

        Raises
        ------
        Unsupported
            By ``run``: if the source cannot be read again from a position (files and frames), if
            it has a group (positions are kept in the directory, for one run), or if results are
            written elsewhere, too.
        SchemaError
            By the stream, if the directory holds results with other columns.

        Examples
        --------
        >>> import tempfile
        >>> import headrace as hr
        >>> folder = tempfile.mkdtemp()
        >>> with hr.MockBroker(stocks=1) as broker:
        ...     _ = hr.replay(hr.market.bars(rows=50), to="stocks", bootstrap=broker.bootstrap)
        ...     bars = hr.kafka("stocks", bootstrap=broker.bootstrap, schema=hr.market.SCHEMA,
        ...                     until="end")
        ...     with bars.to_parquet(folder, partition_by="Ticker").run() as live:
        ...         _ = live.wait()
        >>> len(hr.read_results(folder))
        50
        """
        known = None if self._pending is not None else self.schema
        sink = parquet_sink.checked(directory, partition_by, dead_letters, known)
        return replace(self, _sinks=(*self._sinks, sink))

    @names_checked
    def to_sql(
        self,
        url: str,
        table: str,
        *,
        key: str | Sequence[str] | None = None,
        dead_letters: str | None = None,
    ) -> Stream:
        """Write the results to a table of a database, exactly once.

        Rows, dead letters and positions are one transaction of the database, every second unless
        ``run(commit_interval=...)`` says otherwise, and after 100,000 rows at the latest. Positions
        are kept beside the results, in the table ``headrace_positions``. After any death the next
        run goes on behind the last transaction. Of two runs that write to one table the newer one
        goes on and the older one stops.

        Parameters
        ----------
        url : str
            ``sqlite:///file.db`` (four slashes before an absolute path), or
            ``postgresql://user:password@host/name``, which needs psycopg:
            ``pip install "headrace[postgres]"``.
        table : str
            Where the rows go; in PostgreSQL also with a schema, as in ``public.signals``. Made
            where there is none, with the columns of the result and ``_partition`` and ``_offset``,
            the place of the record that a row is of. One that is there may have more columns.
        key : str or sequence of str, optional
            Columns that are unique: a row takes the place of the one with the same key, so that
            the table has the newest of each. They must not be nullable. Default: all rows are kept.
        dead_letters : str, optional
            Table for rejected records: reason, place and original bytes.

        Raises
        ------
        Unsupported
            By ``run``: if the source cannot be read again from a position (files and frames), if
            it has a group (positions are kept in the database, for one run), or if results are
            written elsewhere, too.
        SchemaError
            By the stream, if the table lacks a column, or one would not keep what it is given.

        Notes
        -----
        NaN is written as null. SQLite has timestamps as ISO 8601 text in UTC; PostgreSQL counts in
        microseconds and takes no text with a zero character.

        Examples
        --------
        >>> import pathlib, sqlite3, tempfile
        >>> import headrace as hr
        >>> file = pathlib.Path(tempfile.mkdtemp(), "results.db")
        >>> with hr.MockBroker(stocks=1) as broker:
        ...     _ = hr.replay(hr.market.bars(rows=50), to="stocks", bootstrap=broker.bootstrap)
        ...     bars = hr.kafka("stocks", bootstrap=broker.bootstrap, schema=hr.market.SCHEMA,
        ...                     until="end")
        ...     with bars.to_sql(f"sqlite:///{file}", "bars").run() as live:
        ...         _ = live.wait()
        >>> sqlite3.connect(file).execute("SELECT count(*) FROM bars").fetchone()
        (50,)
        """
        known = None if self._pending is not None else self.schema
        sink = sql_sink.checked(url, table, key, dead_letters, known)
        return replace(self, _sinks=(*self._sinks, sink))

    def _open_sinks(self) -> list[_core.Sink]:
        """Return the core's sinks, keyed by the stream's key where no other was named."""
        return [
            sink.open(self._sink_key(sink) if isinstance(sink, KafkaSink) else None)
            for sink in self._sinks
        ]

    def _sink_key(self, sink: KafkaSink) -> str | None:
        key = sink.key or self.schema.key
        _ = key is None or self.schema[key]
        return key

    # -- several streams as one

    @names_checked
    def union(
        self,
        *others: Stream,
        grace: str | timedelta = "0s",
        idle_timeout: str | timedelta | None = None,
        source: str | None = None,
        names: Sequence[str] | None = None,
    ) -> Stream:
        """Put the records of this and other streams into one, in the order of their event times.

        The order is that of event time, then of the streams as they are written here, topic,
        partition and offset, however the records arrive, so every later step computes the same
        each time; its state is that of the key in all partitions of all streams. Steps before
        ``union`` are those of one stream and of each of its partitions. Without other streams it
        puts the partitions of this one together: ``deduplicate`` behind it finds a record that came
        again in another partition.

        A record comes out when every partition of every stream has come past its event time (the
        newest of the partition less `grace`), since until then an earlier one may come. One that
        comes later than that is not lost: it comes out at once, behind those that are out already.
        A partition that is read to its end and stays silent holds up the others; ``status()`` says
        which. One that has no record at all does not. Partitions that are far ahead of the slowest
        are paused. Records that still wait for others when :meth:`Live.stop` is called do not come
        out, and their position is not committed; at the end of bounded sources everything does.

        Parameters
        ----------
        *others : Stream
            With the same columns, by name and type, and event time.
        grace : str or timedelta
            How far behind the newest event time of its partition a record may come and still take
            its place in the order, like ``"30s"``.
        idle_timeout : str or timedelta, optional
            A partition that is silent for so long is not waited for until its next record. Default:
            it is waited for. With it a clock, and not only the records, decides when others come
            out, and in which order records come that arrive after it.
        source : str, optional
            Name of a new string column that says which stream a record is of.
        names : sequence of str, optional
            What it says. Default: the streams' topics or files.

        Raises
        ------
        InvalidArgument
            If the columns differ, or a stream has no event time.

        Examples
        --------
        >>> import headrace as hr
        >>> import pandas as pd
        >>> at = pd.to_datetime(["2026-03-02 10:00", "2026-03-02 10:02"], utc=True)
        >>> a = hr.from_frame(pd.DataFrame({"at": at, "x": [1.0, 3.0]}), event_time="at")
        >>> b = hr.from_frame(pd.DataFrame({"at": at - pd.Timedelta("1m"), "x": [0.0, 2.0]}),
        ...                   event_time="at")
        >>> a.union(b, source="of", names=["a", "b"]).collect()[["x", "of"]].values.tolist()
        [[0.0, 'b'], [1.0, 'a'], [2.0, 'b'], [3.0, 'a']]
        """
        wait = topology.Wait.of("union", grace, idle_timeout)
        return topology.union(self, others, wait, source, names)

    @names_checked
    def join_asof(
        self,
        right: Stream,
        *,
        by: str | Sequence[str] | None = None,
        strategy: str = "backward",
        tolerance: str | timedelta | None = None,
        suffix: str = "_right",
        allow_exact_matches: bool = True,
        grace: str | timedelta = "0s",
        idle_timeout: str | timedelta | None = None,
    ) -> Stream:
        """Add to each record the one of another stream that is nearest to it in event time.

        This is :func:`pandas.merge_asof` over streams: the price that was valid at a trade. Every
        record of this stream comes out once, in the order of event time, with nulls where nothing
        matches; a null in a key column matches nothing. The streams are merged by event time as in
        :meth:`union`, so the result is the same however records arrive. A record of either stream
        that comes later than the grace, when newer ones were joined already, becomes a dead letter
        with the reason ``late``.

        Parameters
        ----------
        right : Stream
            Where matches are looked for. Its columns follow those of this stream, without `by`.
        by : str or sequence of str, optional
            Columns, of the same names in both streams, that must be equal.
        strategy : {"backward", "forward", "nearest"}
            The last record of `right` up to the event time, the first one from it on, or the
            nearer of the two (the earlier one if both are equally near). Of records with the same
            event time backward takes the last, forward the first. ``"backward"`` gives records out
            at once; the others wait for what comes after.
        tolerance : str or timedelta, optional
            How far away a match may be, like ``"10s"``. Without it ``"forward"`` waits, with every
            record behind it, for as long as none comes.
        suffix : str
            Goes to the names of columns of `right` that this stream has, too.
        allow_exact_matches : bool
            Whether a record of the same event time is a match.
        grace, idle_timeout : str or timedelta
            As for :meth:`union`, for both streams.

        Raises
        ------
        UnknownColumn, TypeMismatch
            If a column of `by` is not in both streams, or of different types.
        InvalidArgument
            If a stream has no event time, or an argument has a value that is not possible.

        Examples
        --------
        >>> import headrace as hr
        >>> import pandas as pd
        >>> at = pd.to_datetime(["2026-03-02 10:00:01", "2026-03-02 10:00:05"], utc=True)
        >>> trades = hr.from_frame(pd.DataFrame({"at": at, "size": [100, 200]}), event_time="at")
        >>> at = pd.to_datetime(["2026-03-02 10:00:00", "2026-03-02 10:00:04"], utc=True)
        >>> quotes = hr.from_frame(pd.DataFrame({"at": at, "bid": [9.5, 9.6]}), event_time="at")
        >>> trades.join_asof(quotes).collect()[["size", "bid"]].values.tolist()
        [[100.0, 9.5], [200.0, 9.6]]
        """
        from headrace import joins

        return joins.asof(
            self,
            right,
            by=by,
            strategy=strategy,
            tolerance=tolerance,
            suffix=suffix,
            allow_exact_matches=allow_exact_matches,
            wait=topology.Wait.of("join_asof", grace, idle_timeout),
        )

    @names_checked
    def join_interval(
        self,
        right: Stream,
        *,
        by: str | Sequence[str] | None = None,
        lower: str | timedelta,
        upper: str | timedelta,
        how: str = "inner",
        suffix: str = "_right",
        grace: str | timedelta = "0s",
        idle_timeout: str | timedelta | None = None,
    ) -> Stream:
        """Join each record with every record of another stream that is near it in event time.

        A record at time t matches those of `right` from t + `lower` to t + `upper`, both included,
        whose columns `by` are equal. Each match is a row of the result, in the order of this
        stream's event time, then of `right`. A record waits until event time is past t + `upper`.
        Merging and late records are as in :meth:`join_asof`.

        Parameters
        ----------
        right : Stream
            Where matches are looked for. Its columns follow those of this stream, without `by`.
        by : str or sequence of str, optional
            Columns, of the same names in both streams, that must be equal.
        lower, upper : str or timedelta
            The interval, relative to a record of this stream: ``"-5m"``, ``"0s"``.
        how : {"inner", "left"}
            Whether records without a match are left out, or stay with nulls.
        suffix : str
            Goes to the names of columns of `right` that this stream has, too.
        grace, idle_timeout : str or timedelta
            As for :meth:`union`, for both streams.

        Raises
        ------
        UnknownColumn, TypeMismatch
            If a column of `by` is not in both streams, or of different types.
        InvalidArgument
            If a stream has no event time, or an argument has a value that is not possible.

        Examples
        --------
        >>> import headrace as hr
        >>> import pandas as pd
        >>> at = pd.to_datetime(["2026-03-02 10:00", "2026-03-02 10:09"], utc=True)
        >>> clicks = hr.from_frame(pd.DataFrame({"at": at, "click": [1, 2]}), event_time="at")
        >>> at = pd.to_datetime(["2026-03-02 10:01", "2026-03-02 10:02"], utc=True)
        >>> buys = hr.from_frame(pd.DataFrame({"at": at, "buy": [7, 8]}), event_time="at")
        >>> near = clicks.join_interval(buys, lower="0s", upper="5m", how="left")
        >>> near.collect()[["click", "buy"]].fillna(0).values.tolist()
        [[1, 7], [1, 8], [2, 0]]
        """
        from headrace import joins

        return joins.interval(
            self,
            right,
            by=by,
            lower=lower,
            upper=upper,
            how=how,
            suffix=suffix,
            wait=topology.Wait.of("join_interval", grace, idle_timeout),
        )

    @names_checked
    def join(
        self,
        other: Any,
        *,
        on: str | Sequence[str],
        how: str = "left",
        suffix: str = "_right",
        grace: str | timedelta = "0s",
        idle_timeout: str | timedelta | None = "1s",
    ) -> Stream:
        """Add to each record what a table or a frame has for its key.

        With a table (:func:`headrace.table`) a record finds the latest row of its key at its event
        time; the two are merged by event time as in :meth:`union`. One that is late finds the table
        as it is when it comes, and a late row of the table counts from when it comes. With a frame,
        which never changes, a record that matches several rows comes out once for each, in their
        order. A null in a key column matches nothing.

        Parameters
        ----------
        other : Table, or a DataFrame or Arrow table
            Where rows are looked up. Its columns follow those of this stream, without `on`.
        on : str or sequence of str
            Columns, of the same names on both sides, that must be equal; of a table its key.
        how : {"left", "inner"}
            Whether records without a match stay with nulls, or are left out.
        suffix : str
            Goes to the names of columns of `other` that this stream has, too.
        grace : str or timedelta
            With a table: as for :meth:`union`.
        idle_timeout : str or timedelta, optional
            With a table: how long records wait for a partition of it that is silent and read to its
            end, as tables mostly are. ``None`` waits for its next record, so that no clock decides
            which row of the table a record finds. A bounded run does not need it.

        Raises
        ------
        UnknownColumn, TypeMismatch
            If a column of `on` is not on both sides, or of different types.
        InvalidArgument
            If `on` is not the key of the table, or an argument has a value that is not possible.

        Examples
        --------
        >>> import headrace as hr
        >>> import pandas as pd
        >>> bars = hr.from_frame(hr.market.bars(rows=3, tickers=2, seed=1), schema=hr.market.SCHEMA)
        >>> lots = pd.DataFrame({"Ticker": ["ACME"], "lot": [100]})
        >>> bars.join(lots, on="Ticker").collect()["lot"].fillna(0).tolist()
        [100, 0, 100]
        """
        from headrace import joins

        return joins.join(
            self,
            other,
            on=on,
            how=how,
            suffix=suffix,
            grace=grace,
            idle_timeout=idle_timeout,
        )

    def _exchanged(
        self,
        grace_ns: int,
        idle_timeout_ns: int | None = None,
        max_skew_ns: int | None = None,
    ) -> Stream:
        """Return this stream with the rows of all partitions in one, by event time."""
        return topology.merged([self], topology.Wait(grace_ns, idle_timeout_ns, max_skew_ns))

    # -- looking at it

    @names_checked
    def head(self, n: int = 5) -> pd.DataFrame:
        """Return what the oldest records become in this stream: a look, not a run.

        No group is used, nothing is committed and nothing written. Records that are rejected are
        said in a :class:`~headrace.errors.RejectedWarning`.

        Parameters
        ----------
        n : int
            How many records are read at most.

        Raises
        ------
        TopicNotFound, BrokerUnavailable, AuthenticationError, AuthorizationError
            If the topic cannot be read now.

        Examples
        --------
        >>> import headrace as hr
        >>> bars = hr.from_frame(hr.market.bars(rows=50, tickers=2), schema=hr.market.SCHEMA)
        >>> bars.select("Ticker", "Close").head(3)["Ticker"].tolist()
        ['ACME', 'BOLT', 'ACME']
        """
        from headrace import peek

        return peek.head(self, n)

    @names_checked
    def tail(self, n: int = 5) -> pd.DataFrame:
        """Return the newest records as they came, without the steps.

        Steps look back over earlier records, which a few of the newest do not have: for results
        use :meth:`run` or :meth:`collect`.

        Parameters
        ----------
        n : int
            How many records are read at most.

        Examples
        --------
        >>> import headrace as hr
        >>> bars = hr.from_frame(hr.market.bars(rows=50), schema=hr.market.SCHEMA)
        >>> len(bars.tail(3))
        3
        """
        from headrace import peek

        return peek.tail(self, n)

    @names_checked
    def describe(self) -> Description:
        """Look at a sample of at most 250 records: the steps, the schema, nulls and ranges.

        Returns
        -------
        Description
            Shown as text or, in a notebook, as tables.

        Examples
        --------
        >>> import headrace as hr
        >>> bars = hr.from_frame(hr.market.bars(rows=50), schema=hr.market.SCHEMA)
        >>> bars.describe().table.loc["Volume", "type"]
        'int64'
        """
        from headrace import description

        return description.describe(self)

    # -- running it

    @names_checked
    def collect(
        self,
        data: Any = None,
        *,
        as_: str | None = None,
        rejected: bool = False,
        threads: int = 1,
        on_error: str = "dead_letter",
    ) -> Any:
        """Run the stream over a bounded input and return every result.

        Rows come ordered by event time, then partition, then offset. They are the same bits as
        those of a live run over the same records.

        Parameters
        ----------
        data : frame or path, optional
            A pandas or Polars DataFrame, PyArrow table, other Arrow stream, or the path of a file
            as :func:`headrace.from_file` takes it, to read instead of the stream's own source. Of
            several streams a mapping from topic to such data, or a list in the streams' order.
            Without it the source itself is read; it must be bounded (``until="end"``).
        as_ : {"pandas", "polars", "pyarrow", "arrow", "numpy"}, optional
            What to return; default: the library of `data`, else pandas.
        rejected : bool
            Whether to return ``(result, dead letters as a DataFrame)``. Otherwise rejected records
            are counted in a :class:`~headrace.errors.RejectedWarning`.
        threads : int
            Compute threads, over which partitions are spread.
        on_error : {"dead_letter", "raise"}
            What a rejected record does: it is set aside and counted, or the call raises
            :class:`~headrace.errors.RecordRejected` with its place and what is wrong.

        Examples
        --------
        >>> import headrace as hr
        >>> bars = hr.kafka("stocks", schema=hr.market.SCHEMA)
        >>> returns = bars.with_columns(r=hr.ta.pct_change("Close"))
        >>> returns.collect(hr.market.bars(rows=100, tickers=2, seed=1))["r"].isna().sum()
        np.int64(2)
        """
        from headrace.live import Live

        source = self._source
        if data is not None:
            if self._pending is not None:
                _ = self.schema  # one more look, then an error that says why they are not known
            source = topology.over(source, data, self._schema)
            as_ = as_ or topology.kind_of(data)
        elif not source.bounded:
            raise InvalidArgument(
                f'collect: {source.describe()} has no end; give hr.kafka(..., until="end"), '
                "a frame or a file, or use run()"
            )
        fail = _fails_on_reject(on_error)
        with Live._start(self, source, collect=True, threads=threads, fail_on_reject=fail) as live:
            live.wait()
            bad = live.rejected()
            result = frames.convert(live._engine.take_collected(), as_ or "pandas")
        if rejected:
            return result, bad
        if len(bad):
            _warn_of_rejects(live.status())
        return result

    @names_checked
    def run(
        self,
        *,
        checkpoint: str | Path | None = None,
        commit_interval: str | timedelta | None = None,
        checkpoint_interval: str | timedelta = timedelta(seconds=10),
        keep_checkpoints: int = 2,
        savepoint: str | None = None,
        history: int = 100_000,
        overflow: str = "pause",
        threads: int = 1,
        digest: bool = False,
        on_error: str = "dead_letter",
    ) -> Live:
        """Start the stream in the background and return a handle to it.

        In a notebook, running the same cell again replaces the cell's former stream.

        Parameters
        ----------
        checkpoint : str or Path, optional
            Directory for the state of every step, or ``"kafka://topic"`` for a compacted topic of
            the stream's brokers (made where it does not exist), so that a run after this one,
            however it ended, goes on where it was: it takes the newest checkpoint that is whole and
            not ahead of what is committed, and computes again what lies between. Several processes
            of a group may share it: state follows its partition. Without one, a stream that writes
            exactly once computes its state again from where it began.
        commit_interval : str or timedelta, optional
            Time between two transactions: how soon readers see results. Default: 100 ms to Kafka,
            5 s to Parquet files, 1 s to a database.
        checkpoint_interval : str or timedelta
            Time between two checkpoints of a partition.
        keep_checkpoints : int
            How many of each partition are kept, at least 2.
        savepoint : str, optional
            Name of a savepoint in `checkpoint` (see :meth:`headrace.Live.savepoint`) to begin with
            where this pipeline has no checkpoint of its own. It may be one of another version of
            the pipeline: steps that are defined as they were go on with their state, others begin
            without; a :class:`~headrace.errors.SavepointWarning` says which before anything starts.
        history : int
            Newest rows that ``frame()`` can still see.
        overflow : {"pause", "drop_oldest", "conflate"}
            What happens when results are computed more slowly than records arrive: partitions are
            paused and nothing is lost; the oldest waiting batches are dropped; or only the newest
            row of each key is kept. What is dropped is counted.
        threads : int
            Compute threads, over which partitions are spread.
        digest : bool
            Whether to keep a checksum of every output (see ``Live.digest``).
        on_error : {"dead_letter", "raise"}
            What a rejected record does: it is set aside and counted, or it ends the stream with
            :class:`~headrace.errors.RecordRejected`, which says its place and what is wrong.

        Examples
        --------
        >>> import headrace as hr
        >>> df = hr.market.bars(rows=1000, tickers=2, seed=1)
        >>> live = hr.from_frame(df, schema=hr.market.SCHEMA).run()
        >>> live.wait()
        True
        >>> len(live.frame(last=10))
        10
        >>> live.stop()
        """
        from headrace.live import Live

        return Live._start(
            self,
            self._source,
            durability.Wish.of(
                checkpoint, commit_interval, checkpoint_interval, keep_checkpoints, savepoint
            ),
            history=history,
            overflow=overflow,
            threads=threads,
            digest=digest,
            fail_on_reject=_fails_on_reject(on_error),
            replace_former=True,
        )

    def __repr__(self) -> str:
        lines = ["Stream from " + topology.text_of(self._source)]
        lines += self._step_lines()
        lines += [f"  {sink.text()}" for sink in self._sinks]
        lines += [f"  {self._pending.reason}"] if self._pending is not None else []
        return "\n".join(lines)

    def _step_lines(self) -> list[str]:
        return [f"  .{step_text(step)}" for step in self._steps]

    def _repr_html_(self) -> str:
        shown = f"<pre>{html.escape(repr(self))}</pre>"
        if self._pending is not None:
            return f"{shown}<p>{html.escape(self._pending.reason)}</p>"
        return shown + self.schema._repr_html_()


def _column(value: Any, name: str | None) -> dict[str, Any]:
    if isinstance(value, Indicator):
        return value._to_plan(name)
    if name is None and not (isinstance(value, Expr) and value._name):
        if not isinstance(value, Expr):
            raise InvalidArgument(
                f"with_columns: expected expressions and indicators of hr.ta, got {value!r}"
            )
        raise InvalidArgument(
            f"with_columns: {value!r} needs a name: with_columns(name={value!r}) or .alias(...)"
        )
    try:
        expression = _expr(value)
    except HeadraceError as error:
        raise InvalidArgument(f"with_columns: {name}: {error}") from error
    return {"kind": "expr", "name": name or expression._name, "expr": expression._plan}


def step_text(step: dict[str, Any]) -> str:
    if step["op"] == "validate":
        return f"validate({', '.join(rule['name'] for rule in step['rules'])})"
    if step["op"] == "with_columns":
        parts = [
            f"{c['indicator']}({', '.join(c['inputs'])})" if c["kind"] == "indicator" else c["name"]
            for c in step["columns"]
        ]
        return f"with_columns({', '.join(parts)})"
    if step["op"] == "select":
        return f"select({', '.join(step['columns'])})"
    if step["op"] == "deduplicate":
        length = step["within_ns"]
        within = [] if length is None else [f"within={durations.text(length)}"]
        return f"deduplicate({', '.join([*step['by'], *within])})"
    if step["op"] == "sort_within":
        return f"sort_within({durations.text(step['grace_ns'])})"
    if step["op"] == "window":
        return _window_text(step)
    if step["op"] in reshaping.TEXTS:
        return reshaping.TEXTS[step["op"]](step)
    if step["op"] == "join":
        return f"join(on={step['on']!r}, how={step['how']!r})"
    if step["op"] == "predict":
        return f"predict({', '.join(step['inputs'])} -> {', '.join(step['outputs'])})"
    return f"{step['op']}(...)"


def _window_text(step: dict[str, Any]) -> str:
    names = ", ".join(a["name"] or a["kind"] for a in step["aggregates"])
    window = step["window"]
    length = window.get("size_ns") or window.get("gap_ns") or window.get("length_ns")
    what = durations.text(length) if length else window.get("rows") or window.get("unit") or ""
    shown = f"{window['kind']} {what}".strip()
    return f"group_by({', '.join(step['group'])}).window({shown}).agg({names})"


def _fails_on_reject(on_error: str) -> bool:
    if on_error not in ("dead_letter", "raise"):
        raise InvalidArgument(f'on_error: expected "dead_letter" or "raise", got {on_error!r}')
    return on_error == "raise"


def _warn_of_rejects(status: Status) -> None:
    counts = ", ".join(f"{reason} {count}" for reason, count in status.rejected.items())
    first = status.first_reject
    logs.warn(
        f"{sum(status.rejected.values())} records rejected ({counts})"
        + (f", first {first}" if first else "")
        + "; collect(..., rejected=True) returns them",
        RejectedWarning,
    )
