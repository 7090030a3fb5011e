"""Functions of the user's own over batches: the columns they return, the thread that calls them.

The core's threads never enter the interpreter. A thread of Python's own takes a batch, calls the
function and hands the rows back, while a compute thread waits. One that never returns is let go
when the stream stops.
"""

from __future__ import annotations

import atexit
import os
import threading
import traceback
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from headrace import frame_schema, frames, interrupts
from headrace.dtypes import DataType
from headrace.errors import FunctionError, InvalidArgument, SchemaError
from headrace.lazy import np, pd
from headrace.schema import Schema

if TYPE_CHECKING:
    from headrace import _core

__all__ = ["BatchFunction", "Caller", "calls_for", "check", "name_of", "output_schema"]

_FORMATS = ("pandas", "pyarrow")
_TAKE_MS = 100  # the end of the stream is noticed so soon
_JOIN_S = 1.0  # a thread that waits ends at once; one that runs the user's code is let go

Function = Callable[[Any], Any]


def name_of(function: Function) -> str:
    """Return the name of a function, or of what it is an object of.

    Examples
    --------
    >>> from headrace.batch_functions import name_of
    >>> name_of(len)
    'len'
    """
    return str(getattr(function, "__qualname__", type(function).__qualname__))


def check(function: object, format: str) -> None:
    """Refuse what cannot be called, and formats that are not known."""
    if not callable(function):
        raise InvalidArgument(f"map_batches: expected a function of a frame, got {function!r}")
    if format not in _FORMATS:
        from headrace import _core

        raise InvalidArgument(
            f"map_batches: {_core.unknown_name('format', str(format), list(_FORMATS))}"
        )


# -- what it returns


def output_schema(function: Function, format: str, given: Schema) -> Schema:
    """Return the columns of what `function` returns for rows of `given`, tried on no rows at all.

    Where it raises, it is taken to keep the columns. A column of the same name keeps its type as
    long as its values do. Any may have gaps, except those of event time and key.
    """
    nothing = _no_rows(given, format)
    types = dict(_types_of(nothing))
    try:
        result = function(nothing)
    except Exception:
        return _with_roles(given.columns, given)
    try:
        _check_kind(result, format)
    except FunctionError as error:
        raise FunctionError(f"map_batches: {name_of(function)}: {error}") from None
    columns: dict[str, DataType] = {}
    for name, (dtype, ours) in _types_of(result).items():
        if name in given and types[name][0] == dtype:
            columns[name] = replace(given[name], path=())
        elif ours is not None:
            columns[name] = ours
        else:
            raise SchemaError(
                f"map_batches: {name_of(function)}: the type of its column {name!r} cannot be told "
                f"from a frame without rows ({dtype}); give schema=hr.Schema({{...}})"
            )
    return _with_roles(columns, given)


def _no_rows(schema: Schema, format: str) -> Any:
    """Return a frame of the schema's columns, of the types that batches have, without rows."""
    dtypes = {"bool": "bool", "int64": "int64", "float64": "float64", "timestamp": "M8[ns]"}
    columns = {}
    for name, dtype in schema.columns.items():
        text = dtype.name not in dtypes
        values = np.array([], dtype="int32" if text else dtypes[dtype.name])
        columns[name] = frames._pandas_column(values, None, [] if text else None)
    empty = pd.DataFrame(columns)
    if format == "pandas":
        return empty
    arrow = frames._require("pyarrow", "arrow")
    words = arrow.dictionary(arrow.int32(), arrow.string())
    kinds = {
        "bool": arrow.bool_(),
        "int64": arrow.int64(),
        "float64": arrow.float64(),
        "timestamp": arrow.timestamp("ns", "UTC"),
    }
    fields = [(name, kinds.get(dtype.name, words)) for name, dtype in schema.columns.items()]
    return arrow.schema(fields).empty_table()


def _types_of(frame: Any) -> dict[str, tuple[Any, DataType | None]]:
    """Return by column what the frame's library says of its type, and ours for it, if any."""
    ours = {str(name): dtype for name, dtype, _ in frame_schema.columns_of(frame)}
    theirs = (
        dict(frame.dtypes)
        if isinstance(frame, pd.DataFrame)
        else dict(zip(frame.schema.names, frame.schema.types, strict=True))
    )
    return {
        str(name): (dtype, found if isinstance(found := ours[str(name)], DataType) else None)
        for name, dtype in theirs.items()
    }


def _with_roles(columns: dict[str, DataType], given: Schema) -> Schema:
    """Return a schema with the event time and key of `given`, where their columns are still so."""
    event_time, key = (
        name if name is not None and columns.get(name) == replace(given[name], path=()) else None
        for name in (given.event_time, given.key)
    )
    gaps = {
        name: replace(dtype, path=(), is_nullable=name not in (event_time, key))
        for name, dtype in columns.items()
    }
    return Schema(gaps, event_time=event_time, key=key)


