"""Expressions over columns: written in Python, compiled and evaluated in the core."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable
from typing import Any

from headrace.errors import InvalidArgument, TypeMismatch
from headrace.lazy import np

__all__ = ["Expr", "col", "lit"]

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)


def _timestamp_ns(value: Any) -> int | None:
    """Nanoseconds since 1970 UTC of a datetime, pandas Timestamp or NumPy datetime64."""
    if value is None or isinstance(value, (int, float, str)):
        return None
    if isinstance(value, np.datetime64):
        return int(value.astype("datetime64[ns]").astype("int64"))
    nanoseconds = getattr(value, "value", None)  # pandas.Timestamp counts in ns or in its own unit
    if isinstance(nanoseconds, int) and hasattr(value, "as_unit"):
        return int(value.as_unit("ns").value)
    if isinstance(value, dt.datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=dt.timezone.utc)
        return (aware - _EPOCH) // dt.timedelta(microseconds=1) * 1000
    return None


def _literal(value: Any) -> dict[str, Any]:
    """Return the plan's form of a Python value."""
    if value is None:
        return {"lit": None, "type": "float64"}
    nanoseconds = _timestamp_ns(value)
    if nanoseconds is not None:
        return {"lit": nanoseconds, "type": "timestamp"}
    if hasattr(value, "item"):  # NumPy scalars
        value = value.item()
    if isinstance(value, bool):
        return {"lit": value, "type": "bool"}
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise InvalidArgument(f"lit: expected an integer of 64 bits, got {value}")
        return {"lit": value, "type": "int64"}
    if isinstance(value, float):
        if not math.isfinite(value):
            raise InvalidArgument(f"lit: expected a finite number, got {value}")
        return {"lit": value, "type": "float64"}
    if isinstance(value, str):
        return {"lit": value, "type": "string"}
    raise TypeMismatch(f"lit: expected a number, bool, str, datetime or None, got {value!r}")


