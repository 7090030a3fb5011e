import json
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

import headrace as hr
from headrace.errors import BrokerUnavailable, InvalidArgument, UnknownColumn
from headrace.replay import replay

SCHEMA = hr.Schema(
    {"time": hr.timestamp, "k": hr.string, "x": hr.nullable(hr.float64)}, event_time="time", key="k"
)
FRAME = pd.DataFrame(
    {
        "time": pd.to_datetime(["2026-01-01T00:00:02Z", "2026-01-01T00:00:00Z"]),
        "k": ["b", "a"],
        "x": [None, 0.1],
    }
)


def test_rows_arrive_in_event_time_order_with_gaps_as_null() -> None:
    with hr.MockBroker(t=1) as broker:
        n = replay(FRAME, to="t", bootstrap=broker.bootstrap, key="k")
        live = hr.kafka("t", bootstrap=broker.bootstrap, schema=SCHEMA, until="end").run()
        live.wait()
        table = live.frame()
        live.stop()
    assert n == 2
    assert table["k"].tolist() == ["a", "b"]
    assert table["x"].isna().tolist() == [False, True]


def test_files_keep_their_values(tmp_path: Path) -> None:
    path = tmp_path / "bars.csv"
    frame = hr.market.bars(rows=300, tickers=2, seed=3)
    text = frame.assign(Date=frame["Date"].dt.strftime("%Y-%m-%dT%H:%M:%SZ"))
    text.to_csv(path, index=False)
    with hr.MockBroker(t=1) as broker:
        assert replay(str(path), to="t", bootstrap=broker.bootstrap, key="Ticker") == 300
        stream = hr.kafka("t", bootstrap=broker.bootstrap, schema=hr.market.SCHEMA, until="end")
        table = stream.collect()
    assert table["Close"].tolist() == frame["Close"].tolist()
    assert table["Date"].tolist() == frame["Date"].tolist()


def test_a_speed_keeps_the_distances() -> None:
    with hr.MockBroker(t=1) as broker:
        started = time.monotonic()
        replay(FRAME, to="t", bootstrap=broker.bootstrap, speed="10x")
        assert time.monotonic() - started >= 0.2  # two seconds of event time, ten times as fast


@pytest.mark.parametrize("speed", ["fast", 0, -1, "inf"])
def test_a_speed_must_be_a_positive_number(speed: object) -> None:
    with pytest.raises(InvalidArgument, match="speed"):
        replay(FRAME, to="t", bootstrap="127.0.0.1:1", speed=speed)  # type: ignore[arg-type]


def test_mistakes_are_said_before_anything_is_sent(tmp_path: Path) -> None:
    with pytest.raises(UnknownColumn, match='no column "Time"; did you mean "time"'):
        replay(FRAME, to="t", bootstrap="127.0.0.1:1", event_time="Time")
    with pytest.raises(InvalidArgument, match="no file"):
        replay(tmp_path / "gone.csv", to="t", bootstrap="127.0.0.1:1")
    with pytest.raises(InvalidArgument, match="is not a time"):
        replay(FRAME, to="t", bootstrap="127.0.0.1:1", event_time="k")


def test_a_broker_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    module = sys.modules["headrace.replay"]  # hr.replay is the function
    monkeypatch.setattr(module.flush, "__defaults__", (0.2,))
    with pytest.raises(BrokerUnavailable, match=r"127\.0\.0\.1:1"):
        replay(FRAME, to="t", bootstrap="127.0.0.1:1")


def test_json_on_the_wire_is_plain() -> None:
    from headrace.replay import _encoded

    key, value = _encoded(FRAME, "k")[1]
    assert key == b"a"
    assert json.loads(value) == {"time": "2026-01-01T00:00:00Z", "k": "a", "x": 0.1}
