"""Groups and windows of a stream: from records to one row a group and window."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from headrace import durations, windows
from headrace.aggregates import Aggregate
from headrace.arguments import names_checked
from headrace.errors import InvalidArgument
from headrace.windows import Window

if TYPE_CHECKING:
    from headrace.stream import Stream

__all__ = ["GroupBy", "Windowed"]

_LATE = ("count", "side_output", "update")
_FULL = ("evict_oldest", "reject", "raise")
_EMIT = ("close", "update")
# Windows whose records have to come in the order of their event times.
_IN_ORDER = ("sliding", "count", "measure")


@dataclass(frozen=True)
class GroupBy:
    """Records by the values of some columns; made by :meth:`headrace.Stream.group_by`.

    Examples
    --------
    >>> import headrace as hr
    >>> bars = hr.from_frame(hr.market.bars(rows=90, tickers=2), schema=hr.market.SCHEMA)
    >>> bars.group_by("Ticker").agg(bars=hr.count()).collect()["bars"].tolist()
    [46, 44]
    """

    _stream: Stream
    _columns: tuple[str, ...]
    _across_partitions: bool

    @names_checked
    def window(
        self,
        window: Window,
        *,
        grace: str | timedelta = "0s",
        on_late: str = "count",
        allowed_lateness: str | timedelta | None = None,
        emit: str = "close",
        max_skew: str | timedelta | None = "366d",
        idle_timeout: str | timedelta | None = None,
        max_groups: int | None = None,
        on_full: str = "evict_oldest",
    ) -> Windowed:
        """Cut the stream into windows.

        A window closes when the watermark, the newest event time minus the `grace`, has come to its
        end; no clock enters, so a replay closes the same windows with the same records in them.
        What is still open comes out at the end of a bounded stream, not on ``stop()``.

        Parameters
        ----------
        window : Window
            :func:`tumbling`, :func:`hopping`, :func:`sliding`, :func:`session`,
            :func:`count_window`, :func:`trading_session` or :func:`all_time` of :mod:`headrace`.
        grace : str or timedelta
            How late a record may come: windows wait that long, in event time. Windows by number of
            records and sliding ones first put records in order within the grace
            (:meth:`Stream.sort_within`).
        on_late : {"count", "side_output", "update"}
            What happens to a record all of whose windows are closed: it is counted in
            ``status().late_counted``; it becomes a dead letter with the reason ``late`` (see
            ``live.late()``); or the window's corrected result comes out once more, if the record is
            not later than `allowed_lateness`, else it is counted.
        allowed_lateness : str or timedelta, optional
            For ``on_late="update"``: how long after it closed a window is kept; default: its own
            length.
        emit : {"close", "update"}
            A result when a window closes, or with every record, for a dashboard: then the column
            ``is_final`` is false until the window has closed.
        max_skew : str or timedelta, optional
            A record further ahead of the newest event time is a dead letter with the reason
            ``future`` and closes no window. Three in a row from about the same time are believed,
            and the stream goes on from there. None: every time is believed.
        idle_timeout : str or timedelta, optional
            Where partitions are merged (see :meth:`Stream.group_by`): a partition without a record
            for so long, on the clock, is not waited for. Off by default, since the clock then
            decides which records are late.
        max_groups : int, optional
            How many groups are kept at most.
        on_full : {"evict_oldest", "reject", "raise"}
            What a new group does then: the group whose last record is oldest gives its open windows
            out and is forgotten (counted in ``status().evicted``); the record becomes a dead letter
            with the reason ``groups``; or the stream ends with an error.

        Raises
        ------
        InvalidArgument, SchemaError
            If an argument is none of these, or the stream has no event time.

        Examples
        --------
        >>> import headrace as hr
        >>> bars = hr.from_frame(hr.market.bars(rows=90, tickers=1), schema=hr.market.SCHEMA)
        >>> half_hours = bars.group_by("Ticker").window(hr.tumbling("30m"), grace="1m")
        >>> half_hours.agg(high=hr.max("High")).columns
        ['Ticker', 'window_start', 'window_end', 'high']
        """
        if not isinstance(window, Window):
            raise InvalidArgument(
                f'window: expected a window such as hr.tumbling("1d"), got {window!r}'
            )
        _one_of("on_late", on_late, _LATE)
        _one_of("emit", emit, _EMIT)
        _one_of("on_full", on_full, _FULL)
        if max_groups is not None and (not isinstance(max_groups, int) or max_groups < 1):
            raise InvalidArgument(
                f"window: max_groups: expected a whole number from 1, got {max_groups!r}"
            )
        if allowed_lateness is not None and on_late != "update":
            raise InvalidArgument('window: allowed_lateness goes with on_late="update"')
        skew = None if max_skew is None else durations.nanoseconds("window: max_skew", max_skew)
        options = {
            "max_skew_ns": skew,
            "on_late": on_late,
            "allowed_lateness_ns": _lateness(window, on_late, allowed_lateness),
            "updates": emit == "update",
            "max_groups": max_groups,
            "on_full": on_full,
        }
        idle = None
        if idle_timeout is not None:
            idle = durations.nanoseconds("window: idle_timeout", idle_timeout)
        grace_ns = durations.nanoseconds("window: grace", grace)
        return Windowed(self, window, grace_ns, idle, options)

    def agg(self, *aggregates: Aggregate, **named: Aggregate) -> Stream:
        """Aggregate over all time: one row a group at the end of a bounded stream.

        For running totals use ``.window(hr.all_time(), emit="update").agg(...)``.

        Examples
        --------
        >>> import headrace as hr
        >>> bars = hr.from_frame(hr.market.bars(rows=90, tickers=2), schema=hr.market.SCHEMA)
        >>> bars.group_by("Ticker").agg(hr.max("High")).columns
        ['Ticker', 'window_start', 'window_end', 'max_High']
        """
        return self.window(windows.all_time()).agg(*aggregates, **named)


@dataclass(frozen=True)
class Windowed:
    """A stream by groups and windows; made by :meth:`GroupBy.window`.

    Examples
    --------
    >>> import headrace as hr
    >>> bars = hr.from_frame(hr.market.bars(rows=90, tickers=1), schema=hr.market.SCHEMA)
    >>> bars.window(hr.tumbling("1h")).agg(hr.count()).collect()["count"].tolist()
    [30, 60]
    """

    _group: GroupBy
    _window: Window
    _grace_ns: int
    _idle_timeout_ns: int | None
    _options: dict[str, Any]

    def agg(self, *aggregates: Aggregate, **named: Aggregate) -> Stream:
        """Compute aggregates: one row a group and window.

        Columns are those of the group, ``window_start`` and ``window_end`` (of a sliding window the
        record's own time instead), and the aggregates. The event time is the start.

        Parameters
        ----------
        *aggregates : Aggregate
            Under their own names: ``hr.mean("Close")`` makes ``mean_Close``.
        **named : Aggregate
            Under names of your own.

        Raises
        ------
        UnknownColumn, TypeMismatch
            If a column is not there or of the wrong type.

        Examples
        --------
        >>> import headrace as hr
        >>> bars = hr.from_frame(hr.market.bars(rows=90, tickers=2), schema=hr.market.SCHEMA)
        >>> hours = bars.group_by("Ticker").window(hr.tumbling("1h"))
        >>> hours.agg(hr.ohlc("Close"), volume=hr.sum("Volume")).collect().shape
        (4, 8)
        """
        return self._agg(aggregates, named, "window_start", "window_end")

    def _agg(
        self,
        aggregates: tuple[Aggregate, ...],
        named: dict[str, Aggregate],
        start: str,
        end: str,
    ) -> Stream:
        for value in [*aggregates, *named.values()]:
            if not isinstance(value, Aggregate):
                raise InvalidArgument(
                    f'agg: expected aggregates such as hr.mean("Close"), got {value!r}'
                )
        listed = [value._to_plan(None) for value in aggregates]
        listed += [value._to_plan(name) for name, value in named.items()]
        if not listed:
            raise InvalidArgument("agg: expected at least one aggregate, such as hr.count()")
        stream, grace = self._in_place()
        if self._window._kind == "sliding":
            start, end = stream._event_time_name(), ""
        step = {
            "op": "window",
            "group": list(self._group._columns),
            "window": self._window._plan,
            "aggregates": listed,
            "grace_ns": grace,
            **self._options,
            "start": start,
            "end": end,
        }
        return stream._with_step(step)

    def _in_place(self) -> tuple[Stream, int]:
        """Return the stream with all records of a group in one task, and the grace that is left."""
        stream = self._group._stream
        if self._group._across_partitions:
            skew = self._options["max_skew_ns"]
            unlimited = 2**63 - 1
            return stream._exchanged(
                self._grace_ns,
                self._idle_timeout_ns,
                max_skew_ns=unlimited if skew is None else skew,
            ), 0
        if self._window._kind in _IN_ORDER and self._grace_ns > 0:
            step = {
                "op": "sort_within",
                "grace_ns": self._grace_ns,
                "max_skew_ns": self._options["max_skew_ns"],
                "on_late": "count" if self._options["on_late"] == "count" else "side_output",
            }
            return stream._with_step(step), 0
        return stream, self._grace_ns


def _one_of(name: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        listed = " or ".join(f'"{choice}"' for choice in choices)
        raise InvalidArgument(f"window: {name}: expected {listed}, got {value!r}")


def _lateness(window: Window, on_late: str, given: Any) -> int:
    if on_late != "update":
        return 0
    if given is not None:
        return durations.nanoseconds("window: allowed_lateness", given)
    fixed = window._plan.get("size_ns")
    return int(fixed) if fixed is not None else 86_400_000_000_000
