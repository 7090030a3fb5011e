"""Bars of prices from ticks or smaller bars, and daily, monthly and yearly views."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from headrace import aggregates, durations, windows
from headrace.aggregates import Aggregate
from headrace.errors import InvalidArgument, UnknownColumn
from headrace.windows import Window

if TYPE_CHECKING:
    from headrace.grouping import GroupBy
    from headrace.stream import Stream

__all__ = ["bars", "resample"]

_NAMES = ("Open", "High", "Low", "Close")
_VOLUMES = ("Volume", "Size", "Quantity", "Qty")


def bars(
    stream: Stream,
    every: str | timedelta | Window | None,
    *,
    ticks: int | None,
    volume: str | float | None,
    dollar: float | None,
    price: str | None,
    size: str | None,
    by: str | None,
    fill: bool | str,
    emit: str,
    grace: str | timedelta,
    tz: str | None,
) -> Stream:
    """Return the stream of bars; see :meth:`headrace.Stream.bars`."""
    names = stream.schema.names
    from_bars = (
        price is None and _find(names, "Close") is not None and _find(names, "Price") is None
    )
    price = price or _find(names, "Price") or _find(names, "Close")
    if price is None:
        raise InvalidArgument(
            f"bars: price: expected the name of a column with prices; there are {', '.join(names)}"
        )
    threshold = volume if not isinstance(volume, str) else None
    size = size or (volume if isinstance(volume, str) else _first(names, _VOLUMES))
    for name in filter(None, (price, size)):
        _ = stream.schema[name]
    window = _window(every, ticks, threshold, dollar, price, size, tz)
    time = stream._event_time_name()
    listed, filled = _bar_columns(stream, price, size, from_bars)
    group = _group(stream, by)
    made = group.window(window, emit=emit, grace=grace)._agg(tuple(listed), {}, time, "")
    if not fill:
        return made
    return made._with_step(_fill_step(window, fill, emit, filled))


def _window(
    every: Any,
    ticks: int | None,
    volume: float | None,
    dollar: float | None,
    price: str,
    size: str | None,
    tz: str | None,
) -> Window:
    given = {"every": every, "ticks": ticks, "volume": volume, "dollar": dollar}
    chosen = [name for name, value in given.items() if value is not None]
    if len(chosen) != 1:
        raise InvalidArgument(
            'bars: expected one of every="1min", ticks=100, volume=10_000, dollar=1e6; got '
            + (" and ".join(chosen) or "none of them")
        )
    if every is not None:
        return every if isinstance(every, Window) else windows.tumbling(every, tz=tz)
    if ticks is not None:
        return windows.count_window(ticks)
    if size is None:
        raise InvalidArgument(
            f"bars: {chosen[0]}: size: expected the name of the column with volumes"
        )
    columns = [size] if volume is not None else [price, size]
    threshold = volume if volume is not None else dollar
    if not isinstance(threshold, (int, float)) or isinstance(threshold, bool) or threshold <= 0:
        raise InvalidArgument(f"bars: {chosen[0]}: expected a number above 0, got {threshold!r}")
    plan = {"kind": "measure", "columns": columns, "threshold": float(threshold)}
    return Window(plan, f"{chosen[0]}={threshold:g}")


def _bar_columns(
    stream: Stream, price: str, size: str | None, from_bars: bool
) -> tuple[list[Aggregate], dict[str, list[str]]]:
    """Return the aggregates of a bar, and which columns a filled gap carries, zeroes, empties."""
    filled: dict[str, list[str]] = {"carried": list(_NAMES), "zeroed": [], "emptied": []}
    if from_bars:
        listed = _from_smaller(stream.schema.names)
        filled["carried"] = [name for a in listed for name in a.outputs]
    else:
        ohlc = aggregates.ohlc(price)
        listed = [Aggregate(ohlc.kind, ohlc.columns, outputs=_NAMES)]
    if size is not None:
        listed.append(_named(aggregates.sum(size), "Volume"))
        filled["zeroed"].append("Volume")
    if not from_bars:
        listed.append(_named(aggregates.count(), "Trades"))
        filled["zeroed"].append("Trades")
        if size is not None:
            listed.append(_named(aggregates.vwap(price, size), "Vwap"))
            filled["emptied"].append("Vwap")
    return listed, filled


def _from_smaller(names: list[str]) -> list[Aggregate]:
    makers = {
        "Open": aggregates.first,
        "High": aggregates.max,
        "Low": aggregates.min,
        "Close": aggregates.last,
    }
    found = {bar: _find(names, bar) for bar in makers}
    missing = [bar for bar, name in found.items() if name is None]
    if missing:
        raise UnknownColumn(
            f"bars: no column {', '.join(missing)}; bars are made of Open, High, Low and Close, "
            'or of one price: bars("1min", price="Close")'
        )
    listed = [_named(makers[bar](str(name)), bar) for bar, name in found.items()]
    adjusted = _find(names, "Adj Close")
    return [*listed, _named(aggregates.last(adjusted), "Adj Close")] if adjusted else listed


def _fill_step(
    window: Window, fill: bool | str, emit: str, filled: dict[str, list[str]]
) -> dict[str, Any]:
    if window._kind not in ("fixed", "calendar", "hours"):
        raise InvalidArgument(f"bars: fill: {window!r} leaves no gaps")
    if emit == "update":
        raise InvalidArgument("bars: fill: gaps are filled between closed bars; leave emit= out")
    longest = None if fill is True else durations.nanoseconds("bars: fill", fill)
    return {"op": "fill", "window": window._plan, "carry": "Close", **filled, "longest_ns": longest}


def resample(
    stream: Stream,
    every: str | timedelta | Window,
    named: dict[str, Aggregate],
    *,
    by: str | None,
    tz: str | None,
    grace: str | timedelta,
    emit: str,
) -> Stream:
    """Return the stream at a coarser step; see :meth:`headrace.Stream.resample`."""
    if not named:
        return bars(
            stream, every, ticks=None, volume=None, dollar=None, price=None, size=None, by=by,
            fill=False, emit=emit, grace=grace, tz=tz,
        )  # fmt: skip
    window = every if isinstance(every, Window) else windows.tumbling(every, tz=tz)
    windowed = _group(stream, by).window(window, emit=emit, grace=grace)
    return windowed._agg((), named, stream._event_time_name(), "")


def _group(stream: Stream, by: str | None) -> GroupBy:
    key = by or stream.schema.key
    return stream.group_by(key) if key is not None else stream.group_by()


def _named(aggregate: Aggregate, name: str) -> Aggregate:
    return Aggregate(aggregate.kind, aggregate.columns, aggregate.params, outputs=(name,))


def _find(names: list[str], wanted: str) -> str | None:
    """Return the column of that name, however it is spelt."""
    plain = wanted.casefold().replace(" ", "").replace("_", "")
    for name in names:
        if name.casefold().replace(" ", "").replace("_", "") == plain:
            return name
    return None


def _first(names: list[str], wanted: tuple[str, ...]) -> str | None:
    return next((found for name in wanted if (found := _find(names, name))), None)
