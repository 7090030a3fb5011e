"""Where a stream comes from: Kafka topics, a frame, a file."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol

from headrace import frames
from headrace.errors import InvalidArgument, Unsupported
from headrace.schema import Schema
from headrace.stream import Stream

__all__ = ["from_file", "from_frame", "kafka"]

Offsets = Mapping[Any, int]


class Source(Protocol):
    """What a stream needs to know of where its records come from."""

    @property
    def bounded(self) -> bool:
        """Whether the records come to an end."""

    @property
    def format(self) -> tuple[str, dict[str, Any]]:
        """Decoder and its options, as the plan names them."""

    def open(self, schema: Schema) -> list[Any]:
        """Return one core source per ingest thread."""

    def describe(self) -> str:
        """Return a few words for repr and messages."""


@dataclass(frozen=True)
class KafkaSource:
    """Topics of a Kafka cluster; made by :func:`kafka`."""

    topics: tuple[str, ...]
    pattern: str | None
    bootstrap: str
    value_format: str
    group: str | None
    start: Any
    until: str | None
    on_out_of_range: str
    strict: bool
    ingest_threads: int
    config: Mapping[str, str] = field(repr=False)

    @property
    def bounded(self) -> bool:
        """Whether the read ends at the high watermarks."""
        return self.until == "end"

    @property
    def format(self) -> tuple[str, dict[str, Any]]:
        """Decoder and its options."""
        return self.value_format, {}

    def client(self) -> dict[str, Any]:
        """Return how to connect, for sinks on the same cluster."""
        return {"bootstrap": self.bootstrap, "config": dict(self.config)}

    def open(self, schema: Schema) -> list[Any]:
        """Return one core source per ingest thread."""
        from headrace import _core

        return _core.kafka_sources(
            {
                **self.client(),
                "topics": list(self.topics),
                "pattern": self.pattern,
                "group": self.group,
                "start": self.start,
                "bounded": self.bounded,
                "on_out_of_range": self.on_out_of_range,
                "strict": self.strict,
            },
            self.ingest_threads,
        )

    def describe(self) -> str:
        """Return a few words for repr and messages."""
        return f"{self.pattern or ', '.join(self.topics)} on {self.bootstrap}"


@dataclass(frozen=True)
class FrameSource:
    """Rows of a frame in memory; made by :func:`from_frame`."""

    data: Any = field(repr=False)

    bounded: ClassVar[bool] = True
    # Rows are typed already; nothing is decoded.
    format: ClassVar[tuple[str, dict[str, Any]]] = ("json", {})

    def open(self, schema: Schema) -> list[Any]:
        """Return one core source over the rows."""
        return [frames.frame_source(self.data, schema)]

    def describe(self) -> str:
        """Return a few words for repr and messages."""
        return f"a {type(self.data).__name__} of {len(self.data)} rows"


@dataclass(frozen=True)
class FileSource:
    """Rows of a CSV, Parquet or newline-delimited JSON file; made by :func:`from_file`."""

    path: Path
    delimiter: str = ","

    bounded: ClassVar[bool] = True

    @property
    def format(self) -> tuple[str, dict[str, Any]]:
        """Decoder and its options; a CSV file's header says which column is which."""
        if self.path.suffix != ".csv":
            return "json", {}
        try:
            with self.path.open(newline="", encoding="utf-8") as lines:
                header = next(csv.reader(lines, delimiter=self.delimiter), [])
        except UnicodeDecodeError as error:
            raise InvalidArgument(f"{self.path}: the header is not UTF-8 text ({error})") from error
        return "csv", {"delimiter": self.delimiter, "columns": header}

    def open(self, schema: Schema) -> list[Any]:
        """Return one core source over the file."""
        from headrace import _core

        if self.path.suffix in (".parquet", ".pq"):
            parquet = frames._require("pyarrow.parquet", "arrow")
            return [frames.frame_source(parquet.read_table(self.path), schema)]
        return [_core.lines_source(str(self.path), csv=self.path.suffix == ".csv")]

    def describe(self) -> str:
        """Return a few words for repr and messages."""
        return str(self.path)


