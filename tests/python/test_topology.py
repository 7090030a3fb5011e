"""Several streams as one: what is merged, in which order, and what is refused."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

import headrace as hr
from headrace import testing
from headrace.errors import InvalidArgument, RejectedWarning, SchemaError, Unsupported
from headrace.replay import produce
from headrace.topology import Wait, leaves

SCHEMA = hr.Schema(
    {"at": hr.timestamp, "key": hr.string, "x": hr.float64, "n": hr.int64},
    event_time="at",
    key="key",
)
START = pd.Timestamp("2026-03-02 10:00", tz="UTC")


def table(rows: int, seed: int, *, back_s: int = 0) -> pd.DataFrame:
    """Rows in order of time but for `back_s` seconds; times are distinct."""
    chance = np.random.default_rng(seed)
    seconds = np.cumsum(chance.integers(1, 5, rows))
    order = np.argsort(seconds - chance.integers(0, back_s + 1, rows), kind="stable")
    df = pd.DataFrame(
        {
            "at": START + pd.to_timedelta(seconds * 1000 + seed, unit="ms"),
            "key": chance.choice(["a", "b", "c"], rows),
            "x": chance.normal(size=rows).round(3),
            "n": np.arange(rows),
        }
    )
    return df.iloc[order].reset_index(drop=True)


def frame_stream(df: pd.DataFrame) -> hr.Stream:
    return hr.from_frame(df, schema=SCHEMA)


def sums(stream: hr.Stream) -> hr.Stream:
    return stream.with_columns(before=hr.col("x").shift(1), ema=hr.ta.ema("x", timeperiod=3))


def values(df: pd.DataFrame) -> bytes:
    return b"\n".join(
        row.to_json(date_format="iso", date_unit="ms").encode() for _, row in df.iterrows()
    )


def spread(df: pd.DataFrame, broker: hr.MockBroker, topic: str, seed: int) -> None:
    """Write the rows to partitions at random, in their order: the Kafka key is any text."""
    anywhere = [str(number).encode() for number in np.random.default_rng(seed).permutation(len(df))]
    records = list(zip(anywhere, values(df).split(b"\n"), strict=True))
    produce(records, to=topic, bootstrap=broker.bootstrap)


# -- union


def test_union_is_in_the_order_of_event_times_with_the_state_of_all() -> None:
    parts = [table(200, seed) for seed in range(3)]
    first, *others = [frame_stream(part) for part in parts]
    found = sums(first.union(*others)).collect()
    together = pd.concat(parts).sort_values("at", kind="stable").reset_index(drop=True)
    expected = sums(frame_stream(together)).collect()
    testing.assert_same_bits(found, expected)


def test_equal_times_come_in_the_order_of_the_streams() -> None:
    df = table(50, 1)
    both = frame_stream(df).union(frame_stream(df), source="of", names=["left", "right"])
    assert both.collect()["of"].tolist() == ["left", "right"] * 50


def test_steps_before_are_those_of_one_stream() -> None:
    df = table(40, 2)
    few = frame_stream(df).filter(hr.col("n") < 10)
    assert len(few.union(frame_stream(df)).collect()) == 50
    assert len(few.union(few).filter(hr.col("n") < 5).collect()) == 10


def test_grace_puts_what_is_late_into_its_place() -> None:
    shuffled, other = table(300, 3, back_s=20), table(300, 4)
    patient = frame_stream(shuffled).union(frame_stream(other), grace="25s").collect()
    assert patient["at"].is_monotonic_increasing
    assert len(patient) == 600
    live = frame_stream(shuffled).union(frame_stream(other)).run()
    live.wait()
    impatient = live.frame(last=1000)
    assert len(impatient) == 600
    assert not impatient["at"].is_monotonic_increasing


def test_one_time_from_the_far_future_holds_nothing_up() -> None:
    wrong, other = table(300, 3), table(300, 4)
    wrong.loc[10, "at"] = pd.Timestamp("2126-01-01", tz="UTC")
    live = frame_stream(wrong).union(frame_stream(other)).run()
    live.wait()
    rows = live.frame(last=1000)
    assert len(rows) == 600
    assert rows[rows["at"] < pd.Timestamp("2100-01-01", tz="UTC")]["at"].is_monotonic_increasing
    place = int(rows["at"].argmax())
    assert place < 40  # it comes among those that it came with

    windows = frame_stream(wrong).group_by("key", across_partitions=True)
    counts, bad = (
        windows.window(hr.tumbling("1m"), max_skew="1d").agg(n=hr.count()).collect(rejected=True)
    )
    assert counts["n"].sum() == 299
    assert bad["reason"].tolist() == ["future"]


def test_union_of_unions_is_one_and_of_others_is_another() -> None:
    a, b, c = (frame_stream(table(30, seed)) for seed in range(3))
    flat = a.union(b).union(c)
    assert len(flat._source.inputs) == 3
    nested = sums(a.union(b)).union(sums(c))
    assert len(nested._source.inputs) == 2
    assert len(nested.collect(threads=3)) == 90
    assert len(leaves(nested._source)) == 3


def test_columns_of_the_result() -> None:
    a = frame_stream(table(3, 1))
    assert a.union(a, source="of").columns == ["at", "key", "x", "n", "of"]
    assert a.union(a).schema.key == "key"
    assert a.union(a.select("n", "x", "key", "at")).columns == a.columns


def test_status_has_every_partition_and_frames_say_where_rows_came_from() -> None:
    a, b = frame_stream(table(30, 1)), frame_stream(table(20, 2))
    live = a.union(b).run(digest=True)
    live.wait()
    status = live.status()
    assert (status.records, status.rows) == (50, 50)
    assert sorted(task.records for task in status.tasks) == [20, 30]
    places = live.frame(last=50, positions=True)
    assert (places["_offset"] == places["n"]).all()
    assert set(live.digest()) == {"at", "key", "x", "n"}


def test_rejects_behind_the_merge_have_their_place() -> None:
    a, b = frame_stream(table(30, 1)), frame_stream(table(20, 2))
    _, bad = a.union(b).validate(hr.col("n") != 7).collect(rejected=True)
    assert bad["offset"].tolist() == [7, 7]
    assert all('"n":7' in value.decode() for value in bad["value"])


def test_repr_shows_the_streams_and_their_steps() -> None:
    a = hr.kafka("a", schema=SCHEMA)
    b = hr.kafka("b", schema=SCHEMA).filter(hr.col("n") > 0)
    assert repr(a.union(b).select("at", "x")).splitlines() == [
        "Stream from 2 streams, merged by event time (union)",
        "    a on localhost:9092",
        "    b on localhost:9092",
        "      .filter(...)",
        "  .select(at, x)",
    ]
    assert repr(b._exchanged(0)).splitlines() == [
        "Stream from b on localhost:9092",
        "  .filter(...)",
        "  all partitions merged by event time",
    ]


# -- data in place of the sources


def test_collect_takes_data_by_topic_or_in_order() -> None:
    a, b = hr.kafka("a", schema=SCHEMA), hr.kafka("b", schema=SCHEMA)
    both = a.union(b, source="of")
    left, right = table(10, 1), table(5, 2)
    found = both.collect({"b": right, "a": left})
    assert found["of"].value_counts().to_dict() == {"a": 10, "b": 5}
    testing.assert_same_bits(found, both.collect([left, right]))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (table(3, 1), r"reads 2 \('a', 'b'\): expected a mapping .* got DataFrame"),
        ([table(3, 1)], "a list of 2 frames, got 1 of them"),
        ({"a": table(3, 1)}, "expected data for 'a', 'b', got it for 'a'"),
        ({"a": table(3, 1), "c": table(3, 1)}, "got it for 'a', 'c'"),
    ],
)
def test_collect_says_which_data_it_needs(data: Any, message: str) -> None:
    both = hr.kafka("a", schema=SCHEMA).union(hr.kafka("b", schema=SCHEMA))
    with pytest.raises(InvalidArgument, match=message):
        both.collect(data)


def test_streams_of_one_name_take_a_list() -> None:
    a = hr.kafka("a", schema=SCHEMA)
    twice = a.union(a.filter(hr.col("n") > 5))
    with pytest.raises(InvalidArgument, match="cannot be told apart by name"):
        twice.collect({"a": table(10, 1)})
    assert len(twice.collect([table(10, 1), table(10, 1)])) == 14


def test_an_endless_source_is_not_collected() -> None:
    bounded = hr.kafka("a", schema=SCHEMA, until="end")
    with pytest.raises(InvalidArgument, match="has no end"):
        bounded.union(hr.kafka("b", schema=SCHEMA)).collect()


# -- looking


def test_head_describe_and_tail() -> None:
    a, b = frame_stream(table(30, 1)), frame_stream(table(20, 2))
    both = a.union(b)
    assert both.head(4)["at"].is_monotonic_increasing
    assert len(both.head(4)) == 4
    assert both.describe().table.loc["x", "type"] == "float64"
    with pytest.raises(Unsupported, match="this one reads 2: a DataFrame of 30 rows and"):
        both.tail(2)
    assert a._exchanged(0).tail(2)["n"].tolist() == [28, 29]


def test_head_of_topics_names_the_places_of_what_is_rejected() -> None:
    with hr.MockBroker(a=1, b=1) as broker:
        for topic in ("a", "b"):
            spread(table(5, 1), broker, topic, seed=0)
            produce([(None, b"{")], to=topic, bootstrap=broker.bootstrap)
        a, b = (hr.kafka(t, schema=SCHEMA, bootstrap=broker.bootstrap) for t in ("a", "b"))
        with pytest.warns(RejectedWarning, match=r"a\[0\]@5.*|b\[0\]@5.*"):
            assert len(a.union(b).head(20)) == 10


# -- what is refused


def test_what_does_not_fit_is_said_at_once() -> None:
    a = frame_stream(table(3, 1))
    with pytest.raises(InvalidArgument, match='stream 2 has no column "x"'):
        a.union(a.select("at", "key", "n"))
    with pytest.raises(InvalidArgument, match="has x as int64, the first as float64"):
        a.union(hr.from_frame(table(3, 1).assign(x=1), event_time="at", key="key"))
    timeless = hr.from_frame(pd.DataFrame({"x": [1.0]}))
    with pytest.raises(InvalidArgument, match=r"stream 1 has no event time.*hr\.Schema"):
        timeless.union(timeless)
    with pytest.raises(InvalidArgument, match="expected streams, got 5"):
        a.union(5)  # type: ignore[arg-type]
    with pytest.raises(InvalidArgument, match="names= goes with source="):
        a.union(a, names=["x", "y"])
    with pytest.raises(InvalidArgument, match="a name for each of 2 streams, got 1"):
        a.union(a, source="of", names=["x"])
    with pytest.raises(InvalidArgument, match="to_kafka comes last"):
        a.union(hr.kafka("b", schema=SCHEMA).to_kafka("out"))


def test_union_of_one_stream_puts_its_partitions_together() -> None:
    with hr.MockBroker(readings=3) as broker:
        twice = [(bytes([48 + i]), b'{"at": %d, "x": %d}' % (i * 1000, i // 2)) for i in range(6)]
        produce(twice, to="readings", bootstrap=broker.bootstrap)
        schema = hr.Schema({"at": hr.timestamp("ms"), "x": hr.int64}, event_time="at")
        each = hr.kafka("readings", bootstrap=broker.bootstrap, schema=schema, until="end")
        once, again = each.union(grace="1m").deduplicate("x").collect(rejected=True)
        assert once["x"].tolist() == [0, 1, 2]
        assert again["reason"].tolist() == ["duplicate"] * 3


def test_waits_are_checked() -> None:
    a = frame_stream(table(3, 1))
    with pytest.raises(InvalidArgument, match="union: grace: expected a length of time"):
        a.union(a, grace=5)  # type: ignore[arg-type]
    with pytest.raises(InvalidArgument, match="union: idle_timeout: expected more than no time"):
        a.union(a, idle_timeout="0s")
    assert Wait.of("union", "1s", "2s") == Wait(10**9, 2 * 10**9)


def test_two_readers_of_a_topic_need_two_groups() -> None:
    a = hr.kafka("a", schema=SCHEMA, group="g")
    with pytest.raises(InvalidArgument, match="2 of the streams read a in the group 'g'"):
        a.union(a)
    a.union(hr.kafka("b", schema=SCHEMA, group="g"))
    a.union(hr.kafka("a", schema=SCHEMA, group="other"))


def test_columns_must_be_known() -> None:
    with hr.MockBroker(empty=1) as broker:
        waiting = hr.kafka("empty", bootstrap=broker.bootstrap)
        with pytest.raises(SchemaError, match="no records yet"):
            waiting.union(frame_stream(table(3, 1)))


def test_what_needs_one_kind_of_records_says_so() -> None:
    a = frame_stream(table(3, 1))
    with pytest.raises(Unsupported, match="not yet supported for a stream of several"):
        testing.run(a.union(a), [{"x": 1.0}])
    with pytest.raises(InvalidArgument, match='"pause"'):
        a.union(a).run(overflow="conflate")


# -- through a broker


@pytest.mark.parametrize("partitions", [1, 3, 6])
def test_exchange_of_keys_spread_over_partitions(partitions: int) -> None:
    df = table(400, 7, back_s=10)
    expected = sums(frame_stream(df.sort_values("at", kind="stable"))).collect()
    with hr.MockBroker(spread=partitions) as broker:
        spread(df, broker, "spread", seed=partitions)
        stream = hr.kafka("spread", schema=SCHEMA, bootstrap=broker.bootstrap, until="end")
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # keys in several partitions are as they should be
            merged = sums(stream._exchanged(60 * 10**9))
            one = merged.collect()
            two = merged.collect(threads=3)
    testing.assert_same_bits(one, expected)
    testing.assert_same_bits(two, expected)


def test_union_of_topics_live() -> None:
    trades, quotes = table(300, 8), table(200, 9)
    with hr.MockBroker(trades=3, quotes=2) as broker:
        spread(trades, broker, "trades", seed=1)
        spread(quotes, broker, "quotes", seed=2)
        a, b = (
            hr.kafka(topic, schema=SCHEMA, bootstrap=broker.bootstrap)
            for topic in ("trades", "quotes")
        )
        live = sums(a.union(b, grace="1s")).run()
        live.wait(rows=250, timeout=30)
        live.stop()
        found = live.frame(last=1000)
    assert 250 <= len(found) < 500  # the newest wait for what may still come
    together = pd.concat([trades, quotes]).sort_values("at", kind="stable")
    expected = sums(frame_stream(together)).collect()
    testing.assert_same_bits(found, expected.head(len(found)))


def test_a_silent_partition_is_named_and_left_out_on_request() -> None:
    with hr.MockBroker(busy=1, silent=1) as broker:
        spread(table(50, 1), broker, "busy", seed=1)
        spread(table(1, 2), broker, "silent", seed=1)
        a, b = (
            hr.kafka(topic, schema=SCHEMA, bootstrap=broker.bootstrap)
            for topic in ("busy", "silent")
        )
        live = a.union(b).run()
        live.wait(until=lambda live: "silent[0]" in live.status().message, timeout=30)
        assert "idle_timeout" in live.status().message
        live.stop()
        live = a.union(b, idle_timeout="500ms").run()
        live.wait(rows=50, timeout=30)
        live.stop()
