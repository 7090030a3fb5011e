import numpy as np
import pandas as pd

import headrace as hr
from headrace.plot import Chart
from headrace.plot.series import _bounds
from headrace.plot.style import DOWN, UP


def ohlc(rows: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(8)
    close = 100 + np.cumsum(rng.normal(size=rows))
    opened = np.roll(close, 1)
    high, low = np.maximum(opened, close) + 0.5, np.minimum(opened, close) - 0.5
    return pd.DataFrame({"open": opened, "high": high, "low": low, "close": close})


SCHEMA = hr.Schema(dict.fromkeys(("open", "high", "low", "close"), hr.float64))


def strokes(chart: Chart, colour: str) -> list[np.ndarray]:
    """Low and high ends of the upright strokes of the lines of a colour: wicks, then bodies."""
    found = [x for x in chart.figure.axes[0].lines if x.get_color() == colour]
    return [line.get_xydata().reshape(-1, 3, 2)[:, :2] for line in found if len(line.get_xdata())]


def test_every_bar_is_a_candle_in_the_colour_of_its_direction() -> None:
    frame = ohlc(60)
    with hr.from_frame(frame, schema=SCHEMA).run() as live:
        live.wait()
        chart = live.plot(kind="candles", markers=False)
        for colour, part in ((UP, frame.close >= frame.open), (DOWN, frame.close < frame.open)):
            wick, body = strokes(chart, colour)[:2]
            np.testing.assert_array_equal(wick[:, 0, 0], np.flatnonzero(part))
            np.testing.assert_array_equal(wick[:, :, 1], frame[part][["low", "high"]])
            both = frame[part][["open", "close"]]
            np.testing.assert_array_equal(body[:, 0, 1], both.min(axis=1))


def test_too_many_bars_are_drawn_several_in_one_candle() -> None:
    frame = ohlc(5000)
    with hr.from_frame(frame, schema=SCHEMA).run(history=5000) as live:
        live.wait()
        chart = live.plot(kind="candles", last=5000, markers=False)
        wicks = np.concatenate([strokes(chart, colour)[0] for colour in (UP, DOWN)])
    assert len(wicks) < 400
    assert wicks[:, 0, 1].min() == frame.low.min()
    assert wicks[:, 1, 1].max() == frame.high.max()


def test_bands_are_shaded_where_they_are_known(live: hr.Live) -> None:
    chart = live.plot("Close", key="ACME")
    (fill,) = chart.figure.axes[0].collections
    vertices = fill.get_paths()[0].vertices
    table = live.frame(500, "ACME")
    assert vertices[:, 1].max() == table["bbands_upper"].max()
    assert vertices[:, 1].min() == table["bbands_lower"].min()
    assert vertices[:, 0].min() == np.flatnonzero(table["bbands_upper"].notna())[0]


def test_infinity_hides_nothing() -> None:
    assert _bounds(np.array([1.0, np.inf, -2.0]), np.array([np.nan, 3.0])) == (-2.0, 3.0)
    assert np.isnan(_bounds(np.array([np.inf, np.nan]))).all()


def test_a_histogram_has_two_colours_and_stands_on_zero(live: hr.Live) -> None:
    chart = live.plot("macd_hist", key="ACME")
    up, down = (
        line.get_xydata().reshape(-1, 3, 2)
        for line in chart.figure.axes[0].lines[-4:]
        if line.get_linewidth() > 0 and line.get_marker() == "None" and len(line.get_xdata()) > 2
    )
    hist = live.frame(500, "ACME")["macd_hist"]
    assert (up[:, 0, 1] == 0).all()
    assert (down[:, 0, 1] == 0).all()
    assert len(up) + len(down) == hist.notna().sum()
