"""E1 and E2: workers die, at random moments and at named places of the core."""

from __future__ import annotations

import random
import re
import time
from pathlib import Path

from headrace import _core
from tests.prove import console, kills
from tests.prove.experiment import Context, Experiment, seed_of
from tests.prove.jobs import JOBS
from tests.prove.records import PARTITIONS, Records
from tests.prove.results import Line
from tests.prove.run import Run, make_place

_CPP = Path(__file__).parents[3] / "cpp" / "src"
_PLACE = re.compile(r'HEADRACE_FAIL(?:POINT|S)\("([\w.]+)"\)')
_DEATHS = 20
_REACHED_S = 20.0  # a place that is not come by in this time is not come by at all
_PER_DEATH = 1_000
_TRICKLE = 30  # records ten times a second: each commit has some


def run_kills(context: Context, case: str) -> Line:
    """E1: kill the worker again and again while records flow."""
    job = JOBS[case.partition(" ")[0]]
    times, count = {
        ("running", False): (100, 1_000_000),
        ("windows", False): (20, 200_000),
        ("running", True): (6, 20_000),
        ("windows", True): (4, 20_000),
    }[job.name, context.quick]
    cluster, folder = context.cluster(), context.run_folder()
    place = make_place(cluster, folder, PARTITIONS)
    records = Records(seed_of(case), count)
    run = Run(cluster, place, records, context.launcher(folder, *job.options), job=job)
    outcome = kills.worker_kills_anywhen(run, times)
    if context.quick:
        return outcome.line()
    # Once more with Kafka's own reader, which has nothing in common with librdkafka.
    lines, distinct = console.count_ids(context.tools, cluster.bootstrap, place.output)
    agrees = lines == distinct == run.expected
    line = outcome.line(java_lines=lines, java_distinct=distinct)
    return {**line, "ok": bool(line["ok"]) and agrees}


def failpoints() -> list[str]:
    """List the places of the core at which a process can be made to die."""
    found = {
        name for path in sorted(_CPP.rglob("*.cpp")) for name in _PLACE.findall(path.read_text())
    }
    return sorted(found)


def has_failpoints() -> bool:
    """Tell whether the core that is imported was built with them."""
    return b"transaction.after_end" in Path(_core.__file__).read_bytes()


def failpoint_cases(quick: bool) -> list[str]:
    """Give all of them, or the most telling ones."""
    telling = {"transaction.after_flush", "transaction.after_positions", "transaction.after_end"}
    # A stream never passes those of a redrive; tests/integration/test_dead_letters.py dies there.
    passed = [name for name in failpoints() if not name.startswith("redrive.")]
    return [f"{name} 1" for name in passed if not quick or name in telling]


def run_failpoint(context: Context, case: str) -> Line:
    """E2: die twenty times at one place, at another pass each time."""
    name, deaths = case.partition(" ")[0], 4 if context.quick else _DEATHS
    rng = random.Random(case)
    cluster, folder = context.cluster(), context.run_folder()
    place = make_place(cluster, folder, PARTITIONS)
    records = Records(seed_of(case), _PER_DEATH * (deaths + 1))
    make_worker = context.launcher(folder, "--checkpoint-interval", "200ms")
    run = Run(cluster, place, records, make_worker, rate=2_000.0)
    reached = 0
    with run:
        for _ in range(deaths):
            reached += _dies_at(run, f"{name}=kill@{_pass(name, rng)}")
        run.worker.start()
        outcome = run.finish()
    line = outcome.line(deaths=reached)
    return {**line, "ok": bool(line["ok"]) and reached == deaths}


def _pass(name: str, rng: random.Random) -> int:
    """Choose the pass: of what a life does once, the first."""
    return 1 if name.endswith("before_init") else rng.randint(1, 3)


def _dies_at(run: Run, failpoint: str) -> bool:
    """Live until the place is come by, with records all the while."""
    run.worker.start({"HEADRACE_FAILPOINTS": failpoint})
    deadline = time.monotonic() + _REACHED_S
    while time.monotonic() < deadline:
        run.feeder.release(_TRICKLE)
        if run.worker.wait(0.1):
            return run.worker.exit_code == -9
    run.worker.kill()
    return False


KILLS = Experiment(
    "E1",
    "worker killed 100 times at 0-3 s while 1,000,000 records flow (and 20 times with windows)",
    "0 / 0 / 0",
    lambda _: ["running 1", "windows 2"],
    run_kills,
)
FAILPOINTS = Experiment(
    "E2",
    "killed 20 times at each named place of the core",
    "0 / 0 / 0 at each",
    failpoint_cases,
    run_failpoint,
)
