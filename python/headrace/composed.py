"""Timestamps that a record holds in parts: year, month, day, a clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from headrace import zones
from headrace.arguments import names_checked
from headrace.dtypes import DataType, quoted
from headrace.errors import InvalidArgument, SchemaError

__all__ = ["ComposedTime", "timestamp_from"]

_PARTS = ("date", "year", "month", "day", "clock")


@dataclass(frozen=True, repr=False)
class ComposedTime(DataType):
    """The type of a column that is made of other columns; made by :func:`timestamp_from`."""

    name: str = "timestamp"
    date: str | None = None
    year: str | None = None
    month: str | None = None
    day: str | None = None
    clock: str | None = None
    tz: str | None = None

    in_message: ClassVar[bool] = False

    def __call__(self, unit: str = "auto") -> DataType:
        """Refuse a unit."""
        raise SchemaError(f"timestamp_from takes no unit, got {unit!r}; its parts say the time")

    def step(self, name: str, at: int, *, event_time: bool) -> dict[str, Any]:
        """Return the step that makes the column `name`, the one with the number `at`."""
        return {
            "op": "compose_time",
            "name": name,
            "at": at,
            **{part: getattr(self, part) for part in _PARTS},
            "zone": None if self.tz is None else zones.transitions(self.tz),
            "nullable": self.is_nullable,
            "event_time": event_time,
        }

    def code(self, width: int) -> list[str]:
        """Return the call that makes it, on one line or wrapped to `width`."""
        options = [
            f"{part}={quoted(getattr(self, part))}"
            for part in (*_PARTS, "tz")
            if getattr(self, part) is not None
        ]
        inner = f"hr.timestamp_from({', '.join(options)})"
        whole = f"hr.nullable({inner})" if self.is_nullable else inner
        if len(whole) <= width:
            return [whole]
        if not self.is_nullable:
            return ["hr.timestamp_from(", f"    {', '.join(options)}", ")"]
        return [
            "hr.nullable(",
            "    hr.timestamp_from(",
            f"        {', '.join(options)}",
            "    )",
            ")",
        ]

    def __repr__(self) -> str:
        return self.code(1000)[0]


@names_checked
def timestamp_from(
    *,
    date: str | None = None,
    year: str | None = None,
    month: str | None = None,
    day: str | None = None,
    clock: str | None = None,
    tz: Any = None,
) -> ComposedTime:
    """Return the type of a timestamp that is made of other columns.

    Flight files and the like have the day and the time of day in columns of their own. The column
    of this type is computed before any step and can be the event time.

    Parameters
    ----------
    date : str, optional
        Column with the day: a timestamp, ISO 8601 text, or a number such as 20150131. A date column
        may have the name of the new one, which then takes its place.
    year, month, day : str, optional
        Columns with the parts of the day, in place of `date`: numbers, or text with digits.
    clock : str, optional
        Column with the time of day as a clock shows it: 1745 is 17:45, 5 is 00:05, and 2400 the end
        of the day; whole floats and text (``"0005"``, ``"17:45"``) will do. Default: midnight.
    tz : str or zoneinfo.ZoneInfo, optional
        Zone whose clocks show these times. A time that is left out in spring is shifted forward by
        an hour; of one that comes twice in autumn the earlier is taken. Default: UTC.

    Returns
    -------
    DataType
        Where parts make no time, the record is rejected. Where one is null, too, unless the column
        is nullable: ``hr.nullable(hr.timestamp_from(...))``.

    Raises
    ------
    InvalidArgument
        If it is neither a date nor a year, a month and a day, or there is no such zone.

    Examples
    --------
    >>> import headrace as hr, pandas as pd
    >>> schema = hr.Schema(
    ...     {"Departure": hr.timestamp_from(date="ds", clock="CRSDepTime", tz="America/New_York"),
    ...      "ds": hr.timestamp, "CRSDepTime": hr.int64},
    ...     event_time="Departure")
    >>> df = pd.DataFrame({"ds": pd.to_datetime(["2015-07-04"], utc=True), "CRSDepTime": [1745]})
    >>> str(hr.from_frame(df, schema=schema).collect()["Departure"][0])
    '2015-07-04 21:45:00+00:00'
    """
    given = {"date": date, "year": year, "month": month, "day": day, "clock": clock}
    for part, column in given.items():
        if column is not None and (not isinstance(column, str) or not column):
            raise InvalidArgument(
                f"timestamp_from: {part}: expected the name of a column, got {column!r}"
            )
    parts = [part for part in ("year", "month", "day") if given[part] is not None]
    if len(parts) != (0 if date is not None else 3):
        said = ", ".join(part for part, column in given.items() if column is not None)
        raise InvalidArgument(
            "timestamp_from: expected either date, or year, month and day, and perhaps clock, "
            f"got {said or 'none of them'}"
        )
    zone = None if tz is None else zones.name_of("timestamp_from: tz", tz)
    return ComposedTime(date=date, year=year, month=month, day=day, clock=clock, tz=zone)
