"""A table: the latest record of each key of a compacted topic, for a stream to be joined with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headrace.arguments import names_checked
from headrace.errors import InvalidArgument
from headrace.sources import kafka

if TYPE_CHECKING:
    from headrace.schema import Schema
    from headrace.stream import Stream

__all__ = ["Table", "table"]


@dataclass(frozen=True)
class Table:
    """The latest record of each key of a compacted topic; made by :func:`headrace.table`.

    Examples
    --------
    >>> import headrace as hr
    >>> names = hr.Schema({"Ticker": hr.string, "Name": hr.string}, key="Ticker")
    >>> companies = hr.table("companies", schema=names)
    >>> companies
    Table by Ticker from companies on localhost:9092
    """

    _records: Stream

    @property
    def records(self) -> Stream:
        """Every record of the topic but the tombstones, as a stream: to look at them.

        Examples
        --------
        >>> import headrace as hr
        >>> names = hr.Schema({"Ticker": hr.string, "Name": hr.string}, key="Ticker")
        >>> hr.table("companies", schema=names).records
        Stream from companies on localhost:9092
        """
        return self._records

    @property
    def schema(self) -> Schema:
        """Columns of the table; an error while they are not known.

        Examples
        --------
        >>> import headrace as hr
        >>> names = hr.Schema({"Ticker": hr.string, "Name": hr.string}, key="Ticker")
        >>> hr.table("companies", schema=names).schema.key
        'Ticker'
        """
        return self._records.schema

    @property
    def columns(self) -> list[str]:
        """Names of the table's columns.

        Examples
        --------
        >>> import headrace as hr
        >>> names = hr.Schema({"Ticker": hr.string, "Name": hr.string}, key="Ticker")
        >>> hr.table("companies", schema=names).columns
        ['Ticker', 'Name']
        """
        return self._records.columns

    @names_checked
    def select(self, *columns: str) -> Table:
        """Keep the named columns and the key.

        Examples
        --------
        >>> import headrace as hr
        >>> quotes = hr.table("quotes", schema=hr.market.SCHEMA)
        >>> quotes.select("Close").columns
        ['Ticker', 'Close']
        """
        key = self.schema.key
        names = [name for c in columns for name in ([c] if isinstance(c, str) else c)]
        if not names:
            raise InvalidArgument("select: expected at least one column name")
        with_key = names if key is None or key in names else [key, *names]
        return Table(self._records.select(*with_key))

    def __repr__(self) -> str:
        known = self._records._pending is None
        by = f" by {self.schema.key}" if known else ""
        return repr(self._records).replace("Stream", f"Table{by}", 1)


@names_checked
def table(
    topics: str | Sequence[str],
    *,
    schema: Schema | None = None,
    key: str | None = None,
    event_time: str | None = None,
    bootstrap: str = "localhost:9092",
    format: str = "json",
    until: str | None = None,
    on_out_of_range: str = "error",
    strict: bool = False,
    timeout: float | None = None,
    log_level: str = "warning",
    config: Mapping[str, str] | None = None,
) -> Table:
    """Return a compacted topic as a table, for :meth:`headrace.Stream.join`.

    A table has the latest record of each key. A tombstone (a record without a value) takes its key
    out; it names it by its Kafka key, so that must be the text of the key column. The topic is
    always read from its beginning, all partitions of it, by every process.

    With an event time the table has a history, as far as Kafka's compaction has left it: a record
    of a stream finds what the table said at its time. A tombstone has no time of its own and takes
    that of the record before it in its partition. Without an event time everything that is in the
    topic is there before the first record of a stream, and what comes later counts from when it
    comes.

    Parameters
    ----------
    topics : str or sequence of str
        Topic names.
    schema : Schema, optional
        Columns of the records. Default: inferred, as by :func:`headrace.kafka`.
    key : str, optional
        String or int64 column that tells rows apart. Default: the schema's.
    event_time : str, optional
        Timestamp column that says from when a record counts. Default: the schema's.
    bootstrap, format, on_out_of_range, strict, timeout, log_level, config
        As for :func:`headrace.kafka`.
    until : {"end"}, optional
        ``"end"`` reads up to the end found at the start, for a bounded run.

    Returns
    -------
    Table

    Raises
    ------
    InvalidArgument
        If there is no key, or an argument has a value that is not possible.

    Examples
    --------
    >>> import headrace as hr
    >>> names = hr.Schema({"Ticker": hr.string, "Name": hr.string}, key="Ticker")
    >>> companies = hr.table("companies", schema=names)
    >>> bars = hr.kafka("stocks", schema=hr.market.SCHEMA)
    >>> bars.join(companies, on="Ticker").columns[-2:]
    ['Volume', 'Name']
    """
    records = kafka(
        topics,
        schema=schema,
        key=key,
        event_time=event_time,
        bootstrap=bootstrap,
        format=format,
        start="earliest",
        until=until,
        on_out_of_range=on_out_of_range,
        strict=strict,
        timeout=timeout,
        log_level=log_level,
        config=config,
    )
    if records._pending is None and records.schema.key is None:
        raise InvalidArgument(
            "table: key: expected the column that tells rows apart, one of "
            + ", ".join(records.columns)
        )
    return Table(records)
