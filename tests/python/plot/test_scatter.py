import numpy as np

import headrace as hr
from tests.python.plot.conftest import FRAME


def test_each_key_has_its_points_and_the_newest_a_ring(live: hr.Live) -> None:
    chart = live.plot("Close", x="Volume", kind="scatter", last=900)
    *points, ring = chart.figure.axes[0].lines
    for line, (key, rows) in zip(points, FRAME.groupby("Ticker"), strict=True):
        assert line.get_label() == key
        np.testing.assert_array_equal(line.get_xydata(), rows[["Volume", "Close"]])
    newest = FRAME[FRAME["Date"] == FRAME["Date"].max()]
    assert ring.get_xydata().tolist()[0] in newest[["Volume", "Close"]].to_numpy().tolist()


def test_the_axes_hold_all_points_and_are_named(live: hr.Live) -> None:
    chart = live.plot("Close", x="Volume", kind="scatter", key="ACME")
    (axes,) = chart.figure.axes
    acme = FRAME[FRAME["Ticker"] == "ACME"].tail(500)
    assert axes.get_xlim()[0] < acme["Volume"].min() < acme["Volume"].max() < axes.get_xlim()[1]
    assert axes.get_ylabel() == "Close"
    assert "Volume" in [text.get_text() for text in chart.figure.texts]


def test_nothing_yet_is_no_mistake() -> None:
    with hr.MockBroker(empty=1) as broker:
        stream = hr.kafka("empty", bootstrap=broker.bootstrap, schema=hr.market.SCHEMA)
        with stream.run() as waiting:
            chart = waiting.plot("Close", x="Volume", kind="scatter")
            assert chart.png().startswith(b"\x89PNG")
