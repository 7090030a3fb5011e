"""The columns of a stream: types, nullability, where each value is found in the message."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from headrace.errors import InvalidArgument, SchemaError

__all__ = [
    "DataType",
    "Schema",
    "bool_",
    "field",
    "float64",
    "int64",
    "nullable",
    "string",
    "timestamp",
]

_UNITS = ("auto", "s", "ms", "us", "ns")


@dataclass(frozen=True)
class DataType:
    """The type of one column, with its options.

    Users take the ready ones (``hr.float64``, ``hr.timestamp("ms")``) and :func:`field`.

    Examples
    --------
    >>> import headrace as hr
    >>> hr.timestamp("ms")
    timestamp('ms')
    """

    name: str
    is_nullable: bool = False
    unit: str = "auto"
    path: tuple[str, ...] = ()

    def __call__(self, unit: str = "auto") -> DataType:
        """Return the timestamp type whose numbers count in `unit` since 1970-01-01 UTC.

        Parameters
        ----------
        unit : {"auto", "s", "ms", "us", "ns"}
            ``"auto"`` takes ISO 8601 text only.

        Raises
        ------
        SchemaError
            If the type is not a timestamp or the unit is unknown.
        """
        if self.name != "timestamp":
            raise SchemaError(
                f"{self.name} takes no unit; only timestamp does, e.g. timestamp('ms')"
            )
        if unit not in _UNITS:
            raise SchemaError(f"timestamp: expected a unit of {', '.join(_UNITS)}, got {unit!r}")
        return replace(self, unit=unit)

    def __repr__(self) -> str:
        text = self.name if self.unit == "auto" else f"{self.name}({self.unit!r})"
        if self.path:
            options = f", nullable={self.is_nullable}" if self.is_nullable else ""
            return f"field({text}{options}, path={list(self.path)})"
        return f"nullable({text})" if self.is_nullable else text


bool_ = DataType("bool")
int64 = DataType("int64")
float64 = DataType("float64")
string = DataType("string")
timestamp = DataType("timestamp")


def nullable(dtype: DataType) -> DataType:
    """Return `dtype` such that the field may be absent or null.

    Examples
    --------
    >>> import headrace as hr
    >>> hr.nullable(hr.float64)
    nullable(float64)
    """
    return replace(_checked_type(dtype), is_nullable=True)


def field(
    dtype: DataType, *, nullable: bool = False, path: str | Sequence[str] | None = None
) -> DataType:
    """Return `dtype` with nullability and the place of the value in the message.

    Parameters
    ----------
    dtype : DataType
        One of ``hr.bool_``, ``hr.int64``, ``hr.float64``, ``hr.string``, ``hr.timestamp``.
    nullable : bool
        Whether the field may be absent or null.
    path : str or sequence of str, optional
        Keys from the root: ``"quote.close"`` or, where a key itself has a dot,
        ``["quote", "last.close"]``. Default: the column's name, split at dots.

    Examples
    --------
    >>> import headrace as hr
    >>> schema = hr.Schema({"close": hr.field(hr.float64, path="quote.close")})
    """
    keys = tuple(path.split(".")) if isinstance(path, str) else tuple(path or ())
    if any(not key for key in keys):
        raise SchemaError(f"path: expected keys joined by dots, got {path!r}")
    return replace(_checked_type(dtype), is_nullable=nullable, path=keys)


def _checked_type(dtype: object) -> DataType:
    if isinstance(dtype, DataType):
        return dtype
    known = "hr.bool_, hr.int64, hr.float64, hr.string, hr.timestamp"
    raise SchemaError(f"expected a headrace type ({known}), got {dtype!r}")


class Schema:
    """Columns of a stream by name, its event time and its key.

    Parameters
    ----------
    columns : mapping of str to DataType
        Names and types, in order. A name with dots is a nested path: ``"quote.close"`` is the key
        ``close`` of the object under ``quote``.
    event_time : str, optional
        Timestamp column that says when the record happened.
    key : str, optional
        String or int64 column whose values have state of their own (one ticker, one sensor).

    Raises
    ------
    SchemaError
        If a column, type, event time or key does not fit.

    Examples
    --------
    >>> import headrace as hr
    >>> hr.Schema({"Date": hr.timestamp, "Ticker": hr.string, "Close": hr.float64},
    ...           event_time="Date", key="Ticker")
    Schema({'Date': timestamp, 'Ticker': string, 'Close': float64}, event_time='Date', key='Ticker')
    """

    def __init__(
        self,
        columns: Mapping[str, DataType],
        *,
        event_time: str | None = None,
        key: str | None = None,
    ) -> None:
        if not isinstance(columns, Mapping) or not columns:
            raise SchemaError(f"expected a dict of at least one column, got {columns!r}")
        for name in columns:
            if not isinstance(name, str) or not name:
                raise SchemaError(f"expected column names that are text, got {name!r}")
        self._columns = {name: _checked_type(dtype) for name, dtype in columns.items()}
        self._event_time = event_time
        self._key = key
        from headrace import _core

        _core.Plan(self._plan_text(), [])  # the core checks event time and key

    @property
    def columns(self) -> dict[str, DataType]:
        """Names and types, in order (a copy)."""
        return dict(self._columns)

    @property
    def names(self) -> list[str]:
        """Column names, in order."""
        return list(self._columns)

    @property
    def event_time(self) -> str | None:
        """Name of the event-time column, or None."""
        return self._event_time

    @property
    def key(self) -> str | None:
        """Name of the key column, or None."""
        return self._key

    def _to_plan(self) -> dict[str, Any]:
        fields = [
            {
                "name": name,
                "type": dtype.name,
                "nullable": dtype.is_nullable,
                "unit": dtype.unit,
                "path": list(dtype.path) or name.split("."),
            }
            for name, dtype in self._columns.items()
        ]
        return {"fields": fields, "event_time": self._event_time, "key": self._key}

    def _plan_text(self) -> str:
        """Return the plan without steps: what a source needs to know."""
        return json.dumps({"version": 1, "format": "json", "schema": self._to_plan(), "steps": []})

    @classmethod
    def _from_plan(cls, plan: Mapping[str, Any]) -> Schema:
        schema = cls.__new__(cls)
        schema._columns = {
            f["name"]: DataType(f["type"], is_nullable=f["nullable"], unit=f["unit"])
            for f in plan["fields"]
        }
        schema._event_time = plan["event_time"]
        schema._key = plan["key"]
        return schema

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    def __contains__(self, name: object) -> bool:
        return name in self._columns

    def __getitem__(self, name: str) -> DataType:
        if name not in self._columns:
            from headrace import _core

            raise InvalidArgument(_core.unknown_name("column", name, self.names))
        return self._columns[name]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Schema) and self._to_plan() == other._to_plan()

    def __hash__(self) -> int:
        return hash((tuple(self._columns.items()), self._event_time, self._key))

    def __repr__(self) -> str:
        text = f"Schema({self._columns!r}"
        if self._event_time:
            text += f", event_time={self._event_time!r}"
        if self._key:
            text += f", key={self._key!r}"
        return text + ")"

    def _repr_html_(self) -> str:
        rows = []
        for name, dtype in self._columns.items():
            role = [
                r for r, n in (("event time", self._event_time), ("key", self._key)) if n == name
            ]
            cells = (name, repr(dtype), ", ".join(role))
            rows.append("<tr>" + "".join(f"<td>{html.escape(c)}</td>" for c in cells) + "</tr>")
        head = "<tr><th>column</th><th>type</th><th>role</th></tr>"
        return f"<table><thead>{head}</thead><tbody>{''.join(rows)}</tbody></table>"
