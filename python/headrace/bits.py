"""Whether two results are the same to the bit, and where they first differ."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from headrace.errors import InvalidArgument
from headrace.lazy import np, npt, pd
from headrace.live import Live

if TYPE_CHECKING:
    from headrace.frames import Array

__all__ = ["difference"]

_MOST_ROWS = 2**31 - 1  # more than any history holds


def difference(left: Any, right: Any) -> str | None:
    """Return where two frames, running streams or digests first differ; None: they are the same.

    Examples
    --------
    >>> import pandas as pd
    >>> from headrace.bits import difference
    >>> difference(pd.DataFrame({"x": [0.3]}), pd.DataFrame({"x": [0.1 + 0.2]}))
    'row 0, column "x": 0.3 (0x3fd3333333333333) is not 0.30000000000000004 (0x3fd3333333333334)'
    """
    a, b = _digest_of(left), _digest_of(right)
    if a is not None and b is not None:
        found = _between_digests(a, b)
        if found is None or not (isinstance(left, Live) and isinstance(right, Live)):
            return found
        return _between_frames(_frame_of(left), _frame_of(right)) or found
    if any(isinstance(side, Mapping) for side in (left, right)):
        raise InvalidArgument(
            "assert_same_bits: a digest can be compared with a digest, or with a stream that runs "
            "with digest=True"
        )
    return _between_frames(_frame_of(left), _frame_of(right))


def _digest_of(side: Any) -> Mapping[str, str] | None:
    if isinstance(side, Live):
        return side.digest() or None
    return side if isinstance(side, Mapping) else None


def _frame_of(side: Any) -> pd.DataFrame:
    if isinstance(side, pd.DataFrame):
        return side
    if isinstance(side, Live):
        return side.frame(last=_MOST_ROWS)
    if hasattr(side, "to_pandas"):
        frame: pd.DataFrame = side.to_pandas()
        return frame
    raise InvalidArgument(
        "assert_same_bits: expected DataFrames, running streams or digests, got "
        f"{type(side).__name__}"
    )


def _between_digests(left: Mapping[str, str], right: Mapping[str, str]) -> str | None:
    if (found := _between_names(list(left), list(right))) is not None:
        return found
    for name in left:
        if left[name] != right[name]:
            return f'digest of column "{name}": {left[name]} is not {right[name]}'
    return None


def _between_names(left: list[str], right: list[str]) -> str | None:
    return None if left == right else f"columns: {left} are not {right}"


def _between_frames(left: pd.DataFrame, right: pd.DataFrame) -> str | None:
    names = [str(name) for name in left.columns]
    if (found := _between_names(names, [str(name) for name in right.columns])) is not None:
        return found
    rows = min(len(left), len(right))
    first: tuple[int, int] | None = None  # (row, column)
    for i, name in enumerate(names):
        a, b = _Bits(left.iloc[:rows, i]), _Bits(right.iloc[:rows, i])
        if a.kind != b.kind:
            return f'column "{name}": {a.kind} is not {b.kind}'
        unequal = np.flatnonzero(a.words != b.words)
        if len(unequal) and (first is None or int(unequal[0]) < first[0]):
            first = int(unequal[0]), i
    if first is not None:
        row, i = first
        a, b = _Bits(left.iloc[:rows, i]), _Bits(right.iloc[:rows, i])
        return f'row {row}, column "{names[i]}": {a.show(row)} is not {b.show(row)}'
    return None if len(left) == len(right) else f"{len(left)} rows are not {len(right)}"


class _Bits:
    """A column as words that are equal where the values are the same to the bit."""

    def __init__(self, column: pd.Series[Any]) -> None:
        self._column = column
        missing = column.isna().to_numpy()
        dtype: Any = column.dtype
        if isinstance(dtype, pd.DatetimeTZDtype) or dtype.kind == "M":
            self.kind = "timestamp"
            self.words: Array = _instants(column)
        elif dtype.kind == "f":
            self.kind = f"float{dtype.itemsize * 8}"
            values = column.to_numpy(f"f{dtype.itemsize}", na_value=np.nan)
            self.words = _float_words(np.ascontiguousarray(values))
        else:
            self.kind = {"b": "bool", "i": "integer", "u": "integer"}.get(dtype.kind, "text")
            self.words = column.to_numpy(dtype=object, copy=True)
            self.words[missing] = None

    def show(self, row: int) -> str:
        value = self._column.iloc[row]
        if pd.isna(value):
            return "nan" if self.kind.startswith("float") else "null"
        if self.kind == "float64":
            return f"{float(value)!r} (0x{struct.pack('>d', value).hex()})"
        if self.kind in ("integer", "bool"):
            return f"{value!s} ({hex(int(value))})"
        if self.kind == "timestamp":
            return f"{value.isoformat()} ({hex(int(self.words[row]))})"
        return repr(value)


def _float_words(values: Array) -> Array:
    """Return the bits of floats; all NaNs are one, as for ``Live.digest``; -0.0 is not 0.0."""
    width: npt.DTypeLike = f"i{values.dtype.itemsize}"
    words = values.view(width).copy()
    words[np.isnan(values)] = np.array([np.nan], values.dtype).view(width)[0]
    return words


def _instants(column: pd.Series[Any]) -> Array:
    """Return nanoseconds since 1970 UTC, whatever unit or time zone pandas has them in."""
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        column = column.dt.tz_convert("UTC").dt.tz_localize(None)
    return column.to_numpy().astype("datetime64[ns]").view("int64")
