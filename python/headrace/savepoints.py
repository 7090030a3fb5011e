"""What a savepoint has for a pipeline: which steps go on with their state, and which begin anew."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from headrace import logs
from headrace.errors import CheckpointError, SavepointWarning

if TYPE_CHECKING:
    from headrace import _core

__all__ = ["Comparison", "announce", "compare"]

_STATELESS = ("filter", "select", "explode", "unpivot")  # whose coming and going means nothing


class Comparison(NamedTuple):
    """Steps by what becomes of their state, each as the JSON of a plan.

    Examples
    --------
    >>> from headrace.savepoints import compare
    >>> compare(["a", "c"], ["a", "b"])
    Comparison(kept=['a'], new=['c'], left=['b'])
    """

    kept: list[str]
    new: list[str]
    left: list[str]


def compare(now: Sequence[str], then: Sequence[str]) -> Comparison:
    """Compare the operators of a pipeline with those that a savepoint has the state of.

    Examples
    --------
    >>> from headrace.savepoints import compare
    >>> compare(["a"], ["a"]).new
    []
    """
    return Comparison(
        [name for name in now if name in then],
        [name for name in now if name not in then],
        [name for name in then if name not in now],
    )


def announce(
    store: _core.CheckpointStore | None, name: str, plan: _core.Plan, fingerprint: str
) -> None:
    """Warn of steps that a savepoint has no state of, and of state that nobody takes.

    Raises
    ------
    CheckpointError
        If the savepoint is damaged, or its state is of other keys.

    Examples
    --------
    >>> from headrace.savepoints import announce  # called by ``run(savepoint=...)``
    """
    if store is None:
        return
    rows = store.rows(verify=True)
    broken = next((row for row in rows if row["reason"]), None)
    if broken is not None:
        raise CheckpointError(f'savepoint "{name}": {broken["reason"]}')
    other = next((row for row in rows if row["pipeline"] != fingerprint), None)
    if other is None:
        return
    if other["unit"] == "merged":
        raise CheckpointError(
            f'savepoint "{name}" is of another pipeline, and one that merges partitions cannot '
            "begin with a part of its state"
        )
    key = plan.input_schema()["key"] or ""
    if other["facts"].get("key", key) != key:
        raise CheckpointError(
            f'savepoint "{name}": its state is by "{other["facts"]["key"]}", '
            f'that of this pipeline by "{key}": none of it can be used'
        )
    found = compare(plan.kept_operators(), other["facts"].get("operators", "").split("\n")[:-1])
    parts = [f"{len(found.kept)} of {len(plan.kept_operators())} steps go on with their state"]
    if new := _texts(found.new):
        parts.append(f"new, and without state until records come: {new}")
    if left := _texts(found.left):
        parts.append(f"not in this pipeline, their state is left: {left}")
    logs.warn(f'savepoint "{name}" is of another pipeline: {"; ".join(parts)}', SavepointWarning)


def _texts(names: Sequence[str]) -> str:
    from headrace.stream import step_text

    steps: list[dict[str, Any]] = [json.loads(name.rpartition("}")[0] + "}") for name in names]
    return ", ".join(step_text(step) for step in steps if step["op"] not in _STATELESS)
