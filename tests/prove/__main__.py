"""The proof of exactly once: ``python -m tests.prove [--only E1,E3] [--quick] [--table]``.

Kills workers and brokers, cuts networks and freezes processes while records flow, and reads what
came out with clients that are not ours. What has passed is kept in ``PROVE_DIR`` (default:
build/prove) and not run again; a case is a function of its name, so one that fails fails again.
"""

from __future__ import annotations

import argparse
import os
import platform
import signal
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

from tests.prove import catalogue
from tests.prove.experiment import Context, Experiment, say
from tests.prove.experiments import side_by_side
from tests.prove.results import Results, markdown
from tests.prove.systems import SYSTEMS

_ROOT = Path(__file__).parents[2]


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.prove", description=__doc__)
    parser.add_argument("--only", default="", help=f"some of {','.join(catalogue.BY_NAME)}")
    parser.add_argument("--quick", action="store_true", help="small forms of all of them")
    parser.add_argument("--table", action="store_true", help="run nothing, print what is known")
    parser.add_argument("--system", choices=SYSTEMS, default="headrace", help="who is tested")
    parser.add_argument("--dir", type=Path, default=os.environ.get("PROVE_DIR"))
    parsed = parser.parse_args(arguments)
    parsed.dir = Path(parsed.dir or _ROOT / "build" / "prove").resolve()
    names = [name for name in parsed.only.split(",") if name] or list(catalogue.BY_NAME)
    unknown = [name for name in names if name not in catalogue.BY_NAME]
    if unknown:
        parser.error(f"--only: unknown {unknown}, expected some of {list(catalogue.BY_NAME)}")
    parsed.experiments = [catalogue.BY_NAME[name] for name in names]
    return parsed


def results_of(args: argparse.Namespace) -> Results:
    """Give where results are kept: apart for the quick forms, and for who is tested."""
    name = args.system.replace(" ", "-") + ("-quick" if args.quick else "")
    return Results(args.dir / name)


def report(results: Results, quick: bool) -> str:
    """Write both tables."""
    rows: list[list[object]] = [["", "experiment", "bar", "found", "passes"]]
    for experiment in catalogue.EXPERIMENTS:
        if experiment.ours:
            found, passes = experiment.verdict(results, quick)
            rows.append([experiment.name, experiment.title, experiment.bar, found, passes])
    peers = side_by_side.table(
        results.lines(side_by_side.WORKER_KILLS.name),
        results.lines(side_by_side.BROKER_KILLS.name),
    )
    machine = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    return f"{markdown(rows)}\n\n{markdown(peers)}\n\n{machine}\n"


def run(experiments: Sequence[Experiment], context: Context, results: Results) -> bool:
    """Run what is missing; True where all passes."""
    for experiment in experiments:
        say(f"# {experiment.name}: {experiment.title}")
        try:
            experiment.run_missing(context, results)
        finally:
            context.close()  # the next one begins with a broker of its own
    return all(experiment.verdict(results, context.quick)[1] == "yes" for experiment in experiments)


def _end(_number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit("ended by a signal; a rerun goes on from here")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print the table, and keep it."""
    args = parse(arguments)
    signal.signal(signal.SIGTERM, _end)  # so that brokers and workers end with us
    results = results_of(args)
    passed = True
    if not args.table:
        with Context(args.dir, args.quick, args.system) as context:
            passed = run(args.experiments, context, results)
    text = report(results, args.quick)
    (results.folder / "table.md").write_text(text)
    print(text)
    return 0 if passed else 1


if __name__ == "__main__":
    raise SystemExit(main())
