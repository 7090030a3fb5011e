"""Checkpoints as a frame: what there is to go on from, and whether it is whole."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from headrace.arguments import names_checked
from headrace.durability import KAFKA
from headrace.errors import CheckpointError, InvalidArgument
from headrace.lazy import pd

__all__ = ["checkpoints"]

_COLUMNS = (
    *("unit", "commit", "positions", "bytes", "valid", "reason"),
    *("taken", "savepoint", "pipeline", "where"),
)


@names_checked
def checkpoints(
    where: str | Path,
    *,
    verify: bool = True,
    bootstrap: str = "localhost:9092",
    config: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Return the checkpoints and savepoints of a directory or topic, the newest of each unit first.

    Nothing is changed, so this can be called while a stream writes there.

    Parameters
    ----------
    where : str or Path
        As in ``run(checkpoint=...)``: a directory, or ``"kafka://topic"``.
    verify : bool
        Whether every byte is looked at. ``False`` looks at headers alone: quick, but damage in the
        state is not seen.
    bootstrap : str
        Brokers, for a topic.
    config : mapping, optional
        librdkafka settings, for a topic.

    Returns
    -------
    DataFrame
        A row for each: ``unit`` (topic and partition whose state it is), ``commit`` (number of the
        commit at which it was taken), ``positions``, ``bytes``, ``valid`` with its ``reason`` where
        it is not, ``taken``, ``savepoint`` (its name, else empty), ``pipeline`` (fingerprint),
        ``where``.

    Raises
    ------
    CheckpointError
        If there is no such directory.
    TopicNotFound
        If there is no such topic.

    Examples
    --------
    >>> import tempfile
    >>> import headrace as hr
    >>> hr.checkpoints(tempfile.mkdtemp()).empty
    True
    """
    store = _opened(where, bootstrap, dict(config or {}))
    rows = [(row, "") for row in store.rows(verify)]
    for name in store.savepoints():
        rows += [(row, name) for row in store.savepoint(name).rows(verify)]
    table = pd.DataFrame([_line(row, name) for row, name in rows], columns=list(_COLUMNS))
    table["taken"] = pd.to_datetime(table["taken"], unit="ms", utc=True)
    texts = dict.fromkeys(("unit", "positions", "reason", "savepoint", "pipeline", "where"), str)
    return table.astype({**texts, "commit": "uint64", "bytes": "uint64", "valid": bool})


def _opened(where: Any, bootstrap: str, config: dict[str, str]) -> Any:
    from headrace import _core

    if not isinstance(where, (str, Path)) or not str(where):
        raise InvalidArgument(
            f'checkpoints: expected a directory or "kafka://topic", got {where!r}'
        )
    if str(where).startswith(KAFKA):
        return _core.CheckpointStore.kafka(bootstrap, config, str(where).removeprefix(KAFKA))
    if "://" in str(where):
        raise InvalidArgument(
            f'checkpoints: expected a directory or "kafka://topic", got {str(where)!r}'
        )
    if not Path(where).is_dir():
        raise CheckpointError(f"checkpoints: there is no directory {str(where)!r}")
    return _core.CheckpointStore.directory(str(where))


def _line(row: Mapping[str, Any], savepoint: str) -> tuple[Any, ...]:
    positions = ", ".join(f"{topic}[{part}]@{offset}" for topic, part, offset in row["read_to"])
    taken = row["facts"].get("taken", "")
    return (
        *(row["unit"], row["commit"], positions, row["bytes"]),
        *(not row["reason"], row["reason"]),
        *(int(taken) if taken.isdecimal() else None, savepoint),
        *(row["pipeline"], row["where"]),
    )
