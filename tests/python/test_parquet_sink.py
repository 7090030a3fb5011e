"""A directory of results: what a commit writes, what a death leaves, what is refused."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import headrace as hr
from headrace import _core, manifest, outputs, parquet_sink
from headrace.errors import (
    CheckpointError,
    InvalidArgument,
    SchemaError,
    StreamIOError,
    Unsupported,
)
from headrace.outputs import Commit, Position
from headrace.parquet_sink import ParquetLog, ParquetSink
from headrace.replay import produce
from tests.integration.support import until

SCHEMA = hr.Schema({"x": hr.int64, "k": hr.nullable(hr.string)})


@pytest.fixture(scope="module")
def frame() -> Iterator[Any]:
    """Make rows as the core hands them over."""
    lives = []

    def make(first: int, count: int) -> _core.Frame:
        rows = pd.DataFrame(
            {"x": range(first, first + count), "k": ["a", "b", None, "c/ä", ""] * (count // 5)}
        )
        live = hr.from_frame(rows, schema=SCHEMA).run()
        live.wait()
        lives.append(live)
        made: _core.Frame = live._engine.frame(count, None)
        return made

    yield make
    for live in lives:
        live.stop()


def log_of(directory: Path, schema: hr.Schema = SCHEMA, **options: Any) -> ParquetLog:
    return ParquetLog(ParquetSink(directory, **options), schema, merged=False)


def tried(call: Any) -> StreamIOError | None:
    try:
        call()
    except StreamIOError as error:
        return error
    return None


def step(rows: Any, end: int, rejects: Any = ()) -> Commit:
    return Commit(rows, {0: "t"}, rejects, [Position("t", 0, end, f"n={end}")])


def rows_read(directory: Path) -> int:
    """Count the rows that are committed; a stream may not have begun yet."""
    return len(hr.read_results(directory)) if (directory / "_headrace/about.json").exists() else 0


def parquet(directory: Path) -> set[Path]:
    return set(directory.rglob("*.parquet"))


def test_files_are_named_by_what_they_cover(tmp_path: Path, frame: Any) -> None:
    log = log_of(tmp_path)
    log.open()
    assert log.committed([("t", 0)]) == [(-1, "")]
    log.commit(step(frame(0, 10), 12))
    log.commit(step(None, 20))
    log.commit(step(frame(10, 5), 30))
    assert log.committed([("t", 0), ("t", 1)]) == [(30, "n=30"), (-1, "")]
    log.close()
    assert [path.name for path in hr.result_files(tmp_path)] == [
        "t-0-000000000000-000000000011-c000000000001.parquet",
        "t-0-000000000020-000000000029-c000000000003.parquet",
    ]
    assert hr.read_results(tmp_path)["x"].tolist() == list(range(15))


def test_the_next_run_knows_what_is_committed(tmp_path: Path, frame: Any) -> None:
    first = log_of(tmp_path)
    first.open()
    first.commit(step(frame(0, 5), 5))
    first.close()
    second = log_of(tmp_path)
    second.open()
    assert second.committed([("t", 0)]) == [(5, "n=5")]
    second.commit(step(frame(5, 5), 10))
    second.close()
    assert hr.read_results(tmp_path)["x"].tolist() == list(range(10))


@pytest.mark.parametrize("by", [(), ("k",)], ids=["one folder", "folders"])
@pytest.mark.parametrize("call", range(1, 60))
def test_whatever_call_fails_each_row_is_there_once(
    tmp_path: Path, frame: Any, monkeypatch: pytest.MonkeyPatch, call: int, by: tuple[str, ...]
) -> None:
    """What the core does: after trouble it opens again, asks, and repeats what is not there."""
    log = log_of(tmp_path, partition_by=by)
    log.open()
    log.commit(step(frame(0, 5), 5))
    calls = 0

    def counted(real: Any) -> Any:
        def one(*arguments: Any, **options: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == call:
                raise OSError(28, "No space left on device")
            return real(*arguments, **options)

        return one

    letter = ("null", "x", 'field "x" is null', "t", 0, 9, -1, b"", b"{}", None)
    for owner, name in ((os, "fsync"), (Path, "replace"), (Path, "open"), (Path, "mkdir")):
        monkeypatch.setattr(owner, name, counted(getattr(owner, name)))
    second = step(frame(5, 5), 10, [letter])
    trouble = tried(lambda: log.commit(second))
    while trouble is not None:
        assert trouble.retriable
        assert "No space left on device" in str(trouble)
        trouble = tried(log.open)
    if log.committed([("t", 0)]) != [(10, "n=10")]:
        log.commit(second)
    monkeypatch.undo()
    log.close()
    assert sorted(hr.read_results(tmp_path)["x"]) == list(range(10))
    committed = {*hr.result_files(tmp_path), *hr.result_files(tmp_path, dead_letters=True)}
    assert parquet(tmp_path) == committed
    assert not list(tmp_path.rglob("*.tmp"))


def test_leftovers_are_removed_and_nothing_else(tmp_path: Path, frame: Any) -> None:
    log = log_of(tmp_path)
    log.open()
    log.commit(step(frame(0, 5), 5))
    log.close()
    leftover = tmp_path / "t-0-000000000005-000000000009-c000000000002.parquet"
    partial = tmp_path / f".{leftover.name}.tmp"
    others = [tmp_path / "mine.parquet", tmp_path / "notes.tmp"]
    for path in (leftover, partial, *others):
        path.write_bytes(b"x")
    log.open()
    log.close()
    assert not leftover.exists()
    assert not partial.exists()
    assert all(path.exists() for path in others)
    assert len(hr.read_results(tmp_path)) == 5


def test_a_manifest_that_is_gone_takes_no_results_with_it(tmp_path: Path, frame: Any) -> None:
    log = log_of(tmp_path)
    log.open()
    for end in (5, 10, 15):
        log.commit(step(frame(end - 5, 5), end))
    log.close()
    before = parquet(tmp_path)
    for path in (tmp_path / manifest.FOLDER).glob("commit-*"):
        path.unlink()
    with pytest.raises(CheckpointError, match=r"c000000000002\.parquet belongs to a commit that"):
        log_of(tmp_path).open()
    assert parquet(tmp_path) == before


def test_a_damaged_commit_ends_the_stream_with_what_to_do(tmp_path: Path, frame: Any) -> None:
    log = log_of(tmp_path)
    log.open()
    for end in (5, 10):
        log.commit(step(frame(end - 5, 5), end))
    log.close()
    newest = tmp_path / manifest.FOLDER / "commit-000000000002.json"
    newest.write_bytes(newest.read_bytes()[:20])
    again = log_of(tmp_path)
    with pytest.raises(CheckpointError, match=r"to_parquet: .*02\.json is damaged"):
        again.open()
    newest.unlink()
    again.open()
    assert again.committed([("t", 0)]) == [(5, "n=5")]
    again.commit(step(frame(5, 5), 10))
    again.close()
    assert hr.read_results(tmp_path)["x"].tolist() == list(range(10))


def test_values_become_folders_and_come_back(tmp_path: Path, frame: Any) -> None:
    log = log_of(tmp_path, partition_by=("k",))
    log.open()
    log.commit(step(frame(0, 10), 10))
    log.close()
    assert {path.parent.name for path in hr.result_files(tmp_path)} == {
        *("k=a", "k=b", "k=c%2F%C3%A4", "k="),
        "k=__HIVE_DEFAULT_PARTITION__",
    }
    found = hr.read_results(tmp_path).sort_values("x")
    assert list(found) == ["x", "k"]
    assert found["k"].fillna("none").tolist() == ["a", "b", "none", "c/ä", ""] * 2


def test_a_commit_of_too_many_folders_is_a_mistake(
    tmp_path: Path, frame: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet_sink, "_MOST_FOLDERS", 4)
    log = log_of(tmp_path, partition_by=("k",))
    log.open()
    with pytest.raises(InvalidArgument, match="5 folders, more than 4; choose columns with fewer"):
        log.commit(step(frame(0, 5), 5))
    log.close()


def test_of_two_runs_the_second_waits(tmp_path: Path) -> None:
    first, second = log_of(tmp_path), log_of(tmp_path)
    first.open()
    first.open()  # once more, as after trouble
    with pytest.raises(
        StreamIOError, match=rf"another run \(process {os.getpid()}\) writes"
    ) as said:
        second.open()
    assert said.value.retriable
    first.close()
    second.open()
    second.close()


def test_the_second_run_says_so_until_it_has_the_directory(tmp_path: Path) -> None:
    first = log_of(tmp_path)
    first.open()
    with hr.MockBroker(t=1) as broker:
        stream = hr.kafka("t", bootstrap=broker.bootstrap, schema=SCHEMA)
        with stream.to_parquet(tmp_path).run() as live:
            until(lambda: "waiting for its end" in live.status().message)
            first.close()
            until(lambda: live.status().message == "")
            assert live.status().state == "running"


def test_a_dead_run_holds_nothing(tmp_path: Path) -> None:
    code = (
        "import os, headrace as hr; from pathlib import Path;"
        "from headrace.parquet_sink import ParquetLog, ParquetSink;"
        f"log = ParquetLog(ParquetSink(Path({str(tmp_path)!r})),"
        " hr.Schema({'x': hr.int64, 'k': hr.nullable(hr.string)}), merged=False);"
        "log.open(); os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    log = log_of(tmp_path)
    log.open()
    log.close()


@pytest.mark.parametrize(
    ("schema", "options", "said"),
    [
        (hr.Schema({"x": hr.float64, "k": hr.string}), {}, r"x \(int64\).*x \(float64\)"),
        (hr.Schema({"k": hr.string, "x": hr.int64}), {}, "use another directory"),
        (SCHEMA, {"partition_by": ("k",)}, r"partition_by \(none\), this stream has k"),
    ],
)
def test_results_of_other_columns_are_not_mixed(
    tmp_path: Path, schema: hr.Schema, options: Any, said: str
) -> None:
    log = log_of(tmp_path)
    log.open()
    log.close()
    other = log_of(tmp_path, schema, **options)
    with pytest.raises(SchemaError, match=said):
        other.open()
    other.close()


def test_a_directory_that_cannot_be_one_ends_the_stream(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StreamIOError) as said:
        log_of(tmp_path / "file").open()
    assert not said.value.retriable


@pytest.mark.parametrize(
    ("arguments", "kind", "said"),
    [
        ((5, None, False), InvalidArgument, "expected a directory, got 5"),
        (("s3://bucket", None, False), Unsupported, "expected a directory of this machine"),
        (("d", None, "letters"), InvalidArgument, "dead_letters: expected True or False"),
        (("d", "y", False), hr.errors.UnknownColumn, "y"),
        (("d", ("x", "k"), False), InvalidArgument, "no column is left"),
    ],
)
def test_wrong_arguments_are_refused(arguments: Any, kind: type[Exception], said: str) -> None:
    with pytest.raises(kind, match=said):
        parquet_sink.checked(*arguments, SCHEMA)


def test_times_are_no_folders() -> None:
    with pytest.raises(InvalidArgument, match="'Date' is a timestamp; folders are named by"):
        parquet_sink.checked("d", "Date", False, hr.market.SCHEMA)


def test_a_full_disk_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = [True]
    real = manifest.publish

    def publish(path: Path, data: bytes) -> None:
        if full and path.name.startswith("commit-"):
            raise OSError(28, "No space left on device", str(path))
        real(path, data)

    monkeypatch.setattr(manifest, "publish", publish)
    with hr.MockBroker(t=1) as broker:
        produce([(b"k", b'{"x": %d}' % i) for i in range(50)], to="t", bootstrap=broker.bootstrap)
        stream = hr.kafka("t", bootstrap=broker.bootstrap, schema=SCHEMA)
        with stream.to_parquet(tmp_path).run(commit_interval="10ms") as live:
            until(lambda: "No space left on device" in live.status().message)
            assert "no result is skipped" in live.status().message
            full.clear()
            until(lambda: len(hr.read_results(tmp_path)) == 50)
            until(lambda: live.status().message == "")
    assert hr.read_results(tmp_path)["x"].tolist() == list(range(50))


@pytest.mark.filterwarnings("ignore::headrace.errors.RejectedWarning")
def test_a_stream_goes_on_where_the_one_before_it_stopped(tmp_path: Path) -> None:
    with hr.MockBroker(t=1) as broker:
        stream = hr.kafka("t", bootstrap=broker.bootstrap, schema=SCHEMA)
        sums = stream.with_columns(total=hr.ta.sum("x", timeperiod=3))
        job = sums.to_parquet(tmp_path, dead_letters=True)
        records = [b'{"x": %d}' % i for i in range(90)]
        records[40] = b"{"
        for begin in range(0, 90, 30):
            part = [(b"k", record) for record in records[begin : begin + 30]]
            produce(part, to="t", bootstrap=broker.bootstrap)
            with job.run(commit_interval="10ms"):
                until(lambda end=begin + 30: rows_read(tmp_path) == end - (end > 40))
        bounded = hr.kafka("t", bootstrap=broker.bootstrap, schema=SCHEMA, until="end")
        collected = bounded.with_columns(total=hr.ta.sum("x", timeperiod=3)).collect()
    pd.testing.assert_frame_equal(hr.read_results(tmp_path), collected)
    place = ["topic", "partition", "offset", "value"]
    letters = hr.read_results(tmp_path, columns=place, dead_letters=True)
    assert letters.values.tolist() == [["t", 0, 40, b"{"]]


def test_merged_partitions_have_one_order(tmp_path: Path) -> None:
    bars = hr.market.bars(rows=600, tickers=3, seed=4)
    with hr.MockBroker(a=2, b=1) as broker:
        boot = broker.bootstrap
        hr.replay(bars[:400], to="a", bootstrap=boot)
        hr.replay(bars[400:], to="b", bootstrap=boot)
        a, b = (
            hr.kafka(topic, bootstrap=boot, schema=hr.market.SCHEMA, until="end") for topic in "ab"
        )
        merged = a.union(b).with_columns(n=hr.ta.sum("Volume", timeperiod=2))
        for _ in range(2):  # the second run finds nothing to do
            with merged.to_parquet(tmp_path).run() as live:
                live.wait()
        collected = merged.collect()
    assert [path.name for path in hr.result_files(tmp_path)] == ["merged-c000000000001.parquet"]
    pd.testing.assert_frame_equal(hr.read_results(tmp_path), collected)


def test_words_for_what_the_log_raises() -> None:
    assert isinstance(outputs.fenced("x"), hr.errors.Fenced)
