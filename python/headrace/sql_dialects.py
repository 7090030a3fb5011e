"""SQLite and PostgreSQL: how each is reached, and what its types are called."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Protocol
from urllib.parse import unquote

from headrace import frames
from headrace.errors import InvalidArgument, Unsupported
from headrace.lazy import np, npt

__all__ = ["Dialect", "Postgres", "Sqlite", "dialect_of", "quoted"]

_BUSY_S = 5.0  # another program that writes is waited for so long before it is said


def quoted(name: str) -> str:
    """Return a name as SQL takes it; of a table also with its schema before a dot.

    Examples
    --------
    >>> from headrace.sql_dialects import quoted
    >>> quoted("public.signals")
    '"public"."signals"'
    """
    return ".".join('"' + part.replace('"', '""') + '"' for part in name.split("."))


class Dialect(Protocol):
    """What databases differ in. A connection commits each statement unless a BEGIN came before."""

    title: str  # in a user's words, without the password
    url: str  # likewise
    begin: ClassVar[str]  # of a transaction that will write
    mark: ClassVar[str]  # stands for a value
    types: ClassVar[Mapping[str, str]]  # of new tables, by the names of ours

    def connect(self) -> Any:
        """Return a connection."""

    def columns(self, connection: Any, table: str) -> dict[str, str]:
        """Return the columns of a table and their types; none where there is no such table."""

    def fits(self, kind: str, declared: str) -> bool:
        """Whether every value of a type of ours is kept as it is by a column of that type."""

    def times(self, values: npt.NDArray[Any]) -> list[Any]:
        """Return timestamps as values of a timestamp column."""

    def insert(self, connection: Any, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Run a statement for each row."""

    def is_error(self, error: Exception) -> bool:
        """Whether the database has raised it."""

    def is_passing(self, error: Exception) -> bool:
        """Whether trying again may help."""


class Sqlite:
    """A file of SQLite, by the standard library.

    Examples
    --------
    >>> from headrace.sql_dialects import Sqlite
    >>> Sqlite("sqlite:////data/results.db").path
    '/data/results.db'
    """

    begin: ClassVar[str] = "BEGIN IMMEDIATE"
    mark: ClassVar[str] = "?"
    types: ClassVar[Mapping[str, str]] = {
        "bool": "BOOLEAN",
        "int64": "INTEGER",
        "float64": "REAL",
        "string": "TEXT",
        "timestamp": "TIMESTAMP",
        "bytes": "BLOB",
    }
    _PASSING = ("locked", "is full", "disk I/O")

    def __init__(self, url: str) -> None:
        self.path = unquote(url.removeprefix("sqlite:///"))
        if not url.startswith("sqlite:///") or self.path in ("", ":memory:"):
            raise InvalidArgument(
                f"to_sql: expected a file as in sqlite:///results.db, got {url!r}"
            )
        self.url = url
        self.title = f'the database "{self.path}"'

    def connect(self) -> sqlite3.Connection:
        """Return a connection whose commits survive a power cut."""
        if not Path(self.path).parent.is_dir():
            raise sqlite3.ProgrammingError(f"there is no directory {str(Path(self.path).parent)!r}")
        connection = sqlite3.connect(self.path, timeout=_BUSY_S, isolation_level=None)
        connection.execute("PRAGMA synchronous = FULL")
        return connection

    def columns(self, connection: sqlite3.Connection, table: str) -> dict[str, str]:
        """Return the columns of a table and their declared types."""
        schema, _, name = table.rpartition(".")
        query = "SELECT name, type FROM pragma_table_info(?" + (", ?)" if schema else ")")
        return dict(connection.execute(query, (name, schema) if schema else (name,)).fetchall())

    def fits(self, kind: str, declared: str) -> bool:
        """Whether values of a type are kept; SQLite goes by parts of the declared type's name."""
        patterns = {
            "bool": r"BOOL|INT|NUM|^$",
            "int64": r"INT|NUM|^$",
            "float64": r"REAL|FLOA|DOUB|NUM|^$",
            "string": r"CHAR|CLOB|TEXT|^$",
            "timestamp": r"CHAR|CLOB|TEXT|TIME|^$",
            "bytes": r"BLOB|^$",
        }
        return re.search(patterns[kind], declared.upper()) is not None

    def times(self, values: npt.NDArray[Any]) -> list[Any]:
        """Return ISO 8601 texts in UTC, all of one length: their order is that of the times."""
        return [f"{text}Z" for text in np.datetime_as_string(values).tolist()]

    def insert(
        self, connection: sqlite3.Connection, statement: str, rows: Iterable[tuple[Any, ...]]
    ) -> None:
        """Run a statement for each row."""
        connection.executemany(statement, rows)

    def is_error(self, error: Exception) -> bool:
        """Whether the database has raised it."""
        return isinstance(error, sqlite3.Error)

    def is_passing(self, error: Exception) -> bool:
        """Whether trying again may help: another program writes, the disk is full."""
        return isinstance(error, sqlite3.OperationalError) and any(
            word in str(error) for word in self._PASSING
        )


