"""Fewer points than pixels, without losing a spike."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]


def extremes(values: Floats, buckets: int) -> Indices | None:
    """Return where the least and greatest value of each of `buckets` equal runs are, in order.

    None where all points are few enough to be drawn as they are: not more than two a bucket.
    NaN never counts as an extreme, but a run of nothing else keeps one, so that gaps stay gaps.
    """
    count = len(values)
    if count <= 2 * buckets:
        return None
    size = -(-count // buckets)
    whole = -(-count // size) * size
    padded: Any = np.full(whole, np.nan)
    padded[:count] = values
    runs = padded.reshape(-1, size)
    starts = np.arange(0, whole, size)
    least = starts + np.where(np.isnan(runs), np.inf, runs).argmin(axis=1)
    greatest = starts + np.where(np.isnan(runs), -np.inf, runs).argmax(axis=1)
    found = np.unique(np.concatenate([[0], least, greatest, [count - 1]]))
    return found.astype(np.intp)


def runs_of(count: int, most: int) -> Indices | None:
    """Return where runs of equal length begin so that there are `most` at most; None if so now."""
    if count <= most:
        return None
    return np.arange(0, count, -(-count // most), dtype=np.intp)
