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


def test_a_day_that_closes_late_does_not_take_the_place_of_today() -> None:
    """With a grace, yesterday's last result comes while today's are coming."""
    at = pd.to_datetime(
        ["2026-03-02T08:00Z", "2026-03-02T09:00Z", "2026-03-03T01:00Z", "2026-03-03T07:00Z"]
    )
    frame = pd.DataFrame({"at": at, "airline": list("aaaa")})
    schema = hr.Schema({"at": hr.timestamp, "airline": hr.string}, event_time="at", key="airline")
    days = hr.from_frame(frame, schema=schema).group_by("airline")
    today = days.window(hr.tumbling("1d"), grace="6h", emit="update").agg(n=hr.count())
    with today.run() as live:
        live.wait()
        rows = live.frame()
        first = rows[rows["window_start"] == rows["window_start"].min()]
        assert first["is_final"].tolist() == [False, False, True]
        # As it was just after yesterday had closed, before the last record was counted.
        came = rows.index[rows["is_final"]][0]
        assert rows["window_start"].iloc[came - 1] > rows["window_start"].iloc[came]
        chart = live.plot("n", kind="bar", x="airline")
        assert chart.figure.axes[0].lines[0].get_ydata()[1::3].tolist() == [2.0]


def test_newest_is_by_event_time() -> None:
    at = pd.to_datetime(["2026-03-03", "2026-03-02", "2026-03-01", "2026-03-02"], utc=True)
    frame = pd.DataFrame({"at": at, "k": ["a", "b", "a", "b"], "x": [1.0, 2.0, 3.0, 4.0]})
    schema = hr.Schema({"at": hr.timestamp, "k": hr.string, "x": hr.float64}, event_time="at")
    with hr.from_frame(frame, schema=schema).run() as live:
        live.wait()
        rows = live._engine.frame(10, None)
        assert newest_of_each(rows, "k", ["x"], "at") == {"a": [1.0], "b": [4.0]}
        assert newest_of_each(rows, "k", ["x"]) == {"a": [3.0], "b": [4.0]}


def test_before_the_first_row_there_is_no_bar() -> None:
    with hr.from_frame(FRAME.head(0), schema=hr.market.SCHEMA).run() as live:
        live.wait()
        assert newest_of_each(live._engine.frame(10, None), "Ticker", ["Close"], "Date") == {}
