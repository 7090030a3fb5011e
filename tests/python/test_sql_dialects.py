"""SQLite and PostgreSQL: URLs, passwords that stay unseen, types that keep what they are given."""

from __future__ import annotations

import importlib.util
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from headrace.errors import InvalidArgument, Unsupported
from headrace.sql_dialects import Sqlite, dialect_of, quoted


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a", '"a"'), ("s.t", '"s"."t"'), ('a"b', '"a""b"'), ("%K ?", '"%K ?"')],
)
def test_names_are_quoted(name: str, expected: str) -> None:
    assert quoted(name) == expected


@pytest.mark.parametrize(
    ("url", "kind", "said"),
    [
        (5, InvalidArgument, "expected a URL as in sqlite:///results.db"),
        ("results.db", InvalidArgument, "expected a URL"),
        ("sqlite://", InvalidArgument, "expected a file as in"),
        ("sqlite:///:memory:", InvalidArgument, "expected a file as in"),
        ("mysql://host/name", Unsupported, "there is sqlite:// and postgresql://, got mysql://"),
    ],
)
def test_wrong_urls_are_refused(url: object, kind: type[Exception], said: str) -> None:
    with pytest.raises(kind, match=said):
        dialect_of(url)


def test_a_path_may_be_relative_absolute_or_escaped() -> None:
    assert Sqlite("sqlite:///a.db").path == "a.db"
    assert Sqlite("sqlite:////x/a.db").path == "/x/a.db"
    assert Sqlite("sqlite:////x/a%20b.db").path == "/x/a b.db"


@pytest.mark.skipif(importlib.util.find_spec("psycopg") is None, reason="psycopg is not installed")
def test_a_password_is_not_shown() -> None:
    dialect = dialect_of("postgresql://me:secret@host:5433/name?sslpassword=hidden")
    assert dialect.url == "postgresql://me@host:5433/name"
    assert dialect_of("postgresql:///name").url == "postgresql:///name"


@pytest.mark.skipif(importlib.util.find_spec("psycopg") is not None, reason="psycopg is installed")
def test_without_psycopg_it_is_said_what_to_install() -> None:
    with pytest.raises(
        ImportError, match=r'psycopg is missing: pip install "headrace\[postgres\]"'
    ):
        dialect_of("postgresql://host/name")


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("int64", ["INTEGER", "bigint", "NUMERIC(10)", ""], ["REAL", "TEXT", "BLOB"]),
        ("float64", ["REAL", "double precision", "FLOAT", ""], ["INTEGER", "TEXT"]),
        ("string", ["TEXT", "varchar(20)", ""], ["INTEGER", "REAL", "BLOB"]),
        ("bool", ["BOOLEAN", "INTEGER", ""], ["TEXT", "REAL"]),
        ("timestamp", ["TIMESTAMP", "DATETIME", "TEXT", ""], ["INTEGER", "REAL"]),
        ("bytes", ["BLOB", ""], ["TEXT", "INTEGER"]),
    ],
)
def test_types_of_sqlite_that_keep_a_value(kind: str, good: list[str], bad: list[str]) -> None:
    sqlite = Sqlite("sqlite:///x.db")
    assert sqlite.types[kind] in [one.upper() for one in good] or sqlite.fits(
        kind, sqlite.types[kind]
    )
    assert all(sqlite.fits(kind, one) for one in good)
    assert not any(sqlite.fits(kind, one) for one in bad)


def test_times_of_sqlite_are_text_that_sorts_and_that_sqlite_reads() -> None:
    instants = np.array([-1, 0, 1, 1_500_000_000], "M8[ns]")
    texts = Sqlite("sqlite:///x.db").times(instants)
    assert texts == sorted(texts)
    assert texts[-1] == "1970-01-01T00:00:01.500000000Z"
    found = sqlite3.connect(":memory:").execute("SELECT datetime(?)", (texts[-1],)).fetchone()
    assert found == ("1970-01-01 00:00:01",)


def test_columns_of_a_table(tmp_path: Path) -> None:
    sqlite = Sqlite(f"sqlite:///{tmp_path}/x.db")
    connection = sqlite.connect()
    connection.execute("CREATE TABLE t (a INTEGER, b)")
    assert sqlite.columns(connection, "t") == {"a": "INTEGER", "b": ""}
    assert sqlite.columns(connection, "main.t") == {"a": "INTEGER", "b": ""}
    assert sqlite.columns(connection, "none") == {}
    connection.close()


def test_what_passes_and_what_does_not() -> None:
    sqlite = Sqlite("sqlite:///x.db")
    for text, passing in (
        ("database is locked", True),
        ("database or disk is full", True),
        ("attempt to write a readonly database", False),
        ("no such table: x", False),
    ):
        assert sqlite.is_passing(sqlite3.OperationalError(text)) is passing
    assert not sqlite.is_passing(sqlite3.IntegrityError("database is locked"))
    assert sqlite.is_error(sqlite3.IntegrityError("x"))
    assert not sqlite.is_error(ValueError("x"))


def test_a_directory_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.ProgrammingError, match="there is no directory"):
        Sqlite(f"sqlite:///{tmp_path}/none/x.db").connect()
