"""Runs the benchmark: ``python -m tests.bench [--quick] [--only J1,J2,...]``.

Starts a Kafka of its own (or takes ``--bootstrap``), makes W1, runs every case interleaved, prints
a table of ratios and writes ``bench.json``.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.bench import cases, figures, machine, measure, native, table, ticks, topics, w1

_ROOT = Path(__file__).parents[2]
_QUICK_RECORDS = 200_000
_QUICK_TICKS = 1_000_000
# Timed job: the untimed job that checks its values, and the largest error that is allowed. Scores
# are float32 sums, which differ in the last bits with the number of rows in a matrix product.
_VERIFIED = {
    "ours_j2@p1-none": ("ours_verify@p1-none", 1e-9),
    "ours_j2@p4-lz4": ("ours_verify@p4-lz4", 1e-9),
    "ours_j3@p1-none": ("ours_verify_j3@p1-none", 1e-5),
}


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    groups = list(dict.fromkeys(bar.group for bar in figures.load_bars()))
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer records, two rounds")
    parser.add_argument("--only", default="", help=f"groups: {','.join(groups)}")
    parser.add_argument("--rounds", type=int, default=0, help="counted rounds (5; quick: 2)")
    parser.add_argument("--records", type=int, default=0, help="records of W1 (2,000,000)")
    parser.add_argument("--bootstrap", default="", help="a running Kafka; default: one of its own")
    parser.add_argument("--native", type=Path, help="folder of the built programs of cpp/bench")
    parser.add_argument("--json", type=Path, default=_ROOT / "build" / "bench.json")
    parsed = parser.parse_args(arguments)
    parsed.groups = [name for name in parsed.only.split(",") if name] or groups
    unknown = set(parsed.groups) - set(groups)
    if unknown:
        parser.error(f"--only: unknown {sorted(unknown)}, expected some of {groups}")
    parsed.rounds = parsed.rounds or (2 if parsed.quick else 5)
    parsed.records = parsed.records or (_QUICK_RECORDS if parsed.quick else w1.RECORDS)
    return parsed


def say(text: str) -> None:
    """Tell how far the benchmark is."""
    print(text, file=sys.stderr, flush=True)


@contextlib.contextmanager
def broker(bootstrap: str, folder: Path) -> Iterator[str]:
    """Give the address of a Kafka: the given one, or one of our own until the end."""
    if bootstrap:
        yield bootstrap
        return
    from headrace.broker import TemporaryBroker

    with TemporaryBroker(data_dir=folder / "kafka") as own:
        yield own.bootstrap


def prepare(place: cases.Place, wanted: Sequence[topics.Topic], records: int) -> None:
    """Make topics, model and latency records, as far as they are missing."""
    absent = []
    for topic in wanted:
        count = topics.record_count(place.bootstrap, topic.name)
        if count not in (0, records):
            raise SystemExit(f"topic {topic.name} has {count} records, not {records}")
        if count == 0:
            absent.append(topic.name)
    if absent:
        say(f"producing {records:,} records to each of {', '.join(absent)}")
        command = [sys.executable, "-m", "tests.bench.topics", place.bootstrap, str(records)]
        subprocess.run([*command, *absent], check=True)
    cases.write_lines(place)
    subprocess.run([sys.executable, "-m", "tests.bench.model", str(place.model)], check=True)


def run_micro(folder: Path | None) -> list[dict[str, object]]:
    """Run every micro-benchmark that is built."""
    lines: list[dict[str, object]] = []
    for name in native.MICRO:
        path = native.find(name, folder)
        if path is None:
            say(f"{name} is not built")
            continue
        say(f"running {name}")
        try:
            lines += native.run_micro(path)
        except (subprocess.SubprocessError, ValueError) as error:
            say(f"{name}: {error}")
    return lines


def verify(place: cases.Place, job: str, tolerance: float) -> str:
    """Compare every output with an independent one; empty when they agree."""
    try:
        found = measure.run_once(cases.make(place, job))
    except measure.CaseError as error:
        return str(error)
    worst = found.extra["worst_error"]
    say(f"{job} over {found.records:,} rows: largest error {worst:.3g}")
    return "" if worst <= tolerance else f"{job}: the largest error is {worst:.3g}"


def measure_all(
    arguments: argparse.Namespace, bars: Sequence[figures.Bar], folder: Path
) -> tuple[dict[str, list[measure.Measurement]], list[str]]:
    """Run the end-to-end cases; give measurements and what went wrong."""
    runs = cases.names(bars)
    if not runs:
        return {}, []
    problems: list[str] = []

    def note(text: str) -> None:
        say(text)
        if "done" not in text:
            problems.append(text)

    with broker(arguments.bootstrap, folder) as bootstrap:
        latency = 20_000 if arguments.quick else 60_000
        many = _QUICK_TICKS if arguments.quick else ticks.RECORDS
        place = cases.Place(bootstrap, folder, arguments.native, latency, many)
        prepare(place, cases.layouts(list(runs)), arguments.records)
        chosen = [cases.make(place, name, count) for name, count in runs.items()]
        measured = measure.interleave(chosen, arguments.rounds, note)
        due = [check for timed, check in _VERIFIED.items() if timed in measured]
        problems += filter(None, (verify(place, *check) for check in due))
    return measured, problems + measure.different_checksums(measured)


def main() -> int:
    """Run the benchmark; 1 when a case failed or two jobs disagree about the data."""
    arguments = parse_arguments()
    bars = [bar for bar in figures.load_bars() if bar.group in arguments.groups]
    described = machine.describe() | {"load_before": machine.load(), "records": arguments.records}
    with tempfile.TemporaryDirectory(prefix="headrace-bench-") as folder:
        measured, problems = measure_all(arguments, bars, Path(folder))
    micro = run_micro(arguments.native) if any(bar.micro for bar in bars) else []
    described |= {"load_after": machine.load(), "rounds": arguments.rounds}
    found = figures.compute(bars, measured, micro)
    if measured:
        print(table.case_table(measured), end="\n\n")
    if micro:
        print(table.micro_table(micro), end="\n\n")
    print(table.figure_table(found))
    print(f"\n{json.dumps(described)}")
    for problem in problems:
        print(f"PROBLEM: {problem}")
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    report = table.as_json(found, measured, micro, described, problems)
    arguments.json.write_text(json.dumps(report, indent=1) + "\n")
    say(f"written: {arguments.json}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
