"""Fuzzing at full size: ``python -m tests.fuzz [--runs 10000000] [--only csv,plan] [--table]``.

Runs each libFuzzer driver of a build until it has had so many executions, the quickest first, and
keeps what was found: a driver that is done is not run again unless its program is another one, one
that was interrupted goes on. What a driver has learnt about its inputs stays in the build folder.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.prove.results import markdown

_ROOT = Path(__file__).parents[2]
_SEEDS = _ROOT / "tests" / "fuzz" / "seeds"
# The limits of one execution: 10 seconds; an eighth of a gigabyte in one piece, half of one in all.
# To weigh inputs by how rare what they reach is would take far longer here than running them.
_OPTIONS = ["-timeout=10", "-malloc_limit_mb=128", "-rss_limit_mb=512", "-entropic=0"]
# Freed memory that the address sanitizer holds back would be most of what is used. Where memory was
# taken is found by running an input alone.
_ASAN = "quarantine_size_mb=64:malloc_context_size=1"
_STAT = re.compile(r"^stat::(\w+):\s+(\d+)", re.MULTILINE)
_LOOK = 20_000  # executions that show how quick a driver is


@dataclass
class Result:
    """What a driver has been through so far; `program` says which build of it."""

    driver: str
    program: str
    executions: int = 0
    seconds: float = 0.0
    peak_mb: int = 0
    crashes: list[str] = field(default_factory=list)

    def is_done(self, runs: int) -> bool:
        """Whether there is nothing left to run: all of it, or what failed once would fail again."""
        return self.executions >= runs or bool(self.crashes)


class Campaign:
    """The drivers of a build folder, and what is known of each."""

    def __init__(self, build: Path, *, piece_seconds: int = 60) -> None:
        self._programs = build / "tests" / "fuzz"
        self._kept = build / "campaign"
        self._kept.mkdir(parents=True, exist_ok=True)
        self._piece_seconds = piece_seconds

    def drivers(self) -> list[str]:
        """Name the drivers that were built."""
        files = sorted(self._programs.glob("fuzz_*"))
        return [path.name.removeprefix("fuzz_") for path in files if os.access(path, os.X_OK)]

    def result(self, driver: str) -> Result:
        """Give what is known of a driver as it is built now."""
        program = hashlib.sha256((self._programs / f"fuzz_{driver}").read_bytes()).hexdigest()
        path = self._kept / f"{driver}.json"
        known = Result(**json.loads(path.read_text())) if path.exists() else None
        return known if known and known.program == program else Result(driver, program)

    def forget(self, driver: str) -> None:
        """Begin a driver anew; what it has learnt about its inputs stays."""
        (self._kept / f"{driver}.json").unlink(missing_ok=True)

    def run(self, driver: str, runs: int) -> Result:
        """Run a driver up to so many executions, piece by piece."""
        result = self.result(driver)
        while not result.is_done(runs):
            self._run_piece(result, runs - result.executions)
            self._keep(result)
            print(f"{driver}: {result.executions:,} of {runs:,}", flush=True)
        return result

    def _run_piece(self, result: Result, runs: int) -> None:
        corpus = self._kept / "corpus" / result.driver
        corpus.mkdir(parents=True, exist_ok=True)
        command = [
            str(self._programs / f"fuzz_{result.driver}"),
            f"-runs={runs}",
            f"-max_total_time={self._piece_seconds}",
            f"-seed={result.executions % 2**32 + 1}",
            f"-artifact_prefix={self._kept / result.driver}-",
            "-print_final_stats=1",
            *_OPTIONS,
            str(corpus),
            str(_SEEDS / result.driver),
        ]
        before = os.times()
        environment = {**os.environ, "ASAN_OPTIONS": _ASAN}
        done = subprocess.run(command, env=environment, capture_output=True, check=False)
        said = done.stderr.decode(errors="replace")
        stats = {name: int(number) for name, number in _STAT.findall(said)}
        if done.returncode == 0 and not stats.get("number_of_executed_units"):
            raise RuntimeError(f"{result.driver} ran nothing: {said[-1000:]}")
        result.executions += stats.get("number_of_executed_units", 0)
        result.seconds += os.times().elapsed - before.elapsed
        result.peak_mb = max(result.peak_mb, stats.get("peak_rss_mb", 0))
        if done.returncode != 0:
            result.crashes.append(_input_of(said) or f"exit status {done.returncode}")
            print(said[-4000:], file=sys.stderr)

    def _keep(self, result: Result) -> None:
        path = self._kept / f"{result.driver}.json"
        path.with_suffix(".new").write_text(json.dumps(asdict(result), indent=1) + "\n")
        path.with_suffix(".new").replace(path)


def _input_of(said: str) -> str:
    """Give the file with the input that a driver stopped at."""
    written = re.search(r"Test unit written to (\S+)", said)
    return written[1] if written else ""


def table(results: Sequence[Result], runs: int) -> str:
    """Lay out what is known."""
    rows: list[list[object]] = [
        ["driver", "executions", "seconds", "a second", "crashes", "peak memory", ""]
    ]
    for result in results:
        speed = result.executions / result.seconds if result.seconds else 0.0
        verdict = "failed" if result.crashes else "done" if result.is_done(runs) else "to go on"
        rows.append(
            [
                result.driver,
                f"{result.executions:,}",
                f"{result.seconds:,.0f}",
                f"{speed:,.0f}",
                len(result.crashes),
                f"{result.peak_mb} MB",
                verdict,
            ]
        )
    return markdown(rows)


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000_000, help="executions of each driver")
    parser.add_argument("--only", default="", help="some of the drivers: csv,plan")
    parser.add_argument("--fresh", action="store_true", help="run what is done already, too")
    parser.add_argument("--table", action="store_true", help="run nothing, print what is known")
    parser.add_argument("--build", type=Path, default=_ROOT / "build" / "fuzz")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is to be run and print the table; 1 where a driver failed."""
    args = parse(arguments)
    campaign = Campaign(args.build)
    built = campaign.drivers()
    names = [name for name in args.only.split(",") if name] or built
    if unknown := [name for name in names if name not in built]:
        print(f"--only: unknown {unknown}, expected some of {built}", file=sys.stderr)
        return 2
    if not args.table:
        _run_all(campaign, names, args)
    results = [campaign.result(name) for name in built]
    text = table(results, args.runs)
    (args.build / "fuzz.md").write_text(text + "\n")
    print(text)
    return 1 if any(result.crashes for result in results) else 0


def _run_all(campaign: Campaign, names: Sequence[str], args: argparse.Namespace) -> None:
    if args.fresh:
        for name in names:
            campaign.forget(name)
    # A first look at each, so that the quick ones need not wait for the slow ones.
    looks = {name: campaign.run(name, min(args.runs, _LOOK)) for name in names}
    for name in sorted(
        names, key=lambda name: looks[name].seconds / max(1, looks[name].executions)
    ):
        campaign.run(name, args.runs)


if __name__ == "__main__":
    sys.exit(main())
