"""Where a stream comes from: Kafka topics, a frame, a file."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Protocol

from headrace import file_schema, files, frames, inference, samples
from headrace.arguments import names_checked
from headrace.csv_format import CsvFormat
from headrace.errors import InvalidArgument, SchemaError
from headrace.kafka_source import Offsets, check_names_columns, kafka_source
from headrace.pending import Pending
from headrace.schema import Schema
from headrace.stream import Stream

__all__ = ["from_file", "from_frame", "kafka"]


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
        name = f"a {type(self.data).__name__}"
        return f"{name} of {len(self.data):,} rows" if hasattr(self.data, "__len__") else name


@dataclass(frozen=True)
class FileSource:
    """Rows of a CSV, Parquet or newline-delimited JSON file; made by :func:`from_file`."""

    path: Path
    csv: CsvFormat = field(default_factory=CsvFormat)

    bounded: ClassVar[bool] = True

    @property
    def format(self) -> tuple[str, dict[str, Any]]:
        """Decoder and its options; a CSV file's header says which column is which."""
        if files.kind_of(self.path) != "csv":
            return "json", {}
        options = {"delimiter": self.csv.delimiter}
        return "csv", {**options, "columns": self._header()} if self.csv.header else options

    def _header(self) -> list[str]:
        try:
            with files.opened(self.path) as file:
                lines = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
                return next(csv.reader(lines, delimiter=self.csv.delimiter), [])
        except UnicodeDecodeError as error:
            raise InvalidArgument(f"{self.path}: the header is not UTF-8 text ({error})") from error

    def open(self, schema: Schema) -> list[Any]:
        """Return one core source over the file."""
        from headrace import _core

        kind = files.kind_of(self.path)
        if kind == "parquet":
            parquet = frames._require("pyarrow.parquet", "arrow")
            return [frames.frame_source(parquet.read_table(self.path), schema)]
        with files.uncompressed(self.path) as path:
            return [
                _core.lines_source(
                    str(path),
                    csv=kind == "csv",
                    delimiter=self.csv.delimiter,
                    header=self.csv.header,
                    name=str(self.path),
                )
            ]

    def describe(self) -> str:
        """Return a few words for repr and messages."""
        return str(self.path)


@names_checked
def kafka(
    topics: str | Sequence[str] | None = None,
    *,
    schema: Schema | None = None,
    key: str | None = None,
    event_time: str | None = None,
    pattern: str | None = None,
    bootstrap: str = "localhost:9092",
    format: str = "json",
    group: str | None = None,
    start: str | dt.datetime | Offsets | None = None,
    until: str | None = None,
    on_out_of_range: str = "error",
    strict: bool = False,
    ingest_threads: int = 1,
    timeout: float | None = None,
    log_level: str = "warning",
    config: Mapping[str, str] | None = None,
) -> Stream:
    """Return the records of Kafka topics as a stream.

    With a schema nothing is read until ``collect`` or ``run``. Without one at most 250 of the
    oldest and newest records are looked at now, without a group, and the columns are inferred (see
    :meth:`headrace.Schema.from_json` for the rules). What was inferred stays as it is: a record
    that does not fit later becomes a dead letter. ``stream.schema`` shows it as code to paste.

    Where there is nothing to look at yet (no topic, no records, no broker) the stream is returned
    all the same: a run of it waits, infers the columns when records are there, and goes on.

    Parameters
    ----------
    topics : str or sequence of str, optional
        Topic names. Either this or `pattern`.
    schema : Schema, optional
        Columns of the records. Default: inferred.
    key : str, optional
        String or int64 column whose values have state of their own. Default, without a schema: the
        one column that equals the Kafka key of every record looked at, if there is just one.
    event_time : str, optional
        Timestamp column that says when the record happened. Default, without a schema: the one
        timestamp column, if there is just one.
    pattern : str, optional
        Regular expression of topic names; topics that appear later join from their beginning.
    bootstrap : str
        ``host:port`` of one or more brokers, separated by commas.
    format : {"json", "csv"}
        How values are encoded. CSV needs `schema` (see :meth:`headrace.Schema.from_csv`); how its
        records are written beyond that is said there (:class:`headrace.CsvFormat`).
    group : str, optional
        Consumer group. Without one every partition is assigned directly: quicker to start, nothing
        is committed. With one the group protocol is used and positions are committed after the
        results were acknowledged.
    start : {"earliest", "latest", "group"} or datetime or mapping, optional
        Where to begin. A datetime begins at the first record of that Kafka timestamp or later; a
        mapping of partition (or ``(topic, partition)``) to offset begins exactly there. Default:
        ``"earliest"``, or with `group` ``"group"``: the group's committed positions, else earliest.
    until : {"end"}, optional
        ``"end"`` reads up to the high watermarks found at the start, then the run is finished. A
        transaction that is open then is waited for (``status.message`` says so after a second).
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
    timeout : float, optional
        Seconds within which a broker must answer, here, in ``run`` and in ``collect``; else
        :class:`~headrace.errors.BrokerUnavailable`. Default: keep trying.
    log_level : {"warning", "error", "info", "debug"}
        What goes to the logger ``headrace.kafka``: an outage, or also what librdkafka has to say of
        it; with ``"debug"`` its every step, without what records or credentials hold. Nothing is
        printed unless logging is configured.
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
    DecodeError
        Without a schema: if the records are not JSON objects; the message says what they look like.
    AuthenticationError, AuthorizationError, TopicNotFound, BrokerUnavailable
        Without a schema: if the broker refuses; the last two with `strict` and `timeout` only.

    Examples
    --------
    >>> import headrace as hr
    >>> bars = hr.kafka("stocks", schema=hr.Schema({"Ticker": hr.string, "Close": hr.float64}))
    >>> bars.columns
    ['Ticker', 'Close']

    >>> from headrace.replay import produce
    >>> with hr.MockBroker(stocks=1) as broker:
    ...     n = produce([(b"AAPL", b'{"Ticker": "AAPL", "Close": 189.5}')], to="stocks",
    ...                 bootstrap=broker.bootstrap)
    ...     hr.kafka("stocks", bootstrap=broker.bootstrap).schema
    # inferred from 1 record: stocks[0] offset 0
    # key="Ticker" guessed: it is the Kafka key of the one record with a key
    hr.Schema({"Ticker": hr.string, "Close": hr.float64}, key="Ticker")
    """
    source = kafka_source(
        topics,
        pattern=pattern,
        bootstrap=bootstrap,
        format=format,
        group=group,
        start=start,
        until=until,
        on_out_of_range=on_out_of_range,
        strict=strict,
        ingest_threads=ingest_threads,
        timeout=timeout,
        log_level=log_level,
        config=config,
    )
    if schema is not None:
        return Stream._from_source(source, _with_roles(schema, event_time, key))
    check_names_columns(format)
    pending = Pending(source, event_time, key)
    pending.wait(timeout)
    return Stream._from_source(source, pending.schema or pending)


