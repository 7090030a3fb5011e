"""Aggregates as a user writes them: names, what is refused, the columns that come out."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import headrace as hr
from headrace import aggregates, testing
from headrace.errors import InvalidArgument, SchemaError, TypeMismatch, UnknownColumn

SCHEMA = hr.Schema(
    {
        "Date": hr.timestamp,
        "Ticker": hr.string,
        "Close": hr.nullable(hr.float64),
        "Volume": hr.int64,
        "Open": hr.bool_,
    },
    event_time="Date",
    key="Ticker",
)
TRADES = hr.kafka("trades", schema=SCHEMA).group_by("Ticker")


def trade(minute: int, close: float | None, volume: int = 1, ticker: str = "IBM") -> dict[str, Any]:
    date = f"2026-03-02T14:{minute:02}:00Z"
    return {"Date": date, "Ticker": ticker, "Close": close, "Volume": volume, "Open": True}


def agg(records: list[dict[str, Any]], *listed: hr.Aggregate, **named: hr.Aggregate) -> Any:
    frame = testing.run(TRADES.agg(*listed, **named), records)
    return frame.iloc[0] if len(frame) == 1 else frame


ALL: dict[str, hr.Aggregate] = {
    "count": hr.count(),
    "count_Close": hr.count("Close"),
    "sum_Volume": hr.sum("Volume"),
    "mean_Close": hr.mean("Close"),
    "min_Close": hr.min("Close"),
    "max_Date": hr.max("Date"),
    "first_Close": hr.first("Close"),
    "last_Ticker": hr.last("Ticker"),
    "var_Close": hr.var("Close"),
    "std_Close": hr.std("Close", ddof=0),
    "skew_Close": hr.skew("Close"),
    "kurtosis_Close": hr.kurtosis("Close"),
    "quantile_Close": hr.quantile("Close", 0.9),
    "median_Close": hr.median("Close"),
    "n_unique_Volume": hr.n_unique("Volume"),
    "mode_Volume": hr.mode("Volume"),
    "vwap": hr.vwap("Close", "Volume"),
    "corr_Close_Volume": hr.corr("Close", "Volume"),
}


def test_a_column_is_named_after_its_aggregate_or_by_its_keyword() -> None:
    assert TRADES.agg(*ALL.values()).columns[3:] == list(ALL)
    assert TRADES.agg(hr.count(), high=hr.max("Close")).columns[3:] == ["count", "high"]


def test_some_make_several_columns() -> None:
    assert TRADES.agg(hr.ohlc("Close")).columns[3:] == ["open", "high", "low", "close"]
    assert TRADES.agg(bar=hr.ohlc("Close")).columns[3:] == [
        "bar_open", "bar_high", "bar_low", "bar_close",
    ]  # fmt: skip
    names = ["top_Ticker_1", "top_Ticker_1_count", "top_Ticker_2", "top_Ticker_2_count"]
    assert TRADES.agg(hr.top_k("Ticker", 2)).columns[3:] == names


def test_each_function_that_is_public_is_an_aggregate_with_its_own_text() -> None:
    made = [*ALL.values(), hr.ohlc("Close"), hr.top_k("Ticker", 3)]
    made.append(hr.n_unique("Volume", approx=True))
    kinds = {aggregate.kind for aggregate in made}
    assert kinds == set(aggregates.__all__) - {"Aggregate", "median"} | {"approx_n_unique"}
    assert len({repr(aggregate) for aggregate in made}) == len(made)
    assert repr(hr.quantile("Close", 0.95)) == 'quantile("Close", 0.95)'
    assert repr(hr.vwap("Close", "Volume")) == 'vwap("Close", "Volume")'


def test_types_are_those_of_the_column_or_numbers() -> None:
    stream = TRADES.agg(
        count=hr.count(),
        sum=hr.sum("Volume"),
        total=hr.sum("Close"),
        mean=hr.mean("Volume"),
        low=hr.min("Volume"),
        when=hr.last("Date"),
        name=hr.mode("Ticker"),
        open=hr.max("Open"),
        different=hr.n_unique("Ticker"),
    )
    types = {name: str(stream.schema[name]) for name in stream.columns[3:]}
    assert types == {
        "count": "hr.int64",
        "sum": "hr.nullable(hr.int64)",  # null beyond int64
        "total": "hr.float64",
        "mean": "hr.float64",
        "low": "hr.nullable(hr.int64)",
        "when": "hr.nullable(hr.timestamp)",
        "name": "hr.nullable(hr.string)",
        "open": "hr.nullable(hr.bool_)",
        "different": "hr.int64",
    }


def test_null_and_nan_are_skipped() -> None:
    row = agg([trade(1, None), trade(2, 3.0), trade(3, None)], *ALL.values())
    assert row["count"] == 3
    assert row["count_Close"] == 1
    assert row["mean_Close"] == row["first_Close"] == row["median_Close"] == 3
    assert pd.isna(row["var_Close"])
    nothing = agg([trade(1, None)], hr.sum("Close"), hr.mean("Close"), hr.max("Close"))
    assert nothing["sum_Close"] == 0
    assert pd.isna(nothing["mean_Close"])
    assert pd.isna(nothing["max_Close"])


def test_sums_of_whole_numbers_are_exact_and_null_beyond_int64() -> None:
    big = 2**62
    row = agg([trade(1, 1, big), trade(2, 1, big - 1), trade(3, 1, -7)], hr.sum("Volume"))
    assert row["sum_Volume"] == 2**63 - 8
    assert pd.isna(agg([trade(1, 1, big)] * 2, hr.sum("Volume"))["sum_Volume"])


def test_float_sums_do_not_lose_small_terms() -> None:
    records = [trade(1, 1e16), *(trade(2, 1.0) for _ in range(10)), trade(3, -1e16)]
    assert agg(records, hr.sum("Close"))["sum_Close"] == 10


def test_first_and_last_go_by_event_time() -> None:
    records = [trade(5, 5), trade(3, 3), trade(9, 9), trade(3, 30), trade(9, 90), trade(7, 7)]
    row = agg(records, hr.first("Close"), hr.last("Close"), hr.ohlc("Close"))
    assert (row["first_Close"], row["last_Close"]) == (3, 90)
    assert (row["open"], row["high"], row["low"], row["close"]) == (3, 90, 3, 90)


def test_top_k_and_mode_break_ties_by_the_smallest() -> None:
    records = [trade(1, 1, volume) for volume in (7, 5, 5, 7, 9)]
    row = agg(records, hr.mode("Volume"), hr.top_k("Volume", 4))
    assert row["mode_Volume"] == 5
    assert [row[f"top_Volume_{i}"] for i in (1, 2, 3)] == [5, 7, 9]
    assert [row[f"top_Volume_{i}_count"] for i in (1, 2, 3)] == [2, 2, 1]
    assert pd.isna(row["top_Volume_4"])


def test_quantiles_of_many_values_keep_their_rank() -> None:
    records = pd.DataFrame({"Date": "2026-03-02T14:00:00Z", "Ticker": "IBM", "Open": True,
                            "Close": [float(i * 7919 % 20_000) for i in range(20_000)],
                            "Volume": 1})  # fmt: skip
    row = agg(records, q=hr.quantile("Close", 0.9), m=hr.median("Close"))  # type: ignore[arg-type]
    assert abs(row["q"] - 18_000) <= 0.003 * 20_000
    assert abs(row["m"] - 10_000) <= 0.003 * 20_000


def test_different_values_exactly_and_by_estimate() -> None:
    records = [trade(1, None, volume) for volume in range(300)] * 2
    row = agg(records, exact=hr.n_unique("Volume"), about=hr.n_unique("Volume", approx=True))
    assert row["exact"] == 300
    assert row["about"] == pytest.approx(300, rel=0.033)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (
            lambda: hr.mean(hr.col("Close") * 2),
            "mean: expected the name of a column, got the expression (Close * 2); give it a name "
            "before, with with_columns(name=...)",
        ),
        (lambda: hr.count(3), "count: expected the name of a column, got 3"),
        (lambda: hr.quantile("Close", 95), "quantile: q: expected a number from 0 to 1, got 95"),
        (lambda: hr.quantile("Close", "a"), "quantile: q: expected a number, got 'a'"),
        (lambda: hr.var("Close", ddof=True), "var: ddof: expected a number, got True"),
        (lambda: hr.top_k("Close", 0), "top_k: k: expected a whole number from 1 to 100, got 0"),
        (
            lambda: hr.top_k("Close", 2.0),
            "top_k: k: expected a whole number from 1 to 100, got 2.0",
        ),
        (lambda: hr.std("Close", dof=1), 'std: no argument "dof"; did you mean "ddof"?'),
    ],
)
def test_a_mistake_is_said_where_it_is_made(wrong: Any, words: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        wrong()
    assert str(caught.value).startswith(words)


@pytest.mark.parametrize(
    ("listed", "error", "words"),
    [
        ([hr.mean("Clsoe")], UnknownColumn, 'agg: mean: no column "Clsoe"; did you mean "Close"?'),
        (
            [hr.sum("Ticker")],
            TypeMismatch,
            'agg: sum: column "Ticker" is string; expected a column of numbers',
        ),
        (
            [hr.max("Ticker")],
            TypeMismatch,
            'agg: max: column "Ticker" is text, which has no smallest or largest value here',
        ),
        ([hr.var("Close", ddof=-1)], InvalidArgument, "agg: var: ddof: expected a number from 0"),
        (
            [hr.count(), hr.count()],
            SchemaError,
            'agg: column "count" would be there twice; give the aggregate another name',
        ),
        ([], InvalidArgument, "agg: expected at least one aggregate, such as hr.count()"),
        (
            ["Close"],
            InvalidArgument,
            "agg: expected aggregates such as hr.mean(\"Close\"), got 'Close'",
        ),
    ],
)
def test_what_does_not_fit_the_stream_is_said_by_agg(
    listed: list[Any], error: type, words: str
) -> None:
    with pytest.raises(error) as caught:
        TRADES.agg(*listed)
    assert str(caught.value).startswith(words)