class Postgres:
    """A database of PostgreSQL, by psycopg."""

    begin: ClassVar[str] = "BEGIN"
    mark: ClassVar[str] = "%s"
    types: ClassVar[Mapping[str, str]] = {
        "bool": "boolean",
        "int64": "bigint",
        "float64": "double precision",
        "string": "text",
        "timestamp": "timestamp with time zone",
        "bytes": "bytea",
    }
    _ALSO: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "int64": ("numeric",),
        "string": ("character varying",),
    }
    # What a user has to mend, of what is said while connecting.
    _WRONG = ("authentication failed", "does not exist", "no pg_hba.conf entry", "not permitted")

    def __init__(self, url: str) -> None:
        self._psycopg = frames._require("psycopg", "postgres")
        self._secret = url
        self.url = re.sub(r"(//[^/@:]*):[^/@]*@", r"\1@", url).partition("?")[0]
        self.title = f'the database "{self.url}"'

    def connect(self) -> Any:
        """Return a connection; one that is dead or waits for a lock says so in some seconds."""
        connection = self._psycopg.connect(
            self._secret,
            autocommit=True,
            connect_timeout=10,
            tcp_user_timeout=20_000,
            application_name="headrace",
        )
        connection.execute("SET lock_timeout = '10s'")
        return connection

    def columns(self, connection: Any, table: str) -> dict[str, str]:
        """Return the columns of a table and their types."""
        schema, _, name = table.rpartition(".")
        found = connection.execute(
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s"
            " AND table_schema = coalesce(nullif(%s, ''), current_schema())"
            " ORDER BY ordinal_position",
            (name, schema),
        )
        return dict(found.fetchall())

    def fits(self, kind: str, declared: str) -> bool:
        """Whether values of a type are kept as they are."""
        return declared in (self.types[kind], *self._ALSO.get(kind, ()))

    def times(self, values: npt.NDArray[Any]) -> list[Any]:
        """Return times in UTC; PostgreSQL counts in microseconds."""
        from datetime import timezone

        plain = values.astype("M8[us]").tolist()
        return [time.replace(tzinfo=timezone.utc) for time in plain]

    def insert(self, connection: Any, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Run a statement for each row; they travel together."""
        with connection.cursor() as cursor:
            cursor.executemany(statement, rows)

    def is_error(self, error: Exception) -> bool:
        """Whether the database has raised it."""
        return isinstance(error, self._psycopg.Error)

    def is_passing(self, error: Exception) -> bool:
        """Whether trying again may help: it is not reached, full, or another one has a lock."""
        return isinstance(error, self._psycopg.OperationalError) and not any(
            word in str(error) for word in self._WRONG
        )


def dialect_of(url: Any) -> Dialect:
    """Return how to talk to the database at a URL.

    Examples
    --------
    >>> from headrace.sql_dialects import dialect_of
    >>> dialect_of("sqlite:///results.db").title
    'the database "results.db"'
    """
    if not isinstance(url, str) or "://" not in url:
        raise InvalidArgument(
            f"to_sql: expected a URL as in sqlite:///results.db or postgresql://host/name, got "
            f"{url!r}"
        )
    scheme = url.partition("://")[0]
    if scheme == "sqlite":
        return Sqlite(url)
    if scheme in ("postgresql", "postgres"):
        return Postgres(url)
    raise Unsupported(f"to_sql: there is sqlite:// and postgresql://, got {scheme}://")
