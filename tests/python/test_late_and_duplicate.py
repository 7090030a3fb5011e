"""Records that come late, twice and out of order: what is put right, and what a user reads."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import pytest

import headrace as hr
from headrace import testing
from headrace.errors import InvalidArgument, SchemaError, UnknownColumn
from headrace.replay import produce
from tests.integration.support import new_topic, until

SCHEMA = hr.Schema(
    {"Date": hr.timestamp, "Ticker": hr.string, "Close": hr.nullable(hr.float64)},
    event_time="Date",
    key="Ticker",
)
BARS = hr.kafka("ohlcv", schema=SCHEMA)


def bar(time: str, close: float | None = 1.0, ticker: str = "AAPL") -> dict[str, Any]:
    return {"Date": f"2026-03-02T{time}Z", "Ticker": ticker, "Close": close}


def closes(frame: pd.DataFrame) -> list[float]:
    return frame["Close"].tolist()


# -- out of order


def test_records_in_the_wrong_order_are_put_right_for_every_later_step() -> None:
    records = [bar("14:31:00", 1), bar("14:33:00", 3), bar("14:32:00", 2), bar("14:34:00", 4)]
    moved = BARS.with_columns(before=hr.col("Close").shift(1))
    assert testing.run(moved, records)["before"].tolist()[1:] == [3, 1, 2]  # as they came
    put_right = BARS.sort_within("2m").with_columns(before=hr.col("Close").shift(1))
    found = testing.run(put_right, records)
    assert closes(found) == [1, 2, 3, 4]
    assert found["before"].tolist()[1:] == [1, 2, 3]


def test_records_of_the_same_time_stay_in_the_order_in_which_they_came() -> None:
    records = [bar("14:31:00", 1), bar("14:30:00", 2), bar("14:31:00", 3), bar("14:30:00", 4)]
    stream = BARS.sort_within("5m").with_columns(before=hr.col("Close").shift(1))
    found = testing.run(stream, records)
    assert closes(found) == [2, 4, 1, 3]
    assert found["before"].tolist()[1:] == [2, 4, 1]


def test_a_late_record_says_how_late_it_is_and_keeps_its_bytes() -> None:
    records = [bar("14:33:10"), bar("14:32:10"), bar("14:31:00"), bar("14:33:20")]
    good, bad = testing.run(BARS.sort_within("1m"), records, rejected=True)
    assert len(good) == 3
    row = bad.iloc[0]
    assert row["text"].endswith(
        "[0]@2 key=AAPL: event time 2026-03-02T14:31:00Z is 2m10s behind the newest (14:33:10), "
        "grace 1m"
    )
    assert (row["reason"], row["field"], row["offset"]) == ("late", "Date", 2)
    assert row["key"] == b"AAPL"
    assert b"2026-03-02T14:31:00Z" in row["value"]


def test_late_is_measured_in_each_partition_by_itself() -> None:
    clocks = [testing.Topic(), testing.Topic()]
    for topic, hour, ticker in zip(clocks, ("10", "20"), ("AAPL", "IBM"), strict=True):
        records = [bar(f"{hour}:00:0{second}", ticker=ticker) for second in (1, 0, 2)]
        topic.write(testing._pairs(BARS, records))
    stream = testing.stream_over(BARS.sort_within("1m"), clocks)
    good, bad = stream.collect(rejected=True)
    assert len(bad) == 0
    assert len(good) == 6


# -- twice


def test_a_duplicate_names_the_record_that_it_repeats() -> None:
    records = [bar("14:31:00", 1), bar("14:31:00", 2, "IBM"), bar("14:31:00", 9)]
    good, bad = testing.run(BARS.deduplicate("Ticker", "Date"), records, rejected=True)
    assert closes(good) == [1, 2]
    row = bad.iloc[0]
    assert (row["reason"], row["field"], row["offset"]) == ("duplicate", "Ticker, Date", 2)
    assert row["detail"] == 'duplicate of offset 0 (Ticker="AAPL", Date=2026-03-02T14:31:00Z)'
    assert b'"Close":9' in row["value"].replace(b" ", b"")


def test_null_repeats_null() -> None:
    records = [bar("14:31:00", None), bar("14:32:00", None), bar("14:33:00", 0.0)]
    good, bad = testing.run(BARS.deduplicate("Close"), records, rejected=True)
    assert len(good) == 2
    assert bad["offset"].tolist() == [1]
    assert bad["detail"].tolist() == ["duplicate of offset 0 (Close=null)"]


def test_within_counts_only_what_is_near_in_event_time() -> None:
    times = ["14:00:00", "14:10:00", "14:10:01", "14:30:00"]
    stream = BARS.deduplicate("Ticker", within="10m")
    good, bad = testing.run(stream, [bar(time) for time in times], rejected=True)
    assert bad["offset"].tolist() == [1]
    assert len(good) == 3
    assert len(testing.run(BARS.deduplicate("Ticker", within=dt.timedelta(0)), [bar("14:00:00")]))


def test_columns_may_come_as_a_list() -> None:
    stream = BARS.deduplicate(["Ticker", "Date"])  # type: ignore[arg-type]
    assert len(testing.run(stream, [bar("14:31:00")])) == 1


# -- both


def test_results_do_not_depend_on_how_records_are_cut() -> None:
    frame = hr.market.bars(rows=600, tickers=3, seed=4)[["Date", "Ticker", "Close"]]
    disturbed = pd.concat([frame, frame.iloc[::7]]).sample(frac=1, random_state=1)
    near = disturbed.sort_values("Date", key=lambda date: date.dt.floor("10min"), kind="stable")
    stream = (
        BARS.deduplicate("Ticker", "Date", within="30m")
        .sort_within("8m")
        .with_columns(hr.ta.ema("Close", timeperiod=5), before=hr.col("Close").shift(1))
        .filter(hr.col("Close") > 0)
    )
    with pytest.warns(hr.errors.RejectedWarning, match="late"):
        found = testing.run(stream, near)
    assert 300 < len(found) < 600  # some were late
    testing.assert_batch_invariant(stream, near)


def test_the_status_counts_them_by_reason() -> None:
    records = [bar("14:31:00"), bar("14:31:00"), bar("14:29:00"), bar("14:29:30")]
    live = testing.stream_over(
        BARS.deduplicate("Ticker", "Date").sort_within("1m"), [_topic_of(records)]
    ).run()
    with pytest.warns(hr.errors.RejectedWarning):
        live.wait(timeout="30s")
    with live:
        assert dict(live.status().rejected) == {"duplicate": 1, "late": 2}
        assert len(live.frame()) == 1


# -- misuse


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (
            lambda s: s.deduplicate("Tikcer"),
            UnknownColumn,
            'deduplicate: no column "Tikcer"; did you mean "Ticker"? columns: Date, Ticker, Close',
        ),
        (
            lambda s: s.deduplicate(),
            InvalidArgument,
            "deduplicate: expected at least one column name",
        ),
        (
            lambda s: s.deduplicate("Date", "Date"),
            InvalidArgument,
            'deduplicate: column "Date" is named twice',
        ),
        (
            lambda s: s.deduplicate("Date", within="10"),
            InvalidArgument,
            "deduplicate: within: expected a length of time with its unit, "
            'like "10m" or "1.5s", got \'10\'',
        ),
        (
            lambda s: s.sort_within("-1m"),
            InvalidArgument,
            "sort_within: grace: expected a length of time with its unit, "
            'like "10m" or "1.5s", got \'-1m\'',
        ),
        (
            lambda s: s.sort_within(grase="1m"),
            InvalidArgument,
            'sort_within: no argument "grase"; did you mean "grace"?',
        ),
        (
            lambda s: s.select("Close").sort_within("1m"),
            SchemaError,
            "sort_within: needs an event time, and the stream has none",
        ),
        (
            lambda s: s.select("Close").deduplicate("Close", within="1m"),
            SchemaError,
            "deduplicate: within: needs an event time, and the stream has none",
        ),
    ],
)
def test_a_mistake_is_said_at_its_line(wrong: Any, error: type, words: str) -> None:
    with pytest.raises(error) as caught:
        wrong(BARS)
    assert str(caught.value).startswith(words)


def test_a_stream_without_event_time_is_told_which_column_could_be_it() -> None:
    timeless = hr.kafka("ohlcv", schema=hr.Schema({"at": hr.timestamp}))
    with pytest.raises(SchemaError, match=r'event_time="at"'):
        timeless.sort_within("1m")


def test_the_steps_show_in_the_text_of_the_stream() -> None:
    stream = BARS.deduplicate("Ticker", "Date", within="10m").sort_within("1m30s")
    assert ".deduplicate(Ticker, Date, within=10m)" in repr(stream)
    assert ".sort_within(1m30s)" in repr(stream)
    assert ".deduplicate(Close)" in repr(BARS.deduplicate("Close"))


# -- on a real Kafka


def _topic_of(records: list[dict[str, Any]]) -> Any:
    topic = testing.Topic()
    topic.write(testing._pairs(BARS, records))
    return topic


def test_held_records_come_out_on_stop_and_only_then_are_they_committed(kafka) -> None:
    topic = new_topic(kafka.bootstrap, 1)
    times = ["14:31:00", "14:33:00", "14:32:00", "14:36:00", "14:35:00"]
    records = [bar(time, i) for i, time in enumerate(times)]
    produce(testing._pairs(BARS, records), to=topic, bootstrap=kafka.bootstrap)
    stream = hr.kafka(
        topic, bootstrap=kafka.bootstrap, schema=SCHEMA, group=f"sort-{topic}", start="earliest"
    ).sort_within("2m30s")
    with stream.run() as live:
        until(lambda: len(live.frame()) == 3)
        assert closes(live.frame()) == [0, 2, 1]
        until(lambda: live.status().lag == 0)  # what is held was read
    assert closes(live.frame()) == [0, 2, 1, 4, 3]
    with stream.run() as again:  # everything was handed on and committed
        until(lambda: len(again.status().tasks) == 1)
        produce(
            testing._pairs(BARS, [bar("14:40:00", 5), bar("14:50:00", 6)]),
            to=topic,
            bootstrap=kafka.bootstrap,
        )
        until(lambda: len(again.frame()) == 1)
    assert closes(again.frame()) == [5, 6]


def test_dead_letters_of_a_sink_are_the_original_records(kafka) -> None:
    topic, results, dead = (new_topic(kafka.bootstrap, 1) for _ in range(3))
    pairs = testing._pairs(BARS, [bar("14:31:00"), bar("14:31:00"), bar("14:20:00")])
    produce(pairs, to=topic, bootstrap=kafka.bootstrap)
    stream = hr.kafka(topic, bootstrap=kafka.bootstrap, schema=SCHEMA, until="end")
    ordered = stream.deduplicate("Ticker", "Date").sort_within("1m")
    with (
        ordered.to_kafka(results, dead_letters=dead).run() as live,
        pytest.warns(hr.errors.RejectedWarning),
    ):
        assert live.wait(timeout="60s")
    letters = _values(kafka.bootstrap, dead, 2)
    assert letters == [value for _, value in pairs[1:]]
    assert len(_values(kafka.bootstrap, results, 1)) == 1


def _values(bootstrap: str, topic: str, count: int) -> list[bytes]:
    from confluent_kafka import Consumer

    settings = {"bootstrap.servers": bootstrap, "group.id": topic, "auto.offset.reset": "earliest"}
    consumer = Consumer(settings)
    consumer.subscribe([topic])
    values: list[bytes] = []
    try:
        while len(values) < count:
            message = consumer.poll(30)
            assert message is not None, f"{len(values)} of {count} records"
            assert message.error() is None
            values.append(message.value())
    finally:
        consumer.close()
    return values
