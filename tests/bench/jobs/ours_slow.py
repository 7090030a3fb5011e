"""J2 with a queue far smaller than what the fetcher brings: librdkafka's back-off must not show."""

from __future__ import annotations

from dataclasses import replace

from tests.bench.jobs import ours_j2
from tests.bench.jobs.base import JobConfig, JobResult

_SMALL = {"kafka.queued.min.messages": "2000", "kafka.queued.max.messages.kbytes": "1024"}


def run(config: JobConfig) -> JobResult:
    """Run J2 with a small queue."""
    return ours_j2.run(replace(config, options={**config.options, **_SMALL}))
