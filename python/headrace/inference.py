"""A schema from sample records: what they agree on, and in words what they do not.

Nothing is coerced: a type is taken where at least four in five of a column's values have it, and
the others are named, because such records will be dead letters. A column without such a majority
is left out.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from headrace import epochs, payloads, roles
from headrace.dtypes import DataType, bool_, float64, int64, list_, string, timestamp
from headrace.errors import DecodeError, SchemaError
from headrace.samples import Sampled, extent
from headrace.schema import Schema

__all__ = ["NUMBER", "infer"]

# Below it a sample's odd values are a second form of the data, not mistakes in the first.
_MOST = 0.8
_INT64 = range(-(2**63), 2**63)
# A producer's clock and its records' own times differ by seconds; a number that is no time does not
# stay within an hour of the clock.
_NEAR_S = 3600.0
_SHOWN = 40
_DEEPEST = 16  # levels of objects in objects

_WORDS = {
    "bool": "booleans",
    "number": "numbers",
    "text": "text",
    "list": "lists",
    "object": "objects",
}

# In text: also with leading zeros.
NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)

Found = list[tuple[int, Any]]  # (index of the record, value)


@dataclass
class _Sample:
    """The records that are JSON objects."""

    records: Sequence[Sampled]
    objects: Found
    event_time: str | None  # as the user named it: that such a number is a time needs no proof
    notes: list[str]
    left_out: dict[str, str]
    what: str = "records"  # that `objects` are: records, or elements of a list of theirs

    def misfit(self, name: str, odd: Found, what: str) -> None:
        """Note values that their column's type will refuse."""
        if not odd:
            return
        index, value = odd[0]
        self.notes.append(
            f'"{name}": {what} in {len(odd)} of {len(self.objects)} {self.what}, e.g. '
            f"{_shown(value)} ({self.records[index].place}); such records are rejected"
        )

    def sometimes_absent(self, name: str, present: int) -> None:
        """Note a field that few records lack: perhaps a mistake of theirs."""
        total = len(self.objects)
        if present >= _MOST * total:
            self.notes.append(
                f'"{name}" is nullable: absent or null in {total - present} of {total} {self.what}'
            )


def infer(
    records: Sequence[Sampled],
    *,
    event_time: str | None = None,
    key: str | None = None,
    origin: str = "the sample",
) -> Schema:
    """Return the schema that most of the records have, with notes on how it came about.

    Parameters
    ----------
    records : sequence of Sampled
        At most a few hundred.
    event_time, key : str, optional
        The user's choice; guessed where there is one candidate.
    origin : str
        Where the records are from, for messages.

    Raises
    ------
    DecodeError
        If none is a JSON object; the message says what they look like.
    SchemaError
        If there are no values or no columns, or `event_time` or `key` does not fit.
    UnknownColumn
        If `event_time` or `key` is not there.

    Examples
    --------
    >>> from headrace.inference import infer
    >>> from headrace.samples import of_json
    >>> infer(of_json([{"x": 1}, {"x": 2.5}, {"x": None}]))
    # inferred from 3 records
    hr.Schema({"x": hr.nullable(hr.float64)})
    """
    sample = _Sample(records, [], event_time, [], {})
    _read(sample, origin)
    columns: dict[str, DataType] = {}
    for name, dtype in _columns(sample, (), sample.objects):
        if name in columns:
            sample.left_out[name] = "two fields have this name"
        else:
            columns[name] = dtype
    if not columns:
        reasons = ", ".join(f'"{name}" ({why})' for name, why in sample.left_out.items())
        raise SchemaError(f"{origin}: no field can be a column: {reasons or 'empty objects'}")
    chosen = roles.choose(
        columns, [(records[i], value) for i, value in sample.objects],
        event_time=event_time, key=key, left_out=sample.left_out,
    )  # fmt: skip
    notes = [f"inferred from {extent([records[i] for i, _ in sample.objects])}"]
    notes += chosen.notes
    notes += [f'left out "{name}": {why}' for name, why in sample.left_out.items()]
    schema = Schema(chosen.columns, event_time=chosen.event_time, key=chosen.key)
    return schema._with_notes([*notes, *sample.notes])


