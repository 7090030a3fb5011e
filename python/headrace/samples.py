"""Sample records from topics, files, JSON text and frames: what schemas are inferred from."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from headrace import files
from headrace.errors import InvalidArgument, SchemaError

__all__ = ["NEWEST", "OLDEST", "Sampled", "extent", "of_json", "of_lines"]

# What a schema is inferred from, at most. Both ends of a topic: its form may have changed.
OLDEST, NEWEST = 50, 200
_PARTS_NAMED = 4
_MOST = OLDEST + NEWEST
_FILE_ENDINGS = (".json", ".jsonl", ".ndjson")


class Sampled(NamedTuple):
    """One record to look at; without a topic its offset is its number."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None

    @property
    def place(self) -> str:
        """Where it is, for messages."""
        return f"{self.topic}[{self.partition}]@{self.offset}" if self.topic else f"#{self.offset}"


def of_json(sample: Any) -> list[Sampled]:
    """Return the records of `sample` as ``Schema.from_json`` takes them.

    Examples
    --------
    >>> from headrace.samples import of_json
    >>> [record.value for record in of_json('[{"x": 1}, {"x": 2}]')]
    [b'{"x": 1}', b'{"x": 2}']
    """
    if isinstance(sample, Path) or (isinstance(sample, str) and sample.endswith(_FILE_ENDINGS)):
        return _of_file(Path(sample))
    if isinstance(sample, (str, bytes)):
        return _of_text(sample.encode() if isinstance(sample, str) else sample)
    if isinstance(sample, Mapping):
        return _of_objects([sample])
    if isinstance(sample, Sequence):
        return _of_objects(sample)
    raise InvalidArgument(
        "from_json: expected a dict, a list of dicts, JSON text or the path of a "
        f"{', '.join(_FILE_ENDINGS)} file, got {type(sample).__name__}"
    )


def of_lines(lines: Iterable[bytes]) -> list[Sampled]:
    """Return the first lines that are not empty."""
    values = (line.strip() for line in lines)
    return _numbered(itertools.islice((value for value in values if value), _MOST))


def _numbered(values: Iterable[bytes]) -> list[Sampled]:
    return [Sampled("", 0, i, -1, None, value) for i, value in enumerate(values)]


def _of_file(path: Path) -> list[Sampled]:
    with files.opened(path) as lines:
        first = lines.read(1)
        lines.seek(0)
        # One document, over several lines perhaps; else an object a line.
        if path.suffix == ".json" or first == b"[":
            return _of_text(lines.read())
        return of_lines(lines)


def _of_text(text: bytes) -> list[Sampled]:
    try:
        document = json.loads(text)
    except ValueError:
        return of_lines(text.splitlines())
    return _of_objects(document if isinstance(document, list) else [document])


def _of_objects(objects: Sequence[Any]) -> list[Sampled]:
    try:
        return _numbered(json.dumps(item).encode() for item in objects[:_MOST])
    except (TypeError, ValueError) as error:
        raise SchemaError(f"from_json: not what JSON can hold: {error}") from error


def extent(records: Sequence[Sampled]) -> str:
    """Say how many records these are and which.

    Examples
    --------
    >>> from headrace.samples import Sampled, extent
    >>> extent([Sampled("ohlcv", 0, i, -1, None, b"{}") for i in (0, 1, 2, 97, 98)])
    '5 records: ohlcv[0] offsets 0 to 2 and 97 to 98'
    """
    count = f"{len(records)} record{'' if len(records) == 1 else 's'}"
    offsets: dict[tuple[str, int], list[int]] = {}
    for record in records:
        offsets.setdefault((record.topic, record.partition), []).append(record.offset)
    parts = [f"{topic}[{n}] {_ranges(found)}" for (topic, n), found in offsets.items() if topic]
    if len(parts) > _PARTS_NAMED:
        more = len(parts) - _PARTS_NAMED
        parts = [*parts[:_PARTS_NAMED], f"and {more} partition{'' if more == 1 else 's'} more"]
    return f"{count}: {', '.join(parts)}" if parts else count


def _ranges(offsets: list[int]) -> str:
    """Give the offsets as the two ends of a topic that were looked at, or from first to last."""
    offsets = sorted(offsets)
    gaps = [i for i, (a, b) in enumerate(itertools.pairwise(offsets)) if b > a + 1]
    cut = gaps[0] + 1 if len(gaps) == 1 else len(offsets)
    runs = [run for run in (offsets[:cut], offsets[cut:]) if run]
    text = " and ".join(f"{r[0]} to {r[-1]}" if len(r) > 1 else str(r[0]) for r in runs)
    return f"offset{'' if len(offsets) == 1 else 's'} {text}"