def kafka(
    topics: str | Sequence[str] | None = None,
    *,
    schema: Schema | None = None,
    pattern: str | None = None,
    bootstrap: str = "localhost:9092",
    format: str = "json",
    group: str | None = None,
    start: str | dt.datetime | Offsets | None = None,
    until: str | None = None,
    on_out_of_range: str = "error",
    strict: bool = False,
    ingest_threads: int = 1,
    config: Mapping[str, str] | None = None,
) -> Stream:
    """Return the records of Kafka topics as a stream.

    Nothing is read until ``collect`` or ``run``.

    Parameters
    ----------
    topics : str or sequence of str, optional
        Topic names. Either this or `pattern`.
    schema : Schema
        Columns of the records.
    pattern : str, optional
        Regular expression of topic names; topics that appear later join from their beginning.
    bootstrap : str
        ``host:port`` of one or more brokers, separated by commas.
    format : {"json", "csv"}
        How values are encoded.
    group : str, optional
        Consumer group. Without one every partition is assigned directly: quicker to start, nothing
        is committed. With one the group protocol is used and positions are committed after the
        results were acknowledged.
    start : {"earliest", "latest", "group"} or datetime or mapping, optional
        Where to begin. A datetime begins at the first record of that Kafka timestamp or later; a
        mapping of partition (or ``(topic, partition)``) to offset begins exactly there. Default:
        ``"earliest"``, or with `group` ``"group"``: the group's committed positions, else earliest.
    until : {"end"}, optional
        ``"end"`` reads up to the high watermarks found at the start, then the run is finished.
        Default: never ends.
    on_out_of_range : {"error", "earliest", "latest"}
        What to do where a position is no longer in the log. ``"error"`` stops with
        :class:`~headrace.errors.OffsetOutOfRange` and the range that is gone.
    strict : bool
        Whether a missing topic is an error (:class:`~headrace.errors.TopicNotFound`) instead of
        something to wait for.
    ingest_threads : int
        Consumers that share the partitions (without `group`); worth it with several partitions
        and free cores.
    config : mapping, optional
        Further librdkafka settings: TLS, SASL and the like. Settings that load code or run commands
        are refused, and SASL without TLS unless ``{"insecure": True}`` is written out.

    Returns
    -------
    Stream

    Raises
    ------
    InvalidArgument
        If an argument has a value that is not possible.

    Examples
    --------
    >>> import headrace as hr
    >>> bars = hr.kafka("stocks", schema=hr.Schema({"Ticker": hr.string, "Close": hr.float64}))
    >>> bars.columns
    ['Ticker', 'Close']
    """
    if schema is None:
        raise Unsupported(
            "hr.kafka: schema= is required; it is not yet inferred from the topic. "
            'Write hr.Schema({"Close": hr.float64, ...}, event_time=..., key=...)'
        )
    names = (topics,) if isinstance(topics, str) else tuple(topics or ())
    if bool(names) == bool(pattern):
        raise InvalidArgument(
            f"hr.kafka: expected topics or pattern, got topics={topics!r}, pattern={pattern!r}"
        )
    _one_of("format", format, ("json", "csv"))
    _one_of("on_out_of_range", on_out_of_range, ("error", "earliest", "latest"))
    if until is not None:
        _one_of("until", until, ("end",))
    if ingest_threads < 1 or (group and ingest_threads > 1):
        raise InvalidArgument(
            f"ingest_threads: expected 1 or more, and 1 with a group, got {ingest_threads}"
        )
    source = KafkaSource(
        topics=names,
        pattern=pattern,
        bootstrap=bootstrap,
        value_format=format,
        group=group,
        start=_start(start, group, names),
        until=until,
        on_out_of_range=on_out_of_range,
        strict=strict,
        ingest_threads=ingest_threads,
        config=_checked_config(bootstrap, config or {}),
    )
    return Stream._from_source(source, schema)


