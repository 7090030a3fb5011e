"""What flows: records with a unique id, and what must come out of them, in plain Python.

A record is ``{"id": 7, "key": "k042", "x": 13, "at": 1772445600070}``: ids count up, a key stays in
its partition, event times go forward by a millisecond. The job writes, for every record, how many
records its key has had and the sum of their ``x``.
"""

from __future__ import annotations

import random
from array import array
from collections import defaultdict
from dataclasses import dataclass, field

BASE_MS = 1_772_445_600_000
KEYS = 100
PARTITIONS = 6


@dataclass(frozen=True)
class Record:
    """One record as it is produced."""

    partition: int
    key: bytes
    value: bytes


@dataclass
class Records:
    """The records of one run: a function of the seed.

    With `rungs`, ``[(first_id, partitions), ...]``, partitions are added at run time, and from each
    rung on there are other keys: a key never moves. Of `bad_every` records one is no record at all:
    it has to come out as a dead letter, and changes nothing else. `hot` is the share of one key.
    """

    seed: int
    count: int
    keys: int = KEYS
    partitions: int = PARTITIONS
    rungs: list[tuple[int, int]] = field(default_factory=list)
    step_ms: int = 1
    bad_every: int = 0
    bad_bytes: int = 0  # how much longer than a good one
    hot: float = 0.0

    def __post_init__(self) -> None:
        rng = random.Random(self.seed)
        self.xs = array("i", rng.choices(range(1000), k=self.count))
        self.key_of = array("i", rng.choices(range(self.keys), k=self.count))
        if self.hot:
            self.key_of = array("i", (0 if rng.random() < self.hot else k for k in self.key_of))
        self.partition_of_rung = [(0, self.partitions), *self.rungs]
        for rung, (first, _) in enumerate(self.rungs, start=1):
            last = self.rungs[rung][0] if rung < len(self.rungs) else self.count
            for i in range(first, last):
                self.key_of[i] += rung * self.keys

    def partition(self, i: int) -> int:
        """Give the partition of record ``i``."""
        partitions = [n for first, n in self.partition_of_rung if first <= i][-1]
        return self.key_of[i] % partitions

    def at_ms(self, i: int) -> int:
        """Give the event time of record ``i``."""
        return BASE_MS + i * self.step_ms

    def is_bad(self, i: int) -> bool:
        """Whether record ``i`` is one that cannot be read."""
        return self.bad_every > 0 and i % self.bad_every == self.seed % self.bad_every

    @property
    def good(self) -> int:
        """How many records are none of the bad ones."""
        return self.count - sum(map(self.is_bad, range(self.count)))

    def record(self, i: int) -> Record:
        """Give record ``i``."""
        key = f"k{self.key_of[i]:03d}"
        if self.is_bad(i):
            value = f'{{"bad": {i}, "filling": "{"~" * self.bad_bytes}"'
            return Record(self.partition(i), key.encode(), value.encode())
        value = f'{{"id": {i}, "key": "{key}", "x": {self.xs[i]}, "at": {self.at_ms(i)}}}'
        return Record(self.partition(i), key.encode(), value.encode())

    def expected(self) -> tuple[array[int], array[int]]:
        """Give count and sum that the result of each record has to say."""
        counts, sums = array("q", bytes(8 * self.count)), array("q", bytes(8 * self.count))
        state: dict[int, tuple[int, int]] = defaultdict(lambda: (0, 0))
        for i in range(self.count):
            if self.is_bad(i):
                continue
            count, total = state[self.key_of[i]]
            state[self.key_of[i]] = counts[i], sums[i] = count + 1, total + self.xs[i]
        return counts, sums

    def windows(self, size_ms: int, grace_ms: int = 0) -> dict[tuple[str, int], tuple[int, int]]:
        """Give count and sum of each (key, window start) that is closed by a later record.

        A window closes when its partition has seen a record that is later than its end by the
        grace.
        """
        sums: dict[tuple[str, int], tuple[int, int]] = {}
        newest: dict[int, int] = {}
        place: dict[tuple[str, int], int] = {}
        for i in range(self.count):
            if self.is_bad(i):
                continue
            at = self.at_ms(i)
            group = (f"k{self.key_of[i]:03d}", at // size_ms * size_ms)
            count, total = sums.get(group, (0, 0))
            sums[group] = count + 1, total + self.xs[i]
            place[group] = self.partition(i)
            newest[place[group]] = max(at, newest.get(place[group], at))
        closed = {p: at - size_ms - grace_ms for p, at in newest.items()}
        return {group: v for group, v in sums.items() if group[1] <= closed[place[group]]}
