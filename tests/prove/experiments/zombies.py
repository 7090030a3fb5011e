"""E4: a worker is frozen until all have forgotten it, its work goes to another, and it wakes up."""

from __future__ import annotations

import random
import time

from tests.prove.experiment import Context, Experiment, seed_of
from tests.prove.process import Worker
from tests.prove.records import PARTITIONS, Records
from tests.prove.results import Line
from tests.prove.run import Run, make_place

_SESSION_MS = 3_000
_WAKES_S = 5.0
_TAKES_OVER_S = 20.0  # at most: sessions and transactions run out, and are looked at now and then
_SHORT = (
    *("--config", f"session.timeout.ms={_SESSION_MS}", "--config", "heartbeat.interval.ms=500"),
    *("--producer", "transaction.timeout.ms=4000"),
)


def cases(quick: bool) -> list[str]:
    """Give seeds with short timeouts, and one repeat at full length."""
    short = [f"short {n}" for n in range(1, 2 if quick else 21)]
    return short if quick else [*short, "full 21"]


def run_zombie(context: Context, case: str) -> Line:
    """Freeze one of two workers, thaw it, then take the other one away: the thawed one works."""
    full = case.startswith("full")
    frozen_s = 90.0 if full else 6.0 if context.quick else 8.0
    rng = random.Random(seed_of(case))
    rate = 1_000.0
    records = Records(seed_of(case), int(rate * (frozen_s + 15)))
    cluster, folder = context.cluster(), context.run_folder()
    place = make_place(cluster, folder, PARTITIONS)
    options = () if full else _SHORT
    run = Run(cluster, place, records, context.launcher(folder, *options, "--slot", "0"), rate=rate)
    standby = context.launcher(folder, *options, "--slot", "1", name="standby")(place)
    with run:
        try:
            taken_over = _freeze_and_thaw(run, standby, rng, frozen_s)
            standby.stop()
            outcome = run.finish()
        finally:
            standby.close()
    line = outcome.line(taken_over=taken_over)
    return {**line, "ok": bool(line["ok"]) and taken_over}


def _freeze_and_thaw(run: Run, standby: Worker, rng: random.Random, frozen_s: float) -> bool:
    """Tell whether the other worker went on while the first one was frozen."""
    run.feeder.release_all()
    run.worker.start()
    run.first_result({}, run.worker.started)
    standby.start()
    time.sleep(3.0 + rng.uniform(0.0, 1.0))
    run.worker.freeze()
    frozen = time.monotonic()
    time.sleep(frozen_s * 0.6)
    marks, now = run.mark(), time.monotonic()
    patience = max(frozen_s * 0.4, _TAKES_OVER_S)
    went_on = run.watcher.first_after(marks, now, timeout=patience) is not None
    time.sleep(max(0.0, frozen + frozen_s - time.monotonic()))
    run.worker.thaw()
    time.sleep(_WAKES_S)
    return went_on


ZOMBIE = Experiment(
    "E4",
    "one of two workers frozen past all timeouts, then thawed; 20 times, and once for 90 s",
    "0 / 0 / 0, the other goes on meanwhile",
    cases,
    run_zombie,
)
