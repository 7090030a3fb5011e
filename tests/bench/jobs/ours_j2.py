"""J2 by headrace: indicators per ticker, the last rows as pandas, a checksum of every output."""

from __future__ import annotations

from tests.bench.jobs.base import JobConfig, JobResult
from tests.bench.jobs.ours import features, finish, start


def run(config: JobConfig) -> JobResult:
    """Run J2."""
    return finish(start(features(config), config))
