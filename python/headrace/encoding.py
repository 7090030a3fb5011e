"""Records as a person writes them in a test, as keys and values of Kafka records."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from headrace.csv_format import row_bytes
from headrace.errors import InvalidArgument, TypeMismatch
from headrace.lazy import pd
from headrace.replay import _encoded, _table

__all__ = ["pairs_of"]

Pair = tuple[bytes | None, bytes | None]


def pairs_of(
    records: Any, *, key: str | None = None, form: tuple[str, dict[str, Any]] = ("json", {})
) -> list[Pair]:
    """Return ``(key, value)`` bytes of records.

    Parameters
    ----------
    records : iterable or DataFrame
        Each record is a dict (written in `form`; NaN and None become null, times ISO 8601), text or
        bytes (the value as it is), None (a null value), or a pair ``(key, value)`` of such. A
        pandas or Polars DataFrame or PyArrow table: its rows.
    key : str, optional
        Field of a dict, or column of a frame, that becomes the Kafka key.
    form : tuple
        Decoder and options, as a source names them.

    Examples
    --------
    >>> from headrace.encoding import pairs_of
    >>> pairs_of([{"Ticker": "IBM", "Close": 1.5}, b"not json", ("IBM", None)], key="Ticker")
    [(b'IBM', b'{"Ticker": "IBM", "Close": 1.5}'), (None, b'not json'), (b'IBM', None)]
    """
    if hasattr(records, "columns") or hasattr(records, "__arrow_c_stream__"):
        if form[0] == "json":
            table = _table(records)
            return _encoded(table, key if key in table.columns else None)
        records = _table(records).to_dict("records")
    if isinstance(records, (str, bytes, Mapping)) or not isinstance(records, Iterable):
        raise InvalidArgument(
            "records: expected a list of dicts, bytes or (key, value) pairs, or a DataFrame, "
            f"got {type(records).__name__}"
        )
    return [_pair(record, key, form) for record in records]


def _pair(record: Any, key: str | None, form: tuple[str, dict[str, Any]]) -> Pair:
    if isinstance(record, tuple):
        if len(record) != 2:
            raise InvalidArgument(f"records: expected a pair (key, value), got {record!r}")
        return _bytes(record[0], form), _bytes(record[1], form)
    if isinstance(record, Mapping) and key is not None and record.get(key) is not None:
        return str(record[key]).encode(), _bytes(record, form)
    return None, _bytes(record, form)


def _bytes(value: Any, form: tuple[str, dict[str, Any]]) -> bytes | None:
    if value is None or isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, Mapping):
        return _row(value, form[1]) if form[0] == "csv" else _json(value)
    raise TypeMismatch(
        "records: expected a dict, bytes, text, None or a (key, value) pair, "
        f"got {value!r} ({type(value).__name__})"
    )


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(
        {name: _plain(item) for name, item in value.items()}, default=_refuse
    ).encode()


def _plain(value: Any) -> Any:
    """Return what JSON can hold: null for gaps, ISO 8601 for times, Python's own numbers."""
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if hasattr(value, "item"):  # a NumPy scalar
        value = value.item()
    if value is pd.NaT or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, dt.datetime):
        utc = value.astimezone(dt.timezone.utc) if value.tzinfo else value
        return f"{utc.replace(tzinfo=None).isoformat()}Z"
    return value.isoformat() if isinstance(value, dt.date) else value


def _refuse(value: object) -> Any:
    raise TypeMismatch(f"records: JSON cannot hold {value!r} ({type(value).__name__})")


def _row(value: Mapping[str, Any], options: Mapping[str, Any]) -> bytes:
    names = options.get("columns") or list(value)
    cells = [_plain(value.get(name)) for name in names]
    return row_bytes(
        ["" if cell is None else cell for cell in cells], options.get("delimiter", ",")
    )
