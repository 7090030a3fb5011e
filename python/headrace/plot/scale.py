"""Limits that stay where they are while the data allows, and ticks at round values."""

from __future__ import annotations

import math
from dataclasses import dataclass

_MARGIN = 0.12  # of the data's span, above and below: less moves the limits too often
_HUGE, _TINY = 1e15, 1e-4  # beyond these values are written with an exponent
_SHRINK = 0.4  # of the limits' span: data that fills less gets new limits


@dataclass
class Scale:
    """The limits of one axis."""

    low: float = 0.0
    high: float = 1.0
    from_zero: bool = False  # bars stand on zero
    set: bool = False

    def fit(self, low: float, high: float) -> bool:
        """Make room for values from `low` to `high`; whether the limits have changed."""
        if not (math.isfinite(low) and math.isfinite(high)):
            return False
        if self.from_zero:
            low, high = min(low, 0.0), max(high, 0.0)
        span = high - low
        if span <= 0:
            span = abs(high) * 0.02 or 1.0
        inside = self.low <= low and high <= self.high
        if self.set and inside and span >= _SHRINK * (self.high - self.low):
            return False
        self.low = 0.0 if self.from_zero and low >= 0 else low - _MARGIN * span
        self.high = 0.0 if self.from_zero and high <= 0 else high + _MARGIN * span
        if span > high - low:  # all values are one: it is in the middle
            self.low, self.high = low - span, high + span
        self.set = True
        return True


def round_ticks(low: float, high: float, most: int) -> list[float]:
    """Return round values from `low` to `high`, at most `most` (and about that many)."""
    span = high - low
    if span <= 0 or not math.isfinite(span):
        return []
    raw = span / max(most, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * m for m in (1, 2, 2.5, 5, 10, 20) if power * m >= raw)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [k * step + 0.0 for k in range(first, last + 1)]


def tick_texts(values: list[float]) -> list[str]:
    """Return how the values of an axis are written: all with the same number of decimals."""
    if not values:
        return []
    most = max(abs(v) for v in values)
    if most >= _HUGE or 0 < most < _TINY:
        return [f"{v:.3g}" for v in values]
    unit, suffix = (1e3, "k") if 1e5 <= most < 1e6 else _unit(most)
    scaled = [v / unit for v in values]
    decimals = min((d for d in range(9) if all(_is_exact(v, d) for v in scaled)), default=9)
    return [f"{v + 0.0:,.{decimals}f}{suffix if v else ''}" for v in scaled]


def value_text(value: float, *, whole: bool | None = None) -> str:
    """Return one value with about five figures that matter.

    Parameters
    ----------
    value : float
        What is written; nothing where it is not finite.
    whole : bool, optional
        Whether it stands among whole numbers alone, so that it needs no decimals. Default: whether
        it is one.
    """
    if not math.isfinite(value):
        return ""
    size = abs(value)
    if size >= _HUGE or 0 < size < _TINY:
        return f"{value:.2e}"
    unit, suffix = _unit(size)
    scaled = value / unit
    size = abs(scaled)
    decimals = 0 if suffix == "" and size >= 10_000 else 2 if size >= 1 else 4
    if not suffix and (value == int(value) if whole is None else whole):
        decimals = 0
    return f"{scaled:,.{decimals}f}{suffix}"


def _unit(size: float) -> tuple[float, str]:
    for unit, suffix in ((1e12, "T"), (1e9, "B"), (1e6, "M")):
        if size >= unit:
            return unit, suffix
    return 1.0, ""


def _is_exact(value: float, decimals: int) -> bool:
    scaled = value * 10.0**decimals
    return abs(scaled - round(scaled)) < 1e-6 * max(1.0, abs(scaled) * 1e-6)
