"""The figures of the table: how each is computed from measurements, and what it must reach."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.measure import Measurement, median

_BARS = Path(__file__).with_name("bars.json")


@dataclass(frozen=True)
class Bar:
    """One line of ``bars.json``."""

    id: str
    group: str
    figure: str
    case: str = ""
    against: str = ""  # empty: the metric itself is the figure
    metric: str = ""
    of: str = "median"  # or max_over_median: over the runs of `case` alone
    micro: str = ""  # instead of cases: the name of a line that a micro-benchmark prints
    field: str = "ratio"  # of that line
    scale: float = 1.0
    must: float | None = None
    aim: float | None = None
    lower: bool = False  # the smaller the better
    runs: int = 1  # of `case` per round


@dataclass(frozen=True)
class Figure:
    """A bar with what was measured."""

    bar: Bar
    value: float
    low: float
    high: float
    detail: str

    def reaches(self, limit: float | None) -> bool | None:
        """Tell whether a limit is met; None where there is none."""
        if limit is None:
            return None
        return self.value <= limit if self.bar.lower else self.value >= limit

    @property
    def verdict(self) -> str:
        """One word for the table."""
        if self.bar.must is None:
            return "info"
        if not self.reaches(self.bar.must):
            return "BELOW"
        return "aim" if self.reaches(self.bar.aim) else "must"


def load_bars(path: Path = _BARS) -> list[Bar]:
    """Read the bars."""
    return [Bar(**line) for line in json.loads(path.read_text())]


def _over_runs(bar: Bar, runs: Sequence[Measurement]) -> Figure:
    values = [run.metric(bar.metric) for run in runs]
    middle = median(runs, bar.metric)
    if bar.of == "max_over_median":
        value = max(values) / middle
        return Figure(bar, value, min(values) / middle, value, f"median {middle:.3g}")
    return Figure(bar, middle, min(values), max(values), f"{len(values)} runs")


def _over_peer(bar: Bar, ours: Sequence[Measurement], peer: Sequence[Measurement]) -> Figure:
    top, bottom = median(ours, bar.metric), median(peer, bar.metric)
    pairs = [a.metric(bar.metric) / b.metric(bar.metric) for a, b in zip(ours, peer, strict=False)]
    return Figure(bar, top / bottom, min(pairs), max(pairs), f"{top:.4g} / {bottom:.4g}")


def _of_micro(bar: Bar, line: Mapping[str, object]) -> Figure:
    value = bar.scale * float(str(line[bar.field]))
    against = f"{line.get('value')} / {line['peer_value']}" if "peer_value" in line else bar.micro
    return Figure(bar, value, value, value, against)


def compute(
    bars: Sequence[Bar],
    measured: Mapping[str, Sequence[Measurement]],
    micro: Sequence[Mapping[str, object]],
) -> list[Figure]:
    """Compute every figure whose measurements are there."""
    lines = {str(line["name"]): line for line in micro}
    figures = []
    for bar in bars:
        if bar.micro:
            if bar.micro in lines:
                figures.append(_of_micro(bar, lines[bar.micro]))
        elif not measured.get(bar.case):
            continue
        elif not bar.against:
            figures.append(_over_runs(bar, measured[bar.case]))
        elif measured.get(bar.against):
            figures.append(_over_peer(bar, measured[bar.case], measured[bar.against]))
    return figures
