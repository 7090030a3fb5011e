"""A schema as the code that makes it, on one line or wrapped."""

from __future__ import annotations

from collections.abc import Mapping

from headrace.composed import ComposedTime
from headrace.csv_format import CsvFormat
from headrace.dtypes import DataType, quoted

__all__ = ["schema_code"]

_WIDTH = 88


def schema_code(
    columns: Mapping[str, DataType], event_time: str | None, key: str | None, csv: CsvFormat
) -> str:
    """Return the call that makes a schema of these.

    Examples
    --------
    >>> import headrace as hr
    >>> from headrace.schema_code import schema_code
    >>> schema_code({"k": hr.string, "x": hr.float64}, None, "k", hr.CsvFormat())
    'hr.Schema({"k": hr.string, "x": hr.float64}, key="k")'
    """
    roles = (("event_time", event_time), ("key", key))
    options = [f"{role}={quoted(name)}" for role, name in roles if name]
    if csv != CsvFormat():
        options.append("csv=" + "\n    ".join(csv._code(_WIDTH - len("    csv=,"))))
    braces = "{" + ", ".join(f"{quoted(name)}: {dtype!r}" for name, dtype in columns.items()) + "}"
    whole = f"hr.Schema({', '.join([braces, *options])})"
    if len(whole) <= _WIDTH:
        return whole
    lines = [f"    {braces},"]
    if len(lines[0]) > _WIDTH:
        lines = ["    {", *(_column_code(*column) for column in columns.items()), "    },"]
    return "\n".join(["hr.Schema(", *lines, *(f"    {option}," for option in options), ")"])


def _column_code(name: str, dtype: DataType) -> str:
    head = f"        {quoted(name)}: "
    if not isinstance(dtype, ComposedTime):
        return f"{head}{dtype!r},"
    return head + "\n        ".join(dtype.code(_WIDTH - len(head) - len(","))) + ","
