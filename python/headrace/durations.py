"""Lengths of time as a caller writes them: ``"10m"``, ``"1h30m"``, a ``timedelta``."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from headrace.errors import InvalidArgument
from headrace.lazy import np, pd

__all__ = ["nanoseconds", "parsed", "text"]

_NANOSECONDS = {
    "d": 86_400_000_000_000,
    "h": 3_600_000_000_000,
    "m": 60_000_000_000,
    "s": 1_000_000_000,
    "ms": 1_000_000,
    "us": 1_000,
    "ns": 1,
}
_PART = re.compile(
    rf"([0-9]+)(?:\.([0-9]{{1,9}}))?({'|'.join(sorted(_NANOSECONDS, reverse=True))})"
)
_LONGEST_NS = 2**63 - 1


def nanoseconds(name: str, value: Any, *, signed: bool = False) -> int:
    """Return a length of time in nanoseconds.

    Parameters
    ----------
    name : str
        Of the argument, for messages: ``"sort_within: grace"``.
    value : str, datetime.timedelta, pandas.Timedelta or numpy.timedelta64
        Text is read by :class:`pandas.Timedelta`. A number without a unit is refused, since pandas
        would take it for nanoseconds.
    signed : bool
        Whether it may be negative: ``"-5m"``.

    Raises
    ------
    InvalidArgument
        If it is none, or negative and not `signed`.

    Examples
    --------
    >>> from headrace.durations import nanoseconds
    >>> nanoseconds("sort_within: grace", "1m30s")
    90000000000
    """
    if isinstance(value, str):
        length = None if _is_number(value) else parsed(value)
    elif isinstance(value, (timedelta, np.timedelta64)):
        length = _of_pandas(value)
    else:
        length = None
    if length is None or (length < 0 and not signed):
        raise _refused(name, value)
    return length


def parsed(written: str) -> int | None:
    """Return nanoseconds, read by :class:`pandas.Timedelta`; None where that is no length of time.

    The usual forms are read here, the same: pandas takes half a second to load, which a process
    that starts again after a crash does not have.

    Parameters
    ----------
    written : str
        ``"100ms"``, ``"1m30s"``, ``"1.5s"``, or whatever pandas reads.

    Examples
    --------
    >>> from headrace.durations import parsed
    >>> parsed("1.5s"), parsed("2 days"), parsed("soon")
    (1500000000, 172800000000000, None)
    """
    total, at = 0, 0
    while part := _PART.match(written, at):
        whole, fraction, unit = part.groups("")
        count = int(whole + fraction) * _NANOSECONDS[unit]
        if count % 10 ** len(fraction):
            break  # less than a nanosecond is left
        total, at = total + count // 10 ** len(fraction), part.end()
    if 0 < at == len(written) and total <= _LONGEST_NS:
        return total
    return _of_pandas(_with_capital_day(written))


def _of_pandas(value: Any) -> int | None:
    try:
        length = pd.Timedelta(value)
        return None if pd.isna(length) else int(length.as_unit("ns").value)
    except (ValueError, OverflowError):
        return None


def text(ns: int) -> str:
    """Return a length of time as one would write it; :func:`nanoseconds` reads it back.

    Parameters
    ----------
    ns : int
        Nanoseconds.

    Examples
    --------
    >>> from headrace.durations import text
    >>> text(600_000_000_000), text(90_500_000_000), text(0), text(-300_000_000_000)
    ('10m', '1m30s500ms', '0s', '-5m')
    """
    if ns < 0:
        return f"-{text(-ns)}"
    parts = []
    for unit, size in _NANOSECONDS.items():
        if ns >= size:
            parts.append(f"{ns // size}{unit}")
            ns %= size
    return "".join(parts) or "0s"


def _with_capital_day(value: str) -> str:
    # pandas 3 warns of the small "d", which stands for days everywhere else.
    return re.sub(r"(?<=[\d\s])d(?![a-z])", "D", value)


def _is_number(value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:
        float(value)
    except ValueError:
        return False
    return True


def _refused(name: str, value: object) -> InvalidArgument:
    return InvalidArgument(
        f'{name}: expected a length of time with its unit, like "10m" or "1.5s", got {value!r}'
    )
