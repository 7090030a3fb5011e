"""The rows that came too late or too far ahead in time, as rows again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from headrace import frames, topology
from headrace.lazy import np, pd
from headrace.rejects import LATE_REASONS
from headrace.schema import Schema, timestamp

if TYPE_CHECKING:
    from headrace import _core
    from headrace.sources import Source
    from headrace.stream import Stream

__all__ = ["frame_of"]

Letter = tuple[Any, ...]  # as _core.Engine.rejects has it
_REASON, _TOPIC, _PARTITION, _OFFSET, _VALUE, _BEHIND = 0, 3, 4, 5, 8, 9


def frame_of(letters: Sequence[Letter], stream: Stream, source: Source) -> pd.DataFrame:
    """Return those dead letters that are about an event time, as ``Live.late()`` shows them."""
    letters = [letter for letter in letters if letter[_REASON] in LATE_REASONS]
    table = _rows_of(letters, stream, source)
    behind = [letter[_BEHIND] for letter in letters]
    return table.assign(
        reason=pd.Series([letter[_REASON] for letter in letters], dtype=str),
        behind=pd.Series(pd.to_timedelta(pd.Series(behind, dtype="Int64"), unit="ns")),
        partition=pd.Series([letter[_PARTITION] for letter in letters], dtype="int64"),
        offset=pd.Series([letter[_OFFSET] for letter in letters], dtype="int64"),
    )


def _rows_of(letters: Sequence[Letter], stream: Stream, source: Source) -> pd.DataFrame:
    """Return the rows that the letters hold: of a source, or of a later step."""
    if stream._pending is not None:
        return pd.DataFrame()  # nothing was read yet
    values = [letter[_VALUE] for letter in letters]
    if not isinstance(source, topology.Merged):
        return _fullest([_originals(stream, source, values), _flat_rows(stream._schema, values)])
    read = [_flat_rows(stream._schema, values)]
    for leaf in topology.leaf_streams(source):
        topics = getattr(leaf._source, "topics", ())
        own = [
            letter[_VALUE] if not topics or letter[_TOPIC] in topics else b"" for letter in letters
        ]
        read += [_originals(leaf, leaf._source, own), _flat_rows(leaf.schema, own)]
    return _fullest(read)


def _originals(stream: Stream, source: Source, values: Sequence[bytes]) -> pd.DataFrame:
    """Return the values as records of the source."""
    without_steps = replace(stream, _steps=(), _predictors=(), _functions=(), _sinks=())
    return _read(without_steps._plan_for(source), values)


def _flat_rows(schema: Schema, values: Sequence[bytes]) -> pd.DataFrame:
    """Return the values as rows of a step further down the stream, which it wrote as JSON."""
    from headrace import _core

    return _read(_core.Plan(_flat(schema)._plan_text(), []), values)


def _flat(schema: Schema) -> Schema:
    """Return the same columns as keys of one object, where any may be missing."""
    # A time that was made of other columns is there by then.
    plain = {
        name: dtype if dtype.in_message else timestamp for name, dtype in schema.columns.items()
    }
    return Schema(
        {name: replace(dtype, is_nullable=True, path=(name,)) for name, dtype in plain.items()}
    )


def _read(plan: _core.Plan, values: Sequence[bytes]) -> pd.DataFrame:
    """Return a row for each value; what cannot be read is a row of gaps."""
    frame, rows = plan.decode(list(values))
    table = frames.to_pandas(frame)
    if len(rows) == len(values):
        return table
    return table.set_axis(rows, axis=0).reindex(range(len(values)))


def _fullest(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return each row as that table has it in which it has the fewest gaps."""
    there = np.array([table.notna().sum(axis=1).to_numpy() for table in tables])
    chosen = there.argmax(axis=0)  # the first of equals
    parts = [table[chosen == i] for i, table in enumerate(tables) if (chosen == i).any()]
    return pd.concat(parts).sort_index() if parts else tables[0]
