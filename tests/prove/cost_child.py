"""One timed run for the costs: ``python -m tests.prove.cost_child < config.json`` prints one line.

Reads a topic to its end, writes results to another, and says how long that took.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import headrace as hr
from tests.bench.jobs import ours
from tests.bench.jobs.base import JobConfig

_WIDE = hr.Schema(
    {"id": hr.int64, "key": hr.string, "x": hr.int64, "at": hr.timestamp("ms")},
    event_time="at",
    key="key",
)


def features(config: dict[str, Any]) -> hr.Stream:
    """J2: bars and six indicator columns per ticker."""
    return ours.features(JobConfig(config["bootstrap"], config["topic"]))


def many_keys(config: dict[str, Any]) -> hr.Stream:
    """Much state, few results: moving sums of a million keys, one in a hundred comes out."""
    records = hr.kafka(config["topic"], bootstrap=config["bootstrap"], schema=_WIDE, until="end")
    sums = records.with_columns(total=hr.ta.sum("x", timeperiod=10))
    return sums.filter(hr.col("x") >= 990).select("id", "key", "total")


JOBS = {"features": features, "many_keys": many_keys}


def main() -> None:
    """Run once."""
    config = json.load(sys.stdin)
    stream = JOBS[config["job"]](config).to_kafka(
        config["output"], processing_guarantee=config["guarantee"]
    )
    begun = time.perf_counter()
    live = stream.run(
        checkpoint=config["checkpoint"],
        checkpoint_interval=config["checkpoint_interval"],
        history=10_000,
    )
    live.wait(progress=False)
    seconds = time.perf_counter() - begun
    status = live.status()
    live.stop()
    report = {
        "seconds": seconds,
        "records": status.records,
        "stall_ms": status.longest_stall_seconds * 1000,
        "commits": status.commits,
        "checkpoints": status.checkpoints,
    }
    print(json.dumps(report), flush=True)


if __name__ == "__main__":
    main()
