"""J2 of the benchmark in a real kernel, with a live chart and a status panel and without."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict

from tests.bench import cases
from tests.bench.jobs.base import JobConfig
from tests.kernel.support import Kernel
from tests.ux.stage import CaseError, Found, Stage, say

LAYOUT = "p1-none"
_LIMIT_S = 300.0
_JOB = """
import gc, json, time
from IPython.display import display
from tests.bench.jobs import ours
from tests.bench.jobs.base import JobConfig

config = JobConfig(**{config})

def j2(shown):
    began = time.perf_counter()
    live = ours.start(ours.features(config), config)
    if shown:
        chart = live.plot("Close", key="AAPL")
        display(live)
    opened = time.perf_counter() - began
    live.wait()
    seconds = time.perf_counter() - began
    live.stop()
    rows, draws = live.status().rows, chart.draws if shown else 0
    del live
    gc.collect()
    return json.dumps([rows, seconds, opened, draws])
"""


def prepare(stage: Stage, records: int) -> None:
    """Make the topic that J2 reads."""
    layout = cases.layouts([f"ours_j2@{LAYOUT}"])[0]
    say(f"producing {records:,} records to {layout.name}")
    command = [sys.executable, "-m", "tests.bench.topics", stage.bootstrap, str(records)]
    subprocess.run([*command, layout.name], check=True)


def measure(stage: Stage, found: Found, rounds: int, records: int) -> None:
    """Run J2 with and without in turn, after an uncounted round that loads what both need."""
    config = asdict(JobConfig(stage.bootstrap, f"ohlcv-{LAYOUT}"))
    with Kernel() as kernel:
        cell = kernel.run(_JOB.replace("{config}", repr(config)))
        if cell.status != "ok":
            raise CaseError(cell.error)
        _round(kernel, Found(), records, shown_first=True)
        for number in range(rounds):
            _round(kernel, found, records, shown_first=bool(number % 2))


def _round(kernel: Kernel, found: Found, records: int, *, shown_first: bool) -> None:
    order = (True, False) if shown_first else (False, True)
    took = {shown: _seconds(kernel, records, shown=shown) for shown in order}
    (with_s, opened_s), (without_s, _) = took[True], took[False]
    found.add(
        "j2",
        ratio=without_s / with_s,
        with_k=records / with_s / 1e3,
        without_k=records / without_s / 1e3,
        opened_ms=1e3 * opened_s,
    )


def _seconds(kernel: Kernel, records: int, *, shown: bool) -> tuple[float, float]:
    """Run J2; give its seconds, and those until what is to be shown was open."""
    cell = kernel.run(f"print(j2(shown={shown}))", timeout=_LIMIT_S)
    if cell.status != "ok":
        raise CaseError(cell.error)
    rows, seconds, opened, draws = json.loads(cell.stdout.strip().splitlines()[-1])
    if rows != records or (shown and not draws):
        raise CaseError(f"J2 ended with {rows:,} rows and {draws} drawings")
    return float(seconds), float(opened)
