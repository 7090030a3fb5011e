import os

import headrace as hr
from headrace.in_process import Topic, stream_over

SCHEMA = hr.Schema({"Ticker": hr.string, "Close": hr.float64}, key="Ticker")
PRICES = hr.kafka(
    "prices", schema=SCHEMA, bootstrap="127.0.0.1:1", group="of-the-user", start="latest"
)


def test_topics_share_a_broker_and_no_records() -> None:
    first, second = Topic(), Topic()
    assert first.bootstrap == second.bootstrap
    first.write([(None, b'{"Ticker": "A", "Close": 1}')])
    second.write([(None, b'{"Ticker": "B", "Close": 2}')])
    assert stream_over(PRICES, [first]).collect()["Ticker"].tolist() == ["A"]
    assert sorted(stream_over(PRICES, [first, second]).collect()["Ticker"]) == ["A", "B"]


def test_the_steps_stay_and_sinks_group_and_start_do_not() -> None:
    topic = Topic()
    topic.write([(b"A", b'{"Ticker": "A", "Close": 1}'), (b"A", b'{"Ticker": "A", "Close": 3}')])
    stream = PRICES.filter(hr.col("Close") > 2).to_kafka("signals", dead_letters="letters")
    table = stream_over(stream, [topic]).collect()
    assert table["Close"].tolist() == [3.0]


def test_unbounded_reads_what_is_written_later() -> None:
    topic = Topic()
    with stream_over(PRICES, [topic], bounded=False).run() as live:
        topic.write([(None, b'{"Ticker": "A", "Close": 1}')])
        assert live.wait(records=1, timeout=60)
        topic.write([(None, b'{"Ticker": "A", "Close": 1}')] * 9)
        assert live.wait(records=10, timeout=60)


def test_a_record_larger_than_kafka_usually_takes() -> None:
    topic = Topic()
    topic.write([(None, b'{"Ticker": "%s", "Close": 1}' % (b"x" * 2_000_000))])
    good, bad = stream_over(PRICES, [topic]).collect(rejected=True)
    assert len(good) + len(bad) == 1


def test_a_forked_child_has_a_broker_of_its_own() -> None:
    ours = Topic().bootstrap
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            topic = Topic()
            topic.write([(None, b'{"Ticker": "A", "Close": 1}')])
            rows = len(stream_over(PRICES, [topic]).collect())
            os.write(writing, f"{topic.bootstrap} {rows}".encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    theirs, rows = os.read(reading, 1000).decode().split()
    assert rows == "1"
    assert theirs != ours
