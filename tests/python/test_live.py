import asyncio
import os
import signal
import threading
import time

import pandas as pd
import pytest

import headrace as hr
from headrace.errors import (
    HeadraceError,
    InvalidArgument,
    KeysInSeveralPartitions,
    RejectedWarning,
)
from headrace.replay import produce

FRAME = hr.market.bars(rows=3000, tickers=3, seed=9)
FEATURES = hr.kafka("bars", schema=hr.market.SCHEMA).with_columns(
    hr.ta.bbands("Close", 20), rsi=hr.ta.rsi("Close")
)


@pytest.fixture
def broker():
    with hr.MockBroker(bars=2) as mock:
        yield mock


def features(broker: hr.MockBroker, **options: object) -> hr.Stream:
    bars = hr.kafka("bars", bootstrap=broker.bootstrap, schema=hr.market.SCHEMA, **options)
    return bars.with_columns(hr.ta.bbands("Close", 20), rsi=hr.ta.rsi("Close"))


def fill(broker: hr.MockBroker, frame: pd.DataFrame = FRAME, bad_every: int = 0) -> int:
    records = list(hr.market.records(frame, bad_every))
    return produce(records, to="bars", bootstrap=broker.bootstrap)


def until(condition, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "timed out"
        time.sleep(0.01)


def bits(table: pd.DataFrame) -> bytes:
    numeric = table.sort_values(["Date", "Ticker"], kind="stable")
    return numeric.drop(columns=["Date", "Ticker"]).to_numpy("float64").tobytes()


def test_live_bounded_and_offline_give_the_same_bits(broker) -> None:
    fill(broker)
    offline = FEATURES.collect(FRAME)
    bounded = features(broker, until="end").collect()
    with features(broker).run(digest=True) as live:
        until(lambda: live.status().rows == len(FRAME))
        running = live.frame(last=10_000)
        digest = live.digest()
    assert bits(bounded) == bits(offline) == bits(running)
    again = features(broker, until="end").run(digest=True, threads=2)
    again.wait()
    assert again.digest() == digest
    again.stop()


def test_bounded_results_are_ordered_by_event_time_then_partition_then_offset(broker) -> None:
    fill(broker)
    live = features(broker, until="end").run()
    live.wait()
    table = features(broker, until="end").collect()
    assert table["Date"].is_monotonic_increasing
    arrival = live.frame(last=10_000, positions=True)
    ordered = arrival.sort_values(["Date", "_partition", "_offset"], ignore_index=True)
    assert table["Close"].tolist() == ordered["Close"].tolist()
    live.stop()


def test_the_tail_of_all_rows_and_of_one_key(broker) -> None:
    fill(broker)
    with features(broker).run() as live:
        until(lambda: live.status().rows == len(FRAME))
        assert len(live.frame(last=7)) == 7
        one = live.frame(last=50, key="BOLT")
        expected = FRAME[FRAME["Ticker"] == "BOLT"].tail(50)
        assert one["Close"].tolist() == expected["Close"].tolist()
        assert live.frame(last=5, key="nobody").empty
        positions = live.frame(last=10, positions=True)
        assert set(positions["_partition"]) <= {0, 1}


def test_frames_hand_on_every_row_once_in_both_ways(broker) -> None:
    fill(broker)
    live = features(broker, until="end").run()
    parts = list(live.frames(every=0.01))
    assert sum(map(len, parts)) == len(FRAME)
    joined = pd.concat(parts)
    assert bits(joined) == bits(FEATURES.collect(FRAME))

    async def count() -> int:
        async with features(broker, until="end").run() as other:
            return sum([len(table) async for table in other.frames(every="10ms")])

    assert asyncio.run(count()) == len(FRAME)


def test_numpy_arrays_are_read_only_and_outlive_the_stream(broker) -> None:
    fill(broker)
    live = features(broker, until="end").run()
    live.wait()
    close = live.numpy(last=100)["Close"]
    before = close.copy()
    with pytest.raises(ValueError, match="read-only"):
        close[0] = 0
    live.stop()
    del live
    assert (close == before).all()


def test_arrow_is_read_by_pyarrow_polars_and_duckdb(broker) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    polars = pytest.importorskip("polars")
    duckdb = pytest.importorskip("duckdb")
    fill(broker)
    with features(broker, until="end").run() as live:
        live.wait()
        rows = pyarrow.table(live.arrow(last=200, positions=True))
        expected = live.frame(last=200)["Close"].tolist()
        assert rows["Close"].to_pylist() == expected
        assert rows.column_names[-2:] == ["_partition", "_offset"]
        assert polars.DataFrame(live.arrow(last=200))["Close"].to_list() == expected
        assert duckdb.sql("select count(*) from rows").fetchall() == [(200,)]


def test_bad_records_are_set_aside_with_place_reason_and_bytes(broker) -> None:
    total = fill(broker, FRAME.head(1000), bad_every=50)
    stream = features(broker).validate(hr.col("High") >= hr.col("Low"))
    with stream.run() as live:
        with pytest.warns(RejectedWarning, match="said once for each reason") as said:
            until(lambda: (seen := live.status()).records == total and seen.rows == 1000)
        status = live.status()
        rejected = live.rejected()
    assert len(said) == 4  # reasons
    assert sum(status.rejected.values()) == 20 == len(rejected)
    assert set(rejected["reason"]) == {"invalid_json", "wrong_type", "rule", "missing_field"}
    row = rejected[rejected["reason"] == "wrong_type"].iloc[0]
    assert row["field"] == "Close"
    assert 'got "n/a"' in row["detail"]
    assert row["topic"] == "bars"
    assert b'"n/a"' in row["value"]
    assert row["key"] in (b"ACME", b"BOLT", b"CRUX")


def test_looking_never_blocks_and_status_says_where_it_stands(broker) -> None:
    fill(broker)
    with features(broker).run() as live:
        until(lambda: live.status().rows == len(FRAME))
        status = live.status()
        assert status.state == "running"
        assert {task.partition for task in status.tasks} == {0, 1}
        until(lambda: live.status().lag == 0)
        assert "3,000 records" in str(status)
        assert "Live stream from bars" in repr(live)
        assert "<table" in live._repr_html_()
    assert live.status().state == "stopped"
    assert len(live.frame(last=10)) == 10  # frames stay after the end
    live.stop()  # twice is harmless


def test_a_key_in_two_partitions_is_said(broker) -> None:
    half = len(FRAME) // 2
    records = list(hr.market.records(FRAME))
    produce([(None, value) for _, value in records[:half]], to="bars", bootstrap=broker.bootstrap)
    produce([(b"elsewhere", v) for _, v in records[half:]], to="bars", bootstrap=broker.bootstrap)
    produce([(b"other", v) for _, v in records[half:]], to="bars", bootstrap=broker.bootstrap)
    produce([(b"a third", v) for _, v in records[half:]], to="bars", bootstrap=broker.bootstrap)
    live = features(broker, until="end").run()
    with pytest.warns(KeysInSeveralPartitions, match="Kafka key"):
        live.wait()
    status = live.status()  # said once
    assert status.keys_in_several_partitions == 3
    assert set(status.key_examples) == {"ACME", "BOLT", "CRUX"}
    live.stop()


def test_arguments_are_checked(broker) -> None:
    live = features(broker).run()
    with pytest.raises(InvalidArgument, match="last"):
        live.frame(last=-1)
    with pytest.raises(InvalidArgument, match="every"):
        live.frames(every="soon")
    with pytest.raises(InvalidArgument, match="overflow"):
        features(broker).run(overflow="explode")
    with pytest.raises(InvalidArgument, match="history"):
        features(broker).run(history=0)
    live.stop()


def test_waiting_can_be_interrupted_and_stopping_is_quick(broker) -> None:
    live = features(broker).run()
    threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        live.wait()
    assert time.monotonic() - started < 5  # a hang would be for ever
    live.stop()
    assert live.status().state == "stopped"


def test_a_broker_that_is_down_does_not_hold_anyone_up() -> None:
    stream = hr.kafka("bars", bootstrap="127.0.0.1:1", schema=hr.market.SCHEMA)
    live = stream.run()
    until(lambda: "127.0.0.1:1" in live.status().message)
    assert live.frame().empty
    live.stop()
    assert live.status().state == "stopped"


def test_a_stream_may_not_be_used_in_a_forked_child(broker) -> None:
    live = features(broker).run()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            live.frame()
            os.write(writing, b"no error")
        except HeadraceError as error:
            os.write(writing, str(error).encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert b"forked" in os.read(reading, 1000)
    live.stop()


def test_a_stream_that_nobody_keeps_ends_with_its_handle() -> None:
    # Its threads give the frame's arrays back to Python while the handle goes.
    stream = hr.from_frame(FRAME.head(20), schema=hr.market.SCHEMA)
    for _ in range(100):
        stream.run()
