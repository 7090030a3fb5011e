import base64
import gc
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import headrace as hr
from headrace.errors import InvalidArgument
from headrace.plot import Chart


def words(chart: Chart) -> set[str]:
    return {text.get_text() for text in chart.figure.texts}


def waiting_stream(broker: hr.MockBroker) -> hr.Stream:
    return hr.kafka("ohlcv", bootstrap=broker.bootstrap, schema=hr.market.SCHEMA)


def inferred_stream(broker: hr.MockBroker) -> hr.Stream:
    return hr.kafka("ohlcv", bootstrap=broker.bootstrap)


def test_it_names_columns_and_source(live: hr.Live) -> None:
    assert repr(live.plot("Close", "rsi")) == "Chart of Close, rsi (a DataFrame of 900 rows)"


def test_several_charts_on_one_handle(live: hr.Live) -> None:
    first, second = live.plot("Close", key="ACME"), live.plot("rsi", key="BOLT")
    assert first.figure is not second.figure
    assert first.png() != second.png()


@pytest.mark.parametrize("ending", ["png", "svg", "pdf", "html"])
def test_it_is_saved(live: hr.Live, tmp_path: Path, ending: str) -> None:
    path = live.plot("Close", key="ACME").save(tmp_path / f"x.{ending}")
    begin = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF", "html": b"<!doctype html>"}
    assert path.read_bytes().startswith(begin[ending])


def test_a_file_has_the_resolution_that_is_asked_for(live: hr.Live, tmp_path: Path) -> None:
    chart = live.plot("Close", key="ACME", figsize=(6, 3))
    raw = chart.save(tmp_path / "x.png", dpi=200).read_bytes()
    assert struct.unpack(">II", raw[16:24]) == (1200, 600)


@pytest.mark.filterwarnings("ignore:Glyph .* missing from font")  # as without pytest's own filters
def test_names_are_texts_whatever_is_in_them(tmp_path: Path) -> None:
    """Neither formulas nor tags; letters that the font lacks do no harm."""
    keys = ["US$ $x^2$", "<b>&amp;</b>", "\u65e5\u672c"]
    frame = pd.DataFrame({"k": keys * 20, "a$b$c": np.arange(60.0)})
    schema = hr.Schema({"k": hr.string, "a$b$c": hr.float64}, key="k")
    with hr.from_frame(frame, schema=schema).run() as live:
        live.wait()
        for options in ({}, {"kind": "bar"}, {"kind": "scatter", "x": "a$b$c"}, {"key": keys[0]}):
            chart = live.plot("a$b$c", **options)
            chart._next(force=True)
            text = chart.save(tmp_path / "x.svg").read_text()
            assert "<!-- a$b$c -->" in text


def test_a_file_says_what_the_screen_says(live: hr.Live, tmp_path: Path) -> None:
    chart = live.plot("Close", key="ACME", title="Close of ACME")
    text = chart.save(tmp_path / "x.svg").read_text()
    assert "<!-- Close of ACME -->" in text  # Matplotlib writes texts as paths, with a comment
    assert text.count("<!-- finished, ") == 1
    assert text.count("<!-- bbands -->") == 1


def test_saving_leaves_the_picture_as_it_was(live: hr.Live, tmp_path: Path) -> None:
    chart = live.plot("Close", key="ACME")
    notice = chart._notice()
    before = np.array(chart._paint(notice))
    chart.save(tmp_path / "x.pdf")
    np.testing.assert_array_equal(before, chart._paint(notice))


def test_other_endings_are_refused_before_anything_is_drawn(live: hr.Live, tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match=r"\.png"):
        live.plot("Close").save(tmp_path / "x.gif")


def test_without_records_it_says_what_it_waits_for() -> None:
    with hr.MockBroker(ohlcv=1) as broker, waiting_stream(broker).run() as live:
        chart = live.plot("Close")
        chart.png()
        (said,) = [text for text in words(chart) if text.startswith("waiting for ")]
        assert said.startswith(f"waiting for ohlcv on {broker.bootstrap}, 0 records, 0 s")


def test_before_the_columns_are_known_too() -> None:
    with hr.MockBroker(ohlcv=1) as broker, inferred_stream(broker).run() as live:
        chart = live.plot("Close", key="ACME")
        chart.png()
        assert any(text.startswith("waiting for ohlcv on") for text in words(chart))
        frame = hr.market.bars(rows=50, tickers=1)
        hr.replay(frame, to="ohlcv", bootstrap=broker.bootstrap, key="Ticker")
        assert live.wait(rows=50, timeout="20s")
        chart.png()
        assert [axes.get_ylabel() for axes in chart.figure.axes] == ["Close"]


def test_paused_it_shows_what_it_did_and_resumed_what_is_new() -> None:
    with hr.MockBroker(ohlcv=1) as broker, waiting_stream(broker).run() as live:
        where = {"to": "ohlcv", "bootstrap": broker.bootstrap, "key": "Ticker"}
        frame = hr.market.bars(rows=100, tickers=1)
        hr.replay(frame[:60], **where)
        assert live.wait(rows=60, timeout="20s")
        chart = live.plot("Close")
        chart._next(force=True)
        chart.pause()
        hr.replay(frame[60:], **where)
        assert live.wait(rows=100, timeout="20s")
        chart._next()
        assert "paused" in words(chart)
        assert len(chart.figure.axes[0].lines[0].get_xdata()) == 60
        chart.resume()
        chart._next()
        assert "paused" not in words(chart)
        assert len(chart.figure.axes[0].lines[0].get_xdata()) == 100


def test_while_the_stream_catches_up_it_is_drawn_less_often(live: hr.Live) -> None:
    chart = live.plot("Close", every=0.1)
    assert chart.every == 0.1
    now = chart._status_at
    chart._status = replace(chart._status, records=0)
    chart._look(now + 0.001)  # 900 records in a millisecond
    assert chart.every == 0.25
    chart._look(now + 0.2)
    assert chart.every == 0.1


