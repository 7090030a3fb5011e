"""What an experiment is: cases that are run one by one and kept, and a sentence about all."""

from __future__ import annotations

import contextlib
import shutil
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from headrace import broker
from tests.prove.cluster import Cluster
from tests.prove.results import Line, Results, add_up
from tests.prove.run import MakeWorker
from tests.prove.systems import SYSTEMS


def say(text: str) -> None:
    """Tell how far the proof is."""
    print(text, file=sys.stderr, flush=True)


@dataclass
class Context:
    """Where experiments work: one folder, brokers that cases of one kind share."""

    folder: Path
    quick: bool = False
    system: str = "headrace"  # another one shows that the harness finds what is wrong
    _stack: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    _clusters: dict[str, Cluster] = field(default_factory=dict)
    _runs: int = 0

    @property
    def tools(self) -> Path:
        """What is installed for the peers and the oracles."""
        return self.folder / "tools"

    def run_folder(self) -> Path:
        """Give a new folder for one case; it is kept, so that a failure can be looked at."""
        self._runs += 1
        folder = self.folder / "runs" / f"{self._runs:04d}"
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
        return folder

    def cluster(
        self,
        kind: str = "plain",
        *,
        proxied: bool = False,
        auto_create: bool = False,
        properties: Mapping[str, str] | None = None,
    ) -> Cluster:
        """Give the broker of a kind, starting it where it does not run yet."""
        if kind not in self._clusters:
            folder = self.folder / "kafka" / kind.replace(" ", "-")
            if folder.exists():
                broker.stop(folder)  # left over where a run before was killed
                shutil.rmtree(folder)
            cluster = Cluster(
                folder, proxied=proxied, auto_create=auto_create, properties=properties
            )
            self._clusters[kind] = self._stack.enter_context(cluster)
        self._clusters[kind].start()  # where a case that failed has left it dead
        return self._clusters[kind]

    def launcher(self, folder: Path, *options: str, name: str = "worker") -> MakeWorker:
        """Give what makes a worker of the system under test, which logs to the folder."""
        system = SYSTEMS[self.system]
        system.prepare(self.tools)
        log = folder / f"{name}.log"
        return lambda place: system.worker(place, self.tools, log, *options)

    def close(self) -> None:
        """Stop the brokers."""
        self._stack.close()
        self._clusters.clear()

    def __enter__(self) -> Context:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()


Summary = Callable[[Sequence[Line]], str]


@dataclass(frozen=True)
class Experiment:
    """One row of the table."""

    name: str
    title: str
    bar: str
    cases: Callable[[bool], list[str]]  # quick? -> names
    run: Callable[[Context, str], Line]
    summary: Summary = lambda lines: exactness(lines)
    ours: bool = True  # whether the bar is one that headrace has to reach

    def run_missing(self, context: Context, results: Results) -> None:
        """Run what has not passed yet."""
        for case in self.cases(context.quick):
            if results.settled(self.name, case, found=not self.ours):
                continue
            say(f"{self.name} {case} ...")
            try:
                line = self.run(context, case)
            except Exception as error:  # a case that cannot be run has failed; the others go on
                line = {"ok": False, "error": f"{type(error).__name__}: {error}"}
            results.add(self.name, case, line)
            say(f"{self.name} {case}: {'ok' if line['ok'] else 'FAILED'} {_short(line)}")

    def verdict(self, results: Results, quick: bool) -> tuple[str, str]:
        """Give what was found, and whether it passes."""
        lines = results.lines(self.name)
        cases = self.cases(quick)
        done = [lines[case] for case in cases if case in lines]
        if not done:
            return "not run", "-"
        text = self.summary(done)
        failed = sum(not line["ok"] for line in done)
        if failed:
            return f"{text}; {failed} of {len(done)} failed", "NO"
        if len(done) < len(cases):
            return f"{text}; {len(done)} of {len(cases)} run", "so far"
        return text, "yes"


def _short(line: Line) -> str:
    return ", ".join(f"{k} {v}" for k, v in line.items() if k != "ok" and not isinstance(v, list))


def exactness(lines: Sequence[Line]) -> str:
    """Say what was twice, lost and wrong over all cases."""
    twice, lost, wrong = (add_up(lines, key) for key in ("twice", "lost", "wrong"))
    torn = add_up(lines, "foreign") + add_up(lines, "disordered")
    text = f"{twice} twice / {lost} lost / {wrong} wrong of {add_up(lines, 'expected'):,}"
    if torn:
        text += f", {torn} torn or out of order"
    runs = f"{len(lines)} runs" if len(lines) > 1 else "1 run"
    return f"{text} ({runs})"


def seconds(lines: Sequence[Line], key: str) -> str:
    """Say median and worst of the lists of seconds under a key."""
    values: list[float] = [v for line in lines for v in line.get(key) or []]  # type: ignore[attr-defined]
    if not values:
        return "no figure"
    return f"median {statistics.median(values):.2f} s, worst {max(values):.2f} s"


def at_most(value: object, limit: float) -> bool:
    """Tell whether a figure of a result line is there and within its limit."""
    return isinstance(value, (int, float)) and value <= limit


def seeds(full: int, quick: int) -> Callable[[bool], list[str]]:
    """Name cases by a seed."""
    return lambda is_quick: [f"seed {n}" for n in range(1, (quick if is_quick else full) + 1)]


def seed_of(case: str) -> int:
    """Read the seed from the name of a case, which ends in it."""
    return int(case.rpartition(" ")[2])
