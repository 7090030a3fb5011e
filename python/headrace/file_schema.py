"""The schema of a file: of JSON as of a topic, of Parquet as of a frame, of CSV from its cells."""

from __future__ import annotations

import csv
import itertools
import json
import re
from collections.abc import Sequence
from pathlib import Path

from headrace import frame_schema, frames, inference, samples
from headrace.samples import NEWEST, OLDEST, Sampled
from headrace.schema import Schema

__all__ = ["of_file"]

_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?", re.ASCII)


def of_file(
    path: Path, *, delimiter: str = ",", event_time: str | None = None, key: str | None = None
) -> Schema:
    r"""Return the schema of a file's first 250 records, of a Parquet file's own.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from headrace.file_schema import of_file
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "x.csv"
    >>> _ = path.write_text("x,zip,note\n1,01234,\n2.5,56789,hi\n")
    >>> of_file(path)
    # inferred from 2 records
    # "zip" is text: "01234" is a number in quotes
    hr.Schema({"x": hr.float64, "zip": hr.string, "note": hr.nullable(hr.string)})
    """
    if path.suffix in (".parquet", ".pq"):
        table = frames._require("pyarrow.parquet", "arrow").read_table(path)
        return frame_schema.of_frame(table, event_time=event_time, key=key)
    records = _csv_records(path, delimiter) if path.suffix == ".csv" else samples.of_json(path)
    return inference.infer(records, event_time=event_time, key=key, origin=f'"{path}"')


def _csv_records(path: Path, delimiter: str) -> list[Sampled]:
    with path.open(newline="", encoding="utf-8-sig") as lines:
        rows = csv.reader(lines, delimiter=delimiter)
        header = next(rows, [])
        some = [row for row in itertools.islice(rows, OLDEST + NEWEST) if len(row) == len(header)]
    columns = [_json_of(cells) for cells in zip(*some, strict=True)]
    quoted = [json.dumps(name) for name in header]
    values = [
        "{" + ", ".join(f"{n}: {v}" for n, v in zip(quoted, row, strict=True)) + "}"
        for row in zip(*columns, strict=True)
    ]
    return samples.of_lines(value.encode() for value in values)


def _json_of(cells: Sequence[str]) -> list[str]:
    """Return the cells of one column as JSON: numbers or booleans only where all of them are."""
    there = [cell for cell in cells if cell]
    if all(cell in ("true", "false") for cell in there) or all(map(_NUMBER.fullmatch, there)):
        return [cell or "null" for cell in cells]
    return [json.dumps(cell) if cell else "null" for cell in cells]
