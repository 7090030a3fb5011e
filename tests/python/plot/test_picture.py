import hashlib

import pytest

import headrace as hr
from headrace.plot import Chart
from headrace.plot.notice import Notice


def digest(chart: Chart) -> str:
    """What is seen, without the words that have a time in them."""
    return hashlib.sha256(chart._picture.paint(Notice()).tobytes()).hexdigest()


def test_nothing_new_is_not_drawn(live: hr.Live) -> None:
    picture = live.plot("Close", key="ACME")._picture
    status = live.status()
    picture.refresh(status)
    assert not picture.refresh(status)


@pytest.mark.parametrize(
    ("options", "title"),
    [
        ({"key": "ACME"}, "ACME · a DataFrame of 900 rows"),
        ({}, "a DataFrame of 900 rows"),
        ({"title": "Mine"}, "Mine"),
    ],
)
def test_the_title(live: hr.Live, options: dict[str, object], title: str) -> None:
    assert live.plot("Close", **options)._picture.title == title


def test_of_many_keys_the_title_counts() -> None:
    frame = hr.market.bars(rows=400, tickers=8, seed=1)
    with hr.from_frame(frame, schema=hr.market.SCHEMA).run() as live:
        live.wait()
        chart = live.plot("Close")
        assert chart._picture.title == "6 busiest of 8 keys · a DataFrame of 400 rows"
        assert len(chart.figure.axes) == 6


def test_the_axes_are_made_when_a_key_comes() -> None:
    frame = hr.market.bars(rows=400, tickers=2, seed=1)
    with hr.MockBroker(ohlcv=1) as broker:
        stream = hr.kafka("ohlcv", bootstrap=broker.bootstrap, schema=hr.market.SCHEMA)
        where = {"to": "ohlcv", "bootstrap": broker.bootstrap, "key": "Ticker"}
        with stream.run() as live:
            one = frame[frame["Ticker"] == "ACME"]
            hr.replay(one, **where)
            assert live.wait(rows=len(one), timeout="20s")
            chart = live.plot("Close")
            chart._next(force=True)
            assert len(chart.figure.axes) == 1
            hr.replay(frame[frame["Ticker"] != "ACME"], **where)
            assert live.wait(rows=400, timeout="20s")
            chart._picture._keys_at = 0.0  # keys are looked for every two seconds
            chart._next(force=True)
            assert len(chart.figure.axes) == 2


def test_what_the_user_changes_in_the_figure_is_drawn(live: hr.Live) -> None:
    chart = live.plot("Close", key="ACME", title="t")
    before = digest(chart)
    assert digest(chart) == before
    draws = chart._picture.painter.full_draws
    chart.figure.axes[0].set_facecolor("#FFEEEE")
    assert digest(chart) != before
    assert chart._picture.painter.full_draws == draws + 1


def test_the_same_rows_make_the_same_picture(live: hr.Live) -> None:
    assert digest(live.plot("Close", key="ACME", title="t")) == digest(
        live.plot("Close", key="ACME", title="t")
    )
