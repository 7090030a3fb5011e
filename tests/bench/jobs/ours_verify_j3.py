"""J3 once more, not timed: every score against the same TorchScript file run by Python's torch."""

from __future__ import annotations

import warnings

import numpy as np
import torch

from tests.bench.jobs.base import FEATURES, OUTPUT, JobConfig, JobResult
from tests.bench.jobs.ours import predictions


def run(config: JobConfig) -> JobResult:
    """Collect J3 and give the largest error, relative where the score is above 1."""
    frame = predictions(config).collect()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        model = torch.jit.load(config.model).eval()  # type: ignore[no-untyped-call]
    inputs = frame[list(FEATURES)].to_numpy()
    complete = ~np.isnan(inputs).any(axis=1)
    with torch.inference_mode():
        rows = torch.from_numpy(inputs[complete].astype(np.float32))
        expected = model(rows).numpy()[:, 0].astype(np.float64)
    ours = frame[OUTPUT].to_numpy()
    if not np.array_equal(np.isnan(ours), ~complete):
        return JobResult(len(frame), {}, {"worst_error": float("inf")})
    error = np.abs(ours[complete] - expected) / np.maximum(1.0, np.abs(expected))
    return JobResult(len(frame), {}, {"worst_error": float(error.max())})
