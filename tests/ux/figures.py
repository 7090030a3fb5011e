"""From what was measured to the table: each figure beside its limits and beside its peer's."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from tests.bench.figures import Bar, Figure, load_bars

_BARS = Path(__file__).with_name("bars.json")

Cases = Mapping[str, Sequence[Mapping[str, float]]]


def bars() -> list[Bar]:
    """Read the bars: ``against`` is the peer that is shown beside, no divisor."""
    return load_bars(_BARS)


def compute(chosen: Sequence[Bar], measured: Cases) -> list[Figure]:
    """Compute every figure whose measurements are there.

    Examples
    --------
    >>> bar = Bar("x", "redraws", "redraws a second", case="a", metric="redraws", against="b")
    >>> runs = {"a": [{"redraws": 18.0}, {"redraws": 20.0}], "b": [{"redraws": 4.0}]}
    >>> [(figure.value, figure.detail) for figure in compute([bar], runs)]
    [(19.0, 'b 4')]
    """
    figures = []
    for bar in chosen:
        values = _values(measured, bar.case, bar.metric)
        if not values:
            continue
        peers = _values(measured, bar.against, bar.metric)
        detail = f"{bar.against} {_number(_value(bar, peers))}" if peers else "-"
        figures.append(Figure(bar, _value(bar, values), min(values), max(values), detail))
    return figures


def _values(measured: Cases, case: str, metric: str) -> list[float]:
    return [run[metric] for run in measured.get(case, ()) if metric in run]


def _value(bar: Bar, values: Sequence[float]) -> float:
    return max(values) if bar.of == "max" else statistics.median(values)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def table(figures: Sequence[Figure]) -> str:
    """Lay the figures out."""
    rows = [["figure", "measured", "min..max", "limit", "aim", "ok?", "peer"]]
    for figure in figures:
        bar = figure.bar
        sign = "<=" if bar.lower else ">="
        limits = ["-" if x is None else f"{sign} {x:g}" for x in (bar.must, bar.aim)]
        spread = f"{_number(figure.low)}..{_number(figure.high)}"
        rows.append(
            [bar.figure, _number(figure.value), spread, *limits, figure.verdict, figure.detail]
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rows.insert(1, ["-" * width for width in widths])
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def as_json(
    figures: Sequence[Figure],
    measured: Cases,
    machine: Mapping[str, object],
    problems: Sequence[str],
) -> dict[str, object]:
    """Put everything that was measured into one JSON object."""
    return {
        "machine": dict(machine),
        "figures": [asdict(figure) | {"verdict": figure.verdict} for figure in figures],
        "cases": {case: list(runs) for case, runs in measured.items()},
        "problems": list(problems),
    }
