"""Aggregates: what the records of a window add up to.

Each function describes one column (or some) of :meth:`headrace.Windowed.agg`. The core computes it
record by record, with the same bits however the stream was cut. Nulls and NaN are skipped, as in
pandas. Without a keyword the column is named after the aggregate and its column: ``mean_Close``.

Sums of whole numbers are exact; those of float64 are compensated (Neumaier), so that they do not
depend on batches and are right to the last digit or two. Cost and memory are a few numbers per open
window and a few nanoseconds per record, unless a function says otherwise.

Examples
--------
>>> import headrace as hr
>>> bars = hr.from_frame(hr.market.bars(rows=90, tickers=1, seed=1), schema=hr.market.SCHEMA)
>>> hourly = bars.group_by("Ticker").window(hr.tumbling("1h"))
>>> hourly.agg(hr.mean("Close"), bars=hr.count()).collect()["bars"].tolist()
[30, 60]
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from headrace.arguments import names_checked
from headrace.errors import InvalidArgument
from headrace.expressions import Expr

__all__ = [
    "Aggregate",
    "corr",
    "count",
    "first",
    "kurtosis",
    "last",
    "max",
    "mean",
    "median",
    "min",
    "mode",
    "n_unique",
    "ohlc",
    "quantile",
    "skew",
    "std",
    "sum",
    "top_k",
    "var",
    "vwap",
]


@dataclass(frozen=True)
class Aggregate:
    """An aggregate with its columns and parameters; made by the functions of this module.

    Examples
    --------
    >>> import headrace as hr
    >>> hr.mean("Close")
    mean("Close")
    """

    kind: str
    columns: tuple[str, ...]
    params: tuple[float, ...] = ()
    default: str = ""
    outputs: tuple[str, ...] = ()

    def _to_plan(self, name: str | None) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "name": self.default if name is None else name,
            "columns": list(self.columns),
            "params": list(self.params),
            "outputs": list(self.outputs),
        }

    def __repr__(self) -> str:
        parts = [f'"{column}"' for column in self.columns] + [f"{p:g}" for p in self.params]
        return f"{self.kind}({', '.join(parts)})"


def _make(
    kind: str, *columns: object, params: tuple[float, ...] = (), default: str | None = None
) -> Aggregate:
    names: list[str] = []
    for column in columns:
        if isinstance(column, Expr):
            raise InvalidArgument(
                f"{kind}: expected the name of a column, got the expression {column!r}; "
                "give it a name before, with with_columns(name=...)"
            )
        if not isinstance(column, str):
            raise InvalidArgument(f"{kind}: expected the name of a column, got {column!r}")
        names.append(column)
    name = "_".join([kind, *names]) if default is None else default
    return Aggregate(kind, tuple(names), params, name)


def _number(kind: str, name: str, value: object) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise InvalidArgument(f"{kind}: {name}: expected a number, got {value!r}")
    return float(value)


@names_checked
def count(column: str | None = None) -> Aggregate:
    """Count the records, or those in which `column` has a value. int64, exact.

    Examples
    --------
    >>> import headrace as hr
    >>> hr.count(), hr.count("Volume")
    (count(), count("Volume"))
    """
    return _make("count") if column is None else _make("count", column)


@names_checked
def sum(column: str) -> Aggregate:
    """Add up a column: int64 exactly (null beyond int64), float64 with compensation.

    Examples
    --------
    >>> import headrace as hr
    >>> hr.sum("Volume")
    sum("Volume")
    """
    return _make("sum", column)


@names_checked
def mean(column: str) -> Aggregate:
    """Average a column; NaN where no record has a value.

    Examples
    --------
    >>> import headrace as hr
    >>> hr.mean("Close")
    mean("Close")
    """
    return _make("mean", column)


@names_checked
def min(column: str) -> Aggregate:
    """Return the smallest value, of the column's own type (numbers, times, booleans).

    Examples
    --------
    >>> import headrace as hr
    >>> hr.min("Low")
    min("Low")
    """
    return _make("min", column)


@names_checked
def max(column: str) -> Aggregate:
    """Return the largest value, of the column's own type (numbers, times, booleans).

    Examples
    --------
    >>> import headrace as hr
    >>> hr.max("High")
    max("High")
    """
    return _make("max", column)


@names_checked
def first(column: str) -> Aggregate:
    """Return the value with the earliest event time; of equal times the first to come.

    Examples
    --------
    >>> import headrace as hr
    >>> hr.first("Open")
    first("Open")
    """
    return _make("first", column)


@names_checked
def last(column: str) -> Aggregate:
    """Return the value with the latest event time; of equal times the last to come.

    Examples
    --------
    >>> import headrace as hr
    >>> hr.last("Close")
    last("Close")
    """
    return _make("last", column)


@names_checked
def var(column: str, ddof: int = 1) -> Aggregate:
    """Return the variance, with ``n - ddof`` in the denominator; NaN for too few values.

    Updated by Welford's method and merged by Chan's, so that values around 1e12 keep their spread.

    Examples
    --------
    >>> import headrace as hr
    >>> hr.var("Close")
    var("Close", 1)
    """
    params = (_number("var", "ddof", ddof),)
    return _make("var", column, params=params)


@names_checked
def std(column: str, ddof: int = 1) -> Aggregate:
    """Return the standard deviation: the square root of :func:`var`.

    Examples
    --------
    >>> import headrace as hr
    >>> hr.std("Close")
    std("Close", 1)
    """
    params = (_number("std", "ddof", ddof),)
    return _make("std", column, params=params)


@names_checked
def skew(column: str) -> Aggregate:
    """Return the skewness without bias (G1 of Joanes and Gill, 1998), as pandas does.

    NaN for fewer than three values.

    Examples
    --------
    >>> import headrace as hr
    >>> hr.skew("Close")
    skew("Close")
    """
    return _make("skew", column)


@names_checked
def kurtosis(column: str) -> Aggregate:
    """Return the excess kurtosis without bias (G2 of Joanes and Gill, 1998), as pandas does.

    NaN for fewer than four values.

    Examples
    --------
    >>> import headrace as hr
    >>> hr.kurtosis("Close")
    kurtosis("Close")
    """
    return _make("kurtosis", column)


@names_checked
def quantile(column: str, q: float) -> Aggregate:
    """Return the `q`-quantile.

    Exact (interpolated linearly, as in pandas) for up to 1,024 values in a window; beyond that from
    a KLL sketch with k = 1,024, whose rank is off by at most 0.3 % of the number of values with
    99 % probability. Memory: 8 bytes a value, at most about 25 kB a window.

    Parameters
    ----------
    column : str
        Of numbers.
    q : float
        From 0 to 1.

    Examples
    --------
    >>> import headrace as hr
    >>> hr.quantile("DepDelay", 0.95)
    quantile("DepDelay", 0.95)
    """
    value = _number("quantile", "q", q)
    if not 0 <= value <= 1:
        raise InvalidArgument(f"quantile: q: expected a number from 0 to 1, got {q!r}")
    return _make("quantile", column, params=(value,), default=f"quantile_{column}")


@names_checked
def median(column: str) -> Aggregate:
    """Return the median: ``quantile(column, 0.5)``.

    Examples
    --------
    >>> import headrace as hr
    >>> hr.median("DepDelay")
    quantile("DepDelay", 0.5)
    """
    return _make("quantile", column, params=(0.5,), default=f"median_{column}")


@names_checked
def n_unique(column: str, approx: bool = False) -> Aggregate:
    """Count the different values.

    Parameters
    ----------
    column : str
        Of any type.
    approx : bool
        False: exact, with some 32 bytes a different value in each window. True: HyperLogLog with
        2^14 registers, 16 kB a window, with a standard error of 0.81 %.

    Examples
    --------
    >>> import headrace as hr
    >>> hr.n_unique("TailNum"), hr.n_unique("TailNum", approx=True)
    (n_unique("TailNum"), approx_n_unique("TailNum"))
    """
    return _make("approx_n_unique" if approx else "n_unique", column, default=f"n_unique_{column}")


@names_checked
def mode(column: str) -> Aggregate:
    """Return the most frequent value; of equally frequent ones the smallest, as pandas' first.

    Exact, with some 32 bytes a different value in each window.

    Examples
    --------
    >>> import headrace as hr
    >>> hr.mode("Dest")
    mode("Dest")
    """
    return _make("mode", column)


@names_checked
def top_k(column: str, k: int) -> Aggregate:
    """Return the `k` most frequent values and how often each came.

    Columns ``name_1``, ``name_1_count``, ``name_2``, ...: the most frequent first, of equally
    frequent ones the smallest first; null where there are fewer. Exact, with some 32 bytes a
    different value in each window.

    Examples
    --------
    >>> import headrace as hr
    >>> hr.top_k("Dest", 3)
    top_k("Dest", 3)
    """
    if not isinstance(k, int) or isinstance(k, bool) or not 1 <= k <= 100:
        raise InvalidArgument(f"top_k: k: expected a whole number from 1 to 100, got {k!r}")
    return _make("top_k", column, params=(float(k),), default=f"top_{column}")


@names_checked
def ohlc(column: str) -> Aggregate:
    """Return open, high, low and close of a price: first, largest, smallest and last by event time.

    Columns ``open``, ``high``, ``low``, ``close``; under a name of your own ``name_open`` and so
    on.

    Examples
    --------
    >>> import headrace as hr
    >>> hr.ohlc("Price")
    ohlc("Price")
    """
    return _make("ohlc", column, default="")


@names_checked
def vwap(price: str, volume: str) -> Aggregate:
    """Return the price weighted by volume: sum(price * volume) / sum(volume).

    Over records that have both; NaN without volume.

    Examples
    --------
    >>> import headrace as hr
    >>> hr.vwap("Price", "Size")
    vwap("Price", "Size")
    """
    return _make("vwap", price, volume, default="vwap")


@names_checked
def corr(x: str, y: str) -> Aggregate:
    """Return Pearson's correlation of two columns, over records that have both.

    NaN for fewer than two records or a column that does not vary.

    Examples
    --------
    >>> import headrace as hr
    >>> hr.corr("Open", "Close")
    corr("Open", "Close")
    """
    return _make("corr", x, y)
