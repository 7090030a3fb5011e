"""The border between the core's columns and pandas, NumPy, Polars and PyArrow."""

from __future__ import annotations

import importlib
import importlib.util
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headrace.errors import InvalidArgument, TypeMismatch
from headrace.lazy import np, npt, pd

if TYPE_CHECKING:
    from headrace import _core
    from headrace.schema import Schema

    Array = npt.NDArray[Any]


class ArrowFrame:
    """Rows as an Arrow stream, for whoever speaks Arrow's PyCapsule interface.

    ``pyarrow.table(x)``, ``polars.DataFrame(x)`` and DuckDB read it without a copy. The memory
    lives as long as any of them, or this object, refers to it.

    Examples
    --------
    >>> import headrace as hr
    >>> df = hr.market.bars(rows=10, tickers=1, seed=1)
    >>> stream = hr.from_frame(df, schema=hr.market.SCHEMA).filter(hr.col("Volume") >= 0)
    >>> arrow = stream.collect(as_="arrow")
    >>> len(arrow)
    10
    """

    def __init__(self, frame: _core.Frame, positions: bool = False) -> None:
        self._frame = frame
        self._positions = positions

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._frame.arrow_stream(self._positions)

    def __len__(self) -> int:
        return self._frame.rows

    def __repr__(self) -> str:
        return f"ArrowFrame({self._frame.rows} rows: {', '.join(self._frame.names)})"


def _strings(codes: Array, categories: list[str]) -> Any:
    """Text values of dictionary codes (-1: null) in pandas' default string dtype."""
    if importlib.util.find_spec("pyarrow") is not None and pd.__version__ >= "3":
        import pyarrow as pa

        mask = codes < 0
        indices = pa.array(codes, mask=mask if mask.any() else None)
        words = pa.array(categories, type=pa.large_string())
        values = pa.DictionaryArray.from_arrays(indices, words).cast(pa.large_string())
        return pd.array(values, dtype=pd.StringDtype("pyarrow", na_value=np.nan))
    words = np.array([*categories, None], dtype=object)
    return words[codes]


def _pandas_column(values: Array, valid: Array | None, categories: list[str] | None) -> Any:
    if categories is not None:
        return _strings(values, categories)
    if not values.flags.writeable:
        values = values.copy()  # the frame is the user's own to change
    if values.dtype.kind == "M":
        if valid is not None:
            values[~valid] = np.datetime64("NaT")
        return pd.DatetimeIndex(values, copy=False).tz_localize("UTC")
    if valid is None:
        return values
    if values.dtype.kind in "ib":  # nullable integers and booleans keep their type
        array = pd.arrays.IntegerArray if values.dtype.kind == "i" else pd.arrays.BooleanArray
        return array(values, ~valid)
    return values  # float64: the core already has NaN under a null


def to_pandas(frame: _core.Frame, positions: bool = False) -> pd.DataFrame:
    """Return the rows as a DataFrame of the user's own.

    Columns are copied where the stream goes on using them, and taken over where it does not.
    Timestamps are instants, so they have the time zone UTC.

    Parameters
    ----------
    frame : _core.Frame
        Rows from the core.
    positions : bool
        Whether to add the columns ``_partition`` and ``_offset``.
    """
    columns: dict[str, Any] = {}
    for i, name in enumerate(frame.names):
        columns[name] = _pandas_column(*frame.column(i))
    if positions:
        columns["_partition"], columns["_offset"] = frame.partitions(), frame.offsets()
    return pd.DataFrame(columns, copy=False)


def to_numpy(frame: _core.Frame, columns: Iterable[str] | None = None) -> dict[str, Array]:
    """Return the columns as arrays by name: zero-copy and read-only, strings as objects.

    int64 and bool columns with nulls become masked arrays; float64 has NaN and timestamps NaT.

    Parameters
    ----------
    frame : _core.Frame
        Rows from the core.
    columns : iterable of str, optional
        Only these: text that nobody looks at need not become objects.
    """
    arrays: dict[str, Array] = {}
    wanted = None if columns is None else set(columns)
    for i, name in enumerate(frame.names):
        if wanted is not None and name not in wanted:
            continue
        values, valid, categories = frame.column(i)
        if categories is not None:
            values = np.array([*categories, None], dtype=object)[values]
        elif valid is not None and values.dtype.kind == "M":
            values = np.where(valid, values, np.datetime64("NaT", "ns"))
        elif valid is not None and values.dtype.kind in "ib":
            values = np.ma.MaskedArray(values, ~valid)
        values.flags.writeable = False
        arrays[name] = values
    return arrays


def convert(frame: _core.Frame, as_: str, positions: bool = False) -> Any:
    """Return the rows as ``"pandas"``, ``"polars"``, ``"pyarrow"``, ``"arrow"`` or ``"numpy"``."""
    if as_ == "pandas":
        return to_pandas(frame, positions)
    if as_ == "numpy":
        return to_numpy(frame)
    if as_ == "arrow":
        return ArrowFrame(frame, positions)
    if as_ == "pyarrow":
        return _require("pyarrow", "arrow").table(ArrowFrame(frame, positions))
    if as_ == "polars":
        return _require("polars", "arrow").DataFrame(ArrowFrame(frame, positions))
    kinds = ["pandas", "polars", "pyarrow", "arrow", "numpy"]
    raise InvalidArgument(f"as_: expected one of {', '.join(kinds)}, got {as_!r}")


