"""The rows that came too late or too far ahead in time, as rows again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from headrace import frames
from headrace.lazy import pd
from headrace.rejects import LATE_REASONS
from headrace.schema import Schema

if TYPE_CHECKING:
    from headrace import _core
    from headrace.sources import Source
    from headrace.stream import Stream

__all__ = ["frame_of"]

Letter = tuple[Any, ...]  # as _core.Engine.rejects has it
_REASON, _PARTITION, _OFFSET, _VALUE, _BEHIND = 0, 4, 5, 8, 9


def frame_of(letters: Sequence[Letter], stream: Stream, source: Source) -> pd.DataFrame:
    """Return those dead letters that are about an event time, as ``Live.late()`` shows them."""
    letters = [letter for letter in letters if letter[_REASON] in LATE_REASONS]
    table = _rows_of([letter[_VALUE] for letter in letters], stream, source)
    behind = [letter[_BEHIND] for letter in letters]
    return table.assign(
        reason=pd.Series([letter[_REASON] for letter in letters], dtype=str),
        behind=pd.Series(pd.to_timedelta(pd.Series(behind, dtype="Int64"), unit="ns")),
        partition=pd.Series([letter[_PARTITION] for letter in letters], dtype="int64"),
        offset=pd.Series([letter[_OFFSET] for letter in letters], dtype="int64"),
    )


def _rows_of(values: Sequence[bytes], stream: Stream, source: Source) -> pd.DataFrame:
    """Return the rows of the source that the values are."""
    from headrace import _core

    if stream._pending is not None:
        return pd.DataFrame()  # nothing was read yet
    without_steps = replace(stream, _steps=(), _predictors=(), _functions=(), _sinks=())
    original = _read(without_steps._plan_for(source), values)
    # A step further down the stream wrote the row as it was there: flat, as JSON.
    flat = _read(_core.Plan(_flat(stream._schema)._plan_text(), []), values)
    return _fuller(original, flat)


def _flat(schema: Schema) -> Schema:
    """Return the same columns as keys of one object, where any may be missing."""
    return Schema(
        {
            name: replace(dtype, is_nullable=True, path=(name,))
            for name, dtype in schema.columns.items()
        }
    )


def _read(plan: _core.Plan, values: Sequence[bytes]) -> pd.DataFrame:
    """Return a row for each value; what cannot be read is a row of gaps."""
    frame, rows = plan.decode(list(values))
    table = frames.to_pandas(frame)
    if len(rows) == len(values):
        return table
    return table.set_axis(rows, axis=0).reindex(range(len(values)))


def _fuller(one: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Return of each pair of rows the one with fewer gaps."""
    better = other.isna().sum(axis=1) < one.isna().sum(axis=1)
    return one if not better.any() else other if better.all() else one.where(~better, other)
