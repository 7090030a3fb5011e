"""Joins: what a stream's records find in another stream, in a table, or in a frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from headrace import durations, frames, topology
from headrace.dtypes import nullable
from headrace.errors import InvalidArgument, TypeMismatch
from headrace.frame_schema import of_frame
from headrace.schema import Schema
from headrace.tables import Table

if TYPE_CHECKING:
    from headrace import _core
    from headrace.stream import Stream

__all__ = ["asof", "interval", "join"]


def asof(
    left: Stream,
    right: Stream,
    *,
    by: str | Sequence[str] | None,
    strategy: str,
    tolerance: Any,
    suffix: str,
    allow_exact_matches: bool,
    wait: topology.Wait,
) -> Stream:
    """Return each record with the nearest one of `right`; see :meth:`headrace.Stream.join_asof`.

    Examples
    --------
    >>> import headrace as hr
    >>> from headrace import joins, topology
    >>> bars = hr.kafka("bars", schema=hr.market.SCHEMA)
    >>> joined = joins.asof(bars, bars.select("Date", "Ticker", "Close"), by="Ticker",
    ...                     strategy="backward", tolerance="1m", suffix="_before",
    ...                     allow_exact_matches=False, wait=topology.Wait())
    >>> joined.columns[-2:]
    ['Date_before', 'Close_before']
    """
    _check_choice("join_asof: strategy", strategy, ("backward", "forward", "nearest"))
    length = None
    if tolerance is not None:
        length = durations.nanoseconds("join_asof: tolerance", tolerance)
    merge = {
        "op": "join_asof",
        "by": _names("join_asof: by", by),
        "suffix": _text("join_asof: suffix", suffix),
        "strategy": strategy,
        "tolerance_ns": length,
        "allow_exact_matches": _truth("join_asof: allow_exact_matches", allow_exact_matches),
    }
    return _merged("join_asof", left, _stream("join_asof", right), wait, merge)


def interval(
    left: Stream,
    right: Stream,
    *,
    by: str | Sequence[str] | None,
    lower: Any,
    upper: Any,
    how: str,
    suffix: str,
    wait: topology.Wait,
) -> Stream:
    """Return each record with those of `right` near it; see :meth:`headrace.Stream.join_interval`.

    Examples
    --------
    >>> import headrace as hr
    >>> from headrace import joins, topology
    >>> bars = hr.kafka("bars", schema=hr.market.SCHEMA)
    >>> joined = joins.interval(bars, bars.select("Date", "Ticker", "Close"), by="Ticker",
    ...                         lower="-5m", upper="0s", how="left", suffix="_then",
    ...                         wait=topology.Wait())
    >>> joined.columns[-2:]
    ['Date_then', 'Close_then']
    """
    _check_choice("join_interval: how", how, ("inner", "left"))
    first = durations.nanoseconds("join_interval: lower", lower, signed=True)
    last = durations.nanoseconds("join_interval: upper", upper, signed=True)
    if first > last:
        raise InvalidArgument(
            f"join_interval: lower: expected a time before upper={upper!r}, got {lower!r}"
        )
    merge = {
        "op": "join_interval",
        "by": _names("join_interval: by", by),
        "suffix": _text("join_interval: suffix", suffix),
        "lower_ns": first,
        "upper_ns": last,
        "how": how,
    }
    return _merged("join_interval", left, _stream("join_interval", right), wait, merge)


def join(
    stream: Stream,
    other: Any,
    *,
    on: str | Sequence[str],
    how: str,
    suffix: str,
    grace: Any,
    idle_timeout: Any,
) -> Stream:
    """Return each record with its row of a table or frame; see :meth:`headrace.Stream.join`.

    Examples
    --------
    >>> import headrace as hr
    >>> import pandas as pd
    >>> from headrace import joins
    >>> bars = hr.kafka("bars", schema=hr.market.SCHEMA)
    >>> lots = pd.DataFrame({"Ticker": ["ACME"], "lot": [100]})
    >>> joins.join(bars, lots, on="Ticker", how="left", suffix="_right", grace="0s",
    ...            idle_timeout="1s").columns[-1]
    'lot'
    """
    _check_choice("join: how", how, ("left", "inner"))
    names = _names("join: on", on)
    if not names:
        raise InvalidArgument("join: on: expected at least one column name")
    _text("join: suffix", suffix)
    wait = topology.Wait.of("join", grace, idle_timeout)
    if not isinstance(other, Table):
        return _with_frame(stream, other, names, how, suffix)
    _check_wait(other.records, wait)
    merge = {"op": "join_table", "on": names, "suffix": suffix, "how": how}
    records = replace(other.records, _tombstones=True)
    # Only the table is not waited for while it is silent, which tables are most of the time.
    waits = [wait, replace(wait, idle_timeout_ns=None)]
    _check_time("join", "the stream", stream)
    return topology.merged([records, stream], waits, merge)


def _check_wait(records: Stream, wait: topology.Wait) -> None:
    if (
        wait.idle_timeout_ns is None
        and records._schema.event_time is None
        and not records._source.bounded
    ):
        raise InvalidArgument(
            "join: idle_timeout: a table without event times is waited for until it is silent: "
            'expected a length of time like "1s", or hr.table(..., until="end"), got None'
        )


def _with_frame(stream: Stream, other: Any, on: list[str], how: str, suffix: str) -> Stream:
    table = static_table(stream, other, on)
    step = {"op": "join", "on": on, "table": table.id, "suffix": suffix, "how": how}
    return stream._with_step(step, tables=(table,))


def static_table(stream: Stream, other: Any, on: list[str]) -> _core.StaticTable:
    """Return the rows of a frame as the core looks them up, keys of the types of the stream's.

    Examples
    --------
    >>> import headrace as hr
    >>> import pandas as pd
    >>> from headrace import joins
    >>> bars = hr.kafka("bars", schema=hr.market.SCHEMA)
    >>> joins.static_table(bars, pd.DataFrame({"Ticker": ["ACME"]}), ["Ticker"]).rows
    1
    """
    from headrace import _core
    from headrace.stream import Stream

    if isinstance(other, Stream):
        raise InvalidArgument(
            "join: two streams are joined by their event times: use join_asof or join_interval; "
            "a compacted topic is read by hr.table(...)"
        )
    try:
        kind = frames.kind_of(other)
    except TypeMismatch as error:
        raise InvalidArgument(
            "join: expected hr.table(...), a DataFrame or an Arrow table, got "
            f"{type(other).__name__}"
        ) from error
    if isinstance(other, str) or kind == "arrow":
        other = _as_table(other)
    found = of_frame(other)
    known = stream.schema
    schema = Schema(
        {
            name: nullable(known[name]) if name in on and name in known else found[name]
            for name in found
        }
    )
    plan = _core.Plan(schema._plan_text(), [])
    try:
        return _core.StaticTable(plan, frames.frame_source(other, schema), on)
    except InvalidArgument as error:
        raise InvalidArgument(f"join: {str(error).removeprefix('join: ')}") from error


def _as_table(other: Any) -> Any:
    """Return something that speaks Arrow only as a table, whose columns can be looked at."""
    if hasattr(other, "__arrow_c_stream__"):
        return frames._require("pyarrow", "arrow").table(other)
    raise InvalidArgument(
        f"join: expected hr.table(...), a DataFrame or an Arrow table, got {other!r}"
    )


def _merged(
    verb: str, left: Stream, right: Stream, wait: topology.Wait, merge: dict[str, Any]
) -> Stream:
    """Return both as one, the right side first: at equal times it is there to be looked up in."""
    _check_time(verb, "the left stream", left)
    _check_time(verb, "the right stream", right)
    return topology.merged([right, left], wait, merge)


def _check_time(verb: str, which: str, stream: Stream) -> None:
    if isinstance(stream._source, topology.Merged):
        return
    if stream._schema.event_time is not None or stream.schema.event_time is not None:
        return
    raise InvalidArgument(
        f"{verb}: {which} has no event time, by which records are joined; name it in the schema: "
        'hr.Schema({...}, event_time="...")'
    )


def _stream(verb: str, right: Any) -> Stream:
    from headrace.stream import Stream

    if isinstance(right, Stream):
        return right
    hint = ": a table is joined by join(table, on=...)" if isinstance(right, Table) else ""
    shown = repr(right) if isinstance(right, (str, Table)) else type(right).__name__
    raise InvalidArgument(f"{verb}: expected a stream, got {shown}{hint}")


def _names(where: str, given: Any) -> list[str]:
    if given is None:
        return []
    names = [given] if isinstance(given, str) else given
    if not isinstance(names, Sequence) or not all(isinstance(name, str) for name in names):
        raise InvalidArgument(f"{where}: expected a column name or a list of them, got {given!r}")
    return list(names)


def _text(where: str, given: Any) -> str:
    if not isinstance(given, str):
        raise InvalidArgument(f"{where}: expected text, got {given!r}")
    return given


def _truth(where: str, given: Any) -> bool:
    if not isinstance(given, bool):
        raise InvalidArgument(f"{where}: expected True or False, got {given!r}")
    return given


def _check_choice(where: str, given: Any, choices: Sequence[str]) -> None:
    if given in choices:
        return
    from headrace import _core

    listed = ", ".join(f'"{choice}"' for choice in choices)
    nearest = ""
    if isinstance(given, str):
        words = _core.unknown_name("value", given, list(choices))
        guess = words.partition("did you mean ")[2].partition("?")[0]
        nearest = f"; did you mean {guess}?" if guess else ""
    raise InvalidArgument(f"{where}: expected one of {listed}, got {given!r}{nearest}")
