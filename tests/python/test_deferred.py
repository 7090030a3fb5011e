"""Streams that wait for their first records, against a broker in this process."""

from __future__ import annotations

import asyncio
import gc
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import numpy as np
import pytest

import headrace as hr
from headrace import pending
from headrace.deferred import EmptyFrame
from headrace.errors import (
    BrokerUnavailable,
    DecodeError,
    SchemaError,
    UnknownColumn,
)
from headrace.replay import produce

BARS = hr.market.bars(rows=300, tickers=3)
RECORDS = list(hr.market.records(BARS))
NOBODY = "127.0.0.1:1"


@pytest.fixture
def broker():
    with hr.MockBroker(empty=1) as mock:
        yield mock


def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "timed out"
        time.sleep(0.01)


def test_a_topic_without_records_is_waited_for_and_then_read_from_its_start(broker) -> None:
    stream = hr.kafka("empty", bootstrap=broker.bootstrap).with_columns(hr.ta.bbands("Close", 20))
    with stream.run() as live:
        until(lambda: "has no records yet; waiting" in live.status().message)
        assert live.status().state == "waiting"
        assert not live._resolved
        assert live.frame().empty
        assert live.frame(positions=True).columns.tolist() == ["_partition", "_offset"]
        assert live.frame(key="ACME").empty
        assert live.numpy() == {}
        assert live.rejected().empty
        assert live.digest() == {}
        assert not live.wait(0.01)
        produce(RECORDS, to="empty", bootstrap=broker.bootstrap)
        until(lambda: live.status().rows == len(BARS))
        assert live._resolved
        assert live.status().state == "running"
        assert live.columns[-1] == "bbands_lower"
        assert (live.schema.key, live.schema.event_time) == ("Ticker", "Date")
        assert len(live.frame(last=1000, key="ACME")) == (BARS["Ticker"] == "ACME").sum()
    assert live.status().state == "stopped"
    assert stream.columns[-1] == "bbands_lower"  # all streams of this source know it now


def test_it_can_be_stopped_at_any_moment(broker) -> None:
    for pause in (0.0, 0.05, 0.3, 0.7):
        live = hr.kafka("empty", bootstrap=broker.bootstrap).run()
        time.sleep(pause)
        started = time.monotonic()
        live.stop()
        live.stop()
        took = time.monotonic() - started
        print(f"stopped in {took:.3f} s")
        assert took <= 3 * 0.5
        assert live.wait(1)
        assert live.status().state == "stopped"
        assert live.frame().empty
        assert list(live.frames()) == []


def test_waiting_costs_next_to_nothing(broker) -> None:
    with hr.kafka("empty", bootstrap=broker.bootstrap).run() as live:
        until(lambda: live.status().state == "waiting")
        names = [thread.name for thread in threading.enumerate()]
        assert names.count("headrace-wait") == 1
    until(lambda: "headrace-wait" not in [thread.name for thread in threading.enumerate()])


def test_one_that_nobody_holds_any_more_ends_by_itself(broker) -> None:
    held = [hr.kafka("empty", bootstrap=broker.bootstrap).run()]
    until(lambda: "no records" in held[0].status().message)
    held.clear()
    gc.collect()
    until(lambda: "headrace-wait" not in [thread.name for thread in threading.enumerate()])


def test_rows_come_by_iteration_too(broker) -> None:
    with hr.kafka("empty", bootstrap=broker.bootstrap).run() as live:
        timer = threading.Timer(
            0.2, lambda: produce(RECORDS, to="empty", bootstrap=broker.bootstrap)
        )
        timer.start()
        seen = 0
        for table in live.frames(every="1ms"):
            seen += len(table)
            if seen == len(BARS):
                break
        timer.join()


def test_and_in_async_code(broker) -> None:
    async def first() -> int:
        async with hr.kafka("empty", bootstrap=broker.bootstrap).run() as live:
            await asyncio.to_thread(produce, RECORDS, to="empty", bootstrap=broker.bootstrap)
            async for table in live.frames(every="1ms"):
                return len(table)
        return 0

    assert asyncio.run(first()) > 0


def test_a_step_that_does_not_fit_fails_the_run_with_its_own_error(broker) -> None:
    live = hr.kafka("empty", bootstrap=broker.bootstrap).select("Clos").run()
    produce(RECORDS, to="empty", bootstrap=broker.bootstrap)
    with pytest.raises(UnknownColumn, match='no column "Clos"; did you mean "Close"'):
        live.wait(30)
    assert live.status().state == "failed"
    assert 'did you mean "Close"' in live.status().message
    with pytest.raises(UnknownColumn):
        live.frame()
    live.stop()


@pytest.mark.parametrize("role", ["key", "event_time"])
def test_so_does_a_misspelt_role(broker, role: str) -> None:
    live = hr.kafka("empty", bootstrap=broker.bootstrap, **{role: "Tickr"}).run()
    produce(RECORDS, to="empty", bootstrap=broker.bootstrap)
    with pytest.raises(UnknownColumn, match=f'{role}: no column "Tickr"; did you mean "Ticker"'):
        live.wait(30)
    live.stop()


