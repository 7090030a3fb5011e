"""Windows: how a stream is cut for :meth:`headrace.GroupBy.window`.

Starts belong to a window, ends do not. Lengths are texts as pandas reads them (``"90s"``,
``"5m"``, ``"1h30m"``, ``"1d"``), and ``"1w"`` (from Monday), ``"1mo"``, ``"1q"`` and ``"1y"`` of
the calendar. Without a time zone windows follow UTC; with one, days and longer follow its local
clock, so that the day on which the clock changes has 23 or 25 hours.

Examples
--------
>>> import headrace as hr
>>> hr.tumbling("1mo", tz="America/New_York")
tumbling("1mo", tz="America/New_York")
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import time, timedelta
from typing import Any

from headrace import durations, zones
from headrace.arguments import names_checked
from headrace.errors import InvalidArgument

__all__ = [
    "Window",
    "all_time",
    "count_window",
    "hopping",
    "session",
    "sliding",
    "trading_session",
    "tumbling",
]

_CALENDAR = {"w": ("week", 1), "mo": ("month", 1), "q": ("month", 3), "y": ("year", 1)}
_CALENDAR_TEXT = re.compile(r"(\d*)(w|mo|q|y)")
_DAYS = re.compile(r"(\d*)d")
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_SECOND = 1_000_000_000
_UTC: dict[str, Any] = {"name": "UTC", "transitions": [[0, 0]]}


@dataclass(frozen=True, repr=False)
class Window:
    """A way to cut a stream; made by the functions of this module.

    Examples
    --------
    >>> import headrace as hr
    >>> hr.tumbling("5m")
    tumbling("5m")
    """

    _plan: dict[str, Any] = field(hash=False)
    _text: str

    @property
    def _kind(self) -> str:
        return str(self._plan["kind"])

    def __repr__(self) -> str:
        return self._text


@names_checked
def tumbling(
    size: str | timedelta, *, tz: str | None = None, offset: str | timedelta | None = None
) -> Window:
    """Cut time into windows of one length, one after the other.

    Parameters
    ----------
    size : str or timedelta
        Their length: fixed, or of the calendar (``"1d"``, ``"1w"``, ``"1mo"``, ``"1q"``,
        ``"1y"``). Fixed ones count from 1970-01-01T00:00Z, so an hour begins at the full hour.
    tz : str, optional
        Time zone by whose local clock days and longer windows begin, as ``"Europe/Berlin"``.
    offset : str or timedelta, optional
        By how much later fixed windows begin.

    Raises
    ------
    InvalidArgument
        If a length or the zone is none, or `tz` comes with windows shorter than a day.

    Examples
    --------
    >>> import headrace as hr
    >>> hr.tumbling("1d", tz="Europe/Berlin")
    tumbling("1d", tz="Europe/Berlin")
    """
    shown = _shown("tumbling", size, tz=tz, offset=offset)
    calendar = _calendar("tumbling", size, tz)
    if calendar is not None:
        if offset is not None:
            raise InvalidArgument("tumbling: offset: windows of the calendar have none")
        return Window(calendar, shown)
    if tz is not None:
        raise InvalidArgument(
            f"tumbling: tz={tz!r}: only days and longer follow a local clock; got {size!r}"
        )
    length = _length("tumbling: size", size)
    shift = 0 if offset is None else durations.nanoseconds("tumbling: offset", offset)
    plan = {"kind": "fixed", "size_ns": length, "hop_ns": length, "offset_ns": shift}
    return Window(plan, shown)


@names_checked
def hopping(size: str | timedelta, hop: str | timedelta) -> Window:
    """Cut time into windows of one length that begin every `hop`, and so overlap.

    A record costs as much as in one window: parts that no border cuts are merged when a window
    closes.

    Parameters
    ----------
    size : str or timedelta
        Length of a window.
    hop : str or timedelta
        From the start of one to that of the next; at most `size`.

    Examples
    --------
    >>> import headrace as hr
    >>> hr.hopping("1h", hop="5m")
    hopping("1h", hop="5m")
    """
    size_ns, hop_ns = _length("hopping: size", size), _length("hopping: hop", hop)
    plan = {"kind": "fixed", "size_ns": size_ns, "hop_ns": hop_ns}
    if hop_ns > size_ns:
        raise InvalidArgument(
            f"hopping: hop={hop!r} is longer than the window ({size!r}): records between two "
            "windows would be in none"
        )
    return Window(plan, _shown("hopping", size, hop=hop))


@names_checked
def sliding(size: str | timedelta | None = None, *, rows: int | None = None) -> Window:
    """Look back from every record: one result each, over its group's records until then.

    As pandas' ``rolling``: those less than `size` older than the record, itself among them, or the
    last `rows`. Amortised three merges of the aggregates a record; memory is one state of each
    aggregate for every record in the window.

    Parameters
    ----------
    size : str or timedelta, optional
        How far to look back in event time.
    rows : int, optional
        How many records instead.

    Examples
    --------
    >>> import headrace as hr
    >>> hr.sliding("5m"), hr.sliding(rows=20)
    (sliding("5m"), sliding(rows=20))
    """
    if (size is None) == (rows is None):
        raise InvalidArgument('sliding: expected a length, sliding("5m"), or rows=20')
    if size is not None:
        plan = {"kind": "sliding", "length_ns": _length("sliding: size", size)}
        return Window(plan, _shown("sliding", size))
    return Window(
        {"kind": "sliding", "rows": _whole("sliding: rows", rows)}, f"sliding(rows={rows})"
    )


@names_checked
def session(gap: str | timedelta) -> Window:
    """Group what comes close together: a session ends where no record came for `gap`.

    It begins with its first record and ends `gap` after its last one. Two records exactly `gap`
    apart are in two sessions.

    Examples
    --------
    >>> import headrace as hr
    >>> hr.session("30m")
    session("30m")
    """
    return Window(
        {"kind": "session", "gap_ns": _length("session: gap", gap)}, _shown("session", gap)
    )


@names_checked
def count_window(rows: int) -> Window:
    """Cut a group's records into windows of `rows`, in the order in which they come.

    Start and end are the smallest and largest event time in it.

    Examples
    --------
    >>> import headrace as hr
    >>> hr.count_window(100)
    count_window(100)
    """
    return Window({"kind": "count", "rows": _whole("count_window: rows", rows)},
                  f"count_window({rows})")  # fmt: skip


@names_checked
def trading_session(
    open: str,
    close: str,
    *,
    tz: str,
    days: str | Sequence[str] = "Mon-Fri",
) -> Window:
    """Have one window a day, from `open` to `close` on the local clock of an exchange.

    Records outside the hours are in no window. A `close` not after `open` is on the next day.

    Parameters
    ----------
    open, close : str
        Local times, as ``"09:30"``.
    tz : str
        The exchange's time zone.
    days : str or sequence of str
        On which a session opens: ``"Mon-Fri"``, or a list of ``"Mon"``, ``"Tue"``, ...

    Examples
    --------
    >>> import headrace as hr
    >>> hr.trading_session("09:30", "16:00", tz="America/New_York")
    trading_session("09:30", "16:00", tz="America/New_York")
    """
    plan = {
        "kind": "hours",
        "open_ns": _clock("open", open),
        "close_ns": _clock("close", close),
        "weekdays": _weekdays(days),
        "zone": _zone("trading_session: tz", tz),
    }
    if plan["open_ns"] == plan["close_ns"]:
        raise InvalidArgument(f"trading_session: opens and closes at {open!r}")
    shown = f'trading_session("{open}", "{close}", tz="{tz}")'
    return Window(plan, shown)


@names_checked
def all_time() -> Window:
    """Have one window for everything: running totals.

    It closes only at the end of a bounded stream; ``emit="update"`` gives a result with every
    record.

    Examples
    --------
    >>> import headrace as hr
    >>> hr.all_time()
    all_time()
    """
    return Window({"kind": "all"}, "all_time()")


def _calendar(who: str, size: object, tz: str | None) -> dict[str, Any] | None:
    """Return the plan of a window of the calendar; None where `size` is a fixed length."""
    if not isinstance(size, str):
        return None
    if match := _CALENDAR_TEXT.fullmatch(size.strip()):
        unit, count = _CALENDAR[match[2]]
        count *= int(match[1] or 1)
    elif tz is not None and (match := _DAYS.fullmatch(size.strip())):
        unit, count = "day", int(match[1] or 1)
    else:
        return None
    if count < 1:
        raise InvalidArgument(f"{who}: size: expected a length above 0, got {size!r}")
    zone = _UTC if tz is None else _zone(f"{who}: tz", tz)
    return {"kind": "calendar", "unit": unit, "count": count, "zone": zone}


def _zone(argument: str, tz: Any) -> dict[str, Any]:
    return zones.transitions(zones.name_of(argument, tz), argument)


def _length(argument: str, value: Any) -> int:
    if isinstance(value, str) and _CALENDAR_TEXT.fullmatch(value.strip()):
        raise InvalidArgument(
            f'{argument}: {value!r} has no fixed length; write days ("7d"), or use tumbling'
        )
    length = durations.nanoseconds(argument, value)
    if length == 0:
        raise InvalidArgument(f"{argument}: expected a length above 0, got {value!r}")
    return length


def _whole(argument: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise InvalidArgument(f"{argument}: expected a whole number from 1, got {value!r}")
    return value


def _clock(name: str, text: object) -> int:
    try:
        clock = time.fromisoformat(str(text))
    except ValueError:
        raise InvalidArgument(
            f'trading_session: {name}: expected a time of day like "09:30", got {text!r}'
        ) from None
    return (clock.hour * 3600 + clock.minute * 60 + clock.second) * _SECOND


def _weekdays(days: str | Sequence[str]) -> int:
    """Return the days as bits, Monday first."""
    listed = [days] if isinstance(days, str) else list(days)
    bits = 0
    for entry in listed:
        first, _, last = entry.partition("-")
        if first not in _WEEKDAYS or (last or first) not in _WEEKDAYS:
            raise InvalidArgument(
                f'trading_session: days: expected "Mon-Fri" or a list of {", ".join(_WEEKDAYS)}, '
                f"got {days!r}"
            )
        start, end = _WEEKDAYS.index(first), _WEEKDAYS.index(last or first)
        for day in range(start, end + 1 if end >= start else end + 8):
            bits |= 1 << day % 7
    return bits


def _shown(name: str, size: object, **options: object) -> str:
    def quoted(value: object) -> str:
        return f'"{value}"' if isinstance(value, str) else repr(value)

    given = [f"{key}={quoted(value)}" for key, value in options.items() if value is not None]
    return f"{name}({', '.join([quoted(size), *given])})"
