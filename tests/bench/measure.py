"""Cases of the benchmark: what is run, and what one run measured."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

_LIMIT_S = 600.0


@dataclass(frozen=True)
class Measurement:
    """One run of one case."""

    records: int
    seconds: float = 0.0
    cpu_s: float = 0.0
    peak_mib: float = 0.0
    checksums: dict[str, float | str] = field(default_factory=dict)
    extra: dict[str, float] = field(default_factory=dict)

    def metric(self, name: str) -> float:
        """Look up a figure: rate (k/s), cpu (s per million), peak (MiB), seconds, or an extra one.

        Examples
        --------
        >>> Measurement(records=2_000_000, seconds=0.5, cpu_s=0.4).metric("rate")
        4000.0
        >>> Measurement(records=2_000_000, seconds=0.5, cpu_s=0.4).metric("cpu")
        0.2
        """
        if name == "rate":
            return self.records / self.seconds / 1e3
        if name == "cpu":
            return self.cpu_s / self.records * 1e6
        if name == "peak":
            return self.peak_mib
        if name == "seconds":
            return self.seconds
        return self.extra[name]


@dataclass(frozen=True)
class Case:
    """A command to be run once per round and case: its stdout ends in one JSON line."""

    name: str
    start: Callable[[], Sequence[str]]  # prepares a run (a fresh topic) and gives its command line
    stdin: str = ""
    runs: int = 1  # a round
    environment: Mapping[str, str] = field(default_factory=dict)  # beside the benchmark's own


class CaseError(RuntimeError):
    """A case ended with an error: its name and the end of what it said."""


def run_once(case: Case) -> Measurement:
    """Run a case in a process of its own."""
    done = subprocess.run(
        case.start(),
        input=case.stdin,
        env={**os.environ, **case.environment},
        capture_output=True,
        text=True,
        timeout=_LIMIT_S,
        check=False,
    )
    if done.returncode != 0 or not done.stdout.strip():
        said = (done.stderr or done.stdout).strip().splitlines()[-5:]
        raise CaseError(f"{case.name} ended with {done.returncode}: " + "\n".join(said))
    return Measurement(**json.loads(done.stdout.strip().splitlines()[-1]))


def interleave(
    cases: Sequence[Case], rounds: int, note: Callable[[str], None]
) -> dict[str, list[Measurement]]:
    """Run every case ``rounds`` times, each round in another order, after one uncounted round.

    A case that fails is reported once through ``note`` and left out from then on.
    """
    found: dict[str, list[Measurement]] = {case.name: [] for case in cases}
    failed: set[str] = set()
    for number in range(rounds + 1):
        turn = number % max(len(cases), 1)
        for case in [*cases[turn:], *cases[:turn]]:
            for _ in range(case.runs if number else 1):
                if case.name in failed:
                    continue
                try:
                    measured = run_once(case)
                except (CaseError, subprocess.TimeoutExpired, OSError) as error:
                    failed.add(case.name)
                    note(str(error))
                    continue
                if number:
                    found[case.name].append(measured)
        note(f"round {number} of {rounds} done" if number else "warm-up round done")
    return {name: runs for name, runs in found.items() if name not in failed}


def _agree(a: float | str, b: float | str, tolerance: float) -> bool:
    if isinstance(a, str) or isinstance(b, str):
        return a == b
    return abs(a - b) <= tolerance * max(1.0, abs(b))


def different_checksums(
    measured: Mapping[str, Sequence[Measurement]], tolerance: float = 1e-9
) -> list[str]:
    """Name the checksums on which two runs over the same topic differ."""
    first: dict[tuple[str, str], tuple[str, float | str]] = {}
    differences = []
    for name, runs in measured.items():
        topic = name.partition("@")[2]
        for run in runs:
            for column, value in run.checksums.items():
                case, other = first.setdefault((topic, column), (name, value))
                if not _agree(value, other, tolerance):
                    differences.append(f"{column}: {case} {other!r}, {name} {value!r}")
    return differences


def median(runs: Sequence[Measurement], metric: str) -> float:
    """Take the median of a metric over runs."""
    return statistics.median(run.metric(metric) for run in runs)
