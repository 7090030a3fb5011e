"""Produces bars at an even rate: ``python -m tests.ux.producer --help``.

A process of its own, so that its work is not counted as the kernel's. Prints one JSON line when
what was there before is delivered, then ``[time, records sent so far]`` ten times a second; ends
at SIGTERM.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from itertools import count
from pathlib import Path

import numpy as np

from tests.ux import lab

TICKERS = ("AAPL", "MSFT", "GOOG", "AMZN")
BEFORE = 600  # records that are there before anyone looks
_TICK_S = 0.005
_REPORT_S = 0.1
_START = datetime(2024, 1, 2, 14, 30, tzinfo=timezone.utc)
_BLOCK = 4096


def bars(seed: int = 1) -> Iterator[tuple[bytes, bytes]]:
    """Yield minute bars for ever, the tickers in turn: Kafka key and JSON value.

    Examples
    --------
    >>> key, value = next(bars())
    >>> key, json.loads(value)["Date"]
    (b'AAPL', '2024-01-02T14:30:00.000Z')
    """
    rng = np.random.default_rng(seed)
    prices = [100.0 + 50.0 * i for i in range(len(TICKERS))]
    steps = np.empty((0, 3))
    for number in count():
        i = number % len(TICKERS)
        if number % _BLOCK == 0:
            steps = rng.normal(0.0, 0.001, (_BLOCK, 3))
        step, up, down = steps[number % _BLOCK].tolist()
        opening, close = prices[i], prices[i] * (1.0 + step)
        prices[i] = close
        high, low = max(opening, close) * (1 + abs(up)), min(opening, close) * (1 - abs(down))
        stamp = _START + timedelta(minutes=number // len(TICKERS))
        value = {
            "Date": stamp.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "Ticker": TICKERS[i],
            "Open": round(opening, 2),
            "High": round(high, 2),
            "Low": round(low, 2),
            "Close": round(close, 2),
            "Adj Close": round(close, 2),
            "Volume": 1000 + number % 9000,
        }
        yield TICKERS[i].encode(), json.dumps(value).encode()


def due(started: float, now: float, rate: float) -> int:
    """Count the records that should have been sent by now.

    Examples
    --------
    >>> due(started=10.0, now=12.5, rate=200)
    500
    """
    return int((now - started) * rate)


def main() -> None:
    """Send what was there before, then the stream."""
    from confluent_kafka import Producer

    parser = argparse.ArgumentParser(prog="python -m tests.ux.producer", description=__doc__)
    parser.add_argument("bootstrap")
    parser.add_argument("topic")
    parser.add_argument("--rate", type=float, default=200.0, help="records a second")
    parser.add_argument("--before", type=int, default=BEFORE, help="records sent at once")
    arguments = parser.parse_args()
    goes_on = True

    def finish(*_: object) -> None:
        nonlocal goes_on
        goes_on = False

    signal.signal(signal.SIGTERM, finish)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    producer = Producer(
        {
            "bootstrap.servers": arguments.bootstrap,
            "linger.ms": 5,
            "queue.buffering.max.messages": 1_000_000,  # a broker that is slow for a while
            "log_level": 2,
        }
    )
    source = bars()
    for _ in range(arguments.before):
        key, value = next(source)
        producer.produce(arguments.topic, value, key)
    producer.flush(60)
    started = reported = time.time()
    sent = 0
    print(json.dumps([started, arguments.before]), flush=True)
    while goes_on:
        wanted = due(started, time.time(), arguments.rate)
        while sent < wanted:
            key, value = next(source)
            producer.produce(arguments.topic, value, key)
            sent += 1
        producer.poll(0)
        now = time.time()
        if now - reported >= _REPORT_S:
            reported = now
            print(json.dumps([now, arguments.before + sent]), flush=True)
        time.sleep(_TICK_S)
    producer.flush(60)


def create_topic(bootstrap: str, topic: str, partitions: int = 1) -> None:
    """Create a topic, and wait until it is there."""
    from confluent_kafka.admin import AdminClient
    from confluent_kafka.cimpl import NewTopic

    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 2})
    for future in admin.create_topics([NewTopic(topic, partitions, 1)]).values():
        future.result()


@contextlib.contextmanager
def producing(bootstrap: str, topic: str, log: Path, rate: float, before: int) -> Iterator[None]:
    """Produce in a process of its own until the end of the block; ``log`` gets its lines."""
    command = [sys.executable, "-m", "tests.ux.producer", bootstrap, topic]
    command += [f"--rate={rate}", f"--before={before}"]
    with log.open("w") as out:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out)
    try:
        deadline = time.monotonic() + 60
        while not log.read_text().endswith("\n"):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the producer of {topic} did not start")
            time.sleep(0.02)
        yield
    finally:
        lab.end(process)


def sent_log(log: Path) -> tuple[list[float], list[int]]:
    """Read the times and the records sent by then."""
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    return [line[0] for line in lines], [line[1] for line in lines]


if __name__ == "__main__":
    main()
