"""Technical indicators, under TA-Lib's names and parameters (lower case).

Each function describes an indicator for :meth:`headrace.Stream.with_columns`; the core computes it
record by record and per key, with the same bits in backtest and live. Values are float64. Until an
indicator has seen enough records (its lookback) it is NaN, as in TA-Lib; a record whose input is
null or NaN gives NaN and leaves the state as it was.

A single output is named after the indicator (``rsi``), several ones get suffixes
(``bbands_upper``); a keyword in ``with_columns`` replaces the name: ``fast=sma("Close", 5)``, and
``bb=bbands("Close")`` gives ``bb_upper`` and so on.

The list is the core's registry (``cpp/include/headrace/ops/registry.hpp``); a test compares them.

Examples
--------
>>> import headrace as hr
>>> bars = hr.from_frame(hr.market.bars(rows=50, tickers=1, seed=1), schema=hr.market.SCHEMA)
>>> bars.with_columns(hr.ta.bbands("Close", timeperiod=20), fast=hr.ta.sma("Close", 5)).columns[-4:]
['bbands_upper', 'bbands_middle', 'bbands_lower', 'fast']
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from headrace.arguments import names_checked
from headrace.errors import InvalidArgument

__all__ = [
    "Indicator",
    "aroon",
    "aroonosc",
    "atr",
    "bbands",
    "ema",
    "lag",
    "macd",
    "max",
    "min",
    "obv",
    "pct_change",
    "pvt",
    "roc",
    "rsi",
    "sma",
    "stddev",
    "sum",
    "wma",
    "zscore",
]


@dataclass(frozen=True)
class Indicator:
    """An indicator with its input columns and parameters; made by the functions of this module.

    Examples
    --------
    >>> import headrace as hr
    >>> hr.ta.bbands("Close", timeperiod=20).output_names()
    ['bbands_upper', 'bbands_middle', 'bbands_lower']
    """

    name: str
    inputs: tuple[str, ...]
    params: tuple[tuple[str, float], ...]

    def output_names(self, prefix: str | None = None) -> list[str]:
        """Return the names of the output columns, under `prefix` or the indicator's own name.

        Examples
        --------
        >>> import headrace as hr
        >>> hr.ta.aroon("High", "Low", timeperiod=25).output_names()
        ['aroon_down', 'aroon_up']
        """
        stem = prefix or self.name
        return [f"{stem}_{suffix}" if suffix else stem for suffix in _info(self.name)["outputs"]]

    def lookback(self) -> int:
        """Return how many records pass before the first value.

        Examples
        --------
        >>> import headrace as hr
        >>> hr.ta.sma("Close", timeperiod=20).lookback()
        19
        """
        from headrace import _core

        return _core.indicator_lookback(self.name, [value for _, value in self.params])

    def _to_plan(self, prefix: str | None) -> dict[str, Any]:
        return {
            "kind": "indicator",
            "indicator": self.name,
            "inputs": list(self.inputs),
            "params": dict(self.params),
            "outputs": self.output_names(prefix),
        }


def _info(name: str) -> dict[str, Any]:
    from headrace import _core

    return next(info for info in _core.indicators() if info["name"] == name)


def _make(name: str, inputs: tuple[str, ...], **params: float) -> Indicator:
    info = _info(name)
    for column in inputs:
        if not isinstance(column, str):
            raise InvalidArgument(f"ta.{name}: expected column names, got {column!r}")
    for spec in info["params"]:
        value = params[spec["name"]]
        whole = not spec["integer"] or (isinstance(value, int) and not isinstance(value, bool))
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or not whole or not spec["minimum"] <= value <= spec["maximum"]:
            kind = "a whole number" if spec["integer"] else "a number"
            raise InvalidArgument(
                f"ta.{name}: {spec['name']}: expected {kind} from {spec['minimum']:g} to "
                f"{spec['maximum']:g}, got {value!r}"
            )
    ordered = tuple((spec["name"], params[spec["name"]]) for spec in info["params"])
    return Indicator(name, inputs, ordered)


@names_checked
def sma(real: str, timeperiod: int = 30) -> Indicator:
    """Return the simple moving average: the mean of the last `timeperiod` values.

    Parameters
    ----------
    real : str
        Input column.
    timeperiod : int
        Records in the window, from 1.

    Examples
    --------
    >>> import headrace as hr
    >>> hr.ta.sma("Close", timeperiod=20).output_names()
    ['sma']
    """
    return _make("sma", (real,), timeperiod=timeperiod)


@names_checked
def ema(real: str, timeperiod: int = 30) -> Indicator:
    """Return the exponential moving average with weight 2 / (timeperiod + 1).

    It starts from the simple average of the first `timeperiod` values, as in TA-Lib.

    Examples
    --------
    >>> import headrace as hr
    >>> hr.ta.ema("Close", timeperiod=12).lookback()
    11
    """
    return _make("ema", (real,), timeperiod=timeperiod)


@names_checked
def wma(real: str, timeperiod: int = 30) -> Indicator:
    """Return the linearly weighted moving average: weights 1 (oldest) to `timeperiod` (newest).

    Examples
    --------
    >>> import headrace as hr
    >>> hr.ta.wma("Close", timeperiod=10).lookback()
    9
    """
    return _make("wma", (real,), timeperiod=timeperiod)


@names_checked
def bbands(
    real: str, timeperiod: int = 20, nbdevup: float = 2.0, nbdevdn: float = 2.0
) -> Indicator:
    """Return Bollinger Bands: the simple average and it plus and minus standard deviations.

    Outputs ``upper``, ``middle``, ``lower``. The deviation is that of the population, as in TA-Lib.

    Parameters
    ----------
    real : str
        Input column.
    timeperiod : int
        Records in the window, from 2; 20 is Bollinger's own choice.
    nbdevup, nbdevdn : float
        Standard deviations above and below.

    Examples
    --------
    >>> import headrace as hr
    >>> hr.ta.bbands("Close", timeperiod=20).lookback()
    19
    """
    return _make("bbands", (real,), timeperiod=timeperiod, nbdevup=nbdevup, nbdevdn=nbdevdn)


@names_checked
def aroon(high: str, low: str, timeperiod: int = 14) -> Indicator:
    """Return Aroon: how long ago the highest high and the lowest low were, in percent.

    Outputs ``down`` and ``up``, each ``100 * (timeperiod - records since) / timeperiod``, over the
    last ``timeperiod + 1`` records.

    Examples
    --------
    >>> import headrace as hr
    >>> hr.ta.aroon("High", "Low", timeperiod=25).output_names()
    ['aroon_down', 'aroon_up']
    """
    return _make("aroon", (high, low), timeperiod=timeperiod)


@names_checked
def aroonosc(high: str, low: str, timeperiod: int = 14) -> Indicator:
    """Return the Aroon oscillator: Aroon up minus Aroon down.

    Examples
    --------
    >>> import headrace as hr
    >>> hr.ta.aroonosc("High", "Low").output_names()
    ['aroonosc']
    """
    return _make("aroonosc", (high, low), timeperiod=timeperiod)


@names_checked
def rsi(real: str, timeperiod: int = 14) -> Indicator:
    """Return Wilder's relative strength index, 0 to 100.

    Examples
    --------
    >>> import headrace as hr
    >>> hr.ta.rsi("Close").lookback()
    14
    """
    return _make("rsi", (real,), timeperiod=timeperiod)


@names_checked
def macd(real: str, fastperiod: int = 12, slowperiod: int = 26, signalperiod: int = 9) -> Indicator:
    """Return the moving average convergence/divergence: fast EMA minus slow EMA.

    Outputs: the line itself, its ``signal`` (an EMA of it) and ``hist`` (line minus signal).

    Examples
    --------
    >>> import headrace as hr
    >>> hr.ta.macd("Close").output_names()
    ['macd', 'macd_signal', 'macd_hist']
    """
    return _make(
        "macd", (real,), fastperiod=fastperiod, slowperiod=slowperiod, signalperiod=signalperiod
    )


@names_checked
def atr(high: str, low: str, close: str, timeperiod: int = 14) -> Indicator:
    """Return Wilder's average true range, in units of the price.

    Examples
    --------
    >>> import headrace as hr
    >>> hr.ta.atr("High", "Low", "Close").lookback()
    14
    """
    return _make("atr", (high, low, close), timeperiod=timeperiod)


@names_checked
def obv(real: str, volume: str) -> Indicator:
    """Return on-balance volume: volume added when the price rises, subtracted when it falls.

    Starts at the first record's volume, as in TA-Lib.

    Examples
    --------
    >>> import headrace as hr
    >>> hr.ta.obv("Close", "Volume").lookback()
    0
    """
    return _make("obv", (real, volume))


@names_checked
def pvt(real: str, volume: str) -> Indicator:
    """Return the price volume trend: the running sum of volume times relative price change.

    ``pvt += volume * (price - previous) / previous``; the first record gives 0.

    Examples
    --------
    >>> import headrace as hr
    >>> hr.ta.pvt("Close", "Volume").output_names()
    ['pvt']
    """
    return _make("pvt", (real, volume))


@names_checked
def roc(real: str, timeperiod: int = 10) -> Indicator:
    """Return the rate of change in percent: ``100 * (price / price timeperiod ago - 1)``.

    Examples
    --------
    >>> import headrace as hr
    >>> hr.ta.roc("Close").lookback()
    10
    """
    return _make("roc", (real,), timeperiod=timeperiod)


@names_checked
def stddev(real: str, timeperiod: int = 5, nbdev: float = 1.0) -> Indicator:
    """Return `nbdev` standard deviations (of the population) of the last `timeperiod` values.

    Examples
    --------
    >>> import headrace as hr
    >>> hr.ta.stddev("Close", timeperiod=20).lookback()
    19
    """
    return _make("stddev", (real,), timeperiod=timeperiod, nbdev=nbdev)


@names_checked
def min(real: str, timeperiod: int = 30) -> Indicator:
    """Return the lowest of the last `timeperiod` values.

    Examples
    --------
    >>> import headrace as hr
    >>> hr.ta.min("Low", timeperiod=20).output_names()
    ['min']
    """
    return _make("min", (real,), timeperiod=timeperiod)


@names_checked
def max(real: str, timeperiod: int = 30) -> Indicator:
    """Return the highest of the last `timeperiod` values.

    Examples
    --------
    >>> import headrace as hr
    >>> hr.ta.max("High", timeperiod=20).output_names()
    ['max']
    """
    return _make("max", (real,), timeperiod=timeperiod)


@names_checked
def sum(real: str, timeperiod: int = 30) -> Indicator:
    """Return the sum of the last `timeperiod` values.

    Examples
    --------
    >>> import headrace as hr
    >>> hr.ta.sum("Volume", timeperiod=5).lookback()
    4
    """
    return _make("sum", (real,), timeperiod=timeperiod)


@names_checked
def lag(real: str, timeperiod: int = 1) -> Indicator:
    """Return the value `timeperiod` records ago, as float64.

    Examples
    --------
    >>> import headrace as hr
    >>> hr.ta.lag("Close").lookback()
    1
    """
    return _make("lag", (real,), timeperiod=timeperiod)


@names_checked
def pct_change(real: str, timeperiod: int = 1) -> Indicator:
    """Return the relative change to the value `timeperiod` records ago, as pandas does.

    Examples
    --------
    >>> import headrace as hr
    >>> hr.ta.pct_change("Close").output_names()
    ['pct_change']
    """
    return _make("pct_change", (real,), timeperiod=timeperiod)


@names_checked
def zscore(real: str, timeperiod: int = 30) -> Indicator:
    """Return how many (population) standard deviations the value lies above its moving mean.

    Examples
    --------
    >>> import headrace as hr
    >>> hr.ta.zscore("Close", timeperiod=20).lookback()
    19
    """
    return _make("zscore", (real,), timeperiod=timeperiod)
