"""J2 once more, not timed: every output of every row against TA-Lib over the whole series."""

from __future__ import annotations

import numpy as np

from tests.bench.jobs.base import INDICATORS, JobConfig, JobResult
from tests.bench.jobs.ours import features
from tests.bench.jobs.talib_stream import indicators


def run(config: JobConfig) -> JobResult:
    """Collect J2 and give the largest error, relative where the value is above 1."""
    frame = features(config).collect()
    worst = 0.0
    for _, rows in frame.groupby("Ticker", sort=False):
        high, low, close = (rows[name].to_numpy(copy=True) for name in ("High", "Low", "Close"))
        expected = indicators(high, low, close)
        for name, values in zip(INDICATORS, expected, strict=True):
            ours = rows[name].to_numpy()
            if not np.array_equal(np.isnan(ours), np.isnan(values)):
                return JobResult(len(frame), {}, {"worst_error": float("inf")})
            error = np.abs(ours - values) / np.maximum(1.0, np.abs(values))
            worst = max(worst, float(np.nanmax(error)))
    return JobResult(len(frame), {}, {"worst_error": worst})