def _with_roles(
    schema: Schema, event_time: str | None, key: str | None, delimiter: str | None = None
) -> Schema:
    """Return the schema with what was given beside it."""
    if not isinstance(schema, Schema) or (event_time is None and key is None and delimiter is None):
        return schema
    return Schema(
        schema.columns,
        event_time=event_time or schema.event_time,
        key=key or schema.key,
        csv=schema.csv if delimiter is None else replace(schema.csv, delimiter=delimiter),
    )._with_notes(schema.notes)


def schema_of_topic(
    topic: str,
    *,
    event_time: str | None,
    key: str | None,
    timeout: float,
    **options: Any,
) -> Schema:
    """Return what a topic's records look like now; see :meth:`headrace.Schema.from_topic`."""
    source = kafka_source(topic, timeout=timeout, strict=True, **options)
    check_names_columns(source.value_format)
    found = source.sample(samples.OLDEST, samples.NEWEST, timeout)
    if not found:
        raise SchemaError(f"{source.title()} has no records yet, so its columns are not known")
    return inference.infer(found, event_time=event_time, key=key, origin=source.title())


@names_checked
def from_frame(
    data: Any,
    *,
    schema: Schema | None = None,
    key: str | None = None,
    event_time: str | None = None,
) -> Stream:
    """Return the rows of a frame as a stream, in their order.

    Parameters
    ----------
    data : pandas.DataFrame, polars.DataFrame, pyarrow.Table or any Arrow stream
        The rows. Nulls and NaN in columns that are not nullable become dead letters.
    schema : Schema, optional
        Columns to take; others are ignored. Default: as :meth:`headrace.Schema.from_frame` says.
    key, event_time : str, optional
        As for :func:`kafka`.

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
    if schema is None:
        schema = Schema.from_frame(data, event_time=event_time, key=key)
    return Stream._from_source(FrameSource(data), _with_roles(schema, event_time, key))


@names_checked
def from_file(
    path: str | Path,
    *,
    schema: Schema | None = None,
    key: str | None = None,
    event_time: str | None = None,
    delimiter: str | None = None,
) -> Stream:
    r"""Return the rows of a file as a stream, in their order.

    Parameters
    ----------
    path : str or Path
        A ``.csv`` file, a ``.parquet`` file (needs ``headrace[arrow]``), or newline-delimited JSON
        (``.jsonl``, ``.ndjson``, ``.json``). CSV and JSON may be compressed (``.csv.gz``): then a
        copy is unpacked to the folder of temporary files while it is read.
    schema : Schema, optional
        Columns to take; others are ignored. Default: inferred (see :meth:`headrace.Schema.from_csv`
        and its like).
    key, event_time : str, optional
        As for :func:`kafka`.
    delimiter : str, optional
        Of a CSV file. Default: the schema's, else a comma.

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
    _ = files.kind_of(where)  # an error where it is unknown
    if not where.is_file():
        raise InvalidArgument(f"no file {str(where)!r}")
    if schema is None:
        schema = file_schema.of_file(
            where, delimiter=delimiter or ",", event_time=event_time, key=key
        )
    else:
        schema = _with_roles(schema, event_time, key, delimiter)
    form = schema.csv if isinstance(schema, Schema) else CsvFormat()
    return Stream._from_source(FileSource(where, form), schema)
