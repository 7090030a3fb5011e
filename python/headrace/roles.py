"""Which column is the event time and which the key: as told, else the only candidate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from headrace.dtypes import DataType
from headrace.errors import SchemaError, UnknownColumn
from headrace.samples import Sampled

__all__ = ["Roles", "choose"]

# A key or event time that a few records lack is one all the same: those are rejected.
_MOST = 0.8

Records = Sequence[tuple[Sampled, Mapping[str, Any]]]


@dataclass
class Roles:
    """The columns, with event time and key, and how they were chosen."""

    columns: dict[str, DataType]
    event_time: str | None = None
    key: str | None = None
    notes: list[str] = field(default_factory=list)


def choose(
    columns: Mapping[str, DataType],
    records: Records,
    *,
    event_time: str | None,
    key: str | None,
    left_out: Mapping[str, str],
) -> Roles:
    """Return event time and key: those given, else guessed where there is one candidate.

    Parameters
    ----------
    columns : mapping of str to DataType
        What was inferred.
    records : sequence of (Sampled, dict)
        What it was inferred from, decoded.
    event_time, key : str, optional
        The user's choice.
    left_out : mapping of str to str
        Fields that are no columns, and why.

    Examples
    --------
    >>> from headrace.roles import choose
    >>> from headrace.samples import Sampled
    >>> from headrace.dtypes import float64, string
    >>> record = Sampled("ohlcv", 0, 7, -1, b"AAPL", b"...")
    >>> choose({"Ticker": string, "Close": float64}, [(record, {"Ticker": "AAPL", "Close": 1.0})],
    ...        event_time=None, key=None, left_out={}).key
    'Ticker'
    """
    chosen = Roles(dict(columns))
    for role, name in (("event_time", event_time), ("key", key)):
        if name is not None:
            _check(role, name, columns, left_out)
    chosen.event_time = event_time or _guess_event_time(chosen)
    chosen.key = key or _guess_key(chosen, records)
    for role, name in (("event_time", chosen.event_time), ("key", chosen.key)):
        if name is not None and chosen.columns[name].is_nullable:
            _require(role, name, chosen, records)
    return chosen


def _check(
    role: str, name: str, columns: Mapping[str, DataType], left_out: Mapping[str, str]
) -> None:
    if name in left_out:
        raise SchemaError(f'{role}="{name}" cannot be a column: {left_out[name]}')
    if name not in columns:
        from headrace import _core

        raise UnknownColumn(f"{role}: {_core.unknown_name('column', name, list(columns))}")


def _guess_event_time(chosen: Roles) -> str | None:
    times = [n for n, t in chosen.columns.items() if t.name == "timestamp" and not t.is_nullable]
    if len(times) == 1:
        chosen.notes.append(f'event_time="{times[0]}" guessed: the only timestamp column')
        return times[0]
    if times:
        chosen.notes.append(f"no event_time guessed: {_listed(times)} could be it")
    return None


def _guess_key(chosen: Roles, records: Records) -> str | None:
    keyed = [(record.key, value) for record, value in records if record.key is not None]
    if not keyed:
        return None
    possible = [n for n, t in chosen.columns.items() if t.name in ("string", "int64")]
    equal = [
        name
        for name in possible
        if all(_text(_at(value, chosen.columns[name].path or name.split("."))) == key
               for key, value in keyed)
    ]  # fmt: skip
    if len(equal) == 1:
        all_keyed = "the one record with a key" if len(keyed) == 1 else f"all {len(keyed)} records"
        chosen.notes.append(f'key="{equal[0]}" guessed: it is the Kafka key of {all_keyed}')
        return equal[0]
    if equal:
        chosen.notes.append(f"no key guessed: {_listed(equal)} could be it")
    else:
        chosen.notes.append(f"no key guessed: no column is the Kafka key, e.g. {keyed[0][0]!r}")
    return None


def _require(role: str, name: str, chosen: Roles, records: Records) -> None:
    """Make a key or event time not nullable where most records have it; else refuse it."""
    dtype = chosen.columns[name]
    path = dtype.path or name.split(".")
    lacking = [record for record, value in records if _at(value, path) is None]
    if not records:
        raise SchemaError(f'{role}="{name}" has nulls; it must be in every row')
    count = f"{len(lacking)} of {len(records)} records"
    what = f"absent or null in {count}, e.g. {lacking[0].place}"
    if len(records) - len(lacking) < _MOST * len(records):
        raise SchemaError(f'{role}="{name}": {what}; it must be in every record')
    chosen.columns[name] = replace(dtype, is_nullable=False)
    chosen.notes.append(f'{role}="{name}": {what}; such records are rejected')


def _at(value: Any, path: Sequence[str]) -> Any:
    for part in path:
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _text(value: Any) -> bytes | None:
    if value is None or isinstance(value, (bool, float)):
        return None
    return str(value).encode(errors="replace")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
