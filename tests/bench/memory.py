"""Whether memory stays flat: samples of a process's resident set over a run, and their slope."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

_PAGE_MIB = os.sysconf("SC_PAGE_SIZE") / (1 << 20)
_STATM = Path("/proc/self/statm")


def resident_mib() -> float:
    """Read the resident memory of this process."""
    return int(_STATM.read_text().split()[1]) * _PAGE_MIB


@dataclass(frozen=True)
class Trend:
    """A straight line through samples."""

    level_mib: float  # their mean
    growth_mib: float  # of the line, from the first sample to the last
    p: float  # how likely so steep a line is where nothing grows

    @property
    def flat(self) -> bool:
        """Whether the line grows by at most 2 % of the level, or not more than chance would."""
        return abs(self.growth_mib) <= 0.02 * self.level_mib or self.p > 0.05


def trend(at: Sequence[float], mib: Sequence[float]) -> Trend:
    """Fit a line to samples taken at some points of a run, by least squares.

    `p` is two-sided and takes the slope over its standard error for normal, which it nearly is
    from some thirty samples on.

    Examples
    --------
    >>> trend(range(5), [100.0, 101.0, 102.0, 103.0, 104.0])
    Trend(level_mib=102.0, growth_mib=4.0, p=0.0)
    """
    x, y = np.asarray(at, dtype=np.float64), np.asarray(mib, dtype=np.float64)
    if len(x) < 3:
        raise ValueError(f"a line needs three samples, got {len(x)}")
    centred = x - x.mean()
    spread = float(centred @ centred)
    slope = float(centred @ y) / spread
    left = y - y.mean() - slope * centred
    error = math.sqrt(float(left @ left) / (len(x) - 2) / spread)
    steep = abs(slope) / error if error > 0 else math.inf if slope else 0.0
    return Trend(float(y.mean()), slope * float(x[-1] - x[0]), math.erfc(steep / math.sqrt(2.0)))