def _read(sample: _Sample, origin: str) -> None:
    """Keep the records that are objects; the others are counted, or the error if there is none."""
    bad: list[Sampled] = []
    for i, record in enumerate(sample.records):
        if record.value is None:
            continue  # a tombstone
        try:
            value = json.loads(record.value, parse_constant=_refuse)
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, dict):
            sample.objects.append((i, value))
        else:
            bad.append(record)
    if bad:
        what, advice = payloads.looks_like([record.value or b"" for record in bad])
        example = f"{bad[0].place}: {payloads.shown(bad[0].value or b'')}"
        if not sample.objects:
            raise DecodeError(
                f"the records of {origin} are not JSON objects; they look like {what}, "
                f"e.g. {example}; {advice}"
            )
        sample.notes.append(
            f"no JSON objects: {len(bad)} of {len(bad) + len(sample.objects)} records, which look "
            f"like {what}, e.g. {example}; such records are rejected"
        )
    if not sample.records:
        raise SchemaError(f"{origin}: no records")
    if not sample.objects:
        raise SchemaError(
            f"{origin}: all {len(sample.records)} records are tombstones (null values); "
            "give schema=hr.Schema({...})"
        )


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _columns(
    sample: _Sample, path: tuple[str, ...], found: Found
) -> Iterator[tuple[str, DataType]]:
    """Yield the columns of the objects in `found`, in the order in which they appear."""
    fields: dict[str, Found] = {}
    for index, item in found:
        for name, value in item.items():
            fields.setdefault(name, []).append((index, value))
    for name, values in fields.items():
        yield from _column(sample, (*path, name), values)


def _column(sample: _Sample, path: tuple[str, ...], found: Found) -> Iterator[tuple[str, DataType]]:
    name = ".".join(path)
    values = [(index, value) for index, value in found if value is not None]
    kinds = Counter(_kind(value) for _, value in values)
    if not values or not all(path):
        sample.left_out[name] = "it has no name" if values else "null in every record"
        return
    kind, count = kinds.most_common(1)[0]
    if count < _MOST * len(values):
        counts = " and ".join(f"{n} {_WORDS[k]}" for k, n in kinds.most_common())
        sample.left_out[name] = f"of mixed types: {counts}"
        return
    odd = [(i, value) for i, value in values if _kind(value) != kind]
    values = [(i, value) for i, value in values if _kind(value) == kind]
    others = " or ".join(_WORDS[other] for other in kinds if other != kind)
    sample.misfit(name, odd, f"{others} instead of {_WORDS[kind]}")
    if kind == "object" and (len(path) == _DEEPEST or not any(value for _, value in values)):
        sample.left_out[name] = f"empty objects, or deeper than {_DEEPEST} levels"
    elif kind == "object":
        yield from _columns(sample, path, values)
    else:
        if kind == "list":
            dtype = _list(sample, path, values)
        else:
            dtype = _scalar(sample, name, path[-1], kind, values)
        if dtype is not None:
            nullable = len(values) + len(odd) < len(sample.objects)
            if nullable:
                sample.sometimes_absent(name, len(values) + len(odd))
            dotted = any("." in part for part in path)
            yield name, replace(dtype, is_nullable=nullable, path=path if dotted else ())


def _list(sample: _Sample, path: tuple[str, ...], values: Found) -> DataType | None:
    """Return the type of lists whose elements agree, as the values of a column do."""
    name = ".".join(path)
    elements = [(index, element) for index, value in values for element in value]
    if not elements or sample.what != "records":
        sample.left_out[name] = "lists in lists" if elements else "no list has an element"
        return None
    inner = _Sample(sample.records, elements, None, sample.notes, sample.left_out, "elements")
    fields = dict(_column(inner, path, elements))
    if name in fields:
        return list_(replace(fields[name], path=()))
    below = {
        full.removeprefix(f"{name}."): replace(dtype, path=dtype.path[len(path) :])
        for full, dtype in fields.items()
    }
    return list_(below) if below else None


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, str):
        return "text"
    return "list" if isinstance(value, list) else "object"