class Expr:
    """An expression over the columns of a stream; made by :func:`col` and :func:`lit`.

    Operators: ``+ - * /``, comparisons, ``& | ~``, unary ``-``, ``abs()``. Arithmetic with a null
    gives null, ``&`` and ``|`` follow Kleene's logic, as in Polars.

    Examples
    --------
    >>> import headrace as hr
    >>> (hr.col("High") >= hr.col("Low")) & (hr.col("Volume") >= 0)
    ((High >= Low) & (Volume >= 0))
    """

    __slots__ = ("_name", "_plan", "_text")

    def __init__(self, plan: dict[str, Any], text: str, name: str | None = None) -> None:
        self._plan = plan
        self._text = text
        self._name = name

    # -- arithmetic
    def __add__(self, other: Any) -> Expr:
        return _binary("+", self, other)

    def __radd__(self, other: Any) -> Expr:
        return _binary("+", other, self)

    def __sub__(self, other: Any) -> Expr:
        return _binary("-", self, other)

    def __rsub__(self, other: Any) -> Expr:
        return _binary("-", other, self)

    def __mul__(self, other: Any) -> Expr:
        return _binary("*", self, other)

    def __rmul__(self, other: Any) -> Expr:
        return _binary("*", other, self)

    def __truediv__(self, other: Any) -> Expr:
        return _binary("/", self, other)

    def __rtruediv__(self, other: Any) -> Expr:
        return _binary("/", other, self)

    def __neg__(self) -> Expr:
        return _call("neg", [self], f"-{self._text}")

    def __abs__(self) -> Expr:
        return self.abs()

    # -- comparison
    def __eq__(self, other: object) -> Expr:  # type: ignore[override]
        return _binary("==", self, other)

    def __ne__(self, other: object) -> Expr:  # type: ignore[override]
        return _binary("!=", self, other)

    def __lt__(self, other: Any) -> Expr:
        return _binary("<", self, other)

    def __le__(self, other: Any) -> Expr:
        return _binary("<=", self, other)

    def __gt__(self, other: Any) -> Expr:
        return _binary(">", self, other)

    def __ge__(self, other: Any) -> Expr:
        return _binary(">=", self, other)

    __hash__ = None  # type: ignore[assignment]

    # -- logic
    def __and__(self, other: Any) -> Expr:
        return _binary("&", self, other)

    def __rand__(self, other: Any) -> Expr:
        return _binary("&", other, self)

    def __or__(self, other: Any) -> Expr:
        return _binary("|", self, other)

    def __ror__(self, other: Any) -> Expr:
        return _binary("|", other, self)

    def __invert__(self) -> Expr:
        return _call("~", [self], f"~{self._text}")

    def __bool__(self) -> bool:
        raise TypeMismatch(
            f"{self._text} has no truth value; use & | ~ instead of and, or, not, and "
            "hr.col(...).between(lo, hi) instead of lo <= x <= hi"
        )

    # -- functions
    def abs(self) -> Expr:
        """Return the absolute value.

        Examples
        --------
        >>> import headrace as hr
        >>> (hr.col("Close") - hr.col("Open")).abs()
        abs((Close - Open))
        """
        return _call("abs", [self], f"abs({self._text})")

    def is_null(self) -> Expr:
        """Return whether the value is null (never null itself).

        Examples
        --------
        >>> import headrace as hr
        >>> hr.col("Volume").is_null()
        Volume.is_null()
        """
        return _call("is_null", [self], f"{self._text}.is_null()")

    def between(self, lower: Any, upper: Any) -> Expr:
        """Return whether the value lies within the closed interval [lower, upper].

        Examples
        --------
        >>> import headrace as hr
        >>> hr.col("rsi").between(30, 70)
        rsi.between(30, 70)
        """
        lo, hi = _expr(lower), _expr(upper)
        return _call("between", [self, lo, hi], f"{self._text}.between({lo._text}, {hi._text})")

    def is_in(self, values: Iterable[Any]) -> Expr:
        """Return whether the value is one of `values`.

        Examples
        --------
        >>> import headrace as hr
        >>> hr.col("Ticker").is_in(["AAPL", "IBM"])
        Ticker.is_in(['AAPL', 'IBM'])
        """
        if isinstance(values, str):
            raise InvalidArgument(f"is_in: expected a list of values, got the text {values!r}")
        listed = list(values)
        plan = {"fn": "is_in", "args": [self._plan, [_literal(v) for v in listed]]}
        return Expr(plan, f"{self._text}.is_in({listed!r})")

    def shift(self, n: int = 1) -> Expr:
        """Return the value `n` records ago of the same key; null for the first `n`.

        Examples
        --------
        Event time must not go back within a key:

        >>> import headrace as hr
        >>> rule = hr.col("Date").shift(1).is_null() | (hr.col("Date") >= hr.col("Date").shift(1))
        """
        if not isinstance(n, int) or isinstance(n, bool) or n < 1:
            raise InvalidArgument(f"shift: expected a whole number of records from 1, got {n!r}")
        plan = {"fn": "shift", "args": [self._plan, n]}
        return Expr(plan, f"{self._text}.shift({n})")

    def alias(self, name: str) -> Expr:
        """Return the expression under a column name, for ``with_columns``.

        Examples
        --------
        >>> import headrace as hr
        >>> bars = hr.kafka("stocks", schema=hr.market.SCHEMA)
        >>> spread = (hr.col("High") - hr.col("Low")).alias("spread")
        >>> bars.with_columns(spread).columns[-1]
        'spread'
        """
        return Expr(self._plan, self._text, name)

    def __repr__(self) -> str:
        return self._text


def _expr(value: Any) -> Expr:
    return value if isinstance(value, Expr) else lit(value)


def _call(function: str, args: list[Expr], text: str) -> Expr:
    return Expr({"fn": function, "args": [a._plan for a in args]}, text)


def _binary(function: str, left: Any, right: Any) -> Expr:
    a, b = _expr(left), _expr(right)
    return _call(function, [a, b], f"({a._text} {function} {b._text})")


def col(name: str) -> Expr:
    """Return the column `name` as an expression.

    Examples
    --------
    >>> import headrace as hr
    >>> hr.col("High") - hr.col("Low")
    (High - Low)
    """
    if not isinstance(name, str):
        raise TypeMismatch(f"col: expected a column name, got {name!r}")
    return Expr({"col": name}, name, name)


def lit(value: Any) -> Expr:
    """Return a constant as an expression: a number, bool, str, datetime or None (null).

    Examples
    --------
    >>> import headrace as hr
    >>> hr.lit(2) * hr.col("Close")
    (2 * Close)
    """
    return Expr(_literal(value), repr(value) if not isinstance(value, str) else f'"{value}"')
