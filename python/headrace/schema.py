"""The columns of a stream: types, nullability, where each value is found in the message."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from headrace.arguments import names_checked
from headrace.composed import ComposedTime, timestamp_from
from headrace.csv_format import CsvFormat
from headrace.dtypes import (
    DataType,
    bool_,
    checked_type,
    field,
    float64,
    int64,
    list_,
    nullable,
    string,
    timestamp,
)
from headrace.errors import SchemaError, UnknownColumn
from headrace.schema_code import schema_code

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = [
    "CsvFormat",
    "DataType",
    "Schema",
    "bool_",
    "field",
    "float64",
    "int64",
    "list_",
    "nullable",
    "string",
    "timestamp",
    "timestamp_from",
]


class Schema:
    """Columns of a stream by name, its event time and its key.

    Parameters
    ----------
    columns : mapping of str to DataType
        Names and types, in order. A name with dots is a nested path: ``"quote.close"`` is the key
        ``close`` of the object under ``quote``.
    event_time : str, optional
        Timestamp column that says when the record happened.
    key : str, optional
        String or int64 column whose values have state of their own (one ticker, one sensor).
    csv : CsvFormat, optional
        How CSV records and files of these columns are written. Default: with commas, the columns in
        their order, nulls as empty fields.

    Raises
    ------
    SchemaError
        If a column, type, event time or key does not fit.

    Examples
    --------
    >>> import headrace as hr
    >>> hr.Schema({"Date": hr.timestamp, "Ticker": hr.string, "Close": hr.float64},
    ...           event_time="Date", key="Ticker")
    hr.Schema(
        {"Date": hr.timestamp, "Ticker": hr.string, "Close": hr.float64},
        event_time="Date",
        key="Ticker",
    )
    """

    @names_checked
    def __init__(
        self,
        columns: Mapping[str, DataType],
        *,
        event_time: str | None = None,
        key: str | None = None,
        csv: CsvFormat | None = None,
    ) -> None:
        if csv is not None and not isinstance(csv, CsvFormat):
            raise SchemaError(f"csv: expected hr.CsvFormat(...), got {csv!r}")
        if not isinstance(columns, Mapping) or not columns:
            raise SchemaError(f"expected a dict of at least one column, got {columns!r}")
        for name in columns:
            if not isinstance(name, str) or not name:
                raise SchemaError(f"expected column names that are text, got {name!r}")
        self._columns = {name: checked_type(dtype) for name, dtype in columns.items()}
        self._event_time = event_time
        self._key = key
        self._csv = csv or CsvFormat()
        self._notes: tuple[str, ...] = ()
        from headrace import _core

        _core.Plan(self._plan_text(), [])  # the core checks event time and key

    # -- made from data

    @classmethod
    @names_checked
    def from_json(
        cls, sample: Any, *, event_time: str | None = None, key: str | None = None
    ) -> Schema:
        """Infer a schema from sample records.

        Parameters
        ----------
        sample : dict, list of dict, str, bytes or Path
            One record or several; JSON text of one object, of a list of objects or of one object a
            line; or the path of such a file (``.json``, ``.jsonl``, ``.ndjson``), of which the
            first 250 records are read.
        event_time, key : str, optional
            As for :class:`Schema`. Default: the event time is the one timestamp column where there
            is just one; the key cannot be guessed, since samples carry no Kafka key.

        Raises
        ------
        SchemaError
            If the sample has no columns, or `event_time` or `key` does not fit.
        DecodeError
            If it is not JSON; the message says what it looks like.

        Notes
        -----
        Text is a timestamp where it is ISO 8601. Numbers are one where they are an epoch in s, ms,
        us or ns between 1990 and 2100 and the name has a word for it (``ts``, ``time``, ``date``,
        ...). Nested objects become dotted names, and lists whose elements agree ``hr.list_``. A
        column is nullable where a record has null or lacks it. Where fewer than four in five of the
        values agree on a type the column is left out; :attr:`notes` says so.

        Examples
        --------
        >>> import headrace as hr
        >>> hr.Schema.from_json({"ts": 1700000000000, "sensor": "a", "t": {"inside": 20.5}})
        # inferred from 1 record
        # event_time="ts" guessed: the only timestamp column
        hr.Schema(
            {"ts": hr.timestamp("ms"), "sensor": hr.string, "t.inside": hr.float64},
            event_time="ts",
        )
        """
        from headrace import inference, samples

        return inference.infer(samples.of_json(sample), event_time=event_time, key=key)

    @classmethod
    @names_checked
    def from_csv(
        cls,
        sample: str | bytes | Path,
        *,
        event_time: str | None = None,
        key: str | None = None,
        delimiter: str = ",",
        columns: Sequence[str] | None = None,
        null_values: Sequence[str] | None = None,
    ) -> Schema:
        r"""Infer a schema from a CSV file, or from CSV text.

        Parameters
        ----------
        sample : str, bytes or Path
            The path of a file (``.csv`` or ``.csv.gz``), of which the first 100,000 records are
            looked at; or the text itself.
        event_time, key : str, optional
            As for :class:`Schema`. Default: the event time is the one timestamp column where there
            is just one. An event time that is no column is composed where year, month and day, or
            a date, are (see Notes).
        delimiter : str
            What stands between two fields.
        columns : sequence of str, optional
            Names of the fields, where no header names them. Default: of the header; where the first
            line holds values, ``column_1``, ``column_2`` and so on.
        null_values : sequence of str, optional
            Spellings of null beside the empty field. Default: those that are found (see Notes).

        Raises
        ------
        SchemaError
            If there are no records or no columns, or `event_time`, `key` or `columns` do not fit.
        StreamIOError
            If the file cannot be read.

        Notes
        -----
        A column is of a type where every value of it is: int64, float64, bool (``true`` and
        ``false``, ``YES`` and ``NO``), timestamp (ISO 8601; epochs as in :meth:`from_json`), else
        string. ``NA``, ``NaN``, ``NULL`` and the like are null where one stands among values of
        another type than text, and ``\N`` always.

        A date beside a scheduled departure (``CRSDepTime``, ``SCHEDULED_DEPARTURE``), and ``Year``,
        ``Month`` and ``DayofMonth``, are composed to an event time (:func:`timestamp_from`). What
        was guessed is said in :attr:`notes`.

        Examples
        --------
        >>> import headrace as hr
        >>> text = "Year,Month,DayofMonth,CRSDepTime,DepDelay\n2008,1,3,1745,NA\n2008,1,3,5,11\n"
        >>> hr.Schema.from_csv(text)
        # inferred from 2 records
        # "NA" is null, as in "DepDelay"
        # event_time="FlightDate" composed of Year, Month, DayofMonth and CRSDepTime, taken as UTC
        hr.Schema(
            {
                "FlightDate": hr.timestamp_from(
                    year="Year", month="Month", day="DayofMonth", clock="CRSDepTime"
                ),
                "Year": hr.int64,
                "Month": hr.int64,
                "DayofMonth": hr.int64,
                "CRSDepTime": hr.int64,
                "DepDelay": hr.nullable(hr.int64),
            },
            event_time="FlightDate",
            csv=hr.CsvFormat(null_values=["NA"]),
        )
        """
        from headrace import csv_schema

        return csv_schema.infer(
            sample,
            event_time=event_time,
            key=key,
            delimiter=delimiter,
            columns=columns,
            null_values=null_values,
        )

    @classmethod
    @names_checked
    def from_parquet(
        cls, path: str | Path, *, event_time: str | None = None, key: str | None = None
    ) -> Schema:
        """Take the schema of a Parquet file.

        Parameters
        ----------
        path : str or Path
            Of the file; needs ``headrace[arrow]``.
        event_time, key : str, optional
            As for :meth:`from_csv`; an event time is composed as there.

        Raises
        ------
        StreamIOError
            If the file cannot be read.

        Examples
        --------
        >>> import headrace as hr, pathlib, tempfile
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "bars.parquet"
        >>> hr.market.bars(rows=10).to_parquet(path)
        >>> hr.Schema.from_parquet(path, key="Ticker") == hr.market.SCHEMA
        True
        """
        from headrace import file_schema

        return file_schema.of_parquet(path, event_time=event_time, key=key)

    @classmethod
    @names_checked
    def from_frame(
        cls, data: Any, *, event_time: str | None = None, key: str | None = None
    ) -> Schema:
        """Take the schema of a frame.

        Parameters
        ----------
        data : pandas.DataFrame, polars.DataFrame or pyarrow.Table
            Columns of numbers, booleans, text and timestamps are taken, others left out (and said
            in :attr:`notes`). A column is nullable where it has nulls or NaN.
        event_time, key : str, optional
            As for :class:`Schema`. Default: the event time is the one timestamp column where there
            is just one.

        Examples
        --------
        >>> import headrace as hr
        >>> hr.Schema.from_frame(hr.market.bars(rows=10), key="Ticker") == hr.market.SCHEMA
        True
        """
        from headrace import frame_schema

        return frame_schema.of_frame(data, event_time=event_time, key=key)

    @classmethod
    @names_checked
    def from_topic(
        cls,
        topic: str,
        *,
        bootstrap: str = "localhost:9092",
        format: str = "json",
        event_time: str | None = None,
        key: str | None = None,
        config: Mapping[str, str] | None = None,
        timeout: float = 5.0,
    ) -> Schema:
        """Infer a schema from the oldest and newest records of a topic.

        At most 250 records are read, without a group; nothing is committed.

        Parameters
        ----------
        topic : str
            Its name.
        bootstrap, format, config
            As for :func:`headrace.kafka`.
        event_time, key : str, optional
            As for :class:`Schema`. Default: the event time is the one timestamp column, the key the
            one column that equals the Kafka key of every sampled record; where there is more than
            one candidate, none.
        timeout : float
            Seconds that the broker may take.

        Raises
        ------
        TopicNotFound, BrokerUnavailable, AuthenticationError, AuthorizationError
            If there is nothing to look at.
        SchemaError
            If the topic has no records yet.
        DecodeError
            If its records are not JSON objects; the message says what they look like.

        Examples
        --------
        >>> import headrace as hr
        >>> with hr.MockBroker(stocks=1) as broker:
        ...     n = hr.replay(hr.market.bars(rows=50), to="stocks", bootstrap=broker.bootstrap,
        ...                   key="Ticker", event_time="Date")
        ...     schema = hr.Schema.from_topic("stocks", bootstrap=broker.bootstrap)
        >>> schema.key, schema.event_time, schema["Volume"]
        ('Ticker', 'Date', hr.int64)
        """
        from headrace import sources

        return sources.schema_of_topic(
            topic,
            bootstrap=bootstrap,
            format=format,
            event_time=event_time,
            key=key,
            config=config,
            timeout=timeout,
        )

    # -- what it is

    @property
    def columns(self) -> dict[str, DataType]:
        """Names and types, in order (a copy).

        Examples
        --------
        >>> import headrace as hr
        >>> hr.market.SCHEMA.columns["Close"]
        hr.float64
        """
        return dict(self._columns)

    @property
    def names(self) -> list[str]:
        """Column names, in order.

        Examples
        --------
        >>> import headrace as hr
        >>> hr.market.SCHEMA.names[:2]
        ['Date', 'Ticker']
        """
        return list(self._columns)

    @property
    def event_time(self) -> str | None:
        """Name of the event-time column, or None.

        Examples
        --------
        >>> import headrace as hr
        >>> hr.market.SCHEMA.event_time
        'Date'
        """
        return self._event_time

    @property
    def key(self) -> str | None:
        """Name of the key column, or None.

        Examples
        --------
        >>> import headrace as hr
        >>> hr.market.SCHEMA.key
        'Ticker'
        """
        return self._key

    @property
    def csv(self) -> CsvFormat:
        """How CSV records of these columns are written.

        Examples
        --------
        >>> import headrace as hr
        >>> hr.market.SCHEMA.csv.delimiter
        ','
        """
        return self._csv

    @property
    def notes(self) -> tuple[str, ...]:
        r"""How an inferred schema came about: from what, what was guessed, what was left out.

        Examples
        --------
        >>> import headrace as hr
        >>> print(*hr.Schema.from_json([{"x": 1, "tags": []}, {"x": 2}]).notes, sep="\n")
        inferred from 2 records
        left out "tags": no list has an element
        """
        return self._notes

    def _with_notes(self, notes: Sequence[str]) -> Schema:
        self._notes = tuple(notes)
        return self

    # -- for the core

    def _to_plan(self) -> dict[str, Any]:
        """Return what is found in a message; composed columns are made by :meth:`_own_steps`."""
        fields = [
            _field(name, dtype)
            for name, dtype in self._columns.items()
            # A date that is replaced by the time made of it is there under the same name.
            if not isinstance(dtype, ComposedTime) or dtype.date == name
        ]
        composed = isinstance(self._columns.get(self._event_time or ""), ComposedTime)
        event_time = None if composed else self._event_time
        return {"fields": fields, "event_time": event_time, "key": self._key}

    def _own_steps(self) -> list[dict[str, Any]]:
        """Return the steps that come before the user's."""
        return [
            dtype.step(name, at, event_time=name == self._event_time)
            for at, (name, dtype) in enumerate(self._columns.items())
            if isinstance(dtype, ComposedTime)
        ]

    def _csv_options(self) -> dict[str, Any]:
        """Return the decoder's options for CSV records."""
        paths = [".".join(field["path"]) for field in self._to_plan()["fields"]]
        return {"columns": paths, **self._csv._to_plan()}

    def _plan_text(self) -> str:
        """Return the plan without the user's steps: what a source needs to know."""
        plan: dict[str, Any] = {"version": 1, "format": "json"}
        if self._csv.columns:  # checked against the columns of the schema
            plan |= {"format": "csv", "format_options": self._csv_options()}
        return json.dumps({**plan, "schema": self._to_plan(), "steps": self._own_steps()})

    @classmethod
    def _from_plan(cls, plan: Mapping[str, Any]) -> Schema:
        schema = cls.__new__(cls)
        schema._columns = {
            f["name"]: _type_of(f, items=tuple((i["name"], _type_of(i)) for i in f["items"]))
            for f in plan["fields"]
        }
        schema._event_time = plan["event_time"]
        schema._key = plan["key"]
        schema._csv = CsvFormat()
        schema._notes = ()
        return schema

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    def __contains__(self, name: object) -> bool:
        return name in self._columns

    def __getitem__(self, name: str) -> DataType:
        if name not in self._columns:
            from headrace import _core

            raise UnknownColumn(_core.unknown_name("column", name, self.names))
        return self._columns[name]

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Schema)
            and self._plan_text() == other._plan_text()
            and self._csv == other._csv
        )

    def __hash__(self) -> int:
        return hash(self._plan_text())

    # -- how it is shown

    def _code(self) -> str:
        """Return the call that makes this schema, on one line or wrapped."""
        return schema_code(self._columns, self._event_time, self._key, self._csv)

    def __repr__(self) -> str:
        return "\n".join([*(f"# {note}" for note in self._notes), self._code()])

    def _role(self, name: str) -> str:
        roles = (("event time", self._event_time), ("key", self._key))
        return ", ".join(role for role, of in roles if of == name)

    def _repr_html_(self) -> str:
        rows = []
        for name, dtype in self._columns.items():
            cells = (name, repr(dtype).replace("hr.", ""), self._role(name))
            rows.append("<tr>" + "".join(f"<td>{html.escape(c)}</td>" for c in cells) + "</tr>")
        head = "<tr><th>column</th><th>type</th><th>role</th></tr>"
        table = f"<table><thead>{head}</thead><tbody>{''.join(rows)}</tbody></table>"
        return table + self._code_html()

    def _code_html(self) -> str:
        notes = "".join(f"<li>{html.escape(note)}</li>" for note in self._notes)
        return (f"<ul>{notes}</ul>" if notes else "") + f"<pre>{html.escape(self._code())}</pre>"


def _field(name: str, dtype: DataType) -> dict[str, Any]:
    """Return a column, or a field of a list's elements, as the core's plan has it."""
    field: dict[str, Any] = {
        "name": name,
        "type": dtype.name,
        "nullable": dtype.is_nullable,
        "unit": dtype.unit,
        "path": list(dtype.path) or (name.split(".") if name else []),
    }
    if dtype.items:
        field["items"] = [_field(*item) for item in dtype.items]
    return field


def _type_of(field: Mapping[str, Any], **options: Any) -> DataType:
    return DataType(field["type"], is_nullable=field["nullable"], unit=field["unit"], **options)


def _braces(columns: Sequence[str]) -> str:
    return "{" + ", ".join(columns) + "}"
