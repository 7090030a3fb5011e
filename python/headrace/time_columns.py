"""Columns that are parts of a time: found by their names and what is in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from headrace.composed import ComposedTime, timestamp_from
from headrace.dtypes import DataType

__all__ = ["Composed", "compose"]

# Names without case and punctuation: DayofMonth and DAY_OF_MONTH are one.
_YEAR = ("year",)
_MONTH = ("month",)
_DAY = ("dayofmonth", "day")
_DATE = ("flightdate", "fldate", "ds", "date")
# The scheduled one: the only time that a cancelled flight has.
_CLOCK = ("crsdeptime", "scheduleddeparture", "scheduleddeptime", "scheddeptime")

_NAMES = ("FlightDate", "Date")  # of a new column

_NOT_A_LETTER = re.compile(r"[^a-z0-9]")
_DATE_ALONE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_SHOWS_A_TIME = re.compile(
    r"(([01]?\d|2[0-4])?[0-5])?\d(\.0+)?|([01]?\d|2[0-4]):[0-5]\d(:[0-5]\d)?", re.ASCII
)


@dataclass
class Composed:
    """The columns, perhaps with an event time that is made of others."""

    columns: dict[str, DataType]
    event_time: str | None
    notes: list[str] = field(default_factory=list)


def compose(
    columns: Mapping[str, DataType],
    values: Mapping[str, Collection[str]],
    event_time: str | None,
) -> Composed:
    """Return the columns with an event time where parts of one are among them.

    Parameters
    ----------
    columns : mapping of str to DataType
        As they are in the data.
    values : mapping of str to set of str
        What is in them, as text and without nulls.
    event_time : str, optional
        The user's choice: a date, which gets its time of day, or the name of a new column. Without
        it one is composed where the names of the columns leave no other.

    Examples
    --------
    >>> import headrace as hr
    >>> from headrace.time_columns import compose
    >>> columns = {"ds": hr.timestamp, "SCHEDULED_DEPARTURE": hr.int64}
    >>> values = {"ds": {"2015-01-01"}, "SCHEDULED_DEPARTURE": {"5", "1745"}}
    >>> compose(columns, values, "FlightDate").columns["FlightDate"]
    hr.timestamp_from(date="ds", clock="SCHEDULED_DEPARTURE")
    """
    parts = _Parts(columns, values)
    if event_time in columns:
        return _with_clock(columns, parts, event_time, event_time)
    times = [n for n, t in columns.items() if t.name == "timestamp" and not t.is_nullable]
    if event_time is None and times:
        return _with_clock(columns, parts, parts.date if times == [parts.date] else None, None)
    made = parts.whole()
    if made is None:
        return Composed(dict(columns), event_time)
    free = (n for n in (*_NAMES[made.clock is None :], "EventTime") if n not in columns)
    return _with(columns, event_time or next(free, "event_time"), made)


def _with_clock(
    columns: Mapping[str, DataType], parts: _Parts, date: str | None, otherwise: str | None
) -> Composed:
    """Give a date its time of day, where there is one."""
    if date is None or parts.clock is None or not parts.is_date(date):
        return Composed(dict(columns), otherwise)
    return _with(columns, date, timestamp_from(date=date, clock=parts.clock))


def _with(columns: Mapping[str, DataType], name: str, made: ComposedTime) -> Composed:
    new = {**columns, name: made} if name in columns else {name: made, **columns}
    day = [made.date] if made.date else [made.year, made.month, made.day]
    parts = ", ".join(part for part in day if part)
    clock = f" and {made.clock}" if made.clock else ""
    note = f'event_time="{name}" composed of {parts}{clock}, taken as UTC'
    return Composed(new, name, [note])


class _Parts:
    """The columns that can be parts of a time."""

    def __init__(
        self, columns: Mapping[str, DataType], values: Mapping[str, Collection[str]]
    ) -> None:
        self._columns = columns
        self._values = values
        self.date = self._find(_DATE, self.is_date)
        self.clock = self._find(_CLOCK, self._is_clock)

    def whole(self) -> ComposedTime | None:
        """Return the time of the parts that are there, if there are enough."""
        year, month, day = (self._find(names, self._is_part) for names in (_YEAR, _MONTH, _DAY))
        if year and month and day:
            return timestamp_from(year=year, month=month, day=day, clock=self.clock)
        return timestamp_from(date=self.date, clock=self.clock) if self.date else None

    def is_date(self, name: str) -> bool:
        """Whether the column holds dates without a time of day."""
        there = self._values.get(name, ())
        return self._columns[name].name == "timestamp" and _all(_DATE_ALONE, there)

    def _is_clock(self, name: str) -> bool:
        there = self._values.get(name, ())
        kind = self._columns[name].name
        return kind in ("int64", "float64", "string") and _all(_SHOWS_A_TIME, there)

    def _is_part(self, name: str) -> bool:
        return self._columns[name].name in ("int64", "string")

    def _find(self, names: tuple[str, ...], fits: Callable[[str], bool]) -> str | None:
        plain = {_plain(name): name for name in reversed(list(self._columns))}
        for name in names:
            column = plain.get(name)
            if column is not None and not self._columns[column].is_nullable and fits(column):
                return column
        return None


def _plain(name: str) -> str:
    return _NOT_A_LETTER.sub("", name.lower())


def _all(pattern: re.Pattern[str], values: Collection[str]) -> bool:
    return bool(values) and all(map(pattern.fullmatch, values))
