"""The main job on a real Apache Kafka: the same bits live, bounded and offline."""

import json

import pandas as pd
import pytest

import headrace as hr
from headrace.errors import RejectedWarning
from tests.integration.support import bits, features, fill, new_topic, until
from tests.prove import oracle

FRAME = hr.market.bars(rows=6000, tickers=5, seed=11)


def read(live: hr.Live) -> tuple[int, int]:
    status = live.status()
    return status.records, status.rows


@pytest.mark.parametrize("partitions", [1, 4])
@pytest.mark.parametrize("codec", ["producer", "lz4", "zstd", "gzip"])
def test_round_trip_in_every_compression(kafka, partitions: int, codec: str) -> None:
    topic = new_topic(kafka.bootstrap, partitions, compression_type=codec)
    fill(topic, kafka.bootstrap, FRAME)
    bars = hr.kafka(topic, bootstrap=kafka.bootstrap, schema=hr.market.SCHEMA, until="end")
    assert bits(features(bars).collect()) == bits(features(bars).collect(FRAME))


@pytest.mark.parametrize("guarantee", ["exactly-once", "at-least-once"])
def test_at_the_end_the_results_are_written(kafka, guarantee: str) -> None:
    source, sink = new_topic(kafka.bootstrap, 3), new_topic(kafka.bootstrap, 2)
    fill(source, kafka.bootstrap, FRAME)
    bars = hr.kafka(source, bootstrap=kafka.bootstrap, schema=hr.market.SCHEMA, group=source)
    results = features(bars).to_kafka(sink, processing_guarantee=guarantee)
    with results.run(commit_interval="1h") as live:
        assert live.wait(until="end", timeout="60s")
        assert len(list(oracle.read(kafka.bootstrap, sink))) == len(FRAME)
        assert live.status().state == "running"


def test_live_with_bad_records_and_results_back_to_kafka(kafka) -> None:
    source, sink, dead = (new_topic(kafka.bootstrap, n) for n in (3, 2, 1))
    total = fill(source, kafka.bootstrap, FRAME, bad_every=100)
    bars = hr.kafka(source, bootstrap=kafka.bootstrap, schema=hr.market.SCHEMA, group="main-job")
    stream = features(bars).to_kafka(sink, key="Ticker", dead_letters=dead)
    with stream.run(digest=True) as live:
        with pytest.warns(RejectedWarning, match="said once for each reason") as said:
            until(lambda: read(live) == (total, len(FRAME)))
        until(lambda: len(list(oracle.read(kafka.bootstrap, sink))) == len(FRAME))
        running = live.frame(last=10_000)
    assert len(said) == 4  # reasons
    assert bits(running) == bits(features(bars).collect(FRAME))

    result_schema = hr.Schema(
        {
            "Date": hr.timestamp,
            "Ticker": hr.string,
            "Close": hr.float64,
            "rsi": hr.nullable(hr.float64),
            "bbands_upper": hr.nullable(hr.float64),
        },
        event_time="Date",
        key="Ticker",
    )
    back = hr.kafka(sink, bootstrap=kafka.bootstrap, schema=result_schema, until="end").collect()
    names = ["Close", "rsi", "bbands_upper"]
    order = ["Date", "Ticker"]
    expected = running.sort_values(order, ignore_index=True)[names]
    pd.testing.assert_frame_equal(
        back.sort_values(order, ignore_index=True)[names], expected, check_exact=True
    )

    from confluent_kafka import Consumer  # an independent client

    reader = Consumer(
        {
            "bootstrap.servers": kafka.bootstrap,
            "group.id": "dead-letter-reader",
            "auto.offset.reset": "earliest",
        }
    )
    reader.subscribe([dead])
    letters = []
    until(lambda: letters.extend(reader.consume(100, 0.2)) or len(letters) >= len(FRAME) // 100)
    reader.close()
    assert len(letters) == len(FRAME) // 100
    headers = dict(letters[0].headers())
    assert headers["headrace.topic"] == source.encode()
    assert headers["headrace.reason"].decode() in {
        "invalid_json",
        "wrong_type",
        "rule",
        "missing_field",
    }
    assert letters[0].key() is not None


def test_a_start_in_time(kafka) -> None:
    topic = new_topic(kafka.bootstrap, 1)
    middle = FRAME["Date"].iloc[3000]
    hr.replay(FRAME, to=topic, bootstrap=kafka.bootstrap, key="Ticker", event_time="Date")
    options = {"bootstrap": kafka.bootstrap, "schema": hr.market.SCHEMA, "until": "end"}
    later = hr.kafka(topic, start=middle.to_pydatetime(), **options).collect()
    assert len(later) == (FRAME["Date"] >= middle).sum()
    assert len(hr.kafka(topic, start="latest", **options).collect()) == 0


def test_the_groups_position_is_where_the_next_run_goes_on(kafka) -> None:
    topic = new_topic(kafka.bootstrap, 2)
    fill(topic, kafka.bootstrap, FRAME.head(1000))
    options = {"bootstrap": kafka.bootstrap, "schema": hr.market.SCHEMA, "group": "goes-on"}
    first = hr.kafka(topic, until="end", **options).collect()
    fill(topic, kafka.bootstrap, FRAME.iloc[1000:1500])
    second = hr.kafka(topic, until="end", **options).collect()
    assert (len(first), len(second)) == (1000, 500)


def test_deleted_records_are_an_error_with_the_range_and_never_a_silent_jump(kafka) -> None:
    from confluent_kafka import TopicPartition
    from confluent_kafka.admin import AdminClient

    topic = new_topic(kafka.bootstrap, 1)
    fill(topic, kafka.bootstrap, FRAME.head(100))
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    for future in admin.delete_records([TopicPartition(topic, 0, 60)]).values():
        future.result(timeout=30)
    options = {"bootstrap": kafka.bootstrap, "schema": hr.market.SCHEMA, "until": "end"}
    with pytest.raises(hr.errors.OffsetOutOfRange, match=r"60"):
        hr.kafka(topic, start={0: 10}, **options).collect()
    skipped = hr.kafka(topic, start={0: 10}, on_out_of_range="earliest", **options).collect()
    assert len(skipped) == 40
    assert len(hr.kafka(topic, **options).collect()) == 40


def test_compaction_gaps_and_tombstones(kafka) -> None:
    from headrace.replay import produce

    topic = new_topic(kafka.bootstrap, 1, cleanup_policy="compact")
    records = [(b"k", json.dumps({"x": i}).encode()) for i in range(5)] + [(b"k", None)]
    produce(records, to=topic, bootstrap=kafka.bootstrap)
    live = hr.kafka(
        topic, bootstrap=kafka.bootstrap, schema=hr.Schema({"x": hr.int64}), until="end"
    ).run()
    live.wait()
    assert live.status().tombstones == 1
    assert live.status().rejected == {}
    live.stop()


def test_aborted_transactions_are_not_read(kafka) -> None:
    from confluent_kafka import Producer

    topic = new_topic(kafka.bootstrap, 1)
    producer = Producer({"bootstrap.servers": kafka.bootstrap, "transactional.id": topic})
    producer.init_transactions(30)
    for i, commit in enumerate([True, False, True]):
        producer.begin_transaction()
        for j in range(10):
            producer.produce(topic, json.dumps({"x": 10 * i + j}).encode())
        (producer.commit_transaction if commit else producer.abort_transaction)(30)
    stream = hr.kafka(
        topic, bootstrap=kafka.bootstrap, schema=hr.Schema({"x": hr.int64}), until="end"
    )
    assert stream.collect()["x"].tolist() == [*range(10), *range(20, 30)]
