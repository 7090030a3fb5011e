import json

import numpy as np
import pytest

import headrace as hr
from headrace.errors import InvalidArgument


def test_the_same_seed_gives_the_same_market() -> None:
    first = hr.market.bars(rows=500, tickers=3, seed=4)
    assert first.equals(hr.market.bars(rows=500, tickers=3, seed=4))
    assert not first.equals(hr.market.bars(rows=500, tickers=3, seed=5))


def test_bars_are_in_order_and_make_sense() -> None:
    bars = hr.market.bars(rows=4000, tickers=4, seed=2)
    assert len(bars) == 4000
    assert list(bars.columns) == hr.market.SCHEMA.names
    assert bars["Date"].is_monotonic_increasing
    assert (bars["High"] >= bars[["Open", "Close", "Low"]].max(axis=1)).all()
    assert (bars["Low"] <= bars[["Open", "Close"]].min(axis=1)).all()
    assert (bars["Volume"] > 0).all()


def test_volatility_comes_in_clusters() -> None:
    bars = hr.market.bars(rows=20_000, tickers=1, seed=3)
    size = np.log(bars["Close"]).diff().abs().dropna()
    size = size[size < size.quantile(0.99)]  # without the overnight gaps
    assert size.autocorr(1) > 0.05


def test_every_nth_record_is_bad_in_one_of_four_ways() -> None:
    frame = hr.market.bars(rows=40, tickers=1, seed=1)
    records = list(hr.market.records(frame, bad_every=10))
    assert len(records) == 44
    good = [v for i, (_, v) in enumerate(records) if (i + 1) % 11]
    assert [json.loads(v)["Close"] for v in good] == frame["Close"].tolist()


def test_the_number_of_tickers_is_checked() -> None:
    with pytest.raises(InvalidArgument, match="tickers: expected 1 to 10, got 11"):
        hr.market.bars(rows=10, tickers=11)
