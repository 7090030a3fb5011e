"""Results as rows of a database, exactly once: one of its transactions has rows and positions."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from headrace import outputs
from headrace.errors import InvalidArgument, SchemaError, Unsupported
from headrace.lazy import np
from headrace.outputs import Commit, Mark
from headrace.schema import Schema
from headrace.sql_dialects import Dialect, dialect_of, quoted

if TYPE_CHECKING:
    from headrace import _core

__all__ = ["SqlLog", "SqlSink", "checked"]

_PLACE = {"_partition": "int64", "_offset": "int64"}  # of each row
_POSITIONS = "headrace_positions"
_WRITERS = "headrace_writers"
_LETTERS = {
    **dict.fromkeys(("reason", "field", "detail", "topic"), "string"),
    "partition": "int64",
    "offset": "int64",
    "timestamp": "timestamp",
    **dict.fromkeys(("key", "value"), "bytes"),
}


@dataclass(frozen=True)
class SqlSink:
    """A table for results; made by ``Stream.to_sql``."""

    dialect: Dialect
    table: str
    key: tuple[str, ...] = ()
    dead_letters: str | None = None

    guarantee: ClassVar[str] = "exactly-once"
    name: ClassVar[str] = "to_sql"
    insisting: ClassVar[str] = "to_sql"
    commit_interval_ms: ClassVar[int] = 1_000
    commit_rows: ClassVar[int] = 100_000  # bound on what is held in memory until then

    def text(self) -> str:
        """Return the call that made it, without a password."""
        return f".to_sql({self.dialect.url!r}, {self.table!r})"

    def open(self, key: str | None) -> Any:
        """Refuse: without positions of its own a run cannot be exactly once."""
        raise Unsupported("to_sql: results are written by run(); collect() returns them")

    def log(self, schema: Schema, *, merged: bool) -> SqlLog:
        """Return what writes the results of one run."""
        _check_key(self.key, schema)
        return SqlLog(self, schema)


def checked(url: Any, table: Any, key: Any, dead_letters: Any, schema: Schema | None) -> SqlSink:
    """Check the arguments of ``Stream.to_sql``; columns once they are known.

    Examples
    --------
    >>> import headrace as hr
    >>> from headrace.sql_sink import checked
    >>> checked("sqlite:///results.db", "bars", "Ticker", None, hr.market.SCHEMA).key
    ('Ticker',)
    """
    dialect = dialect_of(url)
    for what, name in (("table", table), ("dead_letters", dead_letters)):
        if (name is not None or what == "table") and not (isinstance(name, str) and name):
            raise InvalidArgument(f"to_sql: {what}: expected the name of a table, got {name!r}")
    if len({table, dead_letters, _POSITIONS, _WRITERS}) < 4:
        raise InvalidArgument(
            f"to_sql: results, dead letters, {_POSITIONS} and {_WRITERS} are four tables, got "
            f"{table!r} and {dead_letters!r}"
        )
    columns = (key,) if isinstance(key, str) else tuple(key or ())
    if schema is not None:
        _check_key(columns, schema)
    return SqlSink(dialect, table, columns, dead_letters)


def _check_key(key: tuple[str, ...], schema: Schema) -> None:
    """Refuse columns that cannot say which row is meant."""
    for name in key:
        if schema[name].is_nullable:
            raise InvalidArgument(f"to_sql: key: {name!r} may be null, and nulls are never equal")
    taken = next((name for name in _PLACE if name in schema.names), None)
    if taken is not None:
        raise InvalidArgument(f"to_sql: the table has a column {taken!r} of its own; rename yours")


class SqlLog:
    """A :class:`~headrace.outputs.Log` over a database.

    Every run has a number, one more than the run before it. Each transaction begins by making sure
    that ours is still the newest, which keeps a newer run out until it ends.
    """

    def __init__(self, sink: SqlSink, schema: Schema) -> None:
        self.title = sink.dialect.title
        self._sink = sink
        self._dialect = sink.dialect
        kinds = {name: _kind(dtype.name) for name, dtype in schema.columns.items()}
        self._columns = {**kinds, **_PLACE}
        self._connection: Any = None
        self._epoch: int | None = None

    # -- the protocol

    def open(self) -> None:
        """Connect, become the newest run or see that we still are, and see that the tables fit."""
        self._leave()
        with self._transaction():
            self._make_own_tables()
            if self._epoch is None:
                self._epoch = self._next_epoch()
            self._check_newest()
            self._make(self._sink.table, self._columns, self._sink.key)
            if self._sink.dead_letters is not None:
                self._make(self._sink.dead_letters, _LETTERS, ())

    def committed(self, partitions: Sequence[tuple[str, int]]) -> list[Mark]:
        """Return the marks that are in the database."""
        with self._trouble():
            found = self._run(
                f"SELECT topic, part, position, metadata FROM {_POSITIONS} WHERE target = ?",
                (self._sink.table,),
            ).fetchall()
        marks = {(topic, part): (position, metadata) for topic, part, position, metadata in found}
        return [marks.get((topic, part), (-1, "")) for topic, part in partitions]

    def commit(self, commit: Commit) -> None:
        """Write rows, dead letters and positions in one transaction."""
        positions = [(self._sink.table, *position) for position in commit.positions]
        with self._transaction():
            self._check_newest()
            if commit.rows is not None:
                rows = self._rows_of(commit.rows)
                self._insert(self._sink.table, list(self._columns), self._sink.key, rows)
            if self._sink.dead_letters is not None and commit.rejects:
                letters = self._letters_of(commit.rejects)
                self._insert(self._sink.dead_letters, list(_LETTERS), (), letters)
            columns = ["target", "topic", "part", "position", "metadata"]
            self._insert(_POSITIONS, columns, ("target", "topic", "part"), positions)

    def close(self) -> None:
        """Leave the database; what was not committed is undone."""
        self._leave()

    # -- connection and transactions

    def _leave(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(Exception):
                self._connection.close()
            self._connection = None

    def _run(self, statement: str, values: Sequence[Any] = ()) -> Any:
        """Run a statement whose values are marked by ``?``."""
        if self._connection is None:
            self._connection = self._dialect.connect()
        if not values:
            return self._connection.execute(statement)
        return self._connection.execute(statement.replace("?", self._dialect.mark), values)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        """Commit at the end of the block; after any error the connection goes, and all with it."""
        try:
            with self._trouble():
                self._run(self._dialect.begin)
                yield
                self._run("COMMIT")
        except BaseException:
            self._leave()
            raise

    @contextlib.contextmanager
    def _trouble(self) -> Iterator[None]:
        """Put what the database says into words, and say whether waiting may help."""
        try:
            yield
        except Exception as error:
            if not self._dialect.is_error(error):
                raise
            self._leave()
            passing = self._dialect.is_passing(error)
            waits = "; waiting for it: no result is skipped" if passing else ""
            said = " ".join(str(error).split())
            raise outputs.trouble(
                f"to_sql: {self.title}: {said}{waits}", retriable=passing
            ) from error

    # -- who writes

    def _make_own_tables(self) -> None:
        bigint = self._dialect.types["int64"]
        self._run(
            f"CREATE TABLE IF NOT EXISTS {_WRITERS} (target TEXT PRIMARY KEY, epoch {bigint})"
        )
        self._run(
            f"CREATE TABLE IF NOT EXISTS {_POSITIONS} (target TEXT, topic TEXT, part {bigint},"
            f" position {bigint}, metadata TEXT, PRIMARY KEY (target, topic, part))"
        )

    def _next_epoch(self) -> int:
        """Take the next number. The row is locked: a run that is committing comes to its end."""
        target = (self._sink.table,)
        self._run(
            f"INSERT INTO {_WRITERS} (target, epoch) VALUES (?, 0) ON CONFLICT DO NOTHING", target
        )
        self._run(f"UPDATE {_WRITERS} SET epoch = epoch + 1 WHERE target = ?", target)
        found = self._run(f"SELECT epoch FROM {_WRITERS} WHERE target = ?", target).fetchone()
        return int(found[0])

    def _check_newest(self) -> None:
        newest = self._run(
            f"UPDATE {_WRITERS} SET epoch = epoch WHERE target = ? AND epoch = ?",
            (self._sink.table, self._epoch),
        ).rowcount
        if newest != 1:
            raise outputs.fenced(
                f"to_sql: another run has taken over: a newer one writes to {self._sink.table!r} "
                f"in {self.title}; what was not committed here is its to write"
            )

    # -- tables

    def _make(self, table: str, columns: Mapping[str, str], key: tuple[str, ...]) -> None:
        """Make a table where there is none; refuse one that would not keep what we have."""
        there = self._dialect.columns(self._connection, table)
        if there:
            self._check_columns(table, columns, there)
            return
        lines = [f"{quoted(name)} {self._dialect.types[kind]}" for name, kind in columns.items()]
        if key:
            lines.append(f"PRIMARY KEY ({', '.join(map(quoted, key))})")
        self._run(f"CREATE TABLE {quoted(table)} ({', '.join(lines)})")

    def _check_columns(
        self, table: str, columns: Mapping[str, str], there: Mapping[str, str]
    ) -> None:
        for name, kind in columns.items():
            expected = self._dialect.types[kind]
            if name not in there:
                raise SchemaError(
                    f"to_sql: the table {table!r} has no column {name!r} ({expected}); it has "
                    f"{', '.join(there)}",
                    "schema",
                )
            if not self._dialect.fits(kind, there[name]):
                raise SchemaError(
                    f"to_sql: the column {name!r} of the table {table!r} is {there[name]}, which "
                    f"does not keep every {kind}; expected {expected}",
                    "schema",
                )

    # -- rows

    def _insert(
        self, table: str, columns: list[str], key: tuple[str, ...], rows: Iterable[tuple[Any, ...]]
    ) -> None:
        """Add rows; where there is a key, a row takes the place of the one with the same key."""
        names = ", ".join(map(self._name, columns))
        marks = ", ".join([self._dialect.mark] * len(columns))
        statement = f"INSERT INTO {self._name(table)} ({names}) VALUES ({marks})"
        if key:
            names = ", ".join(map(self._name, key))
            news = [f"{self._name(c)} = excluded.{self._name(c)}" for c in columns if c not in key]
            statement += f" ON CONFLICT ({names}) DO UPDATE SET {', '.join(news)}"
        self._dialect.insert(self._connection, statement, rows)

    def _name(self, name: str) -> str:
        """Return a name as it is written in a statement with marks of values."""
        doubled = name.replace("%", "%%") if "%" in self._dialect.mark else name
        return quoted(doubled)

    def _rows_of(self, frame: _core.Frame) -> Iterable[tuple[Any, ...]]:
        columns = [self._values(*frame.column(i)) for i in range(len(frame.names))]
        return zip(*columns, frame.partitions().tolist(), frame.offsets().tolist(), strict=True)

    def _values(self, values: Any, valid: Any, categories: list[str] | None) -> list[Any]:
        """Return a column as Python's values; None for nulls and NaN."""
        if categories is not None:
            words: list[Any] = np.array([*categories, None], dtype=object)[values].tolist()
            return words
        gone = np.zeros(len(values), dtype=bool) if valid is None else ~valid
        if values.dtype.kind == "f":
            gone = gone | np.isnan(values)
        if values.dtype.kind == "M":
            out = self._dialect.times(np.where(gone, np.datetime64(0, "ns"), values))
        else:
            out = values.tolist()
        for row in np.flatnonzero(gone).tolist():
            out[row] = None
        return out

    def _letters_of(self, rejects: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        rows = []
        for reason, field, detail, topic, partition, offset, time_ms, key, value, *_ in rejects:
            when = None
            if time_ms >= 0:
                [when] = self._dialect.times(np.array([time_ms], "M8[ms]").astype("M8[ns]"))
            rows.append((reason, field, detail, topic, partition, offset, when, key, value))
        return rows


def _kind(name: str) -> str:
    return name if name in ("bool", "int64", "float64", "timestamp") else "string"
