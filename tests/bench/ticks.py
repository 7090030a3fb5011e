"""The seeded ticks of the in-memory cases: many keys, in the order of their times, no Kafka.

Keys come in random order, times at random within six hours, prices walk from tick to tick. The
same ``(count, seed)`` always gives the same ticks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

KEYS = 1_000
RECORDS = 10_000_000
SEED = 20_240_103
_START = np.datetime64("2024-01-02T09:30", "ns")
_SPAN_NS = 6 * 3_600_000_000_000


@dataclass(frozen=True)
class Ticks:
    """Columns of the ticks; keys as numbers into `key_names`."""

    time: NDArray[np.datetime64]
    key: NDArray[np.int64]
    price: NDArray[np.float64]
    volume: NDArray[np.int64]


def key_names() -> list[str]:
    """Name the keys."""
    return [f"K{number:03}" for number in range(KEYS)]


def make_ticks(count: int = RECORDS, seed: int = SEED) -> Ticks:
    """Compute ``count`` ticks.

    Examples
    --------
    >>> ticks = make_ticks(1_000)
    >>> bool((ticks.time[1:] >= ticks.time[:-1]).all())
    True
    """
    rng = np.random.default_rng(seed)
    return Ticks(
        time=_START + np.sort(rng.integers(0, _SPAN_NS, count)),
        key=rng.integers(0, KEYS, count),
        price=np.round(100.0 + np.cumsum(rng.normal(0.0, 0.001, count)), 2),
        volume=rng.integers(1, 10_000, count),
    )