def _check_kind(result: object, format: str) -> None:
    if format == "pandas":
        good, expected = isinstance(result, pd.DataFrame), "pandas.DataFrame"
    else:
        expected = "pyarrow.Table"
        good = isinstance(result, frames._require("pyarrow", "arrow").Table)
    if not good:
        raise FunctionError(f"it is to return a {expected}, got {type(result).__name__}")


def _check_columns(result: Any, schema: Schema) -> None:
    """Refuse other columns than those of the schema; their order is free."""
    names = [str(name) for name in getattr(result, "column_names", result.columns)]
    missing = [name for name in schema if name not in names]
    more = [name for name in names if name not in schema]
    twice = [name for name in names if names.count(name) > 1]
    for wrong, what in ((missing, "lacks"), (more, "has, beyond the schema,"), (twice, "repeats")):
        if wrong:
            raise FunctionError(
                f"the frame that it returned {what} the column {wrong[0]!r}; "
                f"schema: {', '.join(schema)}"
            )


# -- calling it


@dataclass(frozen=True)
class BatchFunction:
    """A function of the user's, the frames it takes and the columns of what it returns."""

    function: Function
    format: str
    schema: Schema

    def rows_of(self, frame: _core.Frame) -> Any:
        """Call the function over a batch; what it returns has the columns of the schema."""
        result = self.function(frames.convert(frame, self.format))
        _check_kind(result, self.format)
        _check_columns(result, self.schema)
        return result


def calls_for(functions: Sequence[BatchFunction]) -> list[_core.BatchCalls]:
    """Return for each function what one run has it called over."""
    from headrace import _core

    return [_core.BatchCalls() for _ in functions]


class Caller:
    """The thread on which one stream has a function of the user's called.

    Parameters
    ----------
    function : BatchFunction
        What is called.
    calls : _core.BatchCalls
        Over which the stream calls it.
    ended : callable
        Whether the stream will not call any more; asked some times a second.
    """

    def __init__(
        self, function: BatchFunction, calls: _core.BatchCalls, ended: Callable[[], bool]
    ) -> None:
        self._calls = calls
        self._pid = os.getpid()
        self._thread = threading.Thread(
            target=_serve, args=(calls, function, ended), name="headrace-map", daemon=True
        )
        self._thread.start()
        _callers.add(self)

    def close(self) -> None:
        """Let the thread end; where the user's function is running, it is let go."""
        if os.getpid() != self._pid:
            return  # a forked child has no such thread, and perhaps a lock that it held
        self._calls.close()
        if not self._calls.busy and threading.current_thread() is not self._thread:
            self._thread.join(_JOIN_S)


_callers: weakref.WeakSet[Caller] = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    """No thread may wait inside the core when the interpreter goes."""
    interrupts.stop_all(interrupts.AT_EXIT)
    for caller in list(_callers):
        caller.close()


def _serve(calls: _core.BatchCalls, function: BatchFunction, ended: Callable[[], bool]) -> None:
    from headrace import _core

    plan = _core.Plan(function.schema._plan_text(), [])
    while not calls.closed:
        call = calls.take(_TAKE_MS)
        if call is not None:
            _answer(calls, plan, function, *call)
        elif ended():
            calls.close()


def _answer(
    calls: _core.BatchCalls,
    plan: _core.Plan,
    function: BatchFunction,
    number: int,
    frame: _core.Frame,
) -> None:
    """Call the function and hand back its rows, or what went wrong in words."""
    name = name_of(function.function)
    try:
        rows = function.rows_of(frame)
    except BaseException as error:  # also SystemExit: it is the stream that ends
        calls.fail(number, f"{name}: {_words(error, function.function)}")
        return
    try:
        if hasattr(rows, "combine_chunks"):
            rows = rows.combine_chunks()
        columns, count, arrow = frames.as_foreign(rows, function.schema)
        if columns is not None:
            calls.answer(number, plan, columns, count)
        else:
            calls.answer_arrow(number, plan, arrow)
    except Exception as error:
        calls.fail(number, f"{name}: the frame that it returned: {error}")


def _words(error: BaseException, function: Function) -> str:
    """Return an exception on one line, with the line of the function's file where it came up."""
    if isinstance(error, FunctionError):
        return str(error)
    text = "".join(traceback.format_exception_only(error)).strip()
    code = getattr(function, "__code__", None)
    own = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if code is not None and frame.filename == code.co_filename
    ]
    if not own:
        return text
    return f'{text} (line {own[-1].lineno} of "{os.path.basename(own[-1].filename)}")'