def test_the_key_of_a_sink_and_the_inputs_of_a_model_are_checked_then(broker) -> None:
    stream = hr.kafka("empty", bootstrap=broker.bootstrap)
    live = stream.to_kafka("out", key="Tickr").run()
    produce(RECORDS, to="empty", bootstrap=broker.bootstrap)
    with pytest.raises(UnknownColumn, match='no column "Tickr"; did you mean "Ticker"'):
        live.wait(30)
    live.stop()


def test_a_sink_is_keyed_by_the_key_that_was_inferred(broker) -> None:
    stream = hr.kafka("empty", bootstrap=broker.bootstrap).select("Ticker", "Close")
    with stream.to_kafka("out").run() as live:
        produce(RECORDS, to="empty", bootstrap=broker.bootstrap)
        until(lambda: live.status().rows == len(BARS))
    written = hr.kafka("out", bootstrap=broker.bootstrap)
    assert written.schema.key == "Ticker"


def test_records_that_are_not_json_end_it_with_what_they_are(broker) -> None:
    live = hr.kafka("empty", bootstrap=broker.bootstrap).run()
    produce([(None, b"1,2,3")], to="empty", bootstrap=broker.bootstrap)
    with pytest.raises(DecodeError, match=r"look like CSV text \(3 fields"):
        live.wait(30)
    live.stop()


def test_the_first_records_are_given_a_moment_before_types_are_settled(
    broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pending, "_SETTLE_S", 5.0)  # the test may take longer to send the second
    live = hr.kafka("empty", bootstrap=broker.bootstrap).run()
    values = [json.dumps({"Close": price}).encode() for price in (100, 100.5)]
    produce([(None, values[0])], to="empty", bootstrap=broker.bootstrap)
    until(lambda: live.status().state != "waiting" or "first records" in live.status().message)
    produce([(None, values[1])], to="empty", bootstrap=broker.bootstrap)
    until(lambda: live.status().rows == 2)
    assert live.schema["Close"] == hr.float64
    live.stop()


def test_what_was_inferred_stays(broker) -> None:
    stream = hr.kafka("empty", bootstrap=broker.bootstrap)
    with stream.run() as live:
        produce(RECORDS, to="empty", bootstrap=broker.bootstrap)
        until(lambda: live.status().rows == len(BARS))
        produce([(b"ACME", b'{"Close": "up"}')], to="empty", bootstrap=broker.bootstrap)
        with pytest.warns(hr.errors.RejectedWarning, match=r'"Close": expected number, got "up"'):
            until(lambda: sum(live.status().rejected.values()) == 1)
        assert live.schema["Close"] == hr.float64


def test_a_bounded_read_of_nothing_is_an_error_not_a_wait(broker) -> None:
    stream = hr.kafka("empty", bootstrap=broker.bootstrap, until="end")
    with pytest.raises(SchemaError, match="has no records, so its columns are not known"):
        stream.collect()


def test_a_broker_that_is_down_is_tried_again_and_the_count_grows() -> None:
    started = time.monotonic()
    stream = hr.kafka("ohlcv", bootstrap=NOBODY)
    assert time.monotonic() - started < 6
    with stream.run() as live:
        said = f"cannot reach {NOBODY}: connection refused; retrying (attempt "
        until(lambda: said in live.status().message)
        until(lambda: f"{said}4)" in live.status().message)
        assert (live.status().state, live.status().connection) == ("waiting", "connecting")


def test_a_timeout_holds_for_the_run_too(broker) -> None:
    stream = hr.kafka("empty", bootstrap=broker.bootstrap, timeout=0.8)
    broker.close()
    live = stream.run()
    until(lambda: live.status().connection == "lost")
    with pytest.raises(BrokerUnavailable, match=r"gave up after 0\.8 s"):
        live.wait(30)
    assert live.status().state == "failed"


SCRIPT = """
import headrace as hr
live = hr.kafka("ohlcv", bootstrap="127.0.0.1:{port}").run()
print(live.status().state, flush=True)
"""


def test_a_program_ends_cleanly_while_a_silent_host_is_asked() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # accepts, and never answers
        code = SCRIPT.format(port=silent.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=60
        )
    assert (done.returncode, done.stdout, done.stderr) == (0, "waiting\n", "")


def test_no_rows_have_the_form_of_rows() -> None:
    empty = EmptyFrame()
    assert (empty.rows, empty.end_row, len(empty.names)) == (0, 0, 0)
    assert empty.partitions().dtype == np.int32
    arrow = pytest.importorskip("pyarrow")
    with hr.MockBroker(empty=1) as broker, hr.kafka("empty", bootstrap=broker.bootstrap).run() as x:
        assert arrow.table(x).num_columns == 0