def test_stopped_with_its_stream_it_is_not_live() -> None:
    with hr.MockBroker(ohlcv=1) as broker, waiting_stream(broker).run() as live:
        chart = live.plot("Close")
    assert any(
        text.startswith("stopped by user, ") and text.endswith(" UTC, not live")
        for text in words(chart)
    )
    assert chart.png().startswith(b"\x89PNG")


def test_stopped_alone_the_stream_goes_on() -> None:
    with hr.MockBroker(ohlcv=1) as broker, waiting_stream(broker).run() as live:
        chart = live.plot("Close")
        chart.stop()
        chart.stop()
        assert any(text.startswith("chart stopped, ") for text in words(chart))
        assert live.status().state == "running"


def test_a_failed_stream_is_told_in_the_chart() -> None:
    frame = hr.market.bars(rows=20, tickers=1)
    frame["Close"] = frame["Close"].astype(object)
    frame.loc[5, "Close"] = "n/a"
    with hr.MockBroker(ohlcv=1) as broker:
        hr.replay(frame, to="ohlcv", bootstrap=broker.bootstrap, key="Ticker")
        live = waiting_stream(broker).run(on_error="raise")
        with pytest.raises(hr.errors.RecordRejected):
            live.wait(timeout="20s")
        chart = live.plot("Close")
        chart.png()
        live.stop()
    assert any(text.startswith("failed: ") for text in words(chart))
    assert "not live" in words(chart)


def test_the_usual_chart_is_at_most_forty_kilobytes_in_a_notebook(live: hr.Live) -> None:
    from headrace.plot.screen import PngMaker

    for options in ({"key": "ACME"}, {"kind": "candles", "key": "ACME"}, {"kind": "bar"}):
        pixels = live.plot(**options)._next(force=True)
        assert len(PngMaker().make(pixels, live=True)) <= 40_000


def test_a_picture_that_cannot_be_drawn_says_so_and_harms_no_other(live: hr.Live) -> None:
    with hr.MockBroker(ohlcv=1) as broker, waiting_stream(broker).run() as running:
        broken, other = running.plot("Close"), running.plot("Open")
        broken.figure.suptitle(r"$\\dollar$")  # no such formula
        broken._picture.painter.rebuild()
        running.stop()
        assert running.status().reason == "stopped by user"
    assert any("the chart could not be drawn" in text for text in words(broken))
    assert any(text.startswith("stopped by user") for text in words(other))
    assert broken.png().startswith(b"\x89PNG")


def test_a_chart_that_nobody_holds_is_let_go(live: hr.Live) -> None:
    for _ in range(3):
        live.plot("Close", key="ACME").png()
    gc.collect()
    assert len(live._charts) == 0
    assert len(live._unseen_charts) <= 1  # the last one may be in a frame of the test


def test_a_stopped_chart_stays_as_it_was() -> None:
    with hr.MockBroker(ohlcv=1) as broker, waiting_stream(broker).run() as running:
        chart = running.plot("Close")
        chart.stop()
        hr.replay(hr.market.bars(rows=30, tickers=1), to="ohlcv", bootstrap=broker.bootstrap)
        assert running.wait(rows=30, timeout="20s")
        chart.png()
        assert any(text.startswith("chart stopped, ") for text in words(chart))


def test_a_file_has_every_key_that_is_there(tmp_path: Path) -> None:
    frame = hr.market.bars(rows=200, tickers=2, seed=1)
    with hr.MockBroker(ohlcv=1) as broker, waiting_stream(broker).run() as running:
        where = {"to": "ohlcv", "bootstrap": broker.bootstrap, "key": "Ticker"}
        one = frame[frame["Ticker"] == "ACME"]
        hr.replay(one, **where)
        assert running.wait(rows=len(one), timeout="20s")
        chart = running.plot("Close")
        hr.replay(frame[frame["Ticker"] != "ACME"], **where)
        assert running.wait(rows=200, timeout="20s")
        chart.save(tmp_path / "x.png")
        assert len(chart.figure.axes) == 2


def test_more_keys_than_colours(live: hr.Live) -> None:
    keys = [f"k{i}" for i in range(12)]
    assert live.plot("Close", x="Volume", kind="scatter", key=keys).png().startswith(b"\x89PNG")


def test_a_resized_chart_is_computed_anew(live: hr.Live) -> None:
    chart = live.plot(kind="candles", key="ACME", last=60)
    chart._next(force=True)
    before = max(line.get_linewidth() for line in chart.figure.axes[0].lines)
    chart.figure.set_size_inches(16, 9)
    chart.figure.canvas.callbacks.process("resize_event", None)
    chart._next(force=True)
    assert max(line.get_linewidth() for line in chart.figure.axes[0].lines) > 1.5 * before


def test_as_a_result_it_has_a_picture_and_a_text(live: hr.Live) -> None:
    bundle = live.plot("Close", key="ACME")._repr_mimebundle_()
    assert sorted(bundle) == ["image/png", "text/plain"]
    assert len(base64.b64decode(bundle["image/png"])) <= 40_000


def test_on_paper_as_on_the_screen(live: hr.Live, tmp_path: Path) -> None:
    """Files are drawn by Matplotlib alone; the screen's labels are put in by us."""
    chart = live.plot("Close", key="ACME")
    screen = np.asarray(chart._paint(chart._notice()))[..., :3].astype(int)
    paper = np.asarray(Image.open(chart.save(tmp_path / "x.png", dpi=100)).convert("RGB"))
    differ = np.abs(screen - paper).max(axis=2) > 96
    assert differ.mean() < 0.02
