"""E16 and E17: memory stays within bounds, whatever comes and however slowly results are taken."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from tests.prove import proxy
from tests.prove.experiment import Context, Experiment, exactness
from tests.prove.jobs import CAPPED
from tests.prove.process import Worker
from tests.prove.proxy import Action, Proxy
from tests.prove.records import PARTITIONS, Records
from tests.prove.results import Line
from tests.prove.run import Run, make_place

_SAMPLE_S = 0.25
_CAP_MIB = 512.0 * 1.2
_GROWTH = 1.2  # from the half of the time to its end
_SLOW = Action(delay_s=2.0)
_FEED = 80_000.0  # records a second, as quickly as Python makes them


class Memory(threading.Thread):
    """Samples the resident memory of a worker."""

    def __init__(self, worker: Worker) -> None:
        super().__init__(name="memory", daemon=True)
        self._worker = worker
        self._ended = threading.Event()
        self.mib: list[float] = []

    def __enter__(self) -> Memory:
        self.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self.join()

    def run(self) -> None:
        """Look four times a second."""
        while not self._ended.wait(_SAMPLE_S):
            try:
                text = Path(f"/proc/{self._worker.pid}/status").read_text()
            except OSError:
                continue
            found = [line for line in text.splitlines() if line.startswith("VmRSS:")]
            self.mib += [int(line.split()[1]) / 1024 for line in found]

    @property
    def peak(self) -> float:
        """The most that it had."""
        return max(self.mib)

    @property
    def peak_of_first_half(self) -> float:
        """The most that it had in the first half of the time."""
        return max(self.mib[: len(self.mib) // 2])


def run_overload(context: Context, _case: str) -> Line:
    """E16: results are taken far more slowly than records come; one key has 99 % of them."""
    slow_s, count = (20.0, 1_000_000) if context.quick else (300.0, 4_000_000)
    cluster, folder = context.cluster("proxied", proxied=True), context.run_folder()
    place = make_place(cluster, folder, PARTITIONS, bootstrap=cluster.proxy_bootstrap)
    records = Records(16, count, hot=0.99)
    status = folder / "status.json"
    make_worker = context.launcher(folder, "--status", str(status))
    run = Run(cluster, place, records, make_worker, rate=_FEED)
    slow = Proxy(
        cluster.proxy_port,
        cluster.inner_port,
        lambda request: _SLOW if request.api == proxy.PRODUCE else Action(),
    )
    with slow, run, Memory(run.worker) as memory:
        run.feeder.release_all()
        run.worker.start()
        time.sleep(slow_s)
        lag = int(json.loads(status.read_text())["lag"])
        slow.rule = lambda _: Action()
        outcome = run.finish()
    line = outcome.line(peak_mib=round(memory.peak), lag_when_slow=lag)
    return {**line, "ok": bool(line["ok"]) and memory.peak <= _CAP_MIB and lag > 0}


def run_keys(context: Context, _case: str) -> Line:
    """E17: every record has a key of its own; the step keeps 100,000 groups."""
    count = 200_000 if context.quick else 10_000_000
    cluster, folder = context.cluster(), context.run_folder()
    place = make_place(cluster, folder, PARTITIONS)
    records = Records(17, count)
    for i in range(count):
        records.key_of[i] = i
    status = folder / "status.json"
    make_worker = context.launcher(folder, *CAPPED.options, "--status", str(status))
    run = Run(cluster, place, records, make_worker, rate=_FEED, job=CAPPED)
    with run, Memory(run.worker) as memory:
        run.feeder.release_all()
        run.worker.start()
        run.wait_for_all()
        time.sleep(1.0)
        evicted = int(json.loads(status.read_text())["evicted"])
        outcome = run.finish()
    half = memory.peak_of_first_half
    line = outcome.line(
        peak_mib=round(memory.peak), half_mib=round(half), evicted=evicted, keys=count
    )
    settled = context.quick or memory.peak <= half * _GROWTH
    within = memory.peak <= _CAP_MIB and settled and evicted > 0
    return {**line, "ok": bool(line["ok"]) and within}


def _summary(lines: Sequence[Line]) -> str:
    peak = max(int(str(line.get("peak_mib", 0))) for line in lines)
    return f"{exactness(lines)}; at most {peak} MiB"


OVERLOAD = Experiment(
    "E16",
    "results taken at a hundredth of the speed for 5 minutes, one key with 99 % of the records",
    f"0 / 0 / 0; <= {_CAP_MIB:.0f} MiB",
    lambda _: ["slow 16"],
    run_overload,
    _summary,
)
KEYS = Experiment(
    "E17",
    "10,000,000 different keys, at most 100,000 groups kept",
    f"<= {_CAP_MIB:.0f} MiB, no longer growing; what is forgotten is counted",
    lambda _: ["keys 17"],
    run_keys,
    _summary,
)
