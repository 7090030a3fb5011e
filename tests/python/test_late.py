"""Rows that came too late, as rows again."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import headrace as hr
from headrace import testing
from headrace.replay import produce

SCHEMA = hr.Schema(
    {
        "at": hr.timestamp("ms"),
        "Ticker": hr.string,
        "quote.close": hr.nullable(hr.float64),
        "tags": hr.nullable(hr.list_(hr.int64)),
    },
    event_time="at",
    key="Ticker",
)
START = 1_772_461_800_000
pytestmark = pytest.mark.filterwarnings("ignore::headrace.errors.RejectedWarning")


def tick(second: int, close: float | None = 1.5) -> dict[str, Any]:
    quote = {} if close is None else {"quote": {"close": close}}
    return {"at": START + 1000 * second, "Ticker": "IBM", "tags": [1, 2], **quote}


def late_of(stream: hr.Stream, records: list[dict[str, Any]]) -> pd.DataFrame:
    topic = testing.Topic()
    topic.write(testing._pairs(stream, records))
    with testing.stream_over(stream, [topic]).run() as live:
        assert live.wait("30s")
    assert live.status().late == len(live.late())
    return live.late()


RECORDS = [tick(100), tick(30, 2.5), tick(101), tick(95), tick(0, None)]


def test_late_rows_have_their_columns_and_how_late_they_were() -> None:
    found = late_of(hr.kafka("ticks", schema=SCHEMA).sort_within("10s"), RECORDS)
    assert found.columns.tolist() == [*SCHEMA.names, "reason", "behind", "partition", "offset"]
    assert found["at"].tolist() == [
        pd.Timestamp(START + 1000 * s, unit="ms", tz="UTC") for s in (30, 0)
    ]
    assert found["quote.close"].tolist()[0] == 2.5
    assert found["quote.close"].isna().tolist() == [False, True]
    assert found["tags"].tolist() == ["[1, 2]", "[1, 2]"]
    assert found["behind"].tolist() == [pd.Timedelta("70s"), pd.Timedelta("101s")]
    assert found["reason"].tolist() == ["late", "late"]
    assert found["offset"].tolist() == [1, 4]


def test_rows_that_a_later_step_found_late_are_read_as_it_saw_them() -> None:
    stream = hr.kafka("ticks", schema=SCHEMA).with_columns(x=hr.col("quote.close") * 2)
    found = late_of(stream.sort_within("10s"), RECORDS)
    assert found["quote.close"].fillna(0).tolist() == [2.5, 0.0]
    assert found["Ticker"].tolist() == ["IBM", "IBM"]
    assert found["at"].dt.second.tolist() == [30, 0]
    assert found["tags"].tolist() == ["[1, 2]", "[1, 2]"]


def test_rows_of_csv_are_read_as_csv() -> None:
    schema = hr.Schema({"at": hr.timestamp, "n": hr.int64}, event_time="at")
    stream = hr.kafka("ticks", schema=schema, format="csv").sort_within("1s")
    rows = [{"at": f"2026-03-02T14:30:{s:02}Z", "n": s} for s in (30, 10, 31)]
    assert late_of(stream, rows)["n"].tolist() == [10]


def test_without_late_rows_there_are_columns_alone() -> None:
    found = late_of(hr.kafka("ticks", schema=SCHEMA).sort_within("10m"), RECORDS)
    assert len(found) == 0
    assert found["at"].dtype == "datetime64[ns, UTC]"
    assert found["behind"].dtype.kind == "m"


def test_other_dead_letters_are_not_among_them() -> None:
    stream = hr.kafka("ticks", schema=SCHEMA).validate(hr.col("quote.close") < 2).sort_within("10s")
    topic = testing.Topic()
    topic.write(testing._pairs(stream, [*RECORDS[:4], tick(0, 1.0)]))
    with testing.stream_over(stream, [topic]).run() as live:
        assert live.wait("30s")
    assert sorted(live.rejected()["reason"]) == ["late", "rule"]
    assert live.late()["offset"].tolist() == [4]


def test_a_stream_that_waits_for_its_first_record_has_none() -> None:
    with (
        hr.MockBroker(ticks=1) as broker,
        hr.kafka("ticks", bootstrap=broker.bootstrap).run() as live,
    ):
        assert live.late().columns.tolist() == ["reason", "behind", "partition", "offset"]


def test_late_rows_of_merged_streams_are_read_as_each_of_them_writes() -> None:
    """One stream of CSV, late in a step of its own; one of JSON, late in the join."""
    trades = hr.Schema({"at": hr.timestamp, "k": hr.string, "size": hr.int64}, event_time="at")
    quotes = hr.Schema({"at": hr.timestamp, "k": hr.string, "bid": hr.float64}, event_time="at")
    minute = "2026-03-02T14:30"
    sizes = [(None, f"{minute}:{s:02}Z,a,{s}".encode()) for s in (40, 3, 45)]
    bids = [
        (None, f'{{"at": "{minute}:{s:02}Z", "k": "a", "bid": {s / 2}}}'.encode())
        for s in (41, 5, 46)
    ]
    with hr.MockBroker(trades=1, quotes=1) as broker:
        produce(sizes, to="trades", bootstrap=broker.bootstrap)
        produce(bids, to="quotes", bootstrap=broker.bootstrap)
        where: Any = {"bootstrap": broker.bootstrap, "until": "end"}
        left = hr.kafka("trades", schema=trades, format="csv", **where).sort_within("20s")
        with left.join_asof(hr.kafka("quotes", schema=quotes, **where), by="k").run() as live:
            assert live.wait("30s")
    late = live.late().sort_values("at")
    assert late["at"].dt.second.tolist() == [3, 5]
    assert late["k"].tolist() == ["a", "a"]
    assert late["size"].fillna(0).tolist() == [3, 0]
    assert late["bid"].fillna(0).tolist() == [0, 2.5]
    assert late["reason"].tolist() == ["late", "late"]
    assert late["behind"].dt.seconds.tolist() == [37, 36]


def test_late_rows_of_merged_partitions_are_those_of_the_topic() -> None:
    schema = hr.Schema({"at": hr.timestamp, "n": hr.int64}, event_time="at")
    with hr.MockBroker(ticks=1) as broker:
        rows = [(None, f"2026-03-02T{h:02}:30:00Z,{h}".encode()) for h in (14, 16, 12, 18)]
        produce(rows, to="ticks", bootstrap=broker.bootstrap)
        ticks = hr.kafka(
            "ticks", schema=schema, format="csv", bootstrap=broker.bootstrap, until="end"
        )
        hours = ticks.window(hr.tumbling("1h"), on_late="side_output").agg(hr.count())
        with hours.run() as live:
            assert live.wait("30s")
    found = live.late()
    assert found[["n", "reason"]].to_numpy().tolist() == [[12, "late"]]
    assert found["behind"].tolist() == [pd.Timedelta("4h")]
    assert found["n"].dtype == "int64"


@pytest.mark.parametrize("counted", [False, True], ids=["of the source", "of a later step"])
def test_a_time_that_is_made_of_parts_is_a_column(counted: bool) -> None:
    schema = hr.Schema(
        {"left": hr.timestamp_from(date="day", clock="clock"), "day": hr.timestamp,
         "clock": hr.int64, "n": hr.int64},
        event_time="left",
    )  # fmt: skip
    stream = hr.kafka("flights", schema=schema, format="csv")
    stream = stream.with_columns(twice=hr.col("n") * 2) if counted else stream
    rows = [{"day": "2026-03-02", "clock": clock, "n": clock} for clock in (1430, 905, 1500)]
    found = late_of(stream.sort_within("1h"), rows)
    assert found["left"].tolist() == [pd.Timestamp("2026-03-02T09:05Z")]
    assert found[["clock", "n"]].to_numpy().tolist() == [[905, 905]]
    assert found["behind"].tolist() == [pd.Timedelta("5h25m")]
