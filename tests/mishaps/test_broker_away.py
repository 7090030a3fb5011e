"""A broker that is down at the start, or goes away for ten seconds."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator

import pytest

from tests.kernel.support import Kernel
from tests.mishaps.support import (
    SCHEMA,
    Cluster,
    bars,
    counted,
    finished,
    in_the_midst_of,
    reads,
    send,
    took,
)


@pytest.fixture
def closed() -> Iterator[str]:
    """An address where connections are refused: the port is held, and nobody listens."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{holder.getsockname()[1]}"


@pytest.mark.parametrize(
    "schema", [f", schema={SCHEMA}", ""], ids=["schema given", "schema inferred"]
)
def test_down_at_the_start(kernel: Kernel, closed: str, schema: str) -> None:
    cell = kernel.run(
        f'live = hr.kafka("ohlcv", bootstrap="{closed}"{schema}).run()\n'
        'chart = live.plot("Close")\n'
        "live"
    )
    finished(cell)
    took("the cell returned", cell.seconds, 1)
    said = f"cannot reach {closed}: connection refused; retrying (attempt "
    text = reads(kernel, "live.status().message", said, within=3, since=cell.started)
    assert re.fullmatch(re.escape(said) + r"\d+\)", text)
    reads(kernel, "words(chart)", said, within=3, since=cell.started)

    def attempt() -> int:
        return int(kernel.value("live.status().message").rpartition("attempt ")[2].rstrip(")"))

    first = attempt()
    kernel.until(lambda: attempt() > first)
    panels = [d["text/html"] for d in kernel.shown(cell) if "text/html" in d]
    assert len(panels) == 1  # one panel, replaced in place, however many attempts
    kernel.until(lambda: "connection refused" in kernel.shown(cell)[-1]["text/html"])
    stopping = kernel.run("began = time.monotonic(); live.stop(); print(time.monotonic() - began)")
    took("stop()", float(finished(stopping).stdout), 0.5)
    took("the cell of stop()", stopping.seconds, 0.5)
    assert cell.stderr == ""  # also what came while the kernel was idle
    assert kernel.value("live.status().state") == "stopped"


def test_the_stop_button_while_it_is_down(kernel: Kernel, closed: str) -> None:
    kernel.run(f'live = hr.kafka("ohlcv", bootstrap="{closed}", schema={SCHEMA}).run()')
    cell = in_the_midst_of(kernel, "live.wait()")
    began = time.monotonic()
    kernel.interrupt()
    kernel.finish(cell)
    took("the stop button", time.monotonic() - began, 0.5)
    assert cell.error == "stopped by user"  # one line, no traceback
    assert kernel.value("live.status().state") == "stopped"


@pytest.mark.parametrize(
    "schema", [f", schema={SCHEMA}", ""], ids=["schema given", "schema inferred"]
)
def test_a_timeout_raises_with_the_address(kernel: Kernel, closed: str, schema: str) -> None:
    cell = kernel.run(
        f'hr.kafka("ohlcv", bootstrap="{closed}"{schema}, timeout=1.5).run().wait()', timeout=10
    )
    took("the error", cell.seconds, 2.0)
    assert f"BrokerUnavailable: cannot reach {closed}: connection refused" in cell.error
    assert cell.stderr == ""


def test_away_for_ten_seconds(kernel: Kernel, cluster: Cluster) -> None:
    topic = cluster.new_topic("away")
    send(cluster.bootstrap, topic, bars(range(100)))
    cell = kernel.run(
        f'live = hr.kafka("{topic}", bootstrap="{cluster.bootstrap}", schema={SCHEMA}).run()\n'
        'chart = live.plot("Close")'
    )
    reads(kernel, "live.status().rows", "100", within=3)
    assert kernel.value("live.status().connection") == "connected"
    kernel.run("heard.lines.clear()")

    with cluster.outage():
        gone = time.monotonic()
        reads(kernel, "live.status().connection", "lost", within=2, since=gone)
        kernel.until(lambda: counted(kernel.value("words(chart)"), "reconnecting") >= 7)
        took("reconnecting, 7 s", time.monotonic() - gone, 9)
        assert kernel.value("len(live.frame())") == "100"  # looking works while it is away
        time.sleep(max(0.0, 10.0 - (time.monotonic() - gone)))
    back = time.monotonic()
    reads(kernel, "live.status().connection", "connected", within=2, since=back)

    send(cluster.bootstrap, topic, bars(range(100, 250)))
    reads(kernel, "live.status().rows", "250", within=3)
    seen = "live.frame(last=1000, positions=True)"
    assert kernel.value(f"{seen}['_offset'].tolist() == list(range(250))") == "True"
    assert kernel.value(f"{seen}['Close'].tolist() == [100.0 + i for i in range(250)]") == "True"
    reads(kernel, "'reconnecting' in words(chart)", "False", within=2)
    assert kernel.value("live.status().message") == ""
    heard = kernel.value("'\\n'.join(heard.lines)").splitlines()
    assert len(heard) <= 2, heard
    assert finished(cell).stderr == ""
