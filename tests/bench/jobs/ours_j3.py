"""J3 by headrace: J2 and a TorchScript model on every row."""

from __future__ import annotations

import torch  # noqa: F401  (its import is not part of the time, as for the peers)

from tests.bench.jobs.base import JobConfig, JobResult
from tests.bench.jobs.ours import finish, predictions, start


def run(config: JobConfig) -> JobResult:
    """Run J3."""
    return finish(start(predictions(config), config))
