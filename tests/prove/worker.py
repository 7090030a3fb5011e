"""Our worker, a process that is killed: the job, as a user would write it.

``python worker.py BOOTSTRAP INPUT OUTPUT GROUP STATE [--job running] [--checkpoint dir] ...``
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import headrace as hr

SCHEMA = hr.Schema(
    {"id": hr.int64, "key": hr.string, "x": hr.int64, "at": hr.timestamp("ms")},
    event_time="at",
    key="key",
)
WINDOW_MS = 5_000
CAP = 100_000 // 6  # groups of each of six partitions


def running(stream: hr.Stream) -> hr.Stream:
    """Give count and sum of the record's key so far, for every record."""
    totals = stream.group_by("key").window(hr.all_time(), emit="update")
    sums = totals.agg(id=hr.last("id"), count=hr.count(), sum=hr.sum("x"))
    return sums.select("id", "key", "count", "sum")


def windows(stream: hr.Stream) -> hr.Stream:
    """Give count and sum of each key and window."""
    per_window = stream.group_by("key").window(hr.tumbling(f"{WINDOW_MS}ms"))
    return per_window.agg(id=hr.last("id"), count=hr.count(), sum=hr.sum("x"))


def hostile(stream: hr.Stream) -> hr.Stream:
    """Give the same where times go to and fro; what is too late is set aside."""
    per_window = stream.group_by("key").window(
        hr.tumbling(f"{WINDOW_MS}ms"), grace="2h", on_late="side_output"
    )
    return per_window.agg(id=hr.last("id"), count=hr.count(), sum=hr.sum("x"))


def capped(stream: hr.Stream) -> hr.Stream:
    """Give running sums of the newest keys alone."""
    totals = stream.group_by("key").window(hr.all_time(), emit="update", max_groups=CAP)
    sums = totals.agg(id=hr.last("id"), count=hr.count(), sum=hr.sum("x"))
    return sums.filter(hr.col("is_final") == False).select("id", "key", "count", "sum")  # noqa: E712


JOBS: dict[str, Callable[[hr.Stream], hr.Stream]] = {
    "running": running,
    "windows": windows,
    "hostile": hostile,
    "capped": capped,
}


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser()
    for name in ("bootstrap", "input", "output", "group", "state"):
        parser.add_argument(name)
    parser.add_argument("--job", choices=JOBS, default="running")
    parser.add_argument("--checkpoint", choices=("dir", "topic", "none"), default="dir")
    parser.add_argument("--guarantee", default="exactly-once")
    parser.add_argument("--dead-letters")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--commit-interval", default="100ms")
    parser.add_argument("--checkpoint-interval", default="2s")
    parser.add_argument("--config", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--producer", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--slot", type=int, help="for others: ours finds a free one by itself")
    parser.add_argument("--status", help="file for a line of JSON twice a second")
    parsed = parser.parse_args(arguments)
    parsed.group = None if parsed.group == "-" else parsed.group
    return parsed


def stream_of(args: argparse.Namespace) -> hr.Stream:
    """Write the job down."""
    source = hr.kafka(
        args.input,
        bootstrap=args.bootstrap,
        schema=SCHEMA,
        group=args.group,
        start="earliest",
        config=pairs(args.config),
    )
    return JOBS[args.job](source).to_kafka(
        args.output,
        key="key",
        dead_letters=args.dead_letters,
        processing_guarantee=args.guarantee,
        config=pairs(args.producer),
    )


def pairs(texts: list[str]) -> dict[str, str]:
    """Read ``name=value`` texts."""
    return dict(text.split("=", 1) for text in texts)


def checkpoint_of(args: argparse.Namespace) -> str | None:
    """Give what ``run`` is told."""
    places = {"dir": args.state, "topic": f"kafka://{args.output}-checkpoints", "none": None}
    return places[args.checkpoint]


def main() -> int:
    """Run until told to end, or until the stream ends by itself."""
    args = parse()
    ended = False

    def end(_number: int, _frame: FrameType | None) -> None:
        nonlocal ended
        ended = True

    signal.signal(signal.SIGTERM, end)
    live = stream_of(args).run(
        checkpoint=checkpoint_of(args),
        commit_interval=args.commit_interval,
        checkpoint_interval=args.checkpoint_interval,
        threads=args.threads,
        history=1_000,
    )
    told: set[str] = set()
    try:
        while not ended and not live.wait(timeout=0.05, progress=False):
            tell(live, told, args.status)
        tell(live, told, args.status)
        live.stop()
    except hr.errors.HeadraceError as error:
        print(f"ended: {type(error).__name__}: {error}", flush=True)
        return 1
    return 0


def tell(live: hr.Live, told: set[str], path: str | None) -> None:
    """Print what was not said before; keep the newest status where it is wanted."""
    status = live.status()
    for text in [*status.recovery, status.message]:
        if text and text not in told:
            print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)
            told.add(text)
    if path:
        Path(path).write_text(json.dumps(fields(status)))


def fields(status: Any) -> dict[str, Any]:
    """Give the numbers and words of a status."""
    names = [name for name in dir(status) if not name.startswith("_")]
    values = {name: getattr(status, name) for name in names}
    return {n: v for n, v in values.items() if isinstance(v, (int, float, str, dict, type(None)))}


if __name__ == "__main__":
    sys.exit(main())
