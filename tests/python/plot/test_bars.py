import numpy as np
import pandas as pd

import headrace as hr
from headrace.plot.bars import MOST_BARS
from headrace.plot.feed import newest_of_each
from tests.python.plot.conftest import FRAME


def test_the_newest_value_of_each_key(live: hr.Live) -> None:
    found = newest_of_each(live._engine.frame(900, None), "Ticker", ["Close", "Volume"])
    newest = FRAME.groupby("Ticker")[["Close", "Volume"]].last()
    assert found == {key: list(map(float, row)) for key, row in newest.T.items()}


def test_each_bar_is_as_high_as_its_value(live: hr.Live) -> None:
    chart = live.plot("Volume", kind="bar")
    (bars,) = chart.figure.axes[0].lines
    tops = bars.get_ydata()[1::3]
    np.testing.assert_array_equal(tops, FRAME.groupby("Ticker")["Volume"].last())
    low, high = chart.figure.axes[0].get_ylim()
    assert low == 0
    assert high > tops.max()
    assert "Ticker" in [text.get_text() for text in chart.figure.texts]


def test_of_many_keys_the_largest_are_shown_and_the_others_counted() -> None:
    frame = pd.DataFrame({"k": [f"k{i:03d}" for i in range(100)], "x": np.arange(100.0)})
    schema = hr.Schema({"k": hr.string, "x": hr.float64}, key="k")
    with hr.from_frame(frame, schema=schema).run() as live:
        live.wait()
        chart = live.plot("x", kind="bar")
        view = chart._picture._view
        assert view.areas[0].x_texts == [f"k{i:03d}" for i in range(100 - MOST_BARS, 100)]
        assert view.context() == f"k (the {MOST_BARS} largest, {100 - MOST_BARS} more)"


def test_bars_of_another_column() -> None:
    frame = pd.DataFrame({"day": ["mon", "tue", "mon"], "n": [1, 2, 3]})
    schema = hr.Schema({"day": hr.string, "n": hr.int64})
    with hr.from_frame(frame, schema=schema).run() as live:
        live.wait()
        chart = live.plot("n", kind="bar", x="day")
        assert chart._picture._view.areas[0].x_texts == ["mon", "tue"]
        assert chart.figure.axes[0].lines[0].get_ydata()[1::3].tolist() == [3.0, 2.0]
