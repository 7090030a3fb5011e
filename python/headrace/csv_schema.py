"""A schema from CSV cells: types that every value of a column has, nulls, an event time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from headrace import csv_sample, epochs, roles, time_columns
from headrace.csv_format import CsvFormat
from headrace.csv_sample import NULLS, Cells, CsvSample
from headrace.dtypes import DataType, bool_, float64, int64, nullable, string, timestamp
from headrace.errors import SchemaError
from headrace.inference import NUMBER
from headrace.schema import Schema

__all__ = ["infer"]

# An event time or key that few records lack is one all the same: those are rejected.
_MOST = 0.8
_INT64 = range(-(2**63), 2**63)
_SHOWN = 40

# As the core reads numbers: without leading zeros.
_LITERAL = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
_WHOLE = re.compile(r"-?(0|[1-9]\d*)", re.ASCII)
_TRUTHS = ({"true", "false"}, {"yes", "no"})


@dataclass
class _Columns:
    """What was found out of the sample, column by column."""

    sample: CsvSample
    null_values: tuple[str, ...] = ()
    types: dict[str, DataType] = field(default_factory=dict)
    values: dict[str, set[str]] = field(default_factory=dict)  # distinct, without nulls
    nulls: dict[str, int] = field(default_factory=dict)  # how many
    left_out: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def infer(
    sample: str | bytes | Path,
    *,
    event_time: str | None = None,
    key: str | None = None,
    delimiter: str = ",",
    columns: Sequence[str] | None = None,
    null_values: Sequence[str] | None = None,
) -> Schema:
    r"""Return the schema of CSV records; see :meth:`headrace.Schema.from_csv`.

    Examples
    --------
    >>> from headrace.csv_schema import infer
    >>> infer("x,zip,note\n1,01234,\n2.5,56789,hi\n")
    # inferred from 2 records
    # "zip" is text: "01234" has a leading zero
    hr.Schema({"x": hr.float64, "zip": hr.string, "note": hr.nullable(hr.string)})
    """
    form = CsvFormat(delimiter=delimiter, columns=columns or (), null_values=null_values or ())
    found = _Columns(
        csv_sample.read(sample, delimiter=delimiter, columns=columns, null_values=form.null_values)
    )
    _note_shape(found)
    found.null_values = form.null_values if null_values is not None else _null_values(found)
    for name, cells in zip(found.sample.names, found.sample.columns, strict=True):
        _add(found, name, cells)
    composed = time_columns.compose(found.types, found.values, event_time)
    found.types = composed.columns
    _require(found, "event_time", composed.event_time)
    _require(found, "key", key)
    chosen = roles.choose(
        found.types, [], event_time=composed.event_time, key=key, left_out=found.left_out
    )
    form = replace(
        form,
        columns=_names_to_keep(found),
        null_values=found.null_values,
        header=found.sample.header,
    )
    notes = [*found.notes, *composed.notes, *chosen.notes]
    notes += [f'left out "{name}": {why}' for name, why in found.left_out.items()]
    schema = Schema(chosen.columns, event_time=chosen.event_time, key=chosen.key, csv=form)
    return schema._with_notes(notes)


def _note_shape(found: _Columns) -> None:
    sample = found.sample
    first = "the first " if sample.cut else ""
    plural = "" if sample.records == 1 else "s"
    found.notes.append(f"inferred from {first}{sample.records:,} record{plural}")
    if not sample.header:
        names = f'{sample.names[0]}" to "{sample.names[-1]}'
        found.notes.append(f'no header: the first line holds values; the columns are "{names}"')
    if sample.misshapen:
        width, count = sample.misshapen.most_common(1)[0]
        found.notes.append(
            f"{sample.misshapen.total():,} records have another number of fields, e.g. {count:,} "
            f"of {width} in place of {len(sample.names)}; such records are rejected"
        )
    if len(sample.names) == 1:
        other = next((c for c in ";\t|," if c in sample.names[0]), None)
        if other is not None:
            found.notes.append(f"one column only; is the delimiter {other!r}?")


def _null_values(found: _Columns) -> tuple[str, ...]:
    r"""Return the spellings of null that stand among values of another type than text, and \N."""
    columns: dict[str, list[str]] = {}
    for name, cells in zip(found.sample.names, found.sample.columns, strict=True):
        spellings = cells.values & NULLS
        values = cells.values - NULLS - {""}
        is_text = not values or _type_of(name, values) is string
        for spelling in spellings:
            if spelling == r"\N" or not is_text:
                columns.setdefault(spelling, []).append(name)
    for spelling, names in columns.items():
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        found.notes.append(f'"{spelling}" is null, as in "{names[0]}"{more}')
    return tuple(columns)


def _add(found: _Columns, name: str, cells: Cells) -> None:
    """Take a column, or note why not."""
    if not name:
        found.left_out[name] = "it has no name"
        return
    if found.sample.names.count(name) > 1:
        found.left_out[name] = "two columns have this name"
        return
    nulls = cells.values & {"", *found.null_values}
    values = cells.values - nulls
    dtype = _type_of(name, values) if values else string
    found.types[name] = nullable(dtype) if nulls else dtype
    if "" in name.split("."):
        found.types[name] = replace(found.types[name], path=(name,))
    found.values[name] = values
    found.nulls[name] = sum(cells.blanks[null] for null in nulls)
    if not values:
        found.notes.append(f'"{name}" is empty in every record; taken as text')
    elif dtype is string:
        _note_text(found, name, values)
    elif dtype is bool_ and not values <= {"true", "false"}:
        found.notes.append(f'"{name}" is a truth value: {_listed(sorted(values))}')


def _type_of(name: str, values: set[str]) -> DataType:
    """Return the type that every one of the values has."""
    if all(map(_LITERAL.fullmatch, values)):
        return _number_type(name, values)
    lower = {value.lower() for value in values}
    if lower == _TRUTHS[1] or lower <= _TRUTHS[0]:
        return bool_
    return timestamp if all(map(epochs.is_iso8601, values)) else string


def _number_type(name: str, values: set[str]) -> DataType:
    if not all(map(_WHOLE.fullmatch, values)):
        return float64
    numbers = list(map(int, values))
    if any(number not in _INT64 for number in numbers):
        return string
    units = epochs.units_of(numbers)
    if epochs.names_a_time(name) and len(units) == 1 and units.total() == len(numbers):
        return timestamp(next(iter(units)))
    return int64


def _note_text(found: _Columns, name: str, values: set[str]) -> None:
    """Say where text might have been meant as something to compute with."""
    odd = sorted(value for value in values if not NUMBER.fullmatch(value))
    padded = sorted(value for value in values if not _LITERAL.fullmatch(value))
    if not odd and padded:
        found.notes.append(f'"{name}" is text: {_shown(padded[0])} has a leading zero')
    elif not odd:
        found.notes.append(f'"{name}" is text: {_shown(max(values, key=len))} is beyond int64')
    elif len(values) - len(odd) >= _MOST * len(values):
        found.notes.append(f'"{name}" is text: {_listed(odd)} among numbers')
    elif epochs.names_a_time(name):
        found.notes.append(f'"{name}" is text: {_shown(odd[0])} is not ISO 8601')


def _require(found: _Columns, role: str, name: str | None) -> None:
    """Make a key or event time not nullable where most records have it; else refuse it."""
    dtype = None if name is None else found.types.get(name)
    if name is None or dtype is None or not dtype.is_nullable:
        return
    lacking = found.nulls.get(name, 0)
    records = found.sample.records
    what = f'{role}="{name}": empty in {lacking:,} of {records:,} records'
    if records - lacking < _MOST * records:
        raise SchemaError(f"{what}; it must be in every record")
    found.types[name] = replace(dtype, is_nullable=False)
    found.notes.append(f"{what}; such records are rejected")


def _names_to_keep(found: _Columns) -> tuple[str, ...]:
    """Return the names of all fields, where the columns alone do not say them."""
    names = found.sample.names
    in_file = [name for name, dtype in found.types.items() if dtype.in_message or name in names]
    return () if in_file == names else tuple(names)


def _listed(values: Iterable[str]) -> str:
    shown = [_shown(value) for value in values]
    return ", ".join(shown[:3]) + (f" and {len(shown) - 3} more" if len(shown) > 3 else "")


def _shown(value: str) -> str:
    return f'"{value}"' if len(value) <= _SHOWN else f'"{value[: _SHOWN - 3]}..."'
