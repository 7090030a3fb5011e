"""The five lines of the README against a real Kafka, whatever state the topic is in."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import pandas as pd
import pytest

import headrace as hr
from headrace import _core
from headrace.broker import TemporaryBroker
from headrace.daemon import free_port
from headrace.replay import produce
from tests.integration.support import new_topic, until

DAYS, TICKERS = 60, ("AAPL", "MSFT", "GOOG")
EXPECTED = hr.Schema(
    {
        "Date": hr.timestamp,
        "Ticker": hr.string,
        "Open": hr.float64,
        "High": hr.float64,
        "Low": hr.float64,
        "Close": hr.float64,
        "Volume": hr.int64,
    },
    event_time="Date",
    key="Ticker",
)


def daily_bars() -> pd.DataFrame:
    """Bars whose day is text, as a daily file has them."""
    bars = hr.market.bars(rows=DAYS * len(TICKERS), tickers=len(TICKERS), seed=3)
    bars["Ticker"] = bars["Ticker"].map(dict(zip(hr.market.TICKERS, TICKERS, strict=False)))
    days = pd.bdate_range("2026-01-02", periods=DAYS + 20).strftime("%Y-%m-%d")
    bars["Date"] = days[bars.groupby("Ticker").cumcount()]
    return bars[list(EXPECTED)]


BARS = daily_bars()


def fill(topic: str, bootstrap: str) -> None:
    records = [
        (row["Ticker"].encode(), json.dumps(row).encode()) for row in BARS.to_dict("records")
    ]
    produce(records, to=topic, bootstrap=bootstrap)


def five_lines(topic: str, bootstrap: str) -> tuple[hr.Live, Any, float]:
    started = time.monotonic()
    bars = hr.kafka(topic, bootstrap=bootstrap, key="Ticker", event_time="Date")
    live = bars.with_columns(hr.ta.bbands("Close", 20), hr.ta.aroon("High", "Low", 25)).run()
    chart = live.plot("Close", key="AAPL")
    table = live.frame(last=20)
    assert isinstance(table, pd.DataFrame)
    return live, chart, time.monotonic() - started


def panels(chart: Any) -> list[str]:
    """Draw it now, as nothing shows it, and name its panels."""
    assert chart.png().startswith(b"\x89PNG")
    return [axes.get_ylabel() for axes in chart.figure.axes]


def check(live: hr.Live) -> None:
    """The frame holds every record, computed as over the frame itself."""
    until(lambda: live.status().rows == len(BARS))
    assert live._stream._schema == EXPECTED
    table = live.frame(last=len(BARS))
    one = live.frame(last=20, key="AAPL")
    assert one["Ticker"].unique().tolist() == ["AAPL"]
    expected = (
        hr.from_frame(BARS.assign(Date=pd.to_datetime(BARS["Date"], utc=True)), key="Ticker")
        .with_columns(hr.ta.bbands("Close", 20), hr.ta.aroon("High", "Low", 25))
        .collect()
    )
    order = ["Ticker", "Date"]
    pd.testing.assert_frame_equal(
        table.sort_values(order, ignore_index=True),
        expected.sort_values(order, ignore_index=True),
        check_exact=True,
    )


@pytest.mark.broker
def test_the_topic_is_there(kafka) -> None:
    topic = new_topic(kafka.bootstrap, 3)
    fill(topic, kafka.bootstrap)
    live, chart, took = five_lines(topic, kafka.bootstrap)
    print(f"five lines in {took:.2f} s")
    check(live)
    assert panels(chart) == ["Close", "Aroon"]
    notes = live._stream._schema.notes
    assert notes[0].startswith(f"inferred from {len(BARS)} records: {topic}[")
    live.stop()


@pytest.mark.broker
def test_the_topic_is_empty_at_first(kafka) -> None:
    topic = new_topic(kafka.bootstrap, 3)
    live, chart, took = five_lines(topic, kafka.bootstrap)
    assert took < 3 * 2.5
    until(lambda: "has no records yet; waiting" in live.status().message)
    assert not live._resolved
    fill(topic, kafka.bootstrap)
    check(live)
    assert panels(chart) == ["Close", "Aroon"]
    live.stop()


@pytest.mark.broker
def test_the_topic_is_created_later(kafka) -> None:
    topic = "ohlcv-created-later"
    live, _, took = five_lines(topic, kafka.bootstrap)
    assert took < 3 * 2.5
    until(lambda: f'topic "{topic}" does not exist on ' in live.status().message)
    assert live.status().message.endswith("waiting")
    assert topic not in _core.Admin(kafka.bootstrap, {}).topics(20_000)
    _core.Admin(kafka.bootstrap, {}).create_topic(topic, 2, {}, 20_000)
    until(lambda: "has no records yet" in live.status().message)
    fill(topic, kafka.bootstrap)
    check(live)
    live.stop()


@pytest.mark.broker
def test_the_broker_is_down_at_first(tmp_path, kafka) -> None:
    broker = TemporaryBroker(data_dir=tmp_path, port=free_port())
    live, _, took = five_lines("ohlcv", broker.bootstrap)
    assert took < 3 * 2.5
    said = f"cannot reach {broker.bootstrap}: connection refused; retrying (attempt "
    until(lambda: said in live.status().message)
    try:
        broker.start()
        _core.Admin(broker.bootstrap, {}).create_topic("ohlcv", 2, {}, 20_000)
        fill("ohlcv", broker.bootstrap)
        check(live)
        live.stop()
    finally:
        broker.stop()


@pytest.mark.broker
def test_records_that_come_while_it_looks_are_not_lost(kafka) -> None:
    topic = new_topic(kafka.bootstrap, 3)
    writer = threading.Timer(0.3, fill, (topic, kafka.bootstrap))
    writer.start()
    live, _, _ = five_lines(topic, kafka.bootstrap)
    check(live)
    writer.join()
    live.stop()


@pytest.mark.broker
def test_looking_joins_no_group_and_commits_nothing(kafka) -> None:
    topic = new_topic(kafka.bootstrap, 1)
    fill(topic, kafka.bootstrap)
    bars = hr.kafka(topic, bootstrap=kafka.bootstrap, group="five-lines")
    bars.head(3)
    bars.describe()
    live = bars.run()  # with a group that committed nothing it begins at the start
    until(lambda: live.status().rows == len(BARS))
    live.stop()
