"""Labels of a time axis whose positions are rows: nights and holidays take no room."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Times = npt.NDArray[np.datetime64]

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SECOND, _MINUTE, _HOUR, _DAY = 10**9, 60 * 10**9, 3600 * 10**9, 86_400 * 10**9


@dataclass(frozen=True)
class Step:
    """A distance between ticks: `count` times `unit` ("ns", "M" or "Y")."""

    unit: str
    count: int

    @property
    def is_clock(self) -> bool:
        """Whether ticks are within a day."""
        return self.unit == "ns" and self.count < _DAY


def _clock(unit: int, *counts: int) -> list[Step]:
    return [Step("ns", unit * count) for count in counts]


_STEPS = (
    *_clock(_SECOND // 1000, 1, 2, 5, 10, 20, 50, 100, 200, 500),
    *_clock(_SECOND, 1, 2, 5, 10, 15, 30),
    *_clock(_MINUTE, 1, 2, 5, 10, 15, 30),
    *_clock(_HOUR, 1, 2, 3, 6, 12),
    *_clock(_DAY, 1, 2, 7, 14),
    *(Step("M", n) for n in (1, 2, 3, 6)),
    *(Step("Y", n) for n in (1, 2, 5, 10, 20, 50)),
)


@dataclass
class TimeTicks:
    """Where the ticks of a time axis are and what they say."""

    rows: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    strong: list[bool] = field(default_factory=list)  # a new day, or a new year
    context: str = ""  # what the labels leave out


class TimeAxis:
    """Ticks of a window of rows that moves; keeps its step while that fits."""

    def __init__(self) -> None:
        self._step: Step | None = None

    def ticks(self, times: Times, width: float, distance: float = 84.0) -> TimeTicks:
        """Return ticks for rows at `times` over `width` pixels, `distance` pixels apart at least.

        Times are instants (UTC) in rising order; rows out of order count as late as the one before.
        """
        count = len(times)
        if count == 0:
            return TimeTicks()
        # One row a pixel is as exact as can be seen, whatever the number of rows.
        rows = np.unique(np.linspace(0, count - 1, min(count, max(int(width), 2))).astype(int))
        stamps = np.maximum.accumulate(times[rows].astype("datetime64[ns]").astype(np.int64))
        most = max(int(width / distance), 1)
        step, at = self._choose(stamps, most)
        self._step = step
        strong = set(_changes(stamps, _coarser(step)).tolist())
        kept = _spaced(at, strong, rows, distance * max(count - 1, 1) / max(width, 1))
        instants = stamps.view("datetime64[ns]")
        return TimeTicks(
            [int(rows[i]) for i in kept],
            [_text(instants[i], step, i in strong) for i in kept],
            [i in strong for i in kept],
            _context(instants[-1], step),
        )

    def _choose(self, stamps: npt.NDArray[np.int64], most: int) -> tuple[Step, list[int]]:
        if self._step is not None:
            at = _changes(stamps, self._step)
            if most / 3 <= len(at) <= most:
                return self._step, at.tolist()
        for step in _STEPS:
            at = _changes(stamps, step)
            if len(at) <= most:
                break
        return step, at.tolist()


def _buckets(stamps: npt.NDArray[np.int64], step: Step) -> Any:
    if step.unit == "ns":
        # Weeks begin on Mondays: the first day of the epoch was a Thursday.
        shift = 3 * _DAY if step.count % (7 * _DAY) == 0 else 0
        return (stamps + shift) // step.count
    months = stamps.view("datetime64[ns]").astype(f"datetime64[{step.unit}]").astype(np.int64)
    return months // step.count


def _changes(stamps: npt.NDArray[np.int64], step: Step) -> npt.NDArray[np.intp]:
    return np.flatnonzero(np.diff(_buckets(stamps, step))) + 1


def _coarser(step: Step) -> Step:
    return Step("ns", _DAY) if step.is_clock else Step("Y", 1)


def _spaced(at: list[int], strong: set[int], rows: Any, apart: float) -> list[int]:
    """Of ticks closer than `apart` rows keep the strong one, else the earlier."""
    kept: list[int] = []
    for i in [i for i in at if i in strong] + [i for i in at if i not in strong]:
        if all(abs(int(rows[i]) - int(rows[j])) >= apart * 0.8 for j in kept):
            kept.append(i)
    return sorted(kept)


def _parts(instant: np.datetime64) -> tuple[int, int, int]:
    year = int(instant.astype("datetime64[Y]").astype(int)) + 1970
    month = int(instant.astype("datetime64[M]").astype(int)) % 12
    day = int((instant.astype("datetime64[D]") - instant.astype("datetime64[M]")).astype(int)) + 1
    return year, month, day


def _text(instant: np.datetime64, step: Step, strong: bool) -> str:
    year, month, day = _parts(instant)
    if step.is_clock and not strong:
        unit = "ms" if step.count < _SECOND else "s" if step.count < _MINUTE else "m"
        return str(instant.astype(f"datetime64[{unit}]")).partition("T")[2]
    if step.unit == "Y" or (strong and not step.is_clock):
        return str(year)
    return _MONTHS[month] if step.unit == "M" else f"{day} {_MONTHS[month]}"


def _context(instant: np.datetime64, step: Step) -> str:
    year, month, day = _parts(instant)
    if step.is_clock:
        return f"{day} {_MONTHS[month]} {year}, UTC"
    return f"{year}, UTC" if step.unit == "ns" else "UTC"


def clock_text(seconds: float, *, date: bool = False) -> str:
    """Return the wall clock as ``10:31:07 UTC``, with `date` as ``2026-11-21 10:31:07 UTC``."""
    text = str(np.datetime64(int(seconds), "s")).replace("T", " ")
    return (text if date else text.partition(" ")[2]) + " UTC"
