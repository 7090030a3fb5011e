import struct
from pathlib import Path

import numpy as np
import pytest

import headrace as hr
from headrace.errors import InvalidArgument
from headrace.plot import panel_of

FRAME = hr.market.bars(rows=900, tickers=3, seed=2)
STREAM = hr.from_frame(FRAME, schema=hr.market.SCHEMA).with_columns(
    hr.ta.bbands("Close", 20), hr.ta.aroon("High", "Low", 25), rsi=hr.ta.rsi("Close")
)


@pytest.fixture
def live():
    with STREAM.run() as running:
        running.wait()
        yield running


def test_columns_belong_to_the_panels_of_the_registry() -> None:
    panels = panel_of(STREAM)
    assert panels["bbands_upper"] == "price"
    assert panels["aroon_up"] == "aroon"
    assert panels["rsi"] == "rsi"


def test_the_artists_hold_the_newest_rows_of_the_key(live) -> None:
    chart = live.plot("Close", "aroon_up", bands="bbands", key="BOLT", last=100)
    assert [axis.get_ylabel() for axis in chart.figure.axes] == ["price", "aroon"]
    close = chart._lines["Close"].get_ydata()
    np.testing.assert_array_equal(close, FRAME[FRAME["Ticker"] == "BOLT"]["Close"].tail(100))


def test_updating_keeps_artists_and_skips_what_is_not_new(live) -> None:
    chart = live.plot("Close", key="ACME")
    artists = [id(line) for line in chart._lines.values()]
    assert not chart.update()
    assert [id(line) for line in chart._lines.values()] == artists


def test_pictures_are_saved_as_png_and_html(live, tmp_path: Path) -> None:
    chart = live.plot("Close", "rsi", bands="bbands", key="ACME", last=200)
    png = chart.save(tmp_path / "x.png").read_bytes()
    assert png.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", png[16:24])
    assert width > 800
    assert height > 400
    assert "data:image/png;base64," in chart.save(tmp_path / "x.html").read_text()
    with pytest.raises(InvalidArgument, match=r"\.png or \.html"):
        chart.save(tmp_path / "x.pdf")


def test_mistakes_are_said(live) -> None:
    with pytest.raises(InvalidArgument, match='did you mean "Close"'):
        live.plot("close_")
    with pytest.raises(InvalidArgument, match="not numeric"):
        live.plot("Ticker")
    with pytest.raises(InvalidArgument, match="last"):
        live.plot("Close", last=1)


def test_without_records_the_axes_say_so() -> None:
    with hr.MockBroker(empty=1) as broker:
        stream = hr.kafka("empty", bootstrap=broker.bootstrap, schema=hr.market.SCHEMA)
        with stream.run() as waiting:
            chart = waiting.plot("Close")
            assert "waiting for empty" in chart._waiting.get_text()
