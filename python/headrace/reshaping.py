"""The steps that change which rows there are: their arguments checked, written for the plan."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from headrace.errors import InvalidArgument

__all__ = ["TEXTS", "explode", "map_batches", "unpivot"]

Step = dict[str, Any]


def unpivot(
    on: Sequence[str] | None,
    *,
    index: Sequence[str] | None,
    variable_name: str,
    value_name: str,
    key: str | None,
) -> Step:
    """Return the step of ``Stream.unpivot``."""
    if on is None and index is None:
        raise InvalidArgument(
            "unpivot: expected the columns to unpivot, or those to keep: "
            'unpivot(on=["t1", "t2"]) or unpivot(index=["at"])'
        )
    if key is not None and key != variable_name:
        raise InvalidArgument(
            "unpivot: key: only the column of names can become the key: "
            f'key="{variable_name}", got {key!r}'
        )
    return {
        "op": "unpivot",
        "on": _names("on", on),
        "index": _names("index", index),
        "variable_name": _name("variable_name", variable_name),
        "value_name": _name("value_name", value_name),
        "key_is_variable": key is not None,
    }


def explode(column: str, *, keep_empty: bool) -> Step:
    """Return the step of ``Stream.explode``."""
    if not isinstance(column, str):
        raise InvalidArgument(f"explode: expected the name of a column of lists, got {column!r}")
    return {"op": "explode", "column": column, "keep_empty": bool(keep_empty)}


def map_batches(function: int, name: str, schema: dict[str, Any]) -> Step:
    """Return the step of ``Stream.map_batches`` for the function of that number."""
    return {"op": "map_batches", "function": function, "name": name, "schema": schema}


def _names(what: str, names: Sequence[str] | None) -> list[str] | None:
    if names is None:
        return None
    listed = [names] if isinstance(names, str) else list(names)
    for name in listed:
        if not isinstance(name, str):
            raise InvalidArgument(f"unpivot: {what}: expected column names, got {name!r}")
    return listed


def _name(what: str, name: str) -> str:
    if not isinstance(name, str) or not name:
        raise InvalidArgument(f"unpivot: {what}: expected a column name, got {name!r}")
    return name


def _unpivot_text(step: Step) -> str:
    parts = [", ".join(step["on"])] if step["on"] is not None else []
    parts += [f"index={', '.join(step['index'])}"] if step["index"] is not None else []
    return f"unpivot({'; '.join(parts)} -> {step['variable_name']}, {step['value_name']})"


def _explode_text(step: Step) -> str:
    return f"explode({step['column']}{', keep_empty=True' if step['keep_empty'] else ''})"


def _map_text(step: Step) -> str:
    return f"map_batches({step['name']})"


TEXTS: dict[str, Callable[[Step], str]] = {
    "unpivot": _unpivot_text,
    "explode": _explode_text,
    "map_batches": _map_text,
}
