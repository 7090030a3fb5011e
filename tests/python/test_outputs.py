"""The thread that serves a log: what is asked is done in order, and what fails is said."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import headrace as hr
from headrace import durability, outputs, rejects
from headrace.errors import Fenced, InternalError, StreamIOError
from headrace.outputs import Commit, Mark
from headrace.parquet_sink import ParquetSink
from tests.integration.support import until

SCHEMA = hr.Schema({"x": hr.int64})
FRAME = pd.DataFrame({"x": [1]})


@dataclass
class Memory:
    """A log that keeps all in lists, and fails where it is told to."""

    title: str = "the memory"
    rows: list[int] = field(default_factory=list)
    letters: list[str] = field(default_factory=list)
    marks: dict[tuple[str, int], Mark] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    fail: Callable[[str], None] = lambda call: None

    def open(self) -> None:
        self.calls.append("open")
        self.fail("open")

    def committed(self, partitions: Sequence[tuple[str, int]]) -> list[Mark]:
        self.calls.append("committed")
        self.fail("committed")
        return [self.marks.get(one, (-1, "")) for one in partitions]

    def commit(self, commit: Commit) -> None:
        self.calls.append("commit")
        self.fail("before")
        if commit.rows is not None:
            self.rows += commit.rows.column(0)[0].tolist()
        self.letters += rejects.table_of(commit.rejects)["text"].tolist()
        for topic, partition, offset, metadata in commit.positions:
            self.marks[topic, partition] = (offset, metadata)
        self.fail("after")

    def close(self) -> None:
        self.calls.append("close")


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Memory:
    """Where ``to_parquet`` writes in these tests."""
    memory = Memory()
    monkeypatch.setattr(ParquetSink, "log", lambda *_, **__: memory)
    return memory


def numbers(broker: hr.MockBroker, count: int) -> hr.Stream:
    from headrace.replay import produce

    produce([(b"k", b'{"x": %d}' % i) for i in range(count)], to="t", bootstrap=broker.bootstrap)
    stream = hr.kafka("t", bootstrap=broker.bootstrap, schema=SCHEMA, until="end")
    return stream.to_parquet("unused")


def once(failing: str, error: BaseException) -> Callable[[str], None]:
    """Fail in the first call of this name."""
    done: list[str] = []

    def fail(call: str) -> None:
        if call == failing and not done:
            done.append(call)
            raise error

    return fail


def test_what_is_asked_and_in_which_order(log: Memory) -> None:
    with hr.MockBroker(t=1) as broker, numbers(broker, 100).run() as live:
        assert live.wait()
        assert live.status().state == "finished"
    assert log.rows == list(range(100))
    assert log.calls[:2] == ["open", "committed"]
    assert log.calls[-2:] == ["commit", "close"]
    assert log.marks["t", 0][0] == 100


@pytest.mark.parametrize("failing", ["open", "committed", "before", "after"])
def test_what_fails_once_is_done_once(log: Memory, failing: str) -> None:
    log.fail = once(failing, outputs.trouble("the disk is full"))
    with hr.MockBroker(t=1) as broker, numbers(broker, 100).run() as live:
        assert live.wait()
        assert live.status().state == "finished"
    assert log.rows == list(range(100))
    assert log.calls.count("open") == (1 if failing == "committed" else 2)


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (outputs.trouble("no rights", retriable=False), StreamIOError, "no rights"),
        (outputs.fenced("another run has taken over"), Fenced, "taken over"),
        (ValueError("odd"), InternalError, "the memory: ValueError: odd"),
        (SystemExit(3), InternalError, "the memory: SystemExit: 3"),
    ],
)
@pytest.mark.parametrize("failing", ["open", "committed", "before"])
def test_what_cannot_be_mended_ends_the_stream(
    log: Memory, error: BaseException, kind: type[Exception], said: str, failing: str
) -> None:
    log.fail = once(failing, error)
    with hr.MockBroker(t=1) as broker, numbers(broker, 100).run() as live:
        with pytest.raises(kind, match=said):
            live.wait()
        until(lambda: log.calls[-1] == "close")
    assert log.rows == []


def test_trouble_is_said_while_it_lasts(log: Memory) -> None:
    full = threading.Event()
    full.set()

    def fail(call: str) -> None:
        if call == "before" and full.is_set():
            raise outputs.trouble("the disk is full")

    log.fail = fail
    with hr.MockBroker(t=1) as broker, numbers(broker, 10).run() as live:
        until(lambda: "the disk is full" in live.status().message)
        assert live.status().state == "running"
        full.clear()
        assert live.wait()
        assert live.status().message == ""
    assert log.rows == list(range(10))


def test_a_stop_does_not_wait_for_a_log_that_hangs(log: Memory) -> None:
    hangs, go_on = threading.Event(), threading.Event()

    def fail(call: str) -> None:
        if call == "before":
            hangs.set()
            go_on.wait(60)

    log.fail = fail
    with hr.MockBroker(t=1) as broker:
        live = numbers(broker, 10).run(commit_interval="10ms")
        assert hangs.wait(30)
        stopper = threading.Thread(target=live.stop)
        stopper.start()
        stopper.join(60)
        assert not stopper.is_alive()
        go_on.set()
        until(lambda: log.calls[-1] == "close")


def test_many_rows_are_committed_before_the_interval_is_over(
    log: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ParquetSink, "commit_rows", 100)
    with hr.MockBroker(t=1) as broker:
        bounded = numbers(broker, 1_000)
        stream = hr.kafka("t", bootstrap=broker.bootstrap, schema=SCHEMA).to_parquet("unused")
        with stream.run(commit_interval="1h"):
            until(lambda: len(log.rows) == 1_000)
    assert bounded is not stream


def test_dead_letters_come_with_their_place(log: Memory) -> None:
    from headrace.replay import produce

    with hr.MockBroker(t=1) as broker:
        produce([(b"k", b"{"), (b"k", b'{"x": 1}')], to="t", bootstrap=broker.bootstrap)
        stream = hr.kafka("t", bootstrap=broker.bootstrap, schema=SCHEMA, until="end")
        with (
            pytest.warns(hr.errors.RejectedWarning),
            stream.to_parquet("unused", dead_letters=True).run() as live,
        ):
            live.wait()
    assert [text.split(":")[0] for text in log.letters] == ["t[0]@0 key=k"]
    assert log.rows == [1]


def test_a_run_that_nobody_holds_lets_the_log_go(log: Memory) -> None:
    with hr.MockBroker(t=1) as broker:
        numbers(broker, 10).run().wait()
        until(lambda: log.calls[-1] == "close")


def test_the_interval_is_that_of_the_sink_unless_it_was_given(tmp_path: Path) -> None:
    stream = hr.kafka("t", bootstrap="localhost:1", schema=SCHEMA).to_parquet(tmp_path)
    intervals = []
    for wish in (None, "1s"):
        made = durability.prepare(stream, stream._source, durability.Wish.of(None, wish, "10s", 2))
        assert made is not None
        intervals.append(made.options["commit_interval_ms"])
    assert intervals == [5_000, 1_000]


def group() -> hr.Stream:
    return hr.kafka("t", bootstrap="localhost:1", schema=SCHEMA, group="app")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: group().to_parquet("d"), "to_parquet: .*leave out group='app'"),
        (
            lambda: hr.from_frame(FRAME, schema=SCHEMA).to_parquet("d"),
            "to_parquet: the positions of .* cannot be kept with the results",
        ),
        (
            lambda: group().to_kafka("y").to_parquet("d"),
            "to_parquet: there is one transaction, for one place of results",
        ),
    ],
)
def test_what_cannot_be_exactly_once_says_why(make: Callable[[], Any], said: str) -> None:
    with pytest.raises(hr.errors.Unsupported, match=said):
        make().run()


def test_nothing_comes_behind_it() -> None:
    stream = hr.kafka("t", bootstrap="localhost:1", schema=SCHEMA).to_parquet("d")
    with pytest.raises(hr.errors.InvalidArgument, match=r"filter: to_parquet comes last"):
        stream.filter(hr.col("x") > 1)
    with pytest.raises(hr.errors.InvalidArgument, match=r"union: .*comes last"):
        stream.union(stream)
    assert repr(stream).endswith(".to_parquet('d')")


def test_collect_returns_results_and_writes_none() -> None:
    stream = hr.kafka("t", bootstrap="localhost:1", schema=SCHEMA).to_parquet("d")
    with pytest.raises(hr.errors.Unsupported, match="results are written by run"):
        stream.collect(FRAME)