def _scalar(sample: _Sample, name: str, word: str, kind: str, values: Found) -> DataType | None:
    if kind == "bool":
        return bool_
    if kind == "text":
        return _text(sample, name, values)
    unit = _epoch(sample, name, word, values)
    if unit is not None:
        return timestamp(unit)
    numbers = [value for _, value in values]
    if any(isinstance(number, float) for number in numbers):
        return float64
    beyond = [number for number in numbers if number not in _INT64]
    if beyond:
        sample.left_out[name] = (
            f"{beyond[0]} is beyond int64; hr.float64 takes it, rounded to 16 digits"
        )
        return None
    return int64


def _text(sample: _Sample, name: str, values: Found) -> DataType:
    times = sum(epochs.is_iso8601(value) for _, value in values)
    if times < _MOST * len(values):
        if name == sample.event_time:
            raise SchemaError(
                f'event_time="{name}": text such as {_shown(values[0][1])} is not ISO 8601 '
                "(2026-03-02T14:30:00Z); let the producer write that, or a number of epoch "
                "milliseconds"
            )
        _note_text(sample, name, [value for _, value in values])
        return string
    odd = [(i, value) for i, value in values if not epochs.is_iso8601(value)]
    sample.misfit(name, odd, "text that is not ISO 8601")
    return timestamp


def _note_text(sample: _Sample, name: str, texts: Sequence[str]) -> None:
    """Say where text might have been meant as something to compute with."""
    if epochs.names_a_time(name):
        sample.notes.append(f'"{name}" is text: {_shown(texts[0])} is not ISO 8601')
    elif sum(NUMBER.fullmatch(text) is not None for text in texts) >= _MOST * len(texts):
        sample.notes.append(f'"{name}" is text: {_shown(texts[0])} is a number in quotes')


def _epoch(sample: _Sample, name: str, word: str, values: Found) -> str | None:
    """Return the unit where the numbers count time since 1970; None where they do not."""
    chosen = name == sample.event_time
    units = epochs.units_of([value for _, value in values])
    most = _MOST * len(values)
    if units.total() < most or not (
        chosen or epochs.names_a_time(word) or _follows_the_clock(sample, values)
    ):
        if chosen:
            raise SchemaError(
                f'event_time="{name}": {values[0][1]} is no epoch in s, ms, us or ns between 1990 '
                f'and 2100; where it counts something else write hr.Schema({{"{name}": '
                'hr.timestamp("ms"), ...})'
            )
        return None
    unit, count = units.most_common(1)[0]
    if len(units) > 1:
        readings = _readings(values, units)
        if count < most:
            if chosen:
                raise SchemaError(
                    f'event_time="{name}": the sample mixes units: {readings}; give the one that '
                    f'holds: hr.Schema({{"{name}": hr.timestamp("{unit}"), ...}})'
                )
            sample.notes.append(f'"{name}" is no timestamp: the sample mixes units: {readings}')
            return None
        sample.notes.append(
            f'"{name}": the sample mixes units: {readings}; taken as {unit}, other records are '
            "rejected"
        )
    return unit


def _readings(values: Found, units: Counter[str]) -> str:
    """Say for each unit how many values look like it, and one of them in words."""
    first = {epochs.unit_of(value): value for _, value in reversed(values)}
    return ", ".join(
        f"{count} in {unit} ({first[unit]} = {epochs.read_as(first[unit], unit)})"
        for unit, count in units.most_common()
    )


def _follows_the_clock(sample: _Sample, values: Found) -> bool:
    """Whether every number is, in its unit, within an hour of its record's Kafka timestamp."""
    for index, value in values:
        written = sample.records[index].timestamp_ms
        unit = epochs.unit_of(value)
        if written < 0 or unit is None:
            return False
        if abs(value / epochs.UNITS[unit] - written / 1000) > _NEAR_S:
            return False
    return True


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