def _require(module: str, extra: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(f'{module} is missing: pip install "headrace[{extra}]"') from error


def kind_of(data: object) -> str:
    """Return the library that `data` belongs to, as :func:`convert` names it."""
    module = _module_of(data)
    if module in ("pandas", "polars", "pyarrow"):
        return module
    if isinstance(data, (str, Path)):
        return "pandas"
    if hasattr(data, "__arrow_c_stream__"):
        return "arrow"
    raise TypeMismatch(
        "expected a pandas or Polars DataFrame, a PyArrow table, an object with "
        f"__arrow_c_stream__, or a path to a .csv or .parquet file, got {type(data).__name__}"
    )


def frame_source(data: Any, schema: Schema) -> _core.Source:
    """Return a bounded source over the rows of a frame, in their order."""
    from headrace import _core

    plan = _core.Plan(schema._plan_text(), [])
    columns, rows, stream = as_foreign(data, schema)
    if columns is not None:
        return _core.columns_source(plan, columns, rows)
    return _core.arrow_source(plan, stream)


def as_foreign(data: Any, schema: Schema) -> tuple[list[Any] | None, int, object]:
    """Return a frame as the core takes it: columns and rows, or None, 0 and an Arrow stream."""
    lists = [name for name, dtype in schema.columns.items() if dtype.items]
    if lists:
        data = _with_lists_as_text(data, lists)
    if isinstance(data, pd.DataFrame) and not _has_arrow_columns(data, schema):
        return list(_foreign_columns(data, schema)), len(data), None
    if _module_of(data) == "polars" and hasattr(data, "collect"):
        data = data.collect()
    return None, 0, data.__arrow_c_stream__()


def _with_lists_as_text(data: Any, lists: list[str]) -> pd.DataFrame:
    """Return the rows with their lists as the JSON text that the core checks and keeps."""
    if not isinstance(data, pd.DataFrame):
        if not hasattr(data, "to_pandas"):
            data = _require("pyarrow", "arrow").table(data)
        data = data.to_pandas()
    texts = {name: data[name].map(_json_list) for name in lists if name in data.columns}
    with_texts: pd.DataFrame = data.assign(**texts)
    return with_texts


def _json_list(value: Any) -> Any:
    if isinstance(value, (list, tuple, np.ndarray)):
        return json.dumps(value, default=_plain_element, ensure_ascii=False)
    return value  # text that is JSON already, or a gap


def _plain_element(value: Any) -> Any:
    """Return what an element that JSON does not know is in JSON."""
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    if hasattr(value, "tolist"):  # NumPy's arrays and numbers
        return value.tolist()
    raise TypeMismatch(
        f"a list holds {value!r} ({type(value).__name__}), which JSON has no form for"
    )


def _has_arrow_columns(data: pd.DataFrame, schema: Schema) -> bool:
    """Whether pandas holds a column of the schema as Arrow, so that it leaves best as Arrow."""
    return any(
        isinstance(dtype, pd.ArrowDtype)
        for name, dtype in data.dtypes.items()
        if name in schema.names
    )


def _module_of(data: object) -> str:
    return type(data).__module__.partition(".")[0]


def _foreign_columns(
    data: pd.DataFrame, schema: Schema
) -> Iterable[tuple[str, Array, Array | None, list[str] | None]]:
    """Columns of a DataFrame as (name, values, null mask, categories), each once."""
    for name in (field["name"] for field in schema._to_plan()["fields"]):
        if name not in data.columns:
            continue  # absent: null where nullable, else every row is a dead letter
        if (data.columns == name).sum() > 1:
            raise InvalidArgument(f"the frame has the column {name!r} more than once")
        yield (name, *_foreign_column(data[name]))


def _foreign_column(series: pd.Series[Any]) -> tuple[Array, Array | None, list[str] | None]:
    dtype = series.dtype
    if isinstance(dtype, pd.DatetimeTZDtype):
        series = series.dt.tz_convert("UTC").dt.tz_localize(None)
        dtype = series.dtype
    if isinstance(dtype, np.dtype) and dtype.kind in "iufb":
        return np.ascontiguousarray(series.to_numpy()), None, None
    mask = series.isna().to_numpy()
    nulls = mask if mask.any() else None
    if isinstance(dtype, np.dtype) and dtype.kind == "M":  # of any unit: the core scales and checks
        return np.ascontiguousarray(series.to_numpy()), nulls, None
    if isinstance(dtype, pd.api.extensions.ExtensionDtype) and dtype.kind in "iufb":
        values = series.to_numpy(dtype=dtype.numpy_dtype, na_value=dtype.type(0))  # type: ignore[attr-defined]
        return np.ascontiguousarray(values), nulls, None
    codes, words = pd.factorize(series)
    texts = [_text(word, series.name) for word in words]
    return codes.astype(np.int32), None, texts


def _text(word: object, column: object) -> str:
    if isinstance(word, str):
        return word
    raise TypeMismatch(
        f"column {column!r}: expected numbers, booleans, timestamps or text, got {word!r} "
        f"({type(word).__name__})"
    )
