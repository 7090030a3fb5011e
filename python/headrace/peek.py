"""A few records through a stream's steps: the oldest, the newest, or a sample of both."""

from __future__ import annotations

import csv
import itertools
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from headrace import frames, logs, rejects
from headrace.errors import InvalidArgument, RejectedWarning
from headrace.lazy import pd

if TYPE_CHECKING:
    from headrace.samples import Sampled
    from headrace.schema import Schema
    from headrace.sources import Source
    from headrace.stream import Stream

__all__ = ["Peeked", "head", "peek", "tail"]

_LOOK_S = 5.0  # how long a broker may take


@dataclass(frozen=True)
class Peeked:
    """What a few records became."""

    rows: pd.DataFrame
    rejected: pd.DataFrame  # as Live.rejected() has them, at the places of the source
    records: Sequence[Sampled]  # of a topic; none where the source has no offsets


@dataclass(frozen=True)
class _Values:
    """Record values in a file, one a line."""

    path: Path
    format: tuple[str, dict[str, Any]]

    bounded: ClassVar[bool] = True

    def open(self, schema: Schema) -> list[Any]:
        from headrace import _core

        return [_core.lines_source(str(self.path), csv=self.format[0] == "csv")]

    def describe(self) -> str:
        return "sampled records"


def head(stream: Stream, n: int) -> pd.DataFrame:
    """Return what the oldest `n` records become; see :meth:`headrace.Stream.head`.

    Examples
    --------
    >>> import headrace as hr
    >>> from headrace.peek import head
    >>> len(head(hr.from_frame(hr.market.bars(rows=50)), 3))
    3
    """
    return _warned("head", n, peek(stream, _number("head", n), 0))


def tail(stream: Stream, n: int) -> pd.DataFrame:
    """Return the newest `n` records without the steps; see :meth:`headrace.Stream.tail`.

    Examples
    --------
    >>> import headrace as hr
    >>> from headrace.peek import tail
    >>> len(tail(hr.from_frame(hr.market.bars(rows=50)), 3))
    3
    """
    without_steps = replace(stream, _steps=(), _predictors=(), _functions=())
    return _warned("tail", n, peek(without_steps, 0, _number("tail", n)))


def _number(method: str, n: object) -> int:
    if not isinstance(n, int) or isinstance(n, bool) or n < 1:
        raise InvalidArgument(f"{method}: n: expected a number of records from 1, got {n!r}")
    return n


def _warned(method: str, n: int, found: Peeked) -> pd.DataFrame:
    if len(found.rejected):
        logs.warn(
            f"{method}: {len(found.rejected)} of {n} records rejected; first: "
            f"{rejects.text_of(found.rejected.iloc[0])}",
            RejectedWarning,
        )
    return found.rows


def peek(stream: Stream, oldest: int, newest: int) -> Peeked:
    """Run `stream` over its oldest and newest records; no group, nothing committed or written.

    Parameters
    ----------
    stream : Stream
        With its steps.
    oldest, newest : int
        How many records at most.

    Examples
    --------
    >>> import headrace as hr
    >>> from headrace.peek import peek
    >>> bars = hr.from_frame(hr.market.bars(rows=50), schema=hr.market.SCHEMA)
    >>> len(peek(bars, 3, 2).rows)
    5
    """
    from headrace.kafka_source import KafkaSource
    from headrace.sources import FrameSource

    if stream._pending is not None:
        stream._pending.look()
    schema = stream._schema  # an error where the columns are not known
    source = stream._source
    if isinstance(source, KafkaSource):
        found = source.sample(oldest, newest, source.timeout or _LOOK_S)
        found.sort(key=lambda r: (r.timestamp_ms, r.topic, r.partition, r.offset))
        records = [record for record in found if record.value is not None]
        with _as_file([r.value or b"" for r in records], source.format, schema) as values:
            return _run(stream, values, records)
    if isinstance(source, FrameSource):
        return _run(stream, FrameSource(_ends(source.data, oldest, newest)), [])
    return _of_file(stream, source, oldest, newest, schema)


def _of_file(stream: Stream, source: Any, oldest: int, newest: int, schema: Schema) -> Peeked:
    from headrace.sources import FrameSource

    path: Path = source.path
    if path.suffix in (".parquet", ".pq"):
        table = frames._require("pyarrow.parquet", "arrow").read_table(path)
        return _run(stream, FrameSource(_ends(table, oldest, newest)), [])
    if path.suffix == ".csv":
        with path.open(newline="", encoding="utf-8") as lines:
            rows = csv.reader(lines, delimiter=source.delimiter)
            next(rows, None)
            some = [_csv_line(row, source.delimiter) for row in _both_ends(rows, oldest, newest)]
    else:
        with path.open("rb") as lines:
            some = [line.strip() for line in _both_ends(lines, oldest, newest)]
    with _as_file(some, source.format, schema) as values:
        return _run(stream, values, [])


def _run(stream: Stream, source: Source, records: Sequence[Sampled]) -> Peeked:
    from headrace.live import Live

    over = replace(stream, _source=source, _sinks=())
    with Live._start(over, source, collect=True) as live:
        live.wait(progress=False)
        rejected = live.rejected()
        rows = frames.to_pandas(live._engine.take_collected())
    if records and len(rejected):
        places = [records[line] for line in rejected["offset"]]
        for name in ("topic", "partition", "offset", "key"):
            rejected[name] = [getattr(place, name) for place in places]
    return Peeked(rows, rejected, records)


@contextmanager
def _as_file(
    values: Sequence[bytes], form: tuple[str, dict[str, Any]], schema: Schema
) -> Iterator[_Values]:
    """Write the values a line each; in JSON a line end can only stand where a space could."""
    if form[0] == "csv":
        delimiter = form[1].get("delimiter", ",")
        values = [_csv_line(form[1].get("columns", schema.names), delimiter), *values]
    else:
        values = [value.replace(b"\n", b" ") for value in values]
    with tempfile.TemporaryDirectory(prefix="headrace-") as folder:
        path = Path(folder) / "values"
        path.write_bytes(b"".join(value + b"\n" for value in values))
        yield _Values(path, form)


def _csv_line(row: Sequence[str], delimiter: str) -> bytes:
    quoted = ('"' + cell.replace('"', '""') + '"' if cell else "" for cell in row)
    return delimiter.join(quoted).encode()


def _both_ends(rows: Iterable[Any], oldest: int, newest: int) -> list[Any]:
    iterator = iter(rows)
    first = list(itertools.islice(iterator, oldest))
    return [*first, *deque(iterator, maxlen=newest)] if newest else first


def _ends(data: Any, oldest: int, newest: int) -> Any:
    """Return the first and the last rows of a frame."""
    rows = len(data)
    if oldest + newest >= rows:
        return data
    if isinstance(data, pd.DataFrame):
        return data.iloc[[*range(oldest), *range(rows - newest, rows)]]
    if frames.kind_of(data) not in ("polars", "pyarrow"):
        raise InvalidArgument(f"a {type(data).__name__} cannot be looked at without using it up")
    pieces = [data.slice(0, oldest), data.slice(rows - newest, newest)]
    if frames.kind_of(data) == "polars":
        return pieces[0].vstack(pieces[1])
    return frames._require("pyarrow", "arrow").concat_tables(pieces)
