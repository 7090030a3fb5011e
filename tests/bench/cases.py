"""From the bars to runnable cases: ``job@layout`` becomes a command and its topic."""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.bench import native, ticks, topics, w1
from tests.bench.figures import Bar
from tests.bench.jobs.base import JobConfig
from tests.bench.measure import Case

FRESH = "fresh"  # a layout of its own: every run gets a new topic with one partition
MEMORY = "memory"  # another: no Kafka, and one thread for whoever brings a pool of them
_NATIVE_JOBS = {
    "bare": ["bare_consumer"],
    "bare_2m": ["bare_consumer", "fetch.message.max.bytes=2097152"],
    "latency_poll": ["latency_poll"],
    "latency_engine": ["latency_engine"],
}
_ONE_THREAD = {"POLARS_MAX_THREADS": "1"}
_RATE = 10_000
_fresh_numbers = itertools.count()


@dataclass(frozen=True)
class Place:
    """Where cases run: broker, files, built programs."""

    bootstrap: str
    work: Path
    native: Path | None
    latency_records: int
    ticks: int = ticks.RECORDS

    @property
    def model(self) -> Path:
        """J3's TorchScript file."""
        return self.work / "mlp.pt"

    @property
    def lines(self) -> Path:
        """Keys and values for the latency programs."""
        return self.work / "latency.tsv"


def program_of(job: str) -> str | None:
    """Name the C++ program of a job; None where it is a Python module."""
    return _NATIVE_JOBS[job][0] if job in _NATIVE_JOBS else None


def names(bars: Sequence[Bar]) -> dict[str, int]:
    """List the cases the bars need, each with its runs a round."""
    runs: dict[str, int] = {}
    for bar in bars:
        for name in (bar.against, bar.case):
            if name:
                runs[name] = max(runs.get(name, 1), bar.runs if name == bar.case else 1)
    return runs


def layouts(case_names: Sequence[str]) -> list[topics.Topic]:
    """List the topics the cases read."""
    found = dict.fromkeys(name.partition("@")[2] for name in case_names)
    named = (layout for layout in found if layout not in (FRESH, MEMORY))
    return [topics.Topic.parse(f"ohlcv-{layout}") for layout in named]


def write_lines(place: Place) -> None:
    """Write the records of the latency programs, a line ``key TAB value`` each."""
    bars = w1.make_bars(place.latency_records)
    with place.lines.open("wb") as file:
        for key, value in zip(w1.keys(bars), w1.values(bars), strict=True):
            file.write(key + b"\t" + value + b"\n")


def _native_command(place: Place, job: str, layout: str) -> list[str]:
    program, *settings = _NATIVE_JOBS[job]
    path = native.find(program, place.native)
    if path is None:
        raise FileNotFoundError(f"{program} is not built (make bench builds it)")
    if layout != FRESH:
        return [str(path), place.bootstrap, f"ohlcv-{layout}", *settings]
    topic = f"latency-{next(_fresh_numbers)}"
    topics.create(place.bootstrap, topic, 1)
    return [str(path), place.bootstrap, topic, str(place.lines), str(_RATE)]


def make(place: Place, name: str, runs: int = 1) -> Case:
    """Make the case of a name such as ``ours_j2@p1-none``."""
    job, _, layout = name.partition("@")
    if job in _NATIVE_JOBS:
        return Case(name, lambda: _native_command(place, job, layout), runs=runs)
    command = [sys.executable, "-m", "tests.bench.child", job]
    if layout == MEMORY:
        config = JobConfig("", "", options={"ticks": str(place.ticks)})
        return Case(name, lambda: command, json.dumps(asdict(config)), runs, _ONE_THREAD)
    config = JobConfig(place.bootstrap, f"ohlcv-{layout}", str(place.model))
    return Case(name, lambda: command, json.dumps(asdict(config)), runs)
