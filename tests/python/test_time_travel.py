"""Points in the past that are refused or found; a real Kafka is in tests/integration."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

import headrace as hr
from headrace import errors
from headrace.time_travel import target

BARS = hr.kafka("stocks", schema=hr.market.SCHEMA)
ONE = {("stocks", 0): 12}
TWO = {("stocks", 0): 12, ("stocks", 1): 7}


def test_a_number_is_of_the_only_partition() -> None:
    assert target(BARS._source, ONE, 5, None) == {("stocks", 0): 5}


def test_partitions_that_are_not_named_stay_where_they_are() -> None:
    assert target(BARS._source, TWO, {1: 3}, None) == {("stocks", 0): 12, ("stocks", 1): 3}
    assert target(BARS._source, TWO, {("stocks", 0): 3}, None)["stocks", 1] == 7


@pytest.mark.parametrize(
    ("now", "offset", "time", "words"),
    [
        (ONE, None, None, "expected offset or time, got None and None"),
        (ONE, 5, "2026-03-02", "expected offset or time"),
        (ONE, -1, None, "expected a number from 0, got -1"),
        (ONE, True, None, "expected a number from 0, got True"),
        (ONE, {0: 1.5}, None, "expected a number from 0, got 1.5"),
        (TWO, 5, None, "reads 2 partitions, say for which"),
        (TWO, {4: 5}, None, r"does not read stocks\[4\]"),
        (TWO | {("bonds", 0): 1}, {0: 5}, None, "with the topics bonds, stocks name them"),
        (ONE, None, "yesterday", "at: time:"),
        (ONE, None, 5, "expected a datetime, got 5"),
    ],
)
def test_points_that_are_none(now: Any, offset: Any, time: Any, words: str) -> None:
    with pytest.raises(errors.InvalidArgument, match=words):
        target(BARS._source, now, offset, time)


def test_a_time_is_asked_for_at_the_broker() -> None:
    with hr.MockBroker(stocks=2) as broker:
        bars = hr.kafka("stocks", bootstrap=broker.bootstrap, schema=hr.market.SCHEMA)
        late = dt.datetime(2100, 1, 1)
        assert target(bars._source, {("stocks", 0): 0}, None, late) == {("stocks", 0): 0}


def test_a_frame_has_no_past() -> None:
    frame = hr.from_frame(hr.market.bars(rows=10, tickers=1, seed=1), schema=hr.market.SCHEMA)
    with frame.run() as live:
        live.wait()
        with pytest.raises(errors.Unsupported, match="cannot be read again"):
            live.at(offset=5)
