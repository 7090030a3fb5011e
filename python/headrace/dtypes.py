"""The types of columns: what a value is, whether it may be absent, where it is in the message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from headrace.arguments import names_checked
from headrace.errors import SchemaError

__all__ = [
    "DataType",
    "bool_",
    "field",
    "float64",
    "int64",
    "list_",
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
    hr.timestamp("ms")
    """

    name: str
    is_nullable: bool = False
    unit: str = "auto"
    path: tuple[str, ...] = ()
    items: tuple[tuple[str, DataType], ...] = ()  # of a list: fields; of scalars one without a name

    in_message: ClassVar[bool] = True  # else it is made of other columns

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
                f'{self.name} takes no unit; only timestamp does, e.g. hr.timestamp("ms")'
            )
        if unit not in _UNITS:
            raise SchemaError(f"timestamp: expected a unit of {', '.join(_UNITS)}, got {unit!r}")
        return replace(self, unit=unit)

    def __repr__(self) -> str:
        text = f"hr.{self.name}_" if self.name in ("bool", "list") else f"hr.{self.name}"
        if self.items:
            fields = [f"{quoted(name)}: {dtype!r}" for name, dtype in self.items if name]
            inner = f"{{{', '.join(fields)}}}" if fields else repr(self.items[0][1])
            text += f"({inner})"
        if self.unit != "auto":
            text += f"({quoted(self.unit)})"
        if self.path:
            options = ", nullable=True" if self.is_nullable else ""
            return f"hr.field({text}{options}, path={_path_text(self.path)})"
        return f"hr.nullable({text})" if self.is_nullable else text


bool_ = DataType("bool")
int64 = DataType("int64")
float64 = DataType("float64")
string = DataType("string")
timestamp = DataType("timestamp")


def list_(items: DataType | Mapping[str, DataType]) -> DataType:
    """Return the type of a field that holds a list.

    A list is checked as any field is: a record with a wrong element is rejected, with its place in
    the list. Frames show a list as JSON text; ``Stream.explode`` takes it apart.

    Parameters
    ----------
    items : DataType or mapping of str to DataType
        What its elements are: values of one type, or objects of these fields. Names with dots are
        nested paths, as in :class:`Schema`; fields that are not named are ignored.

    Raises
    ------
    SchemaError
        If the elements are nothing a list can hold.

    Examples
    --------
    >>> import headrace as hr
    >>> hr.list_(hr.float64)
    hr.list_(hr.float64)
    >>> camera = hr.Schema({
    ...     "at": hr.timestamp, "camera": hr.string,
    ...     "objects": hr.list_({"label": hr.string, "confidence": hr.float64})})
    >>> camera["objects"]
    hr.list_({"label": hr.string, "confidence": hr.float64})
    """
    fields = dict(items) if isinstance(items, Mapping) else {"": checked_type(items)}
    if not fields:
        raise SchemaError("list_: expected a type, or a dict of at least one field, got {}")
    for name, dtype in fields.items():
        if isinstance(items, Mapping) and (not isinstance(name, str) or not name):
            raise SchemaError(f"list_: expected field names that are text, got {name!r}")
        if checked_type(dtype).items:
            raise SchemaError(f"list_: a list in a list is not supported, got {dtype!r}")
    return DataType("list", items=tuple(fields.items()))


def quoted(text: str) -> str:
    """Return `text` as a Python literal in double quotes."""
    body = repr('"' + text)[2:-1]  # a double quote inside makes repr choose single ones
    return '"' + body.replace("\\'", "'").replace('"', '\\"') + '"'


def _path_text(path: tuple[str, ...]) -> str:
    if any("." in key for key in path):
        return f"[{', '.join(quoted(key) for key in path)}]"
    return quoted(".".join(path))


def nullable(dtype: DataType) -> DataType:
    """Return `dtype` such that the field may be absent or null.

    Examples
    --------
    >>> import headrace as hr
    >>> hr.nullable(hr.float64)
    hr.nullable(hr.float64)
    """
    return replace(checked_type(dtype), is_nullable=True)


@names_checked
def field(
    dtype: DataType, *, nullable: bool = False, path: str | Sequence[str] | None = None
) -> DataType:
    """Return `dtype` with nullability and the place of the value in the message.

    Parameters
    ----------
    dtype : DataType
        One of ``hr.bool_``, ``hr.int64``, ``hr.float64``, ``hr.string``, ``hr.timestamp``, or a
        :func:`list_`.
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
    if not checked_type(dtype).in_message:
        raise SchemaError(f"field: {dtype!r} is made of other columns and has no path of its own")
    return replace(dtype, is_nullable=nullable, path=keys)


def checked_type(dtype: object) -> DataType:
    """Return `dtype` if it is a type of ours."""
    if isinstance(dtype, DataType):
        return dtype
    known = "hr.bool_, hr.int64, hr.float64, hr.string, hr.timestamp, hr.list_(...)"
    raise SchemaError(f"expected a headrace type ({known}), got {dtype!r}")
