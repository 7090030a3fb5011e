"""The benchmark's table and its JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from tests.bench.figures import Bar, Figure
from tests.bench.measure import Measurement, median


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _limit(value: float | None, lower: bool) -> str:
    return "-" if value is None else f"{'<=' if lower else '>='} {value:g}"


def _align(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        first, *rest = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        lines.append("  ".join([first, *rest]).rstrip())
    lines.insert(1, "  ".join("-" * width for width in widths))
    return lines


def figure_table(figures: Sequence[Figure]) -> str:
    """Lay the figures out: measured, spread over the rounds, limits, verdict."""
    rows = [["figure", "measured", "min..max", "must", "aim", "ok?", "from"]]
    rows += [
        [
            f.bar.figure,
            _number(f.value),
            f"{_number(f.low)}..{_number(f.high)}",
            _limit(f.bar.must, f.bar.lower),
            _limit(f.bar.aim, f.bar.lower),
            f.verdict,
            f.detail,
        ]
        for f in figures
    ]
    return "\n".join(_align(rows))


def case_table(measured: Mapping[str, Sequence[Measurement]]) -> str:
    """Lay the cases out: absolute medians, which only compare within this run."""
    rows = [["case", "runs", "k/s", "k/s min..max", "CPU s/M", "peak MiB", "other"]]
    for name, runs in measured.items():
        if not runs:
            continue
        timed = all(run.seconds > 0 and run.records > 1 for run in runs)
        rates = [run.metric("rate") for run in runs] if timed else []
        extra = (f"{key} {median(runs, key):.4g}" for key in runs[0].extra)
        rows.append(
            [
                name,
                str(len(runs)),
                _number(median(runs, "rate")) if timed else "-",
                f"{min(rates):.4g}..{max(rates):.4g}" if timed else "-",
                _number(median(runs, "cpu")) if timed else "-",
                _number(median(runs, "peak")),
                ", ".join(extra),
            ]
        )
    return "\n".join(_align(rows))


def micro_table(lines: Sequence[Mapping[str, object]]) -> str:
    """Lay out what the micro-benchmarks printed."""
    columns = ("name", "value", "unit", "peer", "peer_value", "ratio")
    rows = [list(columns)]
    rows += [[str(line.get(column, "-")) for column in columns] for line in lines]
    return "\n".join(_align(rows))


def as_json(
    figures: Sequence[Figure],
    measured: Mapping[str, Sequence[Measurement]],
    micro: Sequence[Mapping[str, object]],
    machine: Mapping[str, object],
    problems: Sequence[str],
) -> dict[str, object]:
    """Put everything that was measured into one JSON object."""

    def line(figure: Figure) -> dict[str, object]:
        bar: Bar = figure.bar
        return {
            **asdict(bar),
            "value": figure.value,
            "low": figure.low,
            "high": figure.high,
            "verdict": figure.verdict,
            "detail": figure.detail,
        }

    return {
        "machine": dict(machine),
        "figures": [line(figure) for figure in figures],
        "cases": {name: [asdict(run) for run in runs] for name, runs in measured.items()},
        "micro": [dict(entry) for entry in micro],
        "problems": list(problems),
    }
