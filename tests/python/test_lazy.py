"""What is not needed is not loaded."""

import subprocess
import sys
from pathlib import Path

import pytest

from headrace.lazy import np, pd

FIRST_CHART = """
import sys
import headrace as hr
from headrace.replay import produce
with hr.MockBroker(ohlcv=1) as broker:
    bars = [(b"AAPL", b'{"Date": "2026-03-02T14:30:%02dZ", "Ticker": "AAPL", "High": %d.5,'
             b' "Low": 1.0, "Close": 1.5}' % (i % 60, 2 + i % 7)) for i in range(100)]
    produce(bars, to="ohlcv", bootstrap=broker.bootstrap)
    raw = hr.kafka("ohlcv", bootstrap=broker.bootstrap, key="Ticker", event_time="Date")
    live = raw.with_columns(hr.ta.bbands("Close", 20), hr.ta.aroon("High", "Low", 25)).run()
    chart = live.plot("Close", key="AAPL")
    print("pandas" in sys.modules, chart)
    live.stop()
"""


TOPIC_TO_TOPIC = """
import sys, time
import headrace as hr
from headrace.replay import produce
with hr.MockBroker(bars=1, sums=1) as broker:
    produce([(b"A", b'{"key": "A", "x": %d, "at": %d}' % (i, i + 1)) for i in range(100)],
            to="bars", bootstrap=broker.bootstrap)
    schema = hr.Schema({"key": hr.string, "x": hr.int64, "at": hr.timestamp("ms")}, key="key",
                       event_time="at")
    bars = hr.kafka("bars", bootstrap=broker.bootstrap, schema=schema, group="job")
    sums = bars.validate(hr.col("x") >= 0).with_columns(sum=hr.ta.sum("x", timeperiod=3))
    with sums.to_kafka("sums").run(checkpoint=sys.argv[1]) as live:
        live.wait(rows=100, timeout="30s")
    print(live.status().rows, [m for m in ("numpy", "pandas", "asyncio") if m in sys.modules])
"""


def test_from_one_topic_to_another_neither_numpy_nor_pandas_is_needed(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", TOPIC_TO_TOPIC, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == "100 []\n", done.stderr


def test_a_first_chart_does_not_wait_for_pandas() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FIRST_CHART], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("False Chart of Close, bbands_upper"), done.stdout


def test_it_is_the_package_as_soon_as_something_of_it_is_used() -> None:
    import numpy
    import pandas

    assert np.ndarray is numpy.ndarray
    assert pd.Timestamp is pandas.Timestamp
    with pytest.raises(AttributeError, match="no_such_thing"):
        _ = pd.no_such_thing
