"""What is not needed is not loaded."""

import subprocess
import sys

import pytest

from headrace.lazy import pd

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


def test_a_first_chart_does_not_wait_for_pandas() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FIRST_CHART], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("False Chart of Close, bbands_upper"), done.stdout


def test_it_is_pandas_as_soon_as_something_of_it_is_used() -> None:
    import pandas

    assert pd.Timestamp is pandas.Timestamp
    with pytest.raises(AttributeError, match="no_such_thing"):
        _ = pd.no_such_thing
