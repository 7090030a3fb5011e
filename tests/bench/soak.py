"""Long runs of windows in bounded memory: ``python -m tests.bench.soak [--records N] [--keys N]``.

The input is made batch by batch while the stream reads it, so it needs no memory. Two runs, each in
a process of its own, each printing a JSON line:

- ``windows``: ``records`` over ``keys`` with one-minute windows; the resident set after a warm-up
  must be flat.
- ``groups``: as many groups as records, capped by ``max_groups``; the same, and every group but the
  last ones is counted as evicted.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pyarrow as pa

import headrace as hr
from headrace import Stream
from tests.bench import machine
from tests.bench.memory import resident_mib, trend

_BATCH = 65_536
_MINUTE_NS = 60_000_000_000
_START = np.datetime64("2024-01-02T00:00", "ns").astype(np.int64)
_PER_KEY_AND_MINUTE = 5  # records
_WARM_UP = 0.2  # of the run: pools and tables grow until every key was there
_HISTORY = 10_000  # rows of results that stay readable
_SEED = 20_240_104
_COLUMNS = {"time": hr.timestamp, "key": hr.int64, "group": hr.string, "x": hr.float64}
_SCHEMA = hr.Schema(_COLUMNS, event_time="time", key="key")
_ARROW = pa.schema(
    {"time": pa.timestamp("ns", "UTC"), "key": pa.int64(), "group": pa.string(), "x": pa.float64()}
)


@dataclass(frozen=True)
class Size:
    """How large a run is."""

    records: int
    keys: int  # and in the run of groups their cap


class Feed:
    """Batches of records, made when they are asked for; notes how much memory is held then."""

    def __init__(self, size: Size, group: Callable[[np.ndarray], pa.Array]) -> None:
        self._size = size
        self._group = group
        self.at: list[int] = []
        self.mib: list[float] = []

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        reader = pa.RecordBatchReader.from_batches(_ARROW, self._batches())
        return reader.__arrow_c_stream__(requested_schema)

    def _batches(self) -> Iterator[pa.RecordBatch]:
        rng = np.random.default_rng(_SEED)
        step = _MINUTE_NS // (_PER_KEY_AND_MINUTE * self._size.keys)
        for first in range(0, self._size.records, _BATCH):
            rows = np.arange(first, min(first + _BATCH, self._size.records))
            self.at.append(first)
            self.mib.append(resident_mib())
            columns = [
                pa.array(_START + rows * step).cast(_ARROW.field("time").type),
                pa.array(rng.integers(0, self._size.keys, len(rows))),
                self._group(rows),
                pa.array(rng.normal(size=len(rows))),
            ]
            yield pa.RecordBatch.from_arrays(columns, schema=_ARROW)


def windows(size: Size) -> dict[str, object]:
    """Run one-minute windows over many keys."""
    feed = Feed(size, lambda rows: pa.array(np.full(len(rows), "one")))
    minutes = hr.from_frame(feed, schema=_SCHEMA).group_by("key").window(hr.tumbling("1m"))
    return _run(feed, minutes.agg(n=hr.count(), mean=hr.mean("x"), most=hr.max("x")))


def groups(size: Size) -> dict[str, object]:
    """Run with a group that no other record has for every record, of which ``keys`` may be kept."""
    feed = Feed(size, lambda rows: pa.array(rows).cast(pa.string()))
    days = hr.from_frame(feed, schema=_SCHEMA).group_by("group")
    capped = days.window(hr.tumbling("1d"), max_groups=size.keys, on_full="evict_oldest")
    return _run(feed, capped.agg(n=hr.count(), mean=hr.mean("x"), most=hr.max("x")))


def _run(feed: Feed, stream: Stream) -> dict[str, object]:
    start = time.perf_counter()
    with stream.run(history=_HISTORY) as live:
        live.wait()
        status = live.status()
    warm = int(len(feed.at) * _WARM_UP)
    found = trend(feed.at[warm:], feed.mib[warm:])
    return {
        "seconds": round(time.perf_counter() - start, 1),
        "results": status.rows,
        "evicted": status.evicted,
        "samples": len(feed.at) - warm,
        **asdict(found),
        "flat": found.flat,
        "mib": [round(value, 1) for value in feed.mib[:: max(1, len(feed.mib) // 20)]],
    }


RUNS: dict[str, Callable[[Size], dict[str, object]]] = {"windows": windows, "groups": groups}


def run_in_process(name: str, size: Size) -> dict[str, object]:
    """Do a run in a fresh process, whose memory is the run's alone."""
    command = [sys.executable, "-m", "tests.bench.soak", "--only", name]
    sizes = ["--records", str(size.records), "--keys", str(size.keys)]
    done = subprocess.run([*command, *sizes], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{name} ended with {done.returncode}: {done.stderr.strip()}")
    found: dict[str, object] = json.loads(done.stdout)
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what each run found; 1 where memory grew."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.soak", description=__doc__)
    parser.add_argument("--records", type=int, default=100_000_000, help="of `windows`")
    parser.add_argument("--keys", type=int, default=100_000)
    parser.add_argument("--only", choices=RUNS, help="one run, in this process")
    given = parser.parse_args(arguments)
    if given.only:
        size = Size(given.records, given.keys)
        print(json.dumps(asdict(size) | RUNS[given.only](size)), flush=True)
        return 0
    sizes = {"windows": Size(given.records, given.keys)}
    sizes["groups"] = Size(given.records // 10, given.keys)
    flat = True
    for name, size in sizes.items():
        found = run_in_process(name, size) | {"load": machine.load()}
        flat = flat and bool(found["flat"])
        print(json.dumps({"run": name} | found), flush=True)
    return 0 if flat else 1


if __name__ == "__main__":
    sys.exit(main())
