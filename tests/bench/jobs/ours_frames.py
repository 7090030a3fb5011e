"""J2 while another thread takes frames of the last rows flat out."""

from __future__ import annotations

import threading

from tests.bench.jobs.base import LAST_ROWS, JobConfig, JobResult
from tests.bench.jobs.ours import features, finish, start


def run(config: JobConfig) -> JobResult:
    """Run J2 beside a reader that never rests."""
    live = start(features(config), config)
    done = threading.Event()
    taken = 0

    def read() -> None:
        nonlocal taken
        while not done.is_set():
            live.frame(last=LAST_ROWS)
            taken += 1

    reader = threading.Thread(target=read)
    reader.start()
    live.wait()
    done.set()
    reader.join()
    return finish(live, {"frames_taken": float(taken)})
