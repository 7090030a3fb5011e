"""Every registered indicator, through Python, against an independent oracle.

The oracle is TA-Lib where it has the function, else the definition in NumPy. NaN must be where the
oracle has it. The error is measured against the scale of what is computed: for prices and volumes
the largest magnitude of the input (TA-Lib's own sums round at that scale), for indices the width of
their range, for ratios 1.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import headrace as hr
from headrace import _core

talib = pytest.importorskip("talib", reason="TA-Lib (extra dev) is the oracle")

Array = np.ndarray[Any, np.dtype[np.float64]]

REGISTRY = {info["name"]: info for info in _core.indicators()}
TOLERANCE = 1e-10
COLUMNS = {"real": "Close", "close": "Close", "high": "High", "low": "Low", "volume": "Volume"}
PERCENT = {"aroon", "aroonosc", "rsi", "roc"}
RATIOS = {"pct_change", "zscore"}

SCHEMA = hr.Schema(
    {
        "Date": hr.timestamp,
        "Ticker": hr.string,
        "High": hr.float64,
        "Low": hr.float64,
        "Close": hr.float64,
        "Volume": hr.float64,
    },
    event_time="Date",
    key="Ticker",
)


# --- oracles ---


def lag(real: Array, timeperiod: int) -> list[Array]:
    return [pd.Series(real).shift(timeperiod).to_numpy()]


def pct_change(real: Array, timeperiod: int) -> list[Array]:
    return [pd.Series(real).pct_change(timeperiod, fill_method=None).to_numpy()]


def pvt(real: Array, volume: Array) -> list[Array]:
    moved = volume[1:] * (real[1:] - real[:-1]) / real[:-1]
    return [np.concatenate([[0.0], np.cumsum(moved)])]


# pandas' own rolling deviation runs by subtraction and is off by 1e-10 itself.
def zscore(real: Array, timeperiod: int) -> list[Array]:
    windows = np.lib.stride_tricks.sliding_window_view(real, timeperiod)
    deviation = windows.std(axis=1)
    flat = windows.max(axis=1) == windows.min(axis=1)
    deviation[flat] = np.nan
    score = (real[timeperiod - 1 :] - windows.mean(axis=1)) / deviation
    return [np.concatenate([np.full(timeperiod - 1, np.nan), score])]


DEFINITIONS: dict[str, Callable[..., list[Array]]] = {
    "lag": lag,
    "pct_change": pct_change,
    "pvt": pvt,
    "zscore": zscore,
}


def oracle(name: str, inputs: list[Array], params: dict[str, float]) -> list[Array]:
    if name in DEFINITIONS:
        return DEFINITIONS[name](*inputs, **params)
    result = getattr(talib, name.upper())(*inputs, **params)
    return list(result) if isinstance(result, (tuple, list)) else [result]


# --- inputs ---


def bars(seed: int, rows: int = 3000, volatility: float = 0.01) -> pd.DataFrame:
    """Return a random walk with a jump and a stretch in whole numbers, full of ties."""
    rng = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(rng.normal(0, volatility, rows)))
    close[rows // 3 :] *= 3
    close[rows // 2 :] = np.round(close[rows // 2 :])
    spread = np.round(rng.integers(0, 4, rows) * 0.5, 2)
    return pd.DataFrame(
        {
            "Date": pd.date_range("2024-01-02", periods=rows, freq="min", tz="UTC"),
            "Ticker": f"T{seed}",
            "High": close + spread,
            "Low": close - spread[::-1],
            "Close": close,
            "Volume": rng.integers(0, 10**6, rows).astype(float),
        }
    )


def params_of(info: dict[str, Any]) -> list[dict[str, float]]:
    """Return the defaults, the smallest, and something long."""
    specs = info["params"]
    if not specs:
        return [{}]

    def each(choose: Callable[[dict[str, Any]], float]) -> dict[str, float]:
        values = {spec["name"]: choose(spec) for spec in specs}
        whole = {spec["name"] for spec in specs if spec["integer"]}
        return {name: int(v) if name in whole else v for name, v in values.items()}

    return [
        each(lambda spec: spec["default"]),
        each(lambda spec: spec["minimum"] if spec["integer"] else 0.5),
        each(lambda spec: 7 * spec["default"] + 3 if spec["integer"] else -1.25),
    ]


CASES = [
    pytest.param(name, params, id="-".join([name, *(f"{v:g}" for v in params.values())]))
    for name, info in sorted(REGISTRY.items())
    for params in params_of(info)
]


def compute(frame: pd.DataFrame, name: str, params: dict[str, float]) -> pd.DataFrame:
    columns = [COLUMNS[role] for role in REGISTRY[name]["inputs"]]
    indicator = getattr(hr.ta, name)(*columns, **params)
    stream = hr.from_frame(frame, schema=SCHEMA).with_columns(out=indicator)
    return stream.collect()


def assert_agree(ours: Array, theirs: Array, scale: float, what: str) -> None:
    assert np.array_equal(np.isnan(ours), np.isnan(theirs)), f"{what}: NaN in other places"
    error = np.nanmax(np.abs(ours - theirs), initial=0) / scale
    assert error <= TOLERANCE, f"{what}: off by {error:.3g} of {scale:.6g}"


def scale_of(name: str, inputs: list[Array]) -> float:
    if name in PERCENT:
        return 100.0
    if name in RATIOS:
        return 1.0
    if name in {"obv", "pvt"}:
        return float(np.abs(inputs[1]).max())
    return float(max(np.abs(x).max() for x in inputs))


def compare(frame: pd.DataFrame, result: pd.DataFrame, name: str, params: dict[str, float]) -> None:
    inputs = [frame[COLUMNS[role]].to_numpy() for role in REGISTRY[name]["inputs"]]
    outputs = [column for column in result.columns if column.split("_")[0] == "out"]
    expected = oracle(name, inputs, params)
    assert len(outputs) == len(expected)
    for column, theirs in zip(outputs, expected, strict=True):
        scale = scale_of(name, inputs)
        assert_agree(result[column].to_numpy(), theirs, scale, f"{name}{params} {column}")


# --- tests ---


def test_every_registered_indicator_has_an_oracle() -> None:
    for name in REGISTRY:
        assert name in DEFINITIONS or hasattr(talib, name.upper()), name


@pytest.mark.parametrize(("name", "params"), CASES)
def test_two_interleaved_tickers_agree_with_the_oracle(name: str, params: dict[str, float]) -> None:
    frames = [bars(seed=1), bars(seed=2)]
    together = pd.concat(frames).sort_values("Date", kind="stable")
    result = compute(together, name, params)
    for frame in frames:
        own = result[result["Ticker"] == frame["Ticker"].iloc[0]]
        compare(frame, own, name, params)


@pytest.mark.parametrize(("name", "params"), CASES)
@pytest.mark.parametrize("ticker", ["AAPL", "IBM"])
def test_real_prices_agree_with_the_oracle(
    name: str, params: dict[str, float], ticker: str, data: Path
) -> None:
    frame = real_prices(data, ticker)
    compare(frame, compute(frame, name, params), name, params)


def real_prices(data: Path, ticker: str) -> pd.DataFrame:
    frame = pd.read_csv(data / "ohlcv_daily" / f"{ticker}_2000_2013.csv.gz", parse_dates=["Date"])
    frame["Ticker"] = ticker
    frame["Volume"] = frame["Volume"].astype(float)
    return frame[["Date", "Ticker", "High", "Low", "Close", "Volume"]]


# Columns of indicators/talib_*.csv.gz in the order of our outputs.
STORED: list[tuple[str, dict[str, float], list[str]]] = [
    (
        "bbands",
        {"timeperiod": 20, "nbdevup": 2, "nbdevdn": 2},
        ["BB20_2_up", "BB20_2_mid", "BB20_2_low"],
    ),
    ("aroon", {"timeperiod": 14}, ["AROON14_down", "AROON14_up"]),
    ("aroonosc", {"timeperiod": 14}, ["AROONOSC14"]),
    ("rsi", {"timeperiod": 14}, ["RSI14"]),
    ("macd", {}, ["MACD", "MACDsignal", "MACDhist"]),
    ("obv", {}, ["OBV"]),
    ("sma", {"timeperiod": 20}, ["SMA20"]),
    ("ema", {"timeperiod": 20}, ["EMA20"]),
    ("wma", {"timeperiod": 20}, ["WMA20"]),
    ("atr", {"timeperiod": 14}, ["ATR14"]),
    ("roc", {"timeperiod": 10}, ["ROC10"]),
    ("stddev", {"timeperiod": 20, "nbdev": 1}, ["STDDEV20"]),
    ("pvt", {}, ["PVT_def"]),
]


@pytest.mark.parametrize(("name", "params", "columns"), STORED, ids=[s[0] for s in STORED])
@pytest.mark.parametrize("ticker", ["AAPL", "IBM"])
def test_stored_outputs_of_ta_lib(
    name: str, params: dict[str, float], columns: list[str], ticker: str, data: Path
) -> None:
    stored = pd.read_csv(data / "indicators" / f"talib_{ticker}.csv.gz")
    frame = real_prices(data, ticker)
    result = compute(frame, name, params)
    inputs = [frame[COLUMNS[role]].to_numpy() for role in REGISTRY[name]["inputs"]]
    outputs = [column for column in result.columns if column.split("_")[0] == "out"]
    for ours, theirs in zip(outputs, columns, strict=True):
        assert_agree(
            result[ours].to_numpy(), stored[theirs].to_numpy(), scale_of(name, inputs), theirs
        )


# Another house's reference outputs. Where it chooses differently, that is left out: MACD seeds both
# averages from their own first values (compared once that is forgotten), OBV starts from 0, Aroon
# takes the first of equal extremes.
SKENDER: list[tuple[str, dict[str, float], list[str], str, int]] = [
    ("sma", {"timeperiod": 20}, ["sma"], "sma", 0),
    ("ema", {"timeperiod": 20}, ["ema"], "ema", 0),
    ("wma", {"timeperiod": 14}, ["wma"], "wma", 0),
    ("bbands", {"timeperiod": 20}, ["upperBand", "sma", "lowerBand"], "bb", 0),
    ("stddev", {"timeperiod": 14}, ["stdDev"], "stdev", 0),
    ("zscore", {"timeperiod": 14}, ["zScore"], "stdev", 0),
    ("rsi", {"timeperiod": 14}, ["rsi"], "rsi", 0),
    ("atr", {"timeperiod": 14}, ["atr"], "atr", 0),
    ("roc", {"timeperiod": 14}, ["roc"], "roc", 0),
    ("aroon", {"timeperiod": 25}, ["aroonDown", "aroonUp"], "aroon", 0),
    ("aroonosc", {"timeperiod": 25}, ["oscillator"], "aroon", 0),
    ("macd", {}, ["macd", "signal", "histogram"], "macd", 400),
    ("obv", {}, ["obv"], "obv", 0),
]


def ties(values: Array, rows: int) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return where the largest of the last `rows` values is there more than once."""
    windows = np.lib.stride_tricks.sliding_window_view(values, rows)
    tied = (windows == windows.max(axis=1, keepdims=True)).sum(axis=1) > 1
    return np.concatenate([np.zeros(rows - 1, bool), tied])


