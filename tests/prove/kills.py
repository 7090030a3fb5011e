"""Runs in which workers or the broker are killed while records flow; the same for every system."""

from __future__ import annotations

import random
import time

from tests.prove.run import FAST, Outcome, Run

_ALIVE_S = 3.0  # kills come so soon after a first result, at most
_STARTING_S = 1.0  # and every fifth so soon after the start of the process


def worker_kills(run: Run, kills: int) -> Outcome:
    """Kill the worker at seeded moments after its first new result, every fifth in its start-up.

    Each life has its share of the records: a quarter at once, so that a first result can come, the
    rest while kills are due.
    """
    rng = random.Random(run.records.seed)
    share = run.records.count // (kills + 1)
    with run:
        for life in range(kills):
            _one_life(run, rng, share, starting=life % 5 == 4)
            run.worker.kill()
        marks = run.mark()
        run.worker.start()
        run.feeder.release(share)
        run.note_back(marks, run.worker.started)
        return run.finish()


def _one_life(run: Run, rng: random.Random, share: int, *, starting: bool) -> None:
    """Live until the moment at which to die."""
    marks = run.mark()
    first = run.worker.lives == 0
    run.feeder.rate = FAST
    run.feeder.release(share // 4)
    run.worker.start()
    if starting:
        run.feeder.release(share - share // 4)
        time.sleep(rng.uniform(0.0, _STARTING_S))
        return
    if first:  # nothing to come back from
        run.first_result(marks, run.worker.started)
    else:
        run.note_back(marks, run.worker.started)
    run.feeder.rate = share / _ALIVE_S
    run.feeder.release(share - share // 4)
    time.sleep(rng.uniform(0.0, _ALIVE_S))


def worker_kills_anywhen(run: Run, kills: int, longest_s: float = 3.0) -> Outcome:
    """Kill the worker at seeded moments of 0 to 3 s after it was started, whatever it is doing."""
    rng = random.Random(run.records.seed)
    moments = [rng.uniform(0.0, longest_s) for _ in range(kills)]
    run.feeder.rate = min(FAST, run.records.count / (sum(moments) + 0.2 * kills))
    with run:
        run.feeder.release_all()
        for moment in moments:
            marks = run.mark()
            run.worker.start()
            time.sleep(max(0.0, run.worker.started + moment - time.monotonic()))
            run.worker.kill()
            arrived = run.watcher.first_after(marks, run.worker.started, timeout=0.0)
            if arrived is not None:
                run.outcome.back_s.append(arrived - run.worker.started)
        run.worker.start()
        return run.finish()


def broker_kills(run: Run, kills: int, clean: int = 0) -> Outcome:
    """Kill the broker (or restart it in order) under load; the worker has to come through it.

    "Back" is the time from the broker's first answer to the first new committed result.
    """
    rng = random.Random(run.records.seed)
    blows = ["kill"] * kills + ["stop"] * clean
    rng.shuffle(blows)
    with run:
        run.feeder.release(int(run.feeder.rate))
        run.worker.start()
        run.first_result({}, run.worker.started)
        share = run.records.count // (len(blows) + 1)
        for blow in blows:
            run.feeder.release(share // 2)
            time.sleep(rng.uniform(0.2, 0.8) * (share // 2) / run.feeder.rate)
            run.cluster.kill() if blow == "kill" else run.cluster.stop()
            time.sleep(rng.uniform(0.0, 1.0))
            run.cluster.start()
            answered = time.monotonic()
            marks = run.mark()
            # All that came before may be done and committed by now, and below the marks.
            run.feeder.release(share // 2)
            run.note_back(marks, answered)
        return run.finish()
