"""Which texts and numbers are times, by rules that do not guess."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Sequence

__all__ = ["UNITS", "is_iso8601", "names_a_time", "read_as", "unit_of"]

UNITS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}

# An epoch between these two years is in one unit only; outside it is some other number.
_FIRST, _LAST = (
    int(dt.datetime(y, 1, 1, tzinfo=dt.timezone.utc).timestamp()) for y in (1990, 2100)
)

# What the core's decoder reads (cpp/include/headrace/decode/timestamp.hpp).
_ISO8601 = re.compile(
    r"(\d{4}-\d{2}-\d{2})([T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?"
    r"(Z|[+-]([01]\d|2[0-3])(:?[0-5]\d)?)?)?",
    re.ASCII,
)
_YEARS = range(1678, 2262)  # nanoseconds since 1970 fit an int64

_WORDS = {"time", "timestamp", "ts", "date", "datetime", "epoch"}
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def is_iso8601(text: str) -> bool:
    """Whether the core reads `text` as a timestamp.

    Examples
    --------
    >>> from headrace.epochs import is_iso8601
    >>> is_iso8601("2026-03-02T14:30:00Z"), is_iso8601("2026-02-30"), is_iso8601("02.03.2026")
    (True, False, False)
    """
    match = _ISO8601.fullmatch(text)
    if match is None:
        return False
    try:
        return dt.date.fromisoformat(match[1]).year in _YEARS
    except ValueError:
        return False


def unit_of(number: float) -> str | None:
    """Return the unit in which `number` is an epoch between 1990 and 2100; None where in none.

    Examples
    --------
    >>> from headrace.epochs import unit_of
    >>> unit_of(1_700_000_000), unit_of(1_700_000_000_000), unit_of(42)
    ('s', 'ms', None)
    """
    for unit, scale in UNITS.items():
        if _FIRST * scale <= number < _LAST * scale:
            return unit
    return None


def units_of(numbers: Sequence[float]) -> Counter[str]:
    """Count the numbers by the unit in which they are an epoch."""
    return Counter(unit for unit in map(unit_of, numbers) if unit is not None)


def read_as(number: float, unit: str) -> str:
    """Return the instant that `number` is in `unit`, as text.

    Examples
    --------
    >>> from headrace.epochs import read_as
    >>> read_as(1_700_000_000, "s")
    '2023-11-14 22:13:20 UTC'
    """
    seconds = number / UNITS[unit]
    try:
        instant = dt.datetime.fromtimestamp(seconds, dt.timezone.utc)
    except (ValueError, OverflowError, OSError):
        return "a time beyond the year 9999"
    return instant.strftime("%Y-%m-%d %H:%M:%S UTC")


def names_a_time(name: str) -> bool:
    """Whether a field's name has a word for a time: ``ts``, ``tradeTime``, ``created_at``.

    Examples
    --------
    >>> from headrace.epochs import names_a_time
    >>> names_a_time("event_ts"), names_a_time("tradeTime"), names_a_time("lifetime_id")
    (True, True, False)
    """
    words = [word.lower() for word in _PARTS.findall(name)]
    return not _WORDS.isdisjoint(words) or (len(words) > 1 and words[-1] == "at")
