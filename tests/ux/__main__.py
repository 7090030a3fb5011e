"""Runs the benchmark: ``python -m tests.ux [--quick] [--only first,redraws,...] [--soak MINUTES]``.

Starts a Kafka, a JupyterLab and a headless Chromium of its own on the loopback address, does the
same jobs by headrace and by hand-made glue, prints a table and writes ``bench-ux.json``.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import signal
import sys
import tempfile
from argparse import Namespace
from pathlib import Path

from tests.bench import machine

_MODULES = ("jupyterlab", "ipympl", "playwright", "psutil", "PIL", "talib", "confluent_kafka")
_VERSIONS = ("jupyterlab", "ipympl", "matplotlib", "playwright")


def missing() -> str:
    """Say what is not here that the benchmark takes; empty where all is."""
    absent = [name for name in _MODULES if importlib.util.find_spec(name) is None]
    if absent:
        return f"{', '.join(absent)} not installed (make bench-ux installs them)"
    from tests.ux import browser

    return "" if browser.executable() else f"no browser: none of {', '.join(browser.CHROMIUM)}"


def describe() -> dict[str, object]:
    """Describe machine and versions."""
    described = machine.describe()
    versions = {name: machine.version_of(name) for name in _VERSIONS}
    return described | {"notebook_versions": versions, "load_before": machine.load()}


async def measure(options: Namespace) -> tuple[dict[str, list[dict[str, float]]], list[str]]:
    """Measure the chosen groups; give what was found and what went wrong."""
    from tests.ux import groups, stage

    chosen = {"soak": groups.SOAK} if options.soak else groups.GROUPS
    found = stage.Found()
    todo = {name: group for name, group in chosen.items() if options.soak or name in options.groups}
    with tempfile.TemporaryDirectory(prefix="headrace-ux-") as folder:
        needed = {
            "kafka": any(group.kafka for group in todo.values()),
            "notebook": any(group.notebook for group in todo.values()),
        }
        async with stage.prepared(Path(folder), **needed) as place:
            for name, group in todo.items():
                stage.say(f"measuring {name}")
                await group.measure(place, options, found)
            for address in place.browsers.outside if place.browsers else ():
                found.trouble(f"the page asked for {address}, which is not on this machine")
    return found.cases, found.problems


def main() -> int:
    """Run the benchmark; 1 when a case failed. Where something is missing, say so and skip."""
    reason = missing()
    if reason:
        print(f"skipped: {reason}")
        return 0
    from tests.ux import figures, groups
    from tests.ux.options import parse

    options = parse(list(groups.GROUPS))
    # As Ctrl-C: Kafka, JupyterLab and the browser are ended too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    described = describe() | {"rounds": options.rounds, "quick": options.quick}
    measured, problems = asyncio.run(measure(options))
    described["load_after"] = machine.load()
    found = figures.compute(figures.bars(), measured)
    print(figures.table(found))
    if options.quick:
        print("quick: one short round, memory after 20 s, J2 of 200,000 records; not to be quoted")
    print(f"\n{json.dumps(described)}")
    for problem in problems:
        print(f"PROBLEM: {problem}")
    options.json.parent.mkdir(parents=True, exist_ok=True)
    report = figures.as_json(found, measured, described, problems)
    options.json.write_text(json.dumps(report, indent=1) + "\n")
    print(f"written: {options.json}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
