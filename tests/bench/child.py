"""Runs one job once: ``python -m tests.bench.child JOB < config.json`` prints one JSON line.

Imports, and what a job prepares, come before the clock starts. Peak memory is VmHWM, which starts
at zero with this program; ``ru_maxrss`` would start at the size of the process that spawned it.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from pathlib import Path
from typing import cast

from tests.bench.jobs.base import Job, JobConfig


def peak_mib() -> float:
    """Read the peak resident memory of this process."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024.0
    raise RuntimeError("/proc/self/status has no VmHWM")


def main(name: str) -> None:
    """Run job ``name`` with the configuration on stdin."""
    job = cast(Job, importlib.import_module(f"tests.bench.jobs.{name}"))
    config = JobConfig(**json.load(sys.stdin))
    if hasattr(job, "prepare"):
        job.prepare(config)
    cpu, start = time.process_time(), time.perf_counter()
    result = job.run(config)
    seconds = time.perf_counter() - start
    report = {
        "records": result.records,
        "seconds": seconds,
        "cpu_s": time.process_time() - cpu,
        "peak_mib": peak_mib(),
        "checksums": result.checksums,
        "extra": result.extra,
    }
    print(json.dumps(report), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
