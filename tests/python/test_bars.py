"""Bars against a plain walk over the trades, coarser views against pandas, gaps, and errors."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

import headrace as hr
from headrace import testing
from headrace.errors import InvalidArgument, UnknownColumn

TRADES = hr.Schema(
    {"at": hr.timestamp, "symbol": hr.string, "Price": hr.float64, "Size": hr.int64},
    event_time="at",
    key="symbol",
)
NEW_YORK = "America/New_York"
BAR = ["Open", "High", "Low", "Close", "Volume", "Trades"]


def trades(rows: int, seed: int, symbols: int = 3) -> pd.DataFrame:
    """Prices in quarters, so that sums are exact in any order."""
    chance = np.random.default_rng(seed)
    steps = chance.choice([0, 1, 7, 31, 400], rows, p=[0.2, 0.4, 0.25, 0.13, 0.02])
    return pd.DataFrame(
        {
            "at": pd.Timestamp("2026-03-02T14:30Z") + pd.to_timedelta(np.cumsum(steps), unit="s"),
            "symbol": chance.choice(list("ABCDEF"[:symbols]), rows),
            "Price": 100 + np.cumsum(chance.integers(-4, 5, rows)) / 4,
            "Size": chance.integers(1, 500, rows),
        }
    ).astype({"at": "datetime64[ns, UTC]"})


TICKS = trades(1_500, seed=4)
MINUTES = hr.market.bars(rows=3_000, tickers=2, seed=8)


def ticks(frame: pd.DataFrame = TICKS) -> hr.Stream:
    return hr.from_frame(frame, schema=TRADES)


def minutes(frame: pd.DataFrame = MINUTES) -> hr.Stream:
    return hr.from_frame(frame, schema=hr.market.SCHEMA)


# -- a plain walk over the trades


class Trade(NamedTuple):
    at: pd.Timestamp
    price: float
    size: int


Cut = Callable[[list[Trade], Trade], bool]


def walk(frame: pd.DataFrame, begins: Cut) -> pd.DataFrame:
    """Bars by symbol; `begins` says whether a trade begins one, after those of the present one."""
    made = []
    for symbol, own in frame.groupby("symbol"):
        bars: list[list[Trade]] = []
        for trade in map(Trade, own["at"], own["Price"], own["Size"]):
            if not bars or begins(bars[-1], trade):
                bars.append([])
            bars[-1].append(trade)
        made += [bar_of(str(symbol), bar) for bar in bars]
    return pd.DataFrame(made)


def bar_of(symbol: str, bar: list[Trade]) -> dict[str, Any]:
    prices, volume = [trade.price for trade in bar], sum(trade.size for trade in bar)
    dollars = sum(trade.price * trade.size for trade in bar)
    return {
        "symbol": symbol, "at": bar[0].at, "Open": prices[0], "High": max(prices),
        "Low": min(prices), "Close": prices[-1], "Volume": volume, "Trades": len(bar),
        "Vwap": dollars / volume,
    }  # fmt: skip


def volume_of(bar: Iterable[Trade]) -> int:
    return sum(trade.size for trade in bar)


def dollars_of(bar: Iterable[Trade]) -> float:
    return sum(trade.price * trade.size for trade in bar)


def assert_bars(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    found = found.sort_values("symbol", kind="stable", ignore_index=True)
    assert found.columns.tolist() == expected.columns.tolist()
    exact = [name for name in expected if name != "Vwap"]
    pd.testing.assert_frame_equal(found[exact], expected[exact], check_dtype=False)
    np.testing.assert_allclose(found["Vwap"], expected["Vwap"], rtol=1e-14)


@pytest.mark.parametrize("length", ["1min", "10s", "1h"])
def test_bars_of_time_begin_at_the_full_minute(length: str) -> None:
    def begins(bar: list[Trade], trade: Trade) -> bool:
        return trade.at.floor(length) != bar[0].at.floor(length)

    expected = walk(TICKS, begins)
    expected["at"] = expected["at"].dt.floor(length)
    assert_bars(ticks().bars(length).collect(), expected)


@pytest.mark.parametrize("count", [1, 7, 100, 10_000])
def test_bars_of_a_number_of_trades(count: int) -> None:
    expected = walk(TICKS, lambda bar, _: len(bar) == count)
    assert_bars(ticks().bars(ticks=count).collect(), expected)


@pytest.mark.parametrize("threshold", [1, 1_000, 25_000.0])
def test_a_bar_of_volume_ends_with_the_trade_that_fills_it(threshold: float) -> None:
    expected = walk(TICKS, lambda bar, _: volume_of(bar) >= threshold)
    assert (expected["Volume"].iloc[:-3] >= threshold).any()
    assert_bars(ticks().bars(volume=threshold).collect(), expected)


def test_a_bar_of_dollars_counts_price_times_size() -> None:
    expected = walk(TICKS, lambda bar, _: dollars_of(bar) >= 500_000)
    assert len(expected) > 30
    assert_bars(ticks().bars(dollar=500_000).collect(), expected)


def test_one_trade_that_fills_several_bars_fills_one() -> None:
    frame = TICKS.head(3).assign(symbol="A", Size=[10, 5_000, 10])
    bars = ticks(frame).bars(volume=100).collect()
    assert bars["Volume"].tolist() == [5_010, 10]


@pytest.mark.parametrize("options", [{"every": "1min"}, {"ticks": 9}, {"volume": 3_000}])
def test_the_forming_bar_is_seen_and_ends_as_the_closed_one(options: dict[str, Any]) -> None:
    forming = ticks().bars(**options, emit="update").collect()
    closed = ticks().bars(**options).collect()
    # The trade that fills a bar gives it out as final; of the others one more row is final.
    open_at_the_end = len(closed) if "every" in options else TICKS["symbol"].nunique()
    assert len(forming) == len(TICKS) + open_at_the_end
    final = forming[forming["is_final"]].drop(columns="is_final")
    by = ["symbol", "at", "Trades"]
    testing.assert_same_bits(
        final.sort_values(by, ignore_index=True), closed.sort_values(by, ignore_index=True)
    )


def test_bars_do_not_depend_on_batches() -> None:
    some = TICKS.head(250)
    for options in ({"every": "1min", "fill": True}, {"ticks": 9}, {"dollar": 9e4}):
        testing.assert_batch_invariant(ticks(some).bars(**options), some, cuts=3)


def test_trades_within_the_grace_find_their_bar() -> None:
    chance = np.random.default_rng(3)
    delay = pd.to_timedelta(chance.integers(0, 60, len(TICKS)), unit="s")
    # Trades of one second keep their order, which open and close are read from.
    order = np.lexsort((np.arange(len(TICKS)), TICKS["at"].dt.floor("20s") + delay))
    late = TICKS.drop_duplicates(["symbol", "at"]).index
    order = order[np.isin(order, late)]
    shuffled, sorted_ = TICKS.iloc[order], TICKS.iloc[np.sort(order)]
    assert not shuffled["at"].is_monotonic_increasing
    for options in ({"every": "1min"}, {"ticks": 9}, {"volume": 3_000}):
        found = ticks(shuffled).bars(**options, grace="2min").collect()
        expected = ticks(sorted_).bars(**options).collect()
        by = ["symbol", "at", "Trades"]
        testing.assert_same_bits(
            found.sort_values(by, ignore_index=True), expected.sort_values(by, ignore_index=True)
        )


# -- larger bars of smaller ones


def larger(frame: pd.DataFrame, rule: str, tz: str = "UTC") -> pd.DataFrame:
    """What pandas makes of bars."""
    local = frame.assign(Date=frame["Date"].dt.tz_convert(tz)).set_index("Date")
    groups = local.groupby("Ticker").resample(rule)
    made = groups.agg(
        {"Open": "first", "High": "max", "Low": "min", "Close": "last", "Volume": "sum",
         "Adj Close": "last"}
    )  # fmt: skip
    made = made[groups.size() > 0].reset_index()
    made["Date"] = made["Date"].dt.tz_convert("UTC").astype("datetime64[ns, UTC]")
    return made


def assert_larger(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    by = ["Ticker", "Date"]
    found = found.sort_values(by, ignore_index=True)[expected.columns]
    pd.testing.assert_frame_equal(found, expected.sort_values(by, ignore_index=True))


def test_larger_bars_have_the_columns_of_bars() -> None:
    bars = minutes().bars("5min")
    assert bars.columns == ["Ticker", "Date", "Open", "High", "Low", "Close", "Adj Close", "Volume"]
    assert (bars.schema.event_time, bars.schema.key) == ("Date", "Ticker")
    assert_larger(bars.collect(), larger(MINUTES, "5min"))


def test_an_hour_is_the_same_of_minutes_and_of_five_minutes() -> None:
    by = ["Ticker", "Date"]
    once = minutes().bars("1h").collect().sort_values(by, ignore_index=True)
    twice = minutes().bars("5min").bars("1h").collect().sort_values(by, ignore_index=True)
    testing.assert_same_bits(once, twice)


def test_of_one_price_of_bars_there_are_trades_and_a_vwap() -> None:
    bars = minutes().bars("1h", price="Close")
    assert bars.columns == ["Ticker", "Date", *BAR, "Vwap"]


def test_names_may_be_spelt_as_files_spell_them() -> None:
    lower = MINUTES.rename(columns=str.lower)
    stream = hr.from_frame(lower, event_time="date", key="ticker")
    found = stream.bars("1h").collect().rename(columns={"date": "Date", "ticker": "Ticker"})
    expected = minutes().bars("1h").collect()
    if "Adj Close" in found:
        expected = expected[found.columns]
    testing.assert_same_bits(found, expected[found.columns])


def test_indicators_work_on_bars() -> None:
    bars = minutes().bars("5min").with_columns(mean=hr.ta.sma("Close", 4)).collect()
    expected = bars.groupby("Ticker")["Close"].transform(lambda close: close.rolling(4).mean())
    np.testing.assert_allclose(bars["mean"], expected, rtol=1e-12)


# -- days, months, years


def history(tz: str = "UTC") -> pd.DataFrame:
    """Daily bars of three years, at midnight of a zone, of two tickers."""
    days = pd.bdate_range("2023-01-02", "2025-12-31", tz=tz)
    chance = np.random.default_rng(2)
    frames = []
    for ticker in ("ACME", "BOLT"):
        close = 100 + np.cumsum(chance.integers(-8, 9, len(days))) / 4
        frames.append(
            pd.DataFrame(
                {
                    "Date": days.tz_convert("UTC"), "Ticker": ticker, "Open": close - 0.25,
                    "High": close + 1, "Low": close - 1, "Close": close, "Adj Close": close / 2,
                    "Volume": chance.integers(1, 10**6, len(days)),
                }
            )
        )  # fmt: skip
    return pd.concat(frames).sort_values("Date", kind="stable", ignore_index=True)


@pytest.mark.parametrize("tz", ["UTC", NEW_YORK, "Australia/Lord_Howe"])
@pytest.mark.parametrize(
    ("every", "rule"), [("1d", "D"), ("1w", "W-MON"), ("1mo", "MS"), ("1q", "QS"), ("1y", "YS")]
)
def test_days_weeks_months_quarters_and_years_are_those_of_pandas(
    every: str, rule: str, tz: str
) -> None:
    frame = history(tz)
    options = {"closed": "left", "label": "left"} if rule == "W-MON" else {}
    local = frame.assign(Date=frame["Date"].dt.tz_convert(tz)).set_index("Date")
    groups = local.groupby("Ticker").resample(rule, **options)
    expected = groups["Volume"].agg(["sum", "size"]).query("size > 0").reset_index()
    expected["Date"] = expected["Date"].dt.tz_convert("UTC").astype("datetime64[ns, UTC]")

    views = minutes(frame).resample(every, tz=tz, volume=hr.sum("Volume"), days=hr.count())
    found = views.collect().sort_values(["Ticker", "Date"], ignore_index=True)
    assert found["Date"].tolist() == expected["Date"].tolist()
    assert found["volume"].tolist() == expected["sum"].tolist()
    assert found["days"].tolist() == expected["size"].tolist()
    if rule != "W-MON":
        assert_larger(minutes(frame).resample(every, tz=tz).collect(), larger(frame, rule, tz))


def test_views_of_views_are_the_same() -> None:
    frame = history()
    of_months = minutes(frame).resample("1mo").resample("1y").collect()
    testing.assert_same_bits(of_months, minutes(frame).resample("1y").collect())


def test_a_year_forms_with_every_day() -> None:
    frame = history()
    forming = minutes(frame).resample("1y", emit="update").collect()
    assert len(forming) == len(frame) + 2 * 3
    final = forming[forming["is_final"]].drop(columns="is_final").reset_index(drop=True)
    testing.assert_same_bits(final, minutes(frame).resample("1y").collect())


# -- gaps


def filled(window: Any, fill: Any, *times: str, tz: str | None = None) -> pd.DataFrame:
    """Bars of trades at the times, of prices 1, 2, 3, ..."""
    at = pd.DatetimeIndex([pd.Timestamp(time).tz_convert("UTC") for time in times])
    frame = pd.DataFrame(
        {"at": at, "symbol": "A", "Price": np.arange(1.0, len(at) + 1), "Size": 10}
    )
    return ticks(frame).bars(window, fill=fill, tz=tz).collect()


def test_a_gap_has_the_last_close_and_no_volume() -> None:
    bars = filled("1min", True, "2026-03-02T10:00:10Z", "2026-03-02T10:03:50Z")
    assert bars["at"].dt.minute.tolist() == [0, 1, 2, 3]
    for name in ("Open", "High", "Low", "Close"):
        assert bars[name].tolist() == [1.0, 1.0, 1.0, 2.0]
    assert bars["Volume"].tolist() == [10, 0, 0, 10]
    assert bars["Trades"].tolist() == [1, 0, 0, 1]
    assert bars["Vwap"].isna().tolist() == [False, True, True, False]


def test_each_symbol_has_gaps_of_its_own() -> None:
    bars = ticks().bars("1min", fill=True).collect()
    closed = ticks().bars("1min").collect()
    for symbol, own in bars.groupby("symbol"):
        starts = own["at"].tolist()
        assert all(b - a == pd.Timedelta("1min") for a, b in pairwise(starts))
        there = closed[closed["symbol"] == symbol].reset_index(drop=True)
        kept = own[own["Trades"] > 0].reset_index(drop=True)
        testing.assert_same_bits(kept, there)
        empty = own["Trades"] == 0
        assert empty.any()
        carried = own["Close"].where(~empty).ffill()
        assert (carried[empty] == own.loc[empty, ["Open", "High", "Low", "Close"]].T).all(axis=None)


def test_a_longer_gap_than_the_given_one_stays() -> None:
    times = ("2026-03-02T10:00Z", "2026-03-02T10:04Z", "2026-03-02T12:00Z", "2026-03-02T12:02Z")
    bars = filled("1min", "10min", *times)
    assert bars["at"].dt.strftime("%H:%M").tolist() == [
        "10:00", "10:01", "10:02", "10:03", "10:04", "12:00", "12:01", "12:02",
    ]  # fmt: skip


def test_nights_and_weekends_are_no_gaps_of_an_exchange() -> None:
    """A session a trading day: Thursday to Tuesday, with nothing on Friday."""
    day = hr.trading_session("09:30", "16:00", tz=NEW_YORK)
    bars = filled(day, True, "2026-03-05T10:00-05:00", "2026-03-10T10:00-04:00")
    opens = bars["at"].dt.tz_convert(NEW_YORK)
    assert opens.dt.strftime("%a %H:%M").tolist() == [
        "Thu 09:30", "Fri 09:30", "Mon 09:30", "Tue 09:30",
    ]  # fmt: skip
    assert bars["Trades"].tolist() == [1, 0, 0, 1]


@pytest.mark.parametrize(
    ("first", "last", "hours"),
    [("2026-03-07", "2026-03-10", [24, 23, 24]), ("2026-10-31", "2026-11-03", [24, 25, 24])],
)
def test_filled_days_keep_to_the_local_clock(first: str, last: str, hours: list[int]) -> None:
    zone = ZoneInfo(NEW_YORK)
    noon = [pd.Timestamp(f"{day}T12:00").tz_localize(zone) for day in (first, last)]
    bars = filled("1d", True, *(time.isoformat() for time in noon), tz=NEW_YORK)
    local = bars["at"].dt.tz_convert(NEW_YORK)
    assert (local.dt.hour == 0).all()
    assert (bars["at"].diff().dropna() / pd.Timedelta("1h")).tolist() == hours


def test_filled_months() -> None:
    bars = filled("1mo", True, "2025-11-20T00:00Z", "2026-03-01T00:00Z")
    assert bars["at"].dt.strftime("%Y-%m").tolist() == [
        "2025-11", "2025-12", "2026-01", "2026-02", "2026-03",
    ]  # fmt: skip


def test_filled_bars_of_bars() -> None:
    frame = MINUTES[MINUTES["Ticker"] == MINUTES["Ticker"].iloc[0]].iloc[[0, 1, 12]]
    bars = minutes(frame).bars("5min", fill=True).collect()
    assert len(bars) == 3
    assert bars["Volume"].tolist()[1] == 0
    assert bars["Adj Close"].tolist()[1] == bars["Adj Close"].tolist()[0]


# -- misuse


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "got none of them"),
        ({"every": "1min", "ticks": 3}, "got every and ticks"),
        ({"ticks": 0}, "expected a whole number from 1, got 0"),
        ({"ticks": 2.5}, "expected a whole number from 1, got 2.5"),
        ({"volume": -1}, "bars: volume: expected a number above 0, got -1"),
        ({"dollar": True}, "bars: dollar: expected a number above 0, got True"),
        ({"every": "soon"}, "soon"),
        ({"every": "0s"}, "expected a length above 0, got '0s'"),
        ({"ticks": 3, "fill": True}, "leaves no gaps"),
        ({"every": "1min", "fill": True, "emit": "update"}, "leave emit= out"),
        ({"every": "1min", "fill": "often"}, "bars: fill: .*often"),
        ({"every": "1min", "emit": "often"}, 'expected "close" or "update", got \'often\''),
        ({"every": "1min", "grace": "-1s"}, "grace"),
    ],
)
def test_arguments_that_are_none(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidArgument, match=message):
        ticks().bars(**options)


def test_a_column_that_is_not_there() -> None:
    with pytest.raises(UnknownColumn, match="Prize"):
        ticks().bars("1min", price="Prize")
    with pytest.raises(UnknownColumn, match="Sizes"):
        ticks().bars("1min", size="Sizes")
    with pytest.raises(UnknownColumn, match="Symbol"):
        ticks().bars("1min", by="Symbol")


def test_what_bars_cannot_be_made_of() -> None:
    frame = TICKS.rename(columns={"Price": "x", "Size": "y"})
    stream = hr.from_frame(frame, event_time="at", key="symbol")
    with pytest.raises(InvalidArgument, match="there are at, symbol, x, y"):
        stream.bars("1min")
    with pytest.raises(InvalidArgument, match="bars: volume: size: expected the name"):
        stream.bars(volume=100, price="x")
    assert stream.bars(volume="y", every="1min", price="x").columns[-1] == "Vwap"
    closes = hr.from_frame(MINUTES[["Date", "Ticker", "Close"]], event_time="Date", key="Ticker")
    with pytest.raises(UnknownColumn, match="no column Open, High, Low"):
        closes.bars("5min")
    with pytest.raises(InvalidArgument, match="event time"):
        hr.from_frame(TICKS[["symbol", "Price"]]).bars("1min")
