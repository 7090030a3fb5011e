"""A table of results: what a transaction has, who writes, what is refused. On both databases."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import headrace as hr
from headrace import sql_sink
from headrace.errors import Fenced, InvalidArgument, SchemaError, StreamIOError
from headrace.outputs import Commit, Position
from headrace.replay import produce
from headrace.sql_dialects import Sqlite, dialect_of
from headrace.sql_sink import SqlLog, SqlSink
from tests.integration import postgres
from tests.integration.support import until

SCHEMA = hr.Schema({"x": hr.int64, "%K ?": hr.nullable(hr.string)})


@dataclass
class Database:
    url: str

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        connection = dialect_of(self.url).connect()
        try:
            done = connection.execute(statement)
            return list(done.fetchall()) if statement.startswith("SELECT") else []
        finally:
            connection.close()


@pytest.fixture(scope="module")
def postgres_url() -> Iterator[str]:
    with postgres.server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    """A database without tables."""
    if request.param == "sqlite":
        return Database(f"sqlite:///{tmp_path}/results.db")
    made = Database(request.getfixturevalue("postgres_url"))
    made.ask("DROP SCHEMA public CASCADE")
    made.ask("CREATE SCHEMA public")
    return made


@pytest.fixture(scope="module")
def frame() -> Iterator[Any]:
    """Make rows as the core hands them over."""
    lives = []

    def make(first: int, count: int) -> Any:
        rows = pd.DataFrame({"x": range(first, first + count), "%K ?": ["a", None] * (count // 2)})
        live = hr.from_frame(rows, schema=SCHEMA).run()
        live.wait()
        lives.append(live)
        return live._engine.frame(count, None)

    yield make
    for live in lives:
        live.stop()


def log_of(database: Database, schema: hr.Schema = SCHEMA, **options: Any) -> SqlLog:
    return SqlLog(SqlSink(dialect_of(database.url), "signals", **options), schema)


def step(rows: Any, end: int, rejects: Any = ()) -> Commit:
    return Commit(rows, {0: "t"}, rejects, [Position("t", 0, end, f"n={end}")])


def numbers(database: Database) -> list[int]:
    return [x for (x,) in database.ask("SELECT x FROM signals ORDER BY x")]


def test_rows_and_positions_are_there_together(database: Database, frame: Any) -> None:
    log = log_of(database)
    log.open()
    assert log.committed([("t", 0)]) == [(-1, "")]
    log.commit(step(frame(0, 4), 4))
    log.commit(step(None, 6))
    assert log.committed([("t", 0), ("t", 1)]) == [(6, "n=6"), (-1, "")]
    log.close()
    again = log_of(database)
    again.open()
    assert again.committed([("t", 0)]) == [(6, "n=6")]
    again.commit(step(frame(4, 4), 8))
    again.close()
    rows = database.ask('SELECT x, "%K ?", _partition, _offset FROM signals ORDER BY x')
    assert rows[:3] == [(0, "a", 0, 0), (1, None, 0, 1), (2, "a", 0, 2)]
    assert numbers(database) == list(range(8))


@pytest.mark.parametrize("call", range(1, 7))
@pytest.mark.parametrize("after", [False, True], ids=["not done", "done"])
def test_whatever_statement_fails_each_row_is_there_once(
    database: Database, frame: Any, monkeypatch: pytest.MonkeyPatch, call: int, after: bool
) -> None:
    """A statement fails before or after the database has done it, as when a connection breaks."""
    log = log_of(database, dead_letters="letters")
    log.open()
    log.commit(step(frame(0, 4), 4))
    calls = 0
    error = sqlite3.OperationalError("disk I/O error")
    dialect = log._sink.dialect
    monkeypatch.setattr(dialect, "is_error", lambda e: e is error)
    monkeypatch.setattr(dialect, "is_passing", lambda e: e is error)

    def counted(real: Any) -> Any:
        def one(*arguments: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == call and not after:
                raise error
            result = real(*arguments)
            if calls == call:
                raise error
            return result

        return one

    monkeypatch.setattr(log, "_run", counted(log._run))
    monkeypatch.setattr(dialect, "insert", counted(dialect.insert))
    letter = ("null", "x", 'field "x" is null', "t", 0, 9, 1_000, b"k", b"{}", None)
    second = step(frame(4, 4), 8, [letter])
    trouble = tried(lambda: log.commit(second))
    while trouble is not None:
        assert trouble.retriable
        trouble = tried(log.open)
    monkeypatch.undo()
    if log.committed([("t", 0)]) != [(8, "n=8")]:
        log.commit(second)
    log.close()
    assert numbers(database) == list(range(8))
    letters = database.ask('SELECT reason, "offset", "key" FROM letters')
    assert [(reason, offset, bytes(key)) for reason, offset, key in letters] == [("null", 9, b"k")]


def tried(call: Any) -> StreamIOError | None:
    try:
        call()
    except StreamIOError as error:
        return error
    return None


def test_of_two_runs_the_newer_one_goes_on(database: Database, frame: Any) -> None:
    older, newer = log_of(database), log_of(database)
    older.open()
    older.commit(step(frame(0, 4), 4))
    newer.open()
    assert newer.committed([("t", 0)]) == [(4, "n=4")]
    with pytest.raises(Fenced, match=r"another run has taken over.*'signals'") as said:
        older.commit(step(frame(4, 4), 8))
    assert not said.value.retriable
    with pytest.raises(Fenced):  # not even where it tries again
        older.open()
    newer.commit(step(frame(4, 4), 8))
    newer.close()
    older.close()
    assert numbers(database) == list(range(8))


def test_tables_of_one_database_have_runs_of_their_own(database: Database, frame: Any) -> None:
    one = log_of(database)
    other = SqlLog(SqlSink(dialect_of(database.url), "other"), SCHEMA)
    for log in (one, other):
        log.open()
    for log in (one, other):
        log.commit(step(frame(0, 4), 4))
        log.close()
    assert len(database.ask("SELECT x FROM other")) == len(numbers(database)) == 4


def test_with_a_key_the_newest_row_stays(database: Database, frame: Any) -> None:
    log = log_of(database, key=("x",))
    log.open()
    log.commit(step(frame(0, 4), 4))
    log.commit(step(frame(2, 4), 10))
    log.close()
    assert database.ask('SELECT x, "%K ?", _offset FROM signals ORDER BY x') == [
        *((0, "a", 0), (1, None, 1), (2, "a", 0)),
        *((3, None, 1), (4, "a", 2), (5, None, 3)),
    ]


TYPES = hr.Schema(
    {
        "at": hr.nullable(hr.timestamp("ms")),
        "n": hr.nullable(hr.int64),
        "x": hr.nullable(hr.float64),
        "ok": hr.nullable(hr.bool_),
        "text": hr.nullable(hr.string),
        "tags": hr.nullable(hr.list_(hr.string)),
    }
)


@pytest.mark.filterwarnings("ignore::headrace.errors.RejectedWarning")
def test_every_type_comes_back(database: Database) -> None:
    full = (
        b'{"at": 1500, "n": 9007199254740993, "x": 0.1, "ok": true, "text": "\xc3\xa4\'",'
        b' "tags": ["p"]}'
    )
    with hr.MockBroker(t=1) as broker:
        records = [(b"k", full), (b"k", b"{"), (b"k", b"{}")]
        produce(records, to="t", bootstrap=broker.bootstrap)
        stream = hr.kafka("t", bootstrap=broker.bootstrap, schema=TYPES, until="end")
        with stream.to_sql(database.url, "signals", dead_letters="letters").run() as live:
            live.wait()
    rows = database.ask("SELECT * FROM signals ORDER BY _offset")
    (at, n, x, ok, text, tags, partition, offset), gaps = rows
    assert pd.Timestamp(at) == pd.Timestamp(1500, unit="ms", tz="UTC")
    assert (n, x, bool(ok), text, tags) == (9007199254740993, 0.1, True, "ä'", '["p"]')
    assert (partition, offset) == (0, 0)
    assert gaps == (None, None, None, None, None, None, 0, 2)
    [letter] = database.ask('SELECT reason, topic, "offset", "value" FROM letters')
    assert (*letter[:3], bytes(letter[3])) == ("invalid_json", "t", 1, b"{")


def test_a_table_that_is_there_is_used_and_may_have_more(database: Database, frame: Any) -> None:
    database.ask(
        'CREATE TABLE signals ("%K ?" VARCHAR(20), note TEXT, x BIGINT, _offset BIGINT,'
        " _partition BIGINT)"
    )
    log = log_of(database)
    log.open()
    log.commit(step(frame(0, 4), 4))
    log.close()
    assert numbers(database) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ("x BIGINT, _partition BIGINT, _offset BIGINT", r"has no column '%K \?'.*it has x, _part"),
        (
            '"%K ?" TEXT, x TEXT, _partition BIGINT, _offset BIGINT',
            "the column 'x' of the table 'signals' is (TEXT|text), which does not keep every int64",
        ),
    ],
)
def test_a_table_that_does_not_fit_is_refused(database: Database, columns: str, said: str) -> None:
    database.ask(f"CREATE TABLE signals ({columns})")
    log = log_of(database)
    with pytest.raises(SchemaError, match=said):
        log.open()
    log.close()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("sqlite:///x.db", "", None, None), "table: expected the name of a table, got ''"),
        (("sqlite:///x.db", "t", None, 5), "dead_letters: expected the name of a table, got 5"),
        (("sqlite:///x.db", "t", None, "t"), "are four tables"),
        (("sqlite:///x.db", "headrace_positions", None, None), "are four tables"),
        (("sqlite:///x.db", "t", "%K ?", None), r"key: '%K \?' may be null"),
    ],
)
def test_wrong_arguments_are_refused(arguments: Any, said: str) -> None:
    with pytest.raises(InvalidArgument, match=said):
        sql_sink.checked(*arguments, SCHEMA)


def test_columns_of_our_names_are_refused() -> None:
    schema = hr.Schema({"_offset": hr.int64})
    with pytest.raises(InvalidArgument, match="a column '_offset' of its own; rename yours"):
        sql_sink.checked("sqlite:///x.db", "t", None, None, schema)


def test_another_program_that_writes_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headrace.sql_dialects._BUSY_S", 0.05)
    file = tmp_path / "results.db"
    with hr.MockBroker(t=1) as broker:
        produce([(b"k", b'{"x": %d}' % i) for i in range(50)], to="t", bootstrap=broker.bootstrap)
        stream = hr.kafka("t", bootstrap=broker.bootstrap, schema=SCHEMA)
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with stream.to_sql(f"sqlite:///{file}", "signals").run(commit_interval="10ms") as live:
            until(lambda: "database is locked; waiting" in live.status().message)
            other.execute("COMMIT")
            database = Database(f"sqlite:///{file}")
            until(lambda: live.status().commits > 0)
            until(lambda: len(numbers(database)) == 50)
        other.close()


def test_a_directory_that_is_not_there_ends_the_stream(tmp_path: Path) -> None:
    log = SqlLog(SqlSink(Sqlite(f"sqlite:///{tmp_path}/none/x.db"), "t"), SCHEMA)
    with pytest.raises(StreamIOError, match="there is no directory") as said:
        log.open()
    assert not said.value.retriable


def test_a_stream_goes_on_where_the_one_before_it_stopped(database: Database) -> None:
    with hr.MockBroker(t=1) as broker:
        stream = hr.kafka("t", bootstrap=broker.bootstrap, schema=SCHEMA)
        job = stream.with_columns(total=hr.ta.sum("x", timeperiod=3)).to_sql(
            database.url, "signals"
        )
        for begin in range(0, 90, 30):
            part = [(b"k", b'{"x": %d}' % i) for i in range(begin, begin + 30)]
            produce(part, to="t", bootstrap=broker.bootstrap)
            with job.run(commit_interval="10ms") as live:
                until(lambda live=live: live.status().commits > 0)
                until(lambda end=begin + 30: len(numbers(database)) == end)
    totals = [total for (total,) in database.ask("SELECT total FROM signals ORDER BY x")]
    assert totals == [None, None, *(float(3 * x - 3) for x in range(2, 90))]


def test_the_stream_says_where_it_writes_without_a_password(database: Database) -> None:
    stream = hr.kafka("t", bootstrap="localhost:1", schema=SCHEMA).to_sql(database.url, "signals")
    assert ".to_sql('" in repr(stream)
    assert "'signals')" in repr(stream)
    assert "secret" not in repr(stream)
