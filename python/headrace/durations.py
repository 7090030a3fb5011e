"""Lengths of time as a caller writes them: ``"10m"``, ``"1h30m"``, a ``timedelta``."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import numpy as np

from headrace.errors import InvalidArgument
from headrace.lazy import pd

__all__ = ["nanoseconds", "text"]

_NANOSECONDS = {
    "d": 86_400_000_000_000,
    "h": 3_600_000_000_000,
    "m": 60_000_000_000,
    "s": 1_000_000_000,
    "ms": 1_000_000,
    "us": 1_000,
    "ns": 1,
}


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
    if not isinstance(value, (str, timedelta, np.timedelta64)) or _is_number(value):
        raise _refused(name, value)
    try:
        length = pd.Timedelta(_with_capital_day(value) if isinstance(value, str) else value)
    except (ValueError, OverflowError) as error:
        raise _refused(name, value) from error
    if pd.isna(length) or (length < pd.Timedelta(0) and not signed):
        raise _refused(name, value)
    return int(length.as_unit("ns").value)


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
