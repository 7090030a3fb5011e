"""E7 and E8: workers come and go, partitions are added."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence

from tests.prove.experiment import Context, Experiment, exactness, seed_of
from tests.prove.feed import Feeder
from tests.prove.process import Worker
from tests.prove.records import PARTITIONS, Records
from tests.prove.results import Line
from tests.prove.run import Run, make_place

_PROTOCOLS = {
    "range": ("partition.assignment.strategy=range", "session.timeout.ms=6000"),
    "cooperative": ("partition.assignment.strategy=cooperative-sticky", "session.timeout.ms=6000"),
    "consumer": ("group.protocol=consumer",),
}
_WORKERS = 8
_STEP_S = 2.0
_SILENCE_S = 20.0
_RATE = 2_000.0


def storm_cases(quick: bool) -> list[str]:
    """Give a case for each protocol."""
    names = ["cooperative"] if quick else list(_PROTOCOLS)
    return [f"{name} {n}" for n, name in enumerate(names, start=1)]


def run_storm(context: Context, case: str) -> Line:
    """E7: every two seconds a worker joins, leaves or is killed."""
    seconds = 16.0 if context.quick else 200.0
    rng = random.Random(seed_of(case))
    records = Records(seed_of(case), int(_RATE * seconds), partitions=PARTITIONS * 2)
    cluster, folder = context.cluster(), context.run_folder()
    place = make_place(cluster, folder, PARTITIONS * 2)
    config = [text for pair in _PROTOCOLS[case.partition(" ")[0]] for text in ("--config", pair)]
    # What a killed worker left open holds up whoever takes its partitions over, until it ends.
    config += ["--producer", "transaction.timeout.ms=8000"]

    def launch(slot: int) -> Worker:
        name = f"worker-{slot}"
        return context.launcher(folder, *config, "--slot", str(slot), name=name)(place)

    run = Run(cluster, place, records, lambda _: launch(0), rate=_RATE)
    others = [launch(slot) for slot in range(1, 3 if context.quick else _WORKERS)]
    with run:
        try:
            run.feeder.release_all()
            run.worker.start()
            run.first_result({}, run.worker.started)
            _blow([run.worker, *others], rng, seconds)
            for worker in others:
                worker.stop()
            run.revive()
            outcome = run.finish()
        finally:
            for worker in others:
                worker.close()
    silence = run.watcher.longest_silence()
    line = outcome.line(silence_s=round(silence, 1), lives=sum(w.lives for w in others))
    return {**line, "ok": bool(line["ok"]) and silence <= _SILENCE_S}


def _blow(workers: Sequence[Worker], rng: random.Random, seconds: float) -> None:
    """Change the number of workers every two seconds; one at least goes on."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        up = [worker for worker in workers if worker.running()]
        down = [worker for worker in workers if worker not in up]
        if down and (len(up) <= 1 or rng.random() < 0.5):
            rng.choice(down).start()
        elif len(up) > 1:
            leaver = rng.choice(up)
            leaver.kill() if rng.random() < 0.5 else leaver.stop()
        time.sleep(_STEP_S)


def _storm_summary(lines: Sequence[Line]) -> str:
    silence = max(float(str(line.get("silence_s", 0))) for line in lines)
    return f"{exactness(lines)}; longest silence {silence:.1f} s"


def run_added(context: Context, case: str) -> Line:
    """E8: partitions are added, and written to at once, before any worker knows of them."""
    step = 1_000 if context.quick else 20_000
    rungs = [(step, 12), (2 * step, 24)]
    records = Records(seed_of(case), 3 * step, rungs=rungs)
    cluster, folder = context.cluster(), context.run_folder()
    place = make_place(cluster, folder, PARTITIONS, outputs=rungs[-1][1])
    run = Run(cluster, place, records, context.launcher(folder), rate=4_000.0)
    with run:
        run.worker.start()
        run.feeder.release(step)
        run.feeder.wait()
        for n, (first, partitions) in enumerate(rungs):
            cluster.add_partitions(place.input, partitions)
            run.feeder.close()
            run.feeder = Feeder(cluster.bootstrap, place.input, records, 4_000.0, first=first)
            run.feeder.start()
            run.feeder.release(step)
            run.feeder.wait()
            if n == seed_of(case) % 3:  # with a death in the middle, or none
                run.worker.kill()
                run.worker.start()
        outcome = run.finish()
    return outcome.line()


STORM = Experiment(
    "E7",
    "one of up to 8 workers joins, leaves or is killed every 2 s for 10 minutes; three protocols",
    f"0 / 0 / 0, never silent for > {_SILENCE_S:.0f} s",
    storm_cases,
    run_storm,
    _storm_summary,
)
ADDED = Experiment(
    "E8",
    "partitions 6 to 12 to 24 at run time, written to before they are discovered",
    "0 / 0 / 0",
    lambda quick: ["seed 1"] if quick else ["seed 1", "seed 2", "seed 3"],
    run_added,
)
