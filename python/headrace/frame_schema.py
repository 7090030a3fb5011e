"""The schema of a frame in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from headrace import frames, roles
from headrace.dtypes import DataType, bool_, float64, int64, nullable, string, timestamp
from headrace.errors import InvalidArgument, SchemaError
from headrace.lazy import pd
from headrace.schema import Schema

__all__ = ["of_frame"]

# What pandas calls the values of a column, and pyarrow's test for a type; our type for them.
_PANDAS = {
    "boolean": bool_,
    "integer": int64,
    "floating": float64,
    "mixed-integer-float": float64,
    "string": string,
    "datetime64": timestamp,
    "datetime": timestamp,
}
_ARROW = (
    *(("is_boolean", bool_), ("is_integer", int64), ("is_floating", float64)),
    *(("is_string", string), ("is_large_string", string), ("is_string_view", string)),
    *(("is_timestamp", timestamp), ("is_date", timestamp)),
)

Found = tuple[object, DataType | str, bool]  # name, our type or theirs, whether there are nulls


def of_frame(data: Any, *, event_time: str | None = None, key: str | None = None) -> Schema:
    """Return the schema of a frame; see :meth:`headrace.Schema.from_frame`.

    Examples
    --------
    >>> import pandas as pd
    >>> from headrace.frame_schema import of_frame
    >>> of_frame(pd.DataFrame({"x": [1, 2], "y": [0.5, None]}))
    # from a frame of 2 rows
    hr.Schema({"x": hr.int64, "y": hr.nullable(hr.float64)})
    """
    columns: dict[str, DataType] = {}
    left_out: dict[str, str] = {}
    for name, dtype, has_nulls in columns_of(data):
        if not isinstance(name, str) or not name:
            left_out[str(name)] = "its name is not text"
        elif name in columns:
            left_out[name] = "two columns have this name"
        elif isinstance(dtype, DataType):
            columns[name] = nullable(dtype) if has_nulls else dtype
        else:
            left_out[name] = f"{dtype} values are not supported"
    if not columns:
        raise SchemaError(f"no column of this frame can be used: {left_out or 'it has none'}")
    chosen = roles.choose(columns, [], event_time=event_time, key=key, left_out=left_out)
    notes = [f"from a frame of {len(data)} rows", *chosen.notes]
    notes += [f'left out "{name}": {why}' for name, why in left_out.items()]
    schema = Schema(chosen.columns, event_time=chosen.event_time, key=chosen.key)
    return schema._with_notes(notes)


def columns_of(data: Any) -> Iterator[Found]:
    """Yield the columns of a frame: its name, our type or the name of theirs, gaps."""
    return _pandas(data) if isinstance(data, pd.DataFrame) else _arrow(data)


def _pandas(data: pd.DataFrame) -> Iterator[Found]:
    for position, name in enumerate(data.columns):
        values = data.iloc[:, position]
        dtype = values.dtype
        # Of categories pandas would name the codes.
        shown = pd.Series(dtype.categories) if isinstance(dtype, pd.CategoricalDtype) else values
        kind = pd.api.types.infer_dtype(shown, skipna=True)
        yield name, _PANDAS.get(kind, kind), bool(values.isna().any())


def _arrow(data: Any) -> Iterator[Found]:
    """Look at a Polars DataFrame or an Arrow table."""
    if frames.kind_of(data) == "arrow" or not hasattr(data, "__len__"):
        # Whatever else streams Arrow may do so only once: reading it would take its rows away.
        raise InvalidArgument(
            "from_frame: expected a pandas or Polars DataFrame or a PyArrow table, got "
            f"{type(data).__name__}"
        )
    arrow = frames._require("pyarrow", "arrow")
    compute = frames._require("pyarrow.compute", "arrow")
    table = arrow.table(data)
    for name, values in zip(table.column_names, table.columns, strict=True):
        kind = values.type
        if arrow.types.is_dictionary(kind):
            kind = kind.value_type
        dtype = next((ours for test, ours in _ARROW if getattr(arrow.types, test)(kind)), str(kind))
        is_nan = dtype is float64 and bool(compute.any(compute.is_nan(values)).as_py())
        yield name, dtype, bool(values.null_count) or is_nan
