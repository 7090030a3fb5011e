"""Rows that came too late, as rows again."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import headrace as hr
from headrace import testing

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
