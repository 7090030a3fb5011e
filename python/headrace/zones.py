"""Time zones: the offsets of a zone from UTC, as a plan carries them to the core."""

from __future__ import annotations

import difflib
import functools
import zoneinfo
from datetime import datetime, timedelta, timezone
from typing import Any

from headrace.errors import InvalidArgument

__all__ = ["name_of", "transitions"]

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_FIRST = datetime(1900, 1, 1, tzinfo=timezone.utc)
_END = datetime(2100, 1, 1, tzinfo=timezone.utc)
_STEP = timedelta(days=1)  # no zone ever changed its offset and took that back within a day


def name_of(argument: str, tz: Any) -> str:
    """Return the name of a time zone that a caller gave.

    Parameters
    ----------
    argument : str
        Of the caller, for messages: ``"timestamp_from: tz"``.
    tz : str or zoneinfo.ZoneInfo
        A name of the IANA database, as ``"Europe/Berlin"``, or a zone that has one.

    Raises
    ------
    InvalidArgument
        If there is no such zone.

    Examples
    --------
    >>> from headrace.zones import name_of
    >>> name_of("tz", "Europe/Berlin")
    'Europe/Berlin'
    """
    if tz is timezone.utc:
        return "UTC"
    name = tz.key if isinstance(tz, zoneinfo.ZoneInfo) else tz
    if not isinstance(name, str) or not name:
        raise InvalidArgument(
            f'{argument}: expected the name of a time zone, as "Europe/Berlin", got {tz!r}'
        )
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidArgument(f'{argument}: no time zone "{name}"{_hint(name)}') from None
    return name


def transitions(tz: Any, argument: str = "tz") -> dict[str, Any]:
    """Return the offsets of a time zone in the years 1900 to 2100.

    They travel in a plan: a core needs no zone database, and a plan means the same on every
    machine.

    Parameters
    ----------
    tz : str or zoneinfo.ZoneInfo
        As in :func:`name_of`.
    argument : str, default "tz"
        Of the caller, for messages.

    Returns
    -------
    dict
        ``"name"``, and ``"transitions"``: a list of ``[utc_seconds, offset_seconds]``, ascending.
        From each of these instants the local clock is that many seconds ahead of UTC. The first is
        the beginning of the year 1900, whatever happens there.

    Examples
    --------
    >>> from headrace.zones import transitions
    >>> transitions("Asia/Dubai")
    {'name': 'Asia/Dubai', 'transitions': [[-2208988800, 13272], [-1577936472, 14400]]}
    """
    name = name_of(argument, tz)
    return {"name": name, "transitions": [list(pair) for pair in _computed(name)]}


def _hint(name: str) -> str:
    by_lower_case = {zone.lower(): zone for zone in zoneinfo.available_timezones()}
    near = difflib.get_close_matches(name.lower(), by_lower_case, 1)
    return f'; did you mean "{by_lower_case[near[0]]}"?' if near else ""


@functools.lru_cache(maxsize=32)  # a tenth of a second each
def _computed(name: str) -> tuple[tuple[int, int], ...]:
    zone = zoneinfo.ZoneInfo(name)
    pairs = [(_seconds(_FIRST), _offset(zone, _FIRST))]
    start = _FIRST
    while start < _END:
        end = min(start + _STEP, _END)
        while _offset(zone, end) != pairs[-1][1]:
            change = _first_change(zone, start, end)
            pairs.append((_seconds(change), _offset(zone, change)))
            start = change
        start = end
    return tuple(pairs)


def _first_change(zone: zoneinfo.ZoneInfo, before: datetime, after: datetime) -> datetime:
    """Return the second at which the offset of `before` ends, no later than `after`."""
    offset = _offset(zone, before)
    low, high = _seconds(before), _seconds(after)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, _EPOCH + timedelta(seconds=middle)) == offset:
            low = middle
        else:
            high = middle
    return _EPOCH + timedelta(seconds=high)


def _seconds(instant: datetime) -> int:
    return (instant - _EPOCH) // timedelta(seconds=1)


def _offset(zone: zoneinfo.ZoneInfo, instant: datetime) -> int:
    offset = instant.astimezone(zone).utcoffset()
    assert offset is not None  # a ZoneInfo always has one
    return offset // timedelta(seconds=1)