@pytest.mark.parametrize(
    ("name", "params", "fields", "file", "start"), SKENDER, ids=[s[0] for s in SKENDER]
)
def test_reference_outputs_of_another_library(
    name: str, params: dict[str, float], fields: list[str], file: str, start: int, data: Path
) -> None:
    folder = data / "indicators" / "skender"
    quotes = pd.read_csv(folder / "quotes_default.csv.gz", parse_dates=["date"])
    frame = quotes.rename(columns={"date": "Date", **{c: c.title() for c in quotes.columns[1:]}})
    frame["Ticker"] = "X"
    frame["Volume"] = frame["Volume"].astype(float)
    with gzip.open(folder / f"{file}.standard.json.gz") as text:
        rows = json.load(text)
    result = compute(frame[list(SCHEMA.names)], name, params)
    outputs = [column for column in result.columns if column.split("_")[0] == "out"]
    inputs = [frame[COLUMNS[role]].to_numpy() for role in REGISTRY[name]["inputs"]]
    for ours, field in zip(outputs, fields, strict=True):
        values = result[ours].to_numpy()[start:]
        if name == "obv":
            values = values - values[0]
        theirs = np.array([row[field] for row in rows], dtype=np.float64)[start:]
        if name.startswith("aroon"):
            same = ~(ties(inputs[0], 26) | ties(-inputs[1], 26))
            assert same.sum() > 400
            values, theirs = values[same], theirs[same]
        assert_agree(values, theirs, scale_of(name, inputs), f"{name} {field}")
