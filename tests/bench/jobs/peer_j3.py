"""J3 by confluent-kafka, Polars, TA-Lib in micro-batches and TorchScript in batches of 1,024."""

from __future__ import annotations

import warnings

import numpy as np
import polars as pl
import torch

from tests.bench.jobs.base import FEATURES, INDICATORS, OUTPUT, JobConfig, JobResult
from tests.bench.jobs.peer_j2 import run_with
from tests.bench.jobs.talib_stream import TalibStream

_BATCH = 1_024


def run(config: JobConfig) -> JobResult:
    """Run J3."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # torch.jit is deprecated, and compared
        model = torch.jit.freeze(torch.jit.load(config.model).eval())  # type: ignore[no-untyped-call]
    stream = TalibStream()

    def step(frame: pl.DataFrame) -> pl.DataFrame:
        frame = stream.update(frame)
        matrix = frame.select(FEATURES).to_numpy().astype(np.float32)
        with torch.inference_mode():
            rows = torch.from_numpy(matrix)
            parts = [model(rows[i : i + _BATCH]) for i in range(0, len(rows), _BATCH)]
        score = torch.cat(parts).numpy()[:, 0].astype(np.float64)
        return frame.with_columns(pl.Series(OUTPUT, score))

    return run_with(config, ("Close", *INDICATORS, OUTPUT), step)
