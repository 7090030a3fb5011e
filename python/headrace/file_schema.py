"""The schema of a file: of JSON as of a topic, of Parquet as of a frame, of CSV from its cells."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from headrace import csv_schema, files, frame_schema, frames, inference, samples, time_columns
from headrace.errors import StreamIOError
from headrace.schema import Schema

__all__ = ["of_file", "of_parquet"]

_LOOKED_AT = 1000  # rows whose values say which columns are parts of a time


def of_file(
    path: Path, *, delimiter: str = ",", event_time: str | None = None, key: str | None = None
) -> Schema:
    r"""Return the schema of a file by its first records, of a Parquet file its own.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from headrace.file_schema import of_file
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "x.csv"
    >>> _ = path.write_text("x,y\n1,\n2.5,hi\n")
    >>> of_file(path)
    # inferred from 2 records
    hr.Schema({"x": hr.float64, "y": hr.nullable(hr.string)})
    """
    kind = files.kind_of(path)
    if kind == "parquet":
        return of_parquet(path, event_time=event_time, key=key)
    if kind == "csv":
        return csv_schema.infer(path, event_time=event_time, key=key, delimiter=delimiter)
    records = samples.of_json(path)
    return inference.infer(records, event_time=event_time, key=key, origin=f'"{path}"')


def of_parquet(
    path: str | Path, *, event_time: str | None = None, key: str | None = None
) -> Schema:
    """Return the schema of a Parquet file; see :meth:`headrace.Schema.from_parquet`.

    Examples
    --------
    >>> import headrace as hr, pathlib, tempfile
    >>> from headrace.file_schema import of_parquet
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "bars.parquet"
    >>> hr.market.bars(rows=10).to_parquet(path)
    >>> of_parquet(path).event_time
    'Date'
    """
    parquet = frames._require("pyarrow.parquet", "arrow")
    try:
        table = parquet.read_table(path)
    except (OSError, ValueError) as error:
        raise StreamIOError(f"cannot read {str(path)!r} as Parquet: {error}") from error
    columns = frame_schema.of_frame(table).columns
    composed = time_columns.compose(columns, _texts(table), event_time)
    if not composed.notes:
        return frame_schema.of_frame(table, event_time=event_time, key=key)
    schema = Schema(composed.columns, event_time=composed.event_time, key=key)
    return schema._with_notes([f"from a file of {len(table)} rows", *composed.notes])


def _texts(table: Any) -> dict[str, set[str]]:
    """Return some values of each column as a CSV file would have them."""
    some = table.slice(0, _LOOKED_AT).to_pydict()
    return {
        name: {_text(value) for value in values if value is not None}
        for name, values in some.items()
    }


def _text(value: object) -> str:
    text = str(value)
    return text.removesuffix(" 00:00:00") if isinstance(value, dt.datetime) else text
