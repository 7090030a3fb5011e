"""group_by and window: columns and keys, late and far records, caps, what is refused."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import headrace as hr
from headrace import testing
from headrace.errors import HeadraceError, InvalidArgument, SchemaError, UnknownColumn

SCHEMA = hr.Schema(
    {"Date": hr.timestamp, "Ticker": hr.string, "Venue": hr.nullable(hr.string), "Size": hr.int64},
    event_time="Date",
    key="Ticker",
)
TRADES = hr.kafka("trades", schema=SCHEMA)


def trade(time: str, ticker: str = "IBM", venue: str | None = "N", size: int = 1) -> dict[str, Any]:
    return {"Date": f"2026-03-02T{time}Z", "Ticker": ticker, "Venue": venue, "Size": size}


def minutes(**options: Any) -> hr.Windowed:
    return TRADES.group_by("Ticker").window(hr.tumbling("1m"), **options)


def counts(frame: pd.DataFrame) -> list[tuple[str, str, int]]:
    starts = frame["window_start"].dt.strftime("%H:%M")
    return list(zip(frame["Ticker"], starts, frame["count"], strict=True))


# -- groups


def test_one_row_a_group_over_all_time() -> None:
    records = [trade("10:00:00"), trade("10:00:01", "AAPL"), trade("10:00:02")]
    frame = testing.run(TRADES.group_by("Ticker").agg(hr.count()), records)
    assert frame.columns.tolist() == ["Ticker", "window_start", "window_end", "count"]
    assert dict(zip(frame["Ticker"], frame["count"], strict=True)) == {"IBM": 2, "AAPL": 1}
    assert frame["window_end"].max() == pd.Timestamp("2026-03-02T10:00:02Z")


def test_groups_of_several_columns_and_null_is_a_value_of_its_own() -> None:
    records = [trade("10:00:00", venue=venue) for venue in ("N", None, "Q", None)]
    frame = testing.run(TRADES.group_by("Ticker", "Venue").agg(hr.count()), records)
    assert sorted(zip(frame["Venue"].fillna("-"), frame["count"], strict=True)) == [
        ("-", 2), ("N", 1), ("Q", 1),
    ]  # fmt: skip


def test_columns_may_come_as_a_list() -> None:
    listed = TRADES.group_by(["Ticker", "Venue"])  # type: ignore[arg-type]
    assert listed == TRADES.group_by("Ticker", "Venue")


def test_without_columns_all_records_are_one_group() -> None:
    records = pd.DataFrame(
        [trade("10:00:00"), trade("10:00:30", "AAPL"), trade("10:01:00")],
    ).assign(Date=lambda frame: pd.to_datetime(frame["Date"]))
    stream = hr.from_frame(records, schema=SCHEMA).window(hr.tumbling("1m")).agg(hr.count())
    assert stream.columns == ["window_start", "window_end", "count"]
    assert stream.collect()["count"].tolist() == [2, 1]


def test_results_are_a_stream_with_a_key_and_an_event_time() -> None:
    stream = minutes().agg(volume=hr.sum("Size"), trades=hr.count())
    assert stream.schema.event_time == "window_start"
    assert stream.schema.key == "Ticker"
    moved = stream.with_columns(before=hr.col("trades").shift(1)).filter(hr.col("trades") > 0)
    records = [trade(f"10:0{i // 3}:0{i}", "IBM" if i % 2 else "AAPL") for i in range(9)]
    frame = testing.run(moved, records)
    ibm = frame[frame["Ticker"] == "IBM"]
    assert ibm["before"].tolist()[1:] == ibm["trades"].tolist()[:-1]


def test_windows_of_windows() -> None:
    per_minute = minutes().agg(trades=hr.count())
    hourly = per_minute.select("Ticker", "window_start", "trades").group_by("Ticker")
    stream = hourly.window(hr.count_window(2)).agg(hr.sum("trades"))
    with pytest.raises(SchemaError, match='column "window_start" would be there twice'):
        hourly.window(hr.tumbling("1h")).agg(window_start=hr.count())
    records = [trade("10:00:00"), trade("10:00:09"), trade("10:01:00"), trade("10:02:00")]
    assert testing.run(stream, records)["sum_trades"].tolist() == [3, 1]


# -- late and far records


def test_late_records_are_counted_or_set_aside_and_none_is_lost() -> None:
    records = [trade("10:00:10"), trade("10:02:30"), trade("10:00:20"), trade("10:02:00")]
    stream = minutes(grace="30s", on_late="side_output").agg(hr.count())
    good, bad = testing.run(stream, records, rejected=True)
    assert counts(good) == [("IBM", "10:00", 1), ("IBM", "10:02", 2)]
    assert bad["offset"].tolist() == [2]
    assert bad["reason"].tolist() == ["late"]
    assert bad["detail"][0] == (
        "event time 2026-03-02T10:00:20Z: its window ended at 2026-03-02T10:01:00Z and is closed; "
        "the newest is 2026-03-02T10:02:30Z, grace 30s"
    )
    assert b"10:00:20" in bad["value"][0]
    counted, nothing = testing.run(minutes(grace="30s").agg(hr.count()), records, rejected=True)
    assert counts(counted) == counts(good)
    assert len(nothing) == 0


def test_the_status_counts_late_records_that_are_no_dead_letters() -> None:
    topic = testing.Topic()
    records = [trade("10:00:10"), trade("10:02:30"), trade("10:00:20"), trade("10:00:30")]
    topic.write(testing._pairs(TRADES, records))
    with testing.stream_over(minutes().agg(hr.count()), [topic]).run() as live:
        live.wait(timeout="60s")
        assert live.status().late_counted == 2
        assert live.status().rejected == {}


def test_a_late_record_corrects_its_window() -> None:
    records = [trade("10:00:10"), trade("10:01:30"), trade("10:00:20"), trade("10:09:00"),
               trade("10:00:40")]  # fmt: skip
    stream = minutes(on_late="update", allowed_lateness="5m").agg(hr.count())
    assert counts(testing.run(stream, records)) == [
        ("IBM", "10:00", 1), ("IBM", "10:00", 2), ("IBM", "10:01", 1), ("IBM", "10:09", 1),
    ]  # fmt: skip


def test_one_record_of_the_year_2100_closes_nothing_and_three_are_believed() -> None:
    far = [{**trade("10:00:00"), "Date": f"2100-01-01T00:00:0{i}Z"} for i in range(3)]
    records = [trade("10:00:10"), far[0], trade("10:00:20")]
    good, bad = testing.run(minutes().agg(hr.count()), records, rejected=True)
    assert good["count"].tolist() == [2]
    assert bad["reason"].tolist() == ["future"]
    assert "ahead of the newest (2026-03-02T10:00:10Z), max_skew 366d" in bad["detail"][0]
    good, bad = testing.run(minutes().agg(hr.count()), [records[0], *far], rejected=True)
    assert good["count"].tolist() == [1, 1]
    assert len(bad) == 2
    everything = minutes(max_skew=None).agg(hr.count())
    assert testing.run(everything, [records[0], *far])["count"].tolist() == [1, 3]


@pytest.mark.parametrize(
    ("window", "counts"),
    [(hr.count_window(2), [2, 1]), (hr.sliding("1h"), [1, 2, 3]), (hr.sliding(rows=2), [1, 2, 2])],
)
def test_windows_of_records_in_order_heed_skew_and_late_records_too(
    window: hr.Window, counts: list[int]
) -> None:
    far = {**trade("10:00:00"), "Date": "2100-01-01T00:00:00Z"}
    records = [trade("10:00:10"), far, trade("10:00:00"), trade("10:05:00"), trade("10:01:00")]
    grouped = TRADES.group_by("Ticker")
    counting = grouped.window(window, grace="30s").agg(hr.count())
    good, bad = testing.run(counting, records, rejected=True)
    assert good["count"].tolist() == counts
    assert bad["reason"].tolist() == ["future"]  # and the late one is counted
    aside = grouped.window(window, grace="30s", on_late="side_output").agg(hr.count())
    again, letters = testing.run(aside, records, rejected=True)
    assert again["count"].tolist() == counts
    assert letters["reason"].tolist() == ["future", "late"]


def test_updates_say_whether_they_are_final() -> None:
    records = [trade("10:00:10"), trade("10:00:20"), trade("10:01:00")]
    frame = testing.run(minutes(emit="update").agg(hr.count()), records)
    assert frame.columns.tolist()[-1] == "is_final"
    assert sorted(zip(frame["count"], frame["is_final"], strict=True)) == [
        (1, False), (1, False), (1, True), (2, False), (2, True),
    ]  # fmt: skip
    totals = TRADES.group_by("Ticker").window(hr.all_time(), emit="update").agg(hr.sum("Size"))
    assert testing.run(totals, records)["sum_Size"].tolist() == [1, 2, 3, 3]


# -- too many groups


def test_a_cap_evicts_the_oldest_rejects_the_new_or_raises() -> None:
    records = [trade(f"10:00:0{i}", ticker) for i, ticker in enumerate("ABACB")]
    capped = minutes(max_groups=2).agg(hr.count())
    assert sorted(counts(testing.run(capped, records))) == [
        ("A", "10:00", 2), ("B", "10:00", 1), ("B", "10:00", 1), ("C", "10:00", 1),
    ]  # fmt: skip
    rejecting = minutes(max_groups=2, on_full="reject").agg(hr.count())
    good, bad = testing.run(rejecting, records, rejected=True)
    assert sorted(counts(good)) == [("A", "10:00", 2), ("B", "10:00", 2)]
    assert bad["reason"].tolist() == ["groups"]
    assert bad["detail"].tolist() == ["a new group where max_groups = 2 are there"]
    with pytest.raises(HeadraceError, match="a new group where max_groups = 2 are there already"):
        testing.run(minutes(max_groups=2, on_full="raise").agg(hr.count()), records)


def test_evictions_are_in_the_status() -> None:
    topic = testing.Topic()
    records = [trade(f"10:00:0{i}", ticker) for i, ticker in enumerate("ABC")]
    topic.write(testing._pairs(TRADES, records))
    with testing.stream_over(minutes(max_groups=1).agg(hr.count()), [topic]).run() as live:
        live.wait(timeout="60s")
        assert live.status().evicted == 2


# -- the end


def test_what_is_open_comes_out_at_the_end_but_not_on_stop() -> None:
    topic = testing.Topic()
    topic.write(testing._pairs(TRADES, [trade("10:00:00"), trade("10:01:00")]))
    stream = testing.stream_over(minutes().agg(hr.count()), [topic], bounded=False)
    with stream.run() as live:
        live.wait(until="end", timeout="60s")
    assert live.frame()["count"].tolist() == [1]
    bounded = testing.stream_over(minutes().agg(hr.count()), [topic])
    assert bounded.collect()["count"].tolist() == [1, 1]


# -- misuse


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (
            lambda: TRADES.group_by("Tikcer"),
            UnknownColumn,
            'no column "Tikcer"; did you mean "Ticker"?',
        ),
        (
            lambda: TRADES.group_by("Ticker", "Ticker").agg(hr.count()),
            InvalidArgument,
            'group_by: column "Ticker" is named twice',
        ),
        (
            lambda: TRADES.group_by("Ticker").window("1m"),
            InvalidArgument,
            "window: expected a window such as hr.tumbling(\"1d\"), got '1m'",
        ),
        (
            lambda: minutes(on_late="drop"),
            InvalidArgument,
            'window: on_late: expected "count" or "side_output" or "update", got \'drop\'',
        ),
        (
            lambda: minutes(emit="always"),
            InvalidArgument,
            'window: emit: expected "close" or "update", got \'always\'',
        ),
        (
            lambda: minutes(on_full="explode"),
            InvalidArgument,
            'window: on_full: expected "evict_oldest" or "reject" or "raise", got \'explode\'',
        ),
        (
            lambda: minutes(max_groups=0),
            InvalidArgument,
            "window: max_groups: expected a whole number from 1, got 0",
        ),
        (
            lambda: minutes(grace="soon"),
            InvalidArgument,
            "window: grace: expected a length of time with its unit, "
            'like "10m" or "1.5s", got \'soon\'',
        ),
        (
            lambda: minutes(allowed_lateness="1m"),
            InvalidArgument,
            'window: allowed_lateness goes with on_late="update"',
        ),
        (
            lambda: minutes(grase="1m"),
            InvalidArgument,
            'window: no argument "grase"; did you mean "grace"?',
        ),
        (
            lambda: (
                TRADES.group_by("Ticker").window(hr.session("1m"), on_late="update").agg(hr.count())
            ),
            HeadraceError,
            'window: on_late="update" needs windows with fixed borders: tumbling, hopping or '
            "calendar ones",
        ),
        (
            lambda: (
                TRADES.group_by("Ticker").window(hr.sliding("1m"), emit="update").agg(hr.count())
            ),
            InvalidArgument,
            "window: a sliding window gives a result for every record already; leave emit= out",
        ),
        (
            lambda: TRADES.select("Ticker", "Size").group_by("Ticker").agg(hr.count()),
            SchemaError,
            "window: needs an event time, and the stream has none",
        ),
    ],
)
def test_a_mistake_is_said_at_its_line(wrong: Any, error: type, words: str) -> None:
    with pytest.raises(error) as caught:
        wrong()
    assert str(caught.value).startswith(words)