def from_frame(data: Any, *, schema: Schema) -> Stream:
    """Return the rows of a frame as a stream, in their order.

    Parameters
    ----------
    data : pandas.DataFrame, polars.DataFrame, pyarrow.Table or any Arrow stream
        The rows. Nulls and NaN in columns that are not nullable become dead letters.
    schema : Schema
        Columns to take; others are ignored.

    Examples
    --------
    >>> import headrace as hr
    >>> import pandas as pd
    >>> df = pd.DataFrame({"x": [1.0, 2.0, 4.0]})
    >>> rows = hr.from_frame(df, schema=hr.Schema({"x": hr.float64}))
    >>> rows.with_columns(d=hr.col("x") - hr.col("x").shift(1)).collect()["d"].tolist()
    [nan, 1.0, 2.0]
    """
    frames.kind_of(data)
    return Stream._from_source(FrameSource(data), schema)


def from_file(path: str | Path, *, schema: Schema, delimiter: str = ",") -> Stream:
    r"""Return the rows of a file as a stream, in their order.

    Parameters
    ----------
    path : str or Path
        A ``.csv`` file with a header, a ``.parquet`` file (needs ``headrace[arrow]``), or
        newline-delimited JSON (``.jsonl``, ``.ndjson``, ``.json``).
    schema : Schema
        Columns to take; others are ignored.
    delimiter : str
        Of a CSV file.

    Raises
    ------
    InvalidArgument
        If the ending is unknown or the file is not there.

    Examples
    --------
    >>> import headrace as hr, pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "x.csv"
    >>> _ = path.write_text("x,y\n1,2\n")
    >>> hr.from_file(path, schema=hr.Schema({"x": hr.int64})).collect()["x"].tolist()
    [1]
    """
    where = Path(path)
    known = (".csv", ".parquet", ".pq", ".jsonl", ".ndjson", ".json")
    if where.suffix not in known:
        raise InvalidArgument(f"expected a file ending in {', '.join(known)}, got {str(path)!r}")
    if not where.is_file():
        raise InvalidArgument(f"no file {str(where)!r}")
    return Stream._from_source(FileSource(where, delimiter), schema)


def _one_of(name: str, value: object, possible: tuple[str, ...]) -> None:
    if value not in possible:
        listed = ", ".join(repr(p) for p in possible)
        raise InvalidArgument(f"{name}: expected one of {listed}, got {value!r}")


def _start(start: Any, group: str | None, topics: tuple[str, ...]) -> dict[str, Any]:
    """Return the core's form of `start`."""
    if start is None:
        return {"kind": "group" if group else "earliest"}
    if isinstance(start, str):
        _one_of("start", start, ("earliest", "latest", "group"))
        if start == "group" and not group:
            raise InvalidArgument('start="group" needs group=')
        return {"kind": start}
    if isinstance(start, dt.datetime):
        aware = start if start.tzinfo else start.replace(tzinfo=dt.timezone.utc)
        return {"kind": "timestamp", "timestamp_ms": int(aware.timestamp() * 1000)}
    if isinstance(start, Mapping):
        return {"kind": "offsets", "offsets": _offsets(start, topics)}
    raise InvalidArgument(
        'start: expected "earliest", "latest", "group", a datetime or a mapping of partition to '
        f"offset, got {start!r}"
    )


def _offsets(start: Offsets, topics: tuple[str, ...]) -> list[tuple[str, int, int]]:
    rows = []
    for where, offset in start.items():
        if isinstance(where, int) and len(topics) != 1:
            raise InvalidArgument(
                "start: with several topics name them: {(topic, partition): offset}, "
                f"got {where!r}"
            )
        topic, partition = (topics[0], where) if isinstance(where, int) else where
        if offset < 0:
            raise InvalidArgument(f"start: expected offsets from 0, got {offset} for {where!r}")
        rows.append((topic, partition, offset))
    return rows


def _checked_config(bootstrap: str, config: Mapping[str, Any]) -> dict[str, str]:
    """Return settings as text; the core refuses those that run code and those that are ours."""
    from headrace import _core

    texts = {
        key: str(value).lower() if isinstance(value, bool) else str(value)
        for key, value in config.items()
    }
    _core.check_kafka_config(bootstrap, texts)
    return texts
