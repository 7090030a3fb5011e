import numpy as np
import pandas as pd
import pytest

import headrace as hr
from headrace.errors import RejectedWarning
from headrace.plot import Chart
from headrace.plot.lines import _room, crossings
from tests.python.plot.conftest import FRAME


def lines(chart: Chart, number: int = 0) -> dict[str, np.ndarray]:
    """Points of each line by its name in the legend."""
    return {line.get_label(): line.get_xydata() for line in chart.figure.axes[number].lines}


def test_the_lines_hold_the_newest_rows_of_the_key(live: hr.Live) -> None:
    chart = live.plot("Close", "aroon_up", bands="bbands", key="BOLT", last=100)
    assert [axes.get_ylabel() for axes in chart.figure.axes] == ["Close", "Aroon"]
    bolt = FRAME[FRAME["Ticker"] == "BOLT"]["Close"].tail(100)
    np.testing.assert_array_equal(lines(chart)["Close"][:, 1], bolt)
    assert len(lines(chart, 1)["aroon_up"]) == 100


def test_more_points_than_pixels_keep_the_extremes() -> None:
    values = np.random.default_rng(1).normal(size=50_000)
    values[12_345], values[43_210] = 40.0, -40.0
    frame = pd.DataFrame({"x": values})
    with hr.from_frame(frame, schema=hr.Schema({"x": hr.float64})).run(history=60_000) as live:
        live.wait()
        chart = live.plot("x", last=50_000)
        drawn = lines(chart)["x"]
    assert len(drawn) < 4000
    assert {40.0, -40.0} <= set(drawn[:, 1].tolist())
    assert drawn[:, 0].max() == 49_999


def test_several_keys_are_small_multiples(live: hr.Live) -> None:
    chart = live.plot("Close", "rsi", key=["ACME", "BOLT"])
    assert len(chart.figure.axes) == 4
    for number, key in ((0, "ACME"), (2, "BOLT")):
        close = FRAME[FRAME["Ticker"] == key]["Close"].tail(500)
        np.testing.assert_array_equal(lines(chart, number)["Close"][:, 1], close)


def test_without_a_key_all_keys_are_shown(live: hr.Live) -> None:
    assert len(live.plot("Close", panels=False).figure.axes) == 3


def test_crossings_of_a_level() -> None:
    values = np.array([0.2, 0.6, 0.4, np.nan, 0.7, 0.8, 0.5, 0.1])
    up, down = crossings(values, 0.5)
    assert (up.tolist(), down.tolist()) == ([1], [2, 7])  # over a gap nothing is said


def test_crossings_are_marked_over_the_price(live: hr.Live) -> None:
    chart = live.plot("Close", "rsi", key="ACME", markers={"rsi": 70})
    up, down = crossings(live.frame(500, "ACME")["rsi"].to_numpy(), 70)
    marks = {
        line.get_marker(): line.get_xdata().tolist()
        for line in chart.figure.axes[0].lines
        if line.get_marker() in "^v"
    }
    assert marks == {"^": up.tolist(), "v": down.tolist()}
    assert len(up) > 0


def test_dead_letters_are_ticks_below_the_rows() -> None:
    frame = hr.market.bars(rows=60, tickers=1, seed=1)
    frame.loc[20:24, "Close"] = np.nan
    stream = hr.from_frame(frame, schema=hr.market.SCHEMA)
    with stream.run() as live:
        with pytest.warns(RejectedWarning):
            live.wait()
        chart = live.plot("Close")
        assert ticks(chart) == [19.5]  # five between the rows 19 and 20
        assert "5 rejected" in {text.get_text() for text in chart.figure.texts}
        assert ticks(live.plot("Close", markers=False)) == []


def ticks(chart: Chart) -> list[float]:
    marks = next(x for x in chart.figure.axes[-1].lines if x.get_marker() == "|")
    return list(marks.get_xdata())


@pytest.mark.parametrize(("places", "last", "room"), [(1, 500, 40), (41, 500, 60), (499, 500, 500)])
def test_the_axis_grows_by_steps(places: int, last: int, room: int) -> None:
    assert places <= _room(places, last) <= last
    assert _room(places, last) == room
