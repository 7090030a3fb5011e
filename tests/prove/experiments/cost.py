"""What exactly once and checkpoints cost, measured in turns on the same topics."""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.bench import topics, w1
from tests.prove.cluster import Cluster
from tests.prove.experiment import Context, Experiment
from tests.prove.feed import Feeder
from tests.prove.records import Records
from tests.prove.results import Line

_ROOT = Path(__file__).parents[3]
_LIMIT_S = 600.0
_LEAST_RATE = 0.85
_MOST_COST = 0.05
_MOST_STALL_MS = 50.0
_KEYS = 1_000_000
_LEAST_CHECKPOINTS = 3  # of each task in a run
_PARTITIONS = 4


def run_guarantee(context: Context, _case: str) -> Line:
    """Compare the rates of J2 with output, in turns."""
    cluster = context.cluster("cost")
    bars = w1.make_bars(200_000 if context.quick else w1.RECORDS)
    source = topics.Topic(_PARTITIONS, "none")
    topics.create(cluster.bootstrap, source.name, _PARTITIONS)
    pairs = zip(w1.keys(bars), w1.values(bars), strict=True)
    topics.produce(cluster.bootstrap, source, pairs)
    seconds: dict[str, list[float]] = {"at-least-once": [], "exactly-once": []}
    for _ in range(2 if context.quick else 5):
        for guarantee, times in seconds.items():
            found = _measure(cluster, "features", source.name, guarantee)
            times.append(found["seconds"])
    least, exact = (statistics.median(times) for times in seconds.values())
    rate = len(bars.minute) / exact / 1000
    return {
        "ok": least / exact >= _LEAST_RATE,
        "ratio": round(least / exact, 3),
        "exactly_once_k_per_s": round(rate),
        "seconds": {name: [round(t, 2) for t in times] for name, times in seconds.items()},
    }


def run_checkpoints(context: Context, _case: str) -> Line:
    """Compare the rates with and without checkpoints of much state, in turns."""
    cluster, folder = context.cluster("cost"), context.run_folder()
    count = 400_000 if context.quick else 40_000_000
    source = cluster.topic("wide", _PARTITIONS)
    records = Records(5, count, keys=_KEYS, partitions=_PARTITIONS)
    feeder = Feeder(cluster.bootstrap, source, records, 200_000.0)
    feeder.start()
    feeder.release_all()
    feeder.wait(1200)
    feeder.close()
    without, with_them, stalls, made, size = [], [], [], [], 0
    for turn in range(2 if context.quick else 5):
        found = _measure(cluster, "many_keys", source, "exactly-once")
        without.append(found["seconds"])
        state = folder / f"state-{turn}"
        every = "500ms" if context.quick else "10s"
        found = _measure(cluster, "many_keys", source, "exactly-once", state, every)
        with_them.append(found["seconds"])
        stalls.append(found["stall_ms"])
        made.append(found["checkpoints"])
        size = _newest_bytes(state)
        shutil.rmtree(state)
    cost = statistics.median(with_them) / statistics.median(without) - 1
    enough = context.quick or min(made) >= _LEAST_CHECKPOINTS * _PARTITIONS
    return {
        "ok": enough and cost <= _MOST_COST and max(stalls) <= _MOST_STALL_MS,
        "cost_percent": round(100 * cost, 1),
        "stall_ms": round(max(stalls), 1),
        "state_mib": round(size / 2**20),
        "checkpoints": made,
        "seconds": {"without": without, "with": with_them},
    }


def _newest_bytes(checkpoints: Path) -> int:
    """Size of the newest checkpoint of every task; their names go up."""
    tasks = {path.parent for path in checkpoints.rglob("*.ckpt")}
    return sum(max(task.glob("*.ckpt")).stat().st_size for task in tasks)


def _measure(
    cluster: Cluster,
    job: str,
    source: str,
    guarantee: str,
    state: Path | None = None,
    every: str = "10s",
) -> dict[str, Any]:
    """Run once, in a process of its own and to a topic of its own."""
    config = {
        "job": job,
        "bootstrap": cluster.bootstrap,
        "topic": source,
        "output": cluster.topic("cost", _PARTITIONS),
        "guarantee": guarantee,
        "checkpoint": None if state is None else str(state),
        "checkpoint_interval": every,
    }
    command = [sys.executable, "-m", "tests.prove.cost_child"]
    done = subprocess.run(
        command,
        input=json.dumps(config),
        capture_output=True,
        text=True,
        timeout=_LIMIT_S,
        cwd=_ROOT,
    )
    if done.returncode != 0:
        raise RuntimeError(done.stderr[-1000:])
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _ratio(lines: Sequence[Line]) -> str:
    line = lines[-1]
    return f"{line.get('ratio')} x, {line.get('exactly_once_k_per_s')},000 records a second"


def _costs(lines: Sequence[Line]) -> str:
    line = lines[-1]
    return (
        f"{line.get('cost_percent')} % with {line.get('state_mib')} MiB of state, "
        f"longest stall {line.get('stall_ms')} ms"
    )


GUARANTEE = Experiment(
    "cost",
    "J2 with output: rate exactly once (commits every 100 ms) against at least once",
    f">= {_LEAST_RATE} x",
    lambda _: ["J2"],
    run_guarantee,
    _ratio,
)
CHECKPOINTS = Experiment(
    "checkpoint cost",
    "100 MB of state written every 10 s: throughput lost, longest stall",
    f"<= {_MOST_COST:.0%}, <= {_MOST_STALL_MS:.0f} ms",
    lambda _: ["1,000,000 keys"],
    run_checkpoints,
    _costs,
)
