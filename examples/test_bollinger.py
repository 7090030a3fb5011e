"""Tests of bollinger.py, as they stand beside it in a user's repository."""

import pandas as pd
from bollinger import features

import headrace as hr
from headrace.testing import assert_batch_invariant, assert_same_bits, run

BARS = hr.market.bars(rows=300, tickers=2, seed=1)


def test_bands_are_mean_and_two_deviations() -> None:
    table = run(features, BARS)
    one = table[table["Ticker"] == "ACME"].reset_index()
    window = one["Close"].rolling(20)
    expected = window.mean() + 2 * window.std(ddof=0)
    pd.testing.assert_series_equal(one["bbands_upper"], expected, check_names=False)


def test_a_bad_price_is_set_aside_and_harms_no_other() -> None:
    records = list(hr.market.records(BARS))
    good = run(features, records)
    broken = b'{"Date": "2024-01-02T14:30:00Z", "Ticker": "ACME", "Close": "n/a"}'
    table, rejected = run(features, [*records, broken], rejected=True)
    assert len(rejected) == 1
    assert_same_bits(table, good)


def test_results_do_not_depend_on_how_records_arrive() -> None:
    assert_batch_invariant(features, BARS)


def test_through_a_broker(headrace_broker) -> None:
    headrace_broker.create_topic("ohlcv", partitions=2)
    headrace_broker.write("ohlcv", BARS, key="Ticker")
    bars = hr.kafka("ohlcv", bootstrap=headrace_broker.bootstrap, key="Ticker", until="end")
    assert len(bars.collect()) == len(BARS)
