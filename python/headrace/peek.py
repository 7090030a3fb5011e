"""A few records through a stream's steps: the oldest, the newest, or a sample of both."""

from __future__ import annotations

import csv
import io
import itertools
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from headrace import files, frames, logs, rejects, topology
from headrace.csv_format import row_bytes
from headrace.errors import InvalidArgument, RejectedWarning, Unsupported
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

        decoder, options = self.format
        delimiter = options.get("delimiter", ",")
        return [_core.lines_source(str(self.path), csv=decoder == "csv", delimiter=delimiter)]

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
    return _warned("head", n, peek(stream, _number("head", n), 0)).head(n)


def tail(stream: Stream, n: int) -> pd.DataFrame:
    """Return the newest `n` records without the steps; see :meth:`headrace.Stream.tail`.

    Examples
    --------
    >>> import headrace as hr
    >>> from headrace.peek import tail
    >>> len(tail(hr.from_frame(hr.market.bars(rows=50)), 3))
    3
    """
    if isinstance(stream._source, topology.Merged):
        parts = topology.leaf_streams(stream._source)
        if len(parts) > 1:
            raise Unsupported(
                f"tail: the newest records as they came are those of one stream, this one reads "
                f"{len(parts)}: {stream._source.describe()}"
            )
        stream = parts[0]
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
    if stream._pending is not None:
        stream._pending.look()
    schema = stream._schema  # an error where the columns are not known
    with _sampled(stream._source, schema, oldest, newest) as sample:
        return _run(stream, sample)


@dataclass(frozen=True)
class _Sample:
    """A few records of a source, as a source of their own."""

    source: Source
    records: Mapping[str, Sequence[Sampled]] = field(default_factory=dict)  # by topic of `source`


@contextmanager
def _sampled(source: Source, schema: Schema, oldest: int, newest: int) -> Iterator[_Sample]:
    from headrace.kafka_source import KafkaSource
    from headrace.sources import FrameSource

    if isinstance(source, topology.Merged):
        with ExitStack() as stack:
            parts = [
                stack.enter_context(_sampled(leaf._source, leaf._schema, oldest, newest))
                for leaf in topology.leaf_streams(source)
            ]
            records = {topic: found for part in parts for topic, found in part.records.items()}
            yield _Sample(topology.with_leaves(source, [part.source for part in parts]), records)
    elif isinstance(source, KafkaSource):
        found = source.sample(oldest, newest, source.timeout or _LOOK_S)
        found.sort(key=lambda r: (r.timestamp_ms, r.topic, r.partition, r.offset))
        kept = [record for record in found if record.value is not None]
        form = topology.format_of(source, schema)
        with _as_file([r.value or b"" for r in kept], form) as values:
            yield _Sample(values, {str(values.path): kept})
    elif isinstance(source, FrameSource):
        yield _Sample(FrameSource(_ends(source.data, oldest, newest)))
    else:
        with _of_file(source, oldest, newest, schema) as values:
            yield _Sample(values)


@contextmanager
def _of_file(source: Any, oldest: int, newest: int, schema: Schema) -> Iterator[Source]:
    from headrace.sources import FrameSource

    path: Path = source.path
    kind = files.kind_of(path)
    if kind == "parquet":
        table = frames._require("pyarrow.parquet", "arrow").read_table(path)
        yield FrameSource(_ends(table, oldest, newest))
        return
    with files.opened(path) as lines:
        if kind == "csv":
            delimiter = source.csv.delimiter
            text = io.TextIOWrapper(lines, encoding="utf-8-sig", newline="")
            rows = csv.reader(text, delimiter=delimiter)
            if source.csv.header:
                next(rows, None)
            some = [row_bytes(row, delimiter) for row in _both_ends(rows, oldest, newest)]
        else:
            some = [line.strip() for line in _both_ends(lines, oldest, newest)]
    with _as_file(some, topology.format_of(source, schema)) as values:
        yield values


def _run(stream: Stream, sample: _Sample) -> Peeked:
    from headrace.live import Live

    over = replace(stream, _source=sample.source, _sinks=())
    with Live._start(over, sample.source, collect=True) as live:
        live.wait(progress=False)
        rejected = live.rejected()
        rows = frames.to_pandas(live._engine.take_collected())
    if sample.records and len(rejected):
        lines = zip(rejected["topic"], rejected["offset"], strict=True)
        places = [sample.records[topic][line] for topic, line in lines]
        for name in ("topic", "partition", "offset"):
            rejected[name] = [getattr(place, name) for place in places]
        rejected["key"] = [place.key or b"" for place in places]
    records = [record for found in sample.records.values() for record in found]
    return Peeked(rows, rejected, records)


@contextmanager
def _as_file(values: Sequence[bytes], form: tuple[str, dict[str, Any]]) -> Iterator[_Values]:
    """Write the values a line each; in JSON a line end can only stand where a space could."""
    if form[0] == "csv":
        delimiter = form[1].get("delimiter", ",")
        values = [row_bytes(form[1]["columns"], delimiter), *values]
    else:
        values = [value.replace(b"\n", b" ") for value in values]
    with tempfile.TemporaryDirectory(prefix="headrace-") as folder:
        path = Path(folder) / "values"
        path.write_bytes(b"".join(value + b"\n" for value in values))
        yield _Values(path, form)


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
