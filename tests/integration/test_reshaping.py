"""Wide rows, lists and functions of the user's own, from a real Kafka of several partitions."""

from __future__ import annotations

import threading

import pandas as pd

import headrace as hr
from tests.integration.support import new_topic, until

CAMERAS = hr.Schema(
    {
        "at": hr.timestamp,
        "camera": hr.string,
        "objects": hr.list_({"label": hr.string, "confidence": hr.float64}),
        "t1": hr.float64,
        "t2": hr.int64,
    },
    event_time="at",
    key="camera",
)


def events(rows: int) -> pd.DataFrame:
    seen = [
        [{"label": "car" if k % 2 else "dog", "confidence": (i + k) % 8 / 8} for k in range(i % 4)]
        for i in range(rows)
    ]
    return pd.DataFrame(
        {
            "at": pd.date_range("2026-03-02", periods=rows, freq="s", tz="UTC"),
            "camera": [f"c{i % 5}" for i in range(rows)],
            "objects": seen,
            "t1": [i / 4 for i in range(rows)],
            "t2": range(rows),
        }
    )


def filled(bootstrap: str, frame: pd.DataFrame, partitions: int) -> str:
    topic = new_topic(bootstrap, partitions)
    hr.replay(frame, to=topic, bootstrap=bootstrap, key="camera", event_time="at")
    return topic


def in_order(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.sort_values(["at", "camera"], kind="stable", ignore_index=True)


def test_the_same_bits_from_one_and_from_three_partitions(kafka) -> None:
    frame = events(900)
    long = (
        hr.from_frame(frame, schema=CAMERAS)
        .unpivot(["t1", "t2"], index=["at", "camera", "objects"])
        .explode("objects")
        .with_columns(mean=hr.ta.sma("objects.confidence", timeperiod=3))
    )
    expected = in_order(long.collect())
    assert len(expected) == 2 * frame["objects"].str.len().sum()
    for partitions in (1, 3):
        topic = filled(kafka.bootstrap, frame, partitions)
        read = hr.kafka(topic, bootstrap=kafka.bootstrap, schema=CAMERAS, until="end")
        steps = read.unpivot(["t1", "t2"], index=["at", "camera", "objects"]).explode("objects")
        found = steps.with_columns(mean=hr.ta.sma("objects.confidence", timeperiod=3)).collect()
        pd.testing.assert_frame_equal(in_order(found), expected)


def test_what_a_function_held_when_the_stream_was_stopped_is_read_again(kafka) -> None:
    topic = filled(kafka.bootstrap, events(50), 1)
    hangs, entered, let_go = [True], threading.Event(), threading.Event()

    def same(df: pd.DataFrame) -> pd.DataFrame:
        if len(df) and hangs[0]:
            entered.set()
            let_go.wait(60)
        return df

    stream = hr.kafka(
        topic, bootstrap=kafka.bootstrap, schema=CAMERAS, group=f"map-{topic}"
    ).map_batches(same)
    with stream.run() as live:
        assert entered.wait(60)
    assert live.status().rows == 0
    hangs[0] = False
    let_go.set()
    with stream.run() as again:
        until(lambda: again.status().rows == 50)
    assert sorted(again.frame()["t2"]) == list(range(50))
