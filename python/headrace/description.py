"""What a stream is, in words: its steps, its columns and what a sample of them looks like."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from headrace import samples
from headrace.dtypes import DataType
from headrace.lazy import pd
from headrace.peek import Peeked, peek
from headrace.rejects import text_of

if TYPE_CHECKING:
    from headrace.schema import Schema
    from headrace.stream import Stream

__all__ = ["Description", "describe"]

_TIMEOUT_MS = 5_000
_WIDTH = 24  # characters of a value


@dataclass(frozen=True, repr=False)
class Description:
    """What a stream is and what a sample of its records looks like; made by ``Stream.describe``.

    Attributes
    ----------
    stream : str
        Source and steps.
    schema : Schema
        Columns of the source.
    columns : list of str
        Columns of the result.
    table : pandas.DataFrame
        Per column of the source: type, role, nulls, min, max and (for text) distinct values.
    sampled : str
        How many records the table is made of, and which.
    records : int or None
        How many the source has: as the offsets say, which a compacted topic may not hold all of;
        None where it is not known.
    rejected : list of str
        The records of the sample that do not fit the schema, one line each.

    Examples
    --------
    >>> import headrace as hr
    >>> bars = hr.from_frame(hr.market.bars(rows=50), schema=hr.market.SCHEMA)
    >>> bars.describe().table.loc["Ticker", "distinct"]
    '5'
    """

    stream: str
    schema: Schema
    columns: list[str]
    table: pd.DataFrame
    sampled: str
    records: int | None
    rejected: list[str]

    def _head(self) -> list[str]:
        count, *places = self.sampled.split(": ", 1)
        total = "" if self.records is None else f" of about {self.records:,}"
        sample = ": ".join([f"sample: {count}{total}", *places])
        lines = [self.stream, f"result: {', '.join(self.columns)}", sample]
        if self.rejected:
            lines.append(f"rejected: {len(self.rejected)}, first: {self.rejected[0]}")
        return lines

    def __repr__(self) -> str:
        return "\n".join(
            [*self._head(), "", self.table.to_string(index_names=False), "", repr(self.schema)]
        )

    def _repr_html_(self) -> str:
        head = html.escape("\n".join(self._head()))
        table = self.table.to_html(index_names=False)
        return f"<pre>{head}</pre>{table}{self.schema._code_html()}"


def describe(stream: Stream) -> Description:
    """Look at a sample of the stream's source; see :meth:`headrace.Stream.describe`.

    Examples
    --------
    >>> import headrace as hr
    >>> from headrace.description import describe
    >>> describe(hr.from_frame(hr.market.bars(rows=50), schema=hr.market.SCHEMA)).records
    50
    """
    from dataclasses import replace

    source_alone = replace(stream, _steps=(), _predictors=(), _functions=(), _sinks=())
    found = peek(source_alone, samples.OLDEST, samples.NEWEST)
    return Description(
        stream=repr(stream),
        schema=stream._schema,
        columns=stream.columns,
        table=_table(stream._schema, found.rows),
        sampled=_sampled(found),
        records=_total(stream._source, found),
        rejected=[text_of(row) for _, row in found.rejected.iterrows()],
    )


def _sampled(found: Peeked) -> str:
    if found.records:
        places = sorted(found.records, key=lambda r: (r.topic, r.partition, r.offset))
        return samples.extent(places)
    return f"{len(found.rows) + len(found.rejected)} records"


def _table(schema: Schema, rows: pd.DataFrame) -> pd.DataFrame:
    columns = ["type", "role", "nulls", "min", "max", "distinct"]
    lines = [_line(_type_text(schema[name]), schema._role(name), rows[name]) for name in schema]
    return pd.DataFrame(lines, index=pd.Index(schema.names, name="column"), columns=columns)


def _type_text(dtype: DataType) -> str:
    return repr(dtype if dtype.in_message else DataType(dtype.name, dtype.is_nullable))


def _line(dtype: str, role: str, values: pd.Series[Any]) -> tuple[object, ...]:
    there = values.dropna()
    is_text = "string" in dtype
    ends = (there.min(), there.max()) if len(there) and not is_text else ("", "")
    shown = [_shown(end) for end in ends]
    distinct = str(there.nunique()) if is_text else ""
    return dtype.replace("hr.", ""), role, int(values.isna().sum()), *shown, distinct


def _shown(value: Any) -> str:
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return str(value)[:_WIDTH]


def _total(source: Any, found: Peeked) -> int | None:
    from headrace import _core
    from headrace.kafka_source import KafkaSource
    from headrace.sources import FrameSource

    if isinstance(source, FrameSource):
        return len(source.data)
    if not isinstance(source, KafkaSource):
        return None
    admin = _core.Admin(source.bootstrap, dict(source.config))
    topics = source.topics or {record.topic for record in found.records}
    marks = [mark for t in topics for mark in admin.watermarks(t, _TIMEOUT_MS).values()]
    return sum(high - low for low, high in marks)
