"""Windows and aggregates in plain Python and pandas: what tests/agreement/test_windows.py believes.

A stream is a list of dicts in the order of its records. A reference walks over it once, keeps the
watermark by its definition, and gives each window as its records; an aggregate is a function of
these records. Nothing here is fast.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import pandas as pd

import headrace as hr

Record = dict[str, Any]
Values = tuple[Any, ...]
NONE = pd.Timestamp.min.value  # a watermark before the first record

# -- aggregates


def present(records: list[Record], column: str) -> list[Any]:
    found = [record[column] for record in records]
    return [x for x in found if x is not None and not (isinstance(x, float) and math.isnan(x))]


def by_time(records: list[Record], column: str) -> list[Any]:
    """Return the values by event time; of equal times as they came."""
    return present(sorted(records, key=lambda record: record["at"]), column)


def whole_sum(values: list[int]) -> int | None:
    total = sum(values)
    return total if -(2**63) <= total < 2**63 else None


def of_series(method: str, *args: Any, **options: Any) -> Callable[[list[Any]], Any]:
    return lambda values: getattr(pd.Series(values, dtype="float64"), method)(*args, **options)


# pandas loses digits of these where the mean is large beside the spread: exactly, then.
def power(values: Iterable[float], exponent: int) -> Fraction:
    exact = [Fraction(x) for x in values]
    mean = sum(exact, Fraction(0)) / len(exact)
    return sum(((x - mean) ** exponent for x in exact), Fraction(0))


def skew(values: list[float]) -> float | None:
    n = len(values)
    if n < 3:
        return None
    m2 = float(power(values, 2))
    return 0.0 if m2 == 0 else n * math.sqrt(n - 1) / (n - 2) * float(power(values, 3)) / m2**1.5


def kurtosis(values: list[float]) -> float | None:
    n = len(values)
    if n < 4:
        return None
    m2 = power(values, 2)
    if m2 == 0:
        return 0.0
    scale = Fraction((n - 2) * (n - 3))
    first = Fraction(n * (n + 1) * (n - 1)) / scale * power(values, 4) / m2**2
    return float(first - Fraction(3 * (n - 1) ** 2) / scale)


def pairs(records: list[Record], x: str, y: str) -> list[tuple[Fraction, Fraction]]:
    both = [r for r in records if present([r], x) and present([r], y)]
    return [(Fraction(r[x]), Fraction(r[y])) for r in both]


def corr(records: list[Record]) -> float | None:
    both = pairs(records, "x", "n")
    if len(both) < 2:
        return None
    mean_x, mean_y = (sum(side) / len(both) for side in zip(*both, strict=True))
    xy = sum((x - mean_x) * (y - mean_y) for x, y in both)
    xx = sum((x - mean_x) ** 2 for x, _ in both)
    yy = sum((y - mean_y) ** 2 for _, y in both)
    return None if xx == 0 or yy == 0 else float(xy) / math.sqrt(xx) / math.sqrt(yy)


def vwap(records: list[Record]) -> float | None:
    both = pairs(records, "x", "n")
    volume = sum(y for _, y in both)
    return float(sum(x * y for x, y in both) / volume) if volume != 0 else None


def ohlc(records: list[Record]) -> Values:
    values = by_time(records, "x")
    return (values[0], max(values), min(values), values[-1]) if values else (None,) * 4


def top(values: list[Any], k: int) -> list[tuple[Any, int | None]]:
    ranked = sorted(Counter(values).items(), key=lambda item: (-item[1], item[0]))
    return [*ranked, *[(None, None)] * k][:k]


@dataclass(frozen=True)
class Kind:
    """An aggregate, and what it is by the reference."""

    aggregate: hr.Aggregate
    expected: Callable[[list[Record]], Any]
    suffixes: tuple[str, ...] = ("",)
    # Relative; 0: exact. Sums that cancel out are compared beside the size of their terms.
    tolerance: float = 0.0


def _column(
    aggregate: hr.Aggregate, take: Callable[[list[Any]], Any], tolerance: float = 0.0
) -> Kind:
    column = aggregate.columns[0]
    return Kind(aggregate, lambda records: take(present(records, column)), tolerance=tolerance)


def _unless_empty(take: Callable[[list[Any]], Any]) -> Callable[[list[Any]], Any]:
    return lambda values: take(values) if values else None


def _edge(aggregate: hr.Aggregate, index: int) -> Kind:
    column = aggregate.columns[0]
    return Kind(
        aggregate, lambda records: _unless_empty(lambda v: v[index])(by_time(records, column))
    )


KINDS: dict[str, Kind] = {
    "count": Kind(hr.count(), len),
    "count_x": _column(hr.count("x"), len),
    "sum_n": _column(hr.sum("n"), whole_sum),
    "sum_b": _column(hr.sum("b"), sum),
    "sum_x": _column(hr.sum("x"), math.fsum, 1e-15),
    "mean_n": _column(
        hr.mean("n"), _unless_empty(lambda v: float(Fraction(sum(v), len(v)))), 1e-15
    ),
    "mean_x": _column(hr.mean("x"), _unless_empty(lambda v: math.fsum(v) / len(v)), 1e-15),
    "min_x": _column(hr.min("x"), _unless_empty(min)),
    "max_n": _column(hr.max("n"), _unless_empty(max)),
    "min_b": _column(hr.min("b"), _unless_empty(min)),
    "max_at": _column(hr.max("at"), _unless_empty(max)),
    "first_s": _edge(hr.first("s"), 0),
    "last_s": _edge(hr.last("s"), -1),
    "first_n": _edge(hr.first("n"), 0),
    "last_x": _edge(hr.last("x"), -1),
    "last_b": _edge(hr.last("b"), -1),
    "var": _column(hr.var("x"), of_series("var"), 1e-12),
    "var_0": _column(hr.var("x", ddof=0), of_series("var", ddof=0), 1e-12),
    "std": _column(hr.std("x"), of_series("std"), 1e-12),
    "skew": _column(hr.skew("x"), skew, 1e-10),
    "kurtosis": _column(hr.kurtosis("x"), kurtosis, 1e-10),
    "median": _column(hr.median("x"), of_series("median"), 1e-15),
    "quantile": _column(hr.quantile("x", 0.95), of_series("quantile", 0.95), 1e-12),
    "quantile_n": _column(hr.quantile("n", 0.1), of_series("quantile", 0.1), 1e-12),
    "n_unique_s": _column(hr.n_unique("s"), lambda v: len(set(v))),
    "n_unique_x": _column(hr.n_unique("x"), lambda v: len(set(v))),
    "approx": _column(
        hr.n_unique("s", approx=True), lambda v: len(set(v))
    ),  # so few are told apart
    "mode_s": _column(hr.mode("s"), _unless_empty(lambda v: top(v, 1)[0][0])),
    "mode_n": _column(hr.mode("n"), lambda v: next(iter(pd.Series(v, dtype="Int64").mode()), None)),
    "top": Kind(
        hr.top_k("s", 2),
        lambda records: tuple(x for pair in top(present(records, "s"), 2) for x in pair),
        ("_1", "_1_count", "_2", "_2_count"),
    ),
    "ohlc": Kind(hr.ohlc("x"), ohlc, ("_open", "_high", "_low", "_close")),
    "vwap": Kind(hr.vwap("x", "n"), vwap, tolerance=1e-12),
    "corr": Kind(hr.corr("x", "n"), corr, tolerance=1e-10),
}

# -- windows


@dataclass
class Found:
    """Windows with their records, and which records are in none because they came late."""

    windows: dict[tuple[Any, int, int], list[Record]] = field(default_factory=dict)
    late: set[int] = field(default_factory=set)


Bounds = Callable[[int], list[tuple[int, int]]]


def time_windows(records: list[Record], bounds: Bounds, grace: int, lateness: int = 0) -> Found:
    """Windows by time: `bounds` gives those that hold an instant; none: it is outside all hours."""
    found = Found()
    newest = NONE
    for record in records:
        newest = max(newest, record["at"])
        of_record = bounds(record["at"])
        still = [(start, end) for start, end in of_record if end + lateness > newest - grace]
        for start, end in still:
            found.windows.setdefault((record["g"], start, end), []).append(record)
        if of_record and not still:
            found.late.add(record["row"])
    return found


def sessions(records: list[Record], gap: int, grace: int) -> Found:
    """Sessions that are still open are joined by a record that is near to them."""
    found = Found()
    newest = NONE
    still: list[tuple[Any, list[Record]]] = []

    def end_of(members: list[Record]) -> int:
        return max(r["at"] for r in members) + gap

    def close(group: Any, members: list[Record]) -> None:
        start = min(r["at"] for r in members)
        found.windows[(group, start, end_of(members))] = members

    for record in records:
        newest = max(newest, record["at"])
        for group, members in [one for one in still if end_of(one[1]) <= newest - grace]:
            close(group, members)
        still = [one for one in still if end_of(one[1]) > newest - grace]
        near = [
            one
            for one in still
            if one[0] == record["g"]
            and min(r["at"] for r in one[1]) - gap < record["at"] < end_of(one[1])
        ]
        if not near and record["at"] + gap <= newest - grace:
            found.late.add(record["row"])
            continue
        still = [one for one in still if one not in near]
        still.append((record["g"], [*(r for _, members in near for r in members), record]))
    for group, members in still:
        close(group, members)
    return found


def in_order(records: list[Record], grace: int) -> tuple[list[Record], set[int]]:
    """Records sorted by time as far as the grace allows, and those that are too late for it."""
    newest = NONE
    late = set()
    for record in records:
        newest = max(newest, record["at"])
        if record["at"] < newest - grace:
            late.add(record["row"])
    kept = [record for record in records if record["row"] not in late]
    return sorted(kept, key=lambda record: record["at"]), late


def counted(records: list[Record], rows: int) -> list[tuple[Any, list[Record]]]:
    """Every `rows` records of a group, and what is left at the end."""
    groups: dict[Any, list[Record]] = {}
    for record in records:
        groups.setdefault(record["g"], []).append(record)
    return [
        (group, members[first : first + rows])
        for group, members in groups.items()
        for first in range(0, len(members), rows)
    ]


def looked_back(
    records: list[Record], length: int | None, rows: int | None
) -> tuple[list[tuple[Record, list[Record]]], set[int]]:
    """Each record with those of its group that are near before it; late: older than its group."""
    results = []
    late = set()
    groups: dict[Any, list[Record]] = {}
    for record in records:
        members = groups.setdefault(record["g"], [])
        if members and record["at"] < members[-1]["at"]:
            late.add(record["row"])
            continue
        members.append(record)
        near = members[-rows:] if rows else members
        if length:
            near = [r for r in near if r["at"] > record["at"] - length]
        results.append((record, near))
    return results, late
