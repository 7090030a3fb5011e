"""E18: event times that jump, and records from 1970, 2100 and 2262 among them, with kills."""

from __future__ import annotations

import random
from array import array
from dataclasses import dataclass, field

from tests.prove import kills, oracle
from tests.prove.experiment import Context, Experiment, seed_of
from tests.prove.jobs import HOSTILE
from tests.prove.records import BASE_MS, PARTITIONS, Record, Records
from tests.prove.results import Line
from tests.prove.run import Run, make_place

_HOUR_MS = 3_600_000
# Before 1970, 1970, 2100, and the last year that nanoseconds reach.
_FOREIGN_MS = (-86_400_000, 0, 4_102_444_800_000, 9_214_646_400_000)
_CALM = 600  # records at the beginning, from which each partition learns what time it is


@dataclass
class HostileRecords(Records):
    """Times within an hour of each other in any order; one in ``bad_every`` from another age.

    The last records are four hours later, so that all windows before them close.
    """

    ats: array[int] = field(init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        rng = random.Random(self.seed + 1)
        self.ats = array("q", (BASE_MS + rng.randint(-_HOUR_MS, _HOUR_MS) for _ in self.xs))
        for i in range(self.count - _CALM, self.count):
            self.ats[i] = BASE_MS + 4 * _HOUR_MS + i

    def at_ms(self, i: int) -> int:
        """Give the event time of record ``i``."""
        return self.ats[i]

    def is_bad(self, i: int) -> bool:
        """Whether record ``i`` is from another age."""
        return _CALM < i < self.count - _CALM and super().is_bad(i)

    def record(self, i: int) -> Record:
        """Give record ``i``; one from another age has a time that is its own."""
        key = f"k{self.key_of[i]:03d}"
        at = _FOREIGN_MS[i % len(_FOREIGN_MS)] if self.is_bad(i) else self.at_ms(i)
        value = f'{{"id": {i}, "key": "{key}", "x": {self.xs[i]}, "at": {at}}}'
        return Record(self.partition(i), key.encode(), value.encode())


def run_hostile(context: Context, case: str) -> Line:
    """Windows with a grace of two hours: none of the ordinary records is late."""
    count, times = (8_000, 2) if context.quick else (200_000, 5)
    cluster, folder = context.cluster(), context.run_folder()
    place = make_place(cluster, folder, PARTITIONS)
    records = HostileRecords(seed_of(case), count, bad_every=97)
    letters = cluster.topic("rejected", PARTITIONS)
    make_worker = context.launcher(folder, *HOSTILE.options, "--dead-letters", letters)
    run = Run(cluster, place, records, make_worker, job=HOSTILE)
    line = kills.worker_kills_anywhen(run, times).line()
    values = (value for _, _, value in oracle.read(cluster.bootstrap, letters))
    verdict = oracle.judge_dead_letters(values, records, original=False)
    more = {f"letters_{name}": found for name, found in verdict.counts().items()}
    return {**line, **more, "ok": bool(line["ok"]) and verdict.exact}


HOSTILE_TIMES = Experiment(
    "E18",
    "times shuffled by +-1 h, records of 1969, 1970, 2100 and 2262 among them, 5 kills",
    "0 / 0 / 0 windows; each foreign record once set aside",
    lambda _: ["seed 18"],
    run_hostile,
)
