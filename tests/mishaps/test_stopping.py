"""The stop button, ``.stop()``, a cell that is run twice, Run All: one stream, one picture."""

from __future__ import annotations

import time

import pytest

from tests.kernel.support import Cell, Kernel
from tests.mishaps.support import (
    SCHEMA,
    Cluster,
    bars,
    finished,
    in_the_midst_of,
    pictures,
    reads,
    send,
    took,
)


@pytest.fixture(scope="module")
def topic(cluster: Cluster) -> str:
    name = cluster.new_topic("bars")
    send(cluster.bootstrap, name, bars(range(300)))
    return name


def opened(cluster: Cluster, topic: str, more: str = "") -> str:
    return f'hr.kafka("{topic}", bootstrap="{cluster.bootstrap}", schema={SCHEMA}{more})'


def all_text(kernel: Kernel, *cells: Cell) -> str:
    """Everything that cells show: streams, errors and rich outputs."""
    streams = "".join(cell.stdout + cell.stderr + cell.error for cell in cells)
    return streams + "".join(str(data) for cell in cells for data in kernel.shown(cell))


def test_the_stop_button_while_idle(kernel: Kernel, cluster: Cluster, topic: str) -> None:
    cell = kernel.run(f"live = {opened(cluster, topic)}.run()\nchart = live.plot('Close')\nlive")
    reads(kernel, "live.status().rows", "300", within=3)
    began = time.monotonic()
    kernel.interrupt()
    kernel.until(lambda: "stopped by user" in all_text(kernel, cell))
    took("the stop button", time.monotonic() - began, 0.5)
    assert kernel.value("live.status().state") == "stopped"
    assert kernel.value("len(live.frame())") == "300"
    assert "stopped by user" in kernel.value("words(chart)")
    assert len(pictures(kernel, cell)) == 1
    text = all_text(kernel, cell)
    assert "Traceback" not in text
    assert "KeyboardInterrupt" not in text
    before = pictures(kernel, cell)
    send(cluster.bootstrap, cluster.new_topic("other"), bars(range(3)))
    time.sleep(1.0)
    assert pictures(kernel, cell) == before  # drawing has ended, too


@pytest.mark.parametrize("waiting", ["live.wait()", "for part in live.frames(): pass"])
def test_the_stop_button_while_waiting(
    kernel: Kernel, cluster: Cluster, topic: str, waiting: str
) -> None:
    kernel.run(f"live = {opened(cluster, topic)}.run()")
    reads(kernel, "live.status().rows", "300", within=3)
    cell = in_the_midst_of(kernel, waiting)
    began = time.monotonic()
    kernel.interrupt()
    kernel.finish(cell)
    took("the stop button", time.monotonic() - began, 0.5)
    assert cell.error == "stopped by user"  # one line, no traceback
    assert kernel.value("live.status().state") == "stopped"
    assert kernel.value("len(live.frame())") == "300"


def test_the_stop_button_is_the_users_own_while_his_code_runs(
    kernel: Kernel, cluster: Cluster, topic: str
) -> None:
    kernel.run(f"live = {opened(cluster, topic)}.run()")
    cell = in_the_midst_of(kernel, "while True: time.sleep(0.01)")
    kernel.interrupt()
    kernel.finish(cell)
    assert "KeyboardInterrupt" in cell.error


def test_stop(kernel: Kernel, cluster: Cluster, topic: str) -> None:
    cell = kernel.run(f"live = {opened(cluster, topic)}.run(); chart = live.plot('Close')")
    reads(kernel, "live.status().rows", "300", within=3)
    stopping = kernel.run("began = time.monotonic(); live.stop(); print(time.monotonic() - began)")
    took("stop()", float(finished(stopping).stdout), 0.5)
    assert finished(kernel.run("live.stop()")).stdout == ""  # twice is harmless
    assert kernel.value("(live.status().state, len(live.frame()))") == "('stopped', 300)"
    assert "stopped by user" in kernel.value("words(chart)")
    assert len(pictures(kernel, cell)) == 1


def test_the_same_cell_again_replaces_its_stream(
    kernel: Kernel, cluster: Cluster, topic: str
) -> None:
    stream = opened(cluster, topic, ', group="twice"')
    code = f"live = {stream}.run()\nchart = live.plot('Close')\nlive"
    first = kernel.run(code, cell_id="bars")
    reads(kernel, "live.status().rows", "300", within=5)
    kernel.run("former = live, chart")
    second = kernel.run(code, cell_id="bars")
    assert finished(second).stdout == ""
    assert kernel.value("former[0].status().state") == "stopped"
    reads(kernel, "live.status().connection", "connected", within=3)
    kernel.until(lambda: cluster.members("twice") == 1)
    assert len(pictures(kernel, second)) == 1
    before = pictures(kernel, first)
    send(cluster.bootstrap, topic, bars(range(300, 310)))
    # It goes on where the former stream has committed: nothing is lost, nothing doubled.
    reads(kernel, "live.frame(last=1000)['Close'].tail(1).tolist()", "[409.0]", within=5)
    offsets = "live.frame(last=1000, positions=True)['_offset']"
    assert kernel.value(f"{offsets}.is_unique and {offsets}.iloc[-1] == 309") == "True"
    time.sleep(0.5)
    assert pictures(kernel, first) == before  # the former cell's chart is drawn no more
    assert cluster.members("twice") == 1


def test_run_all_is_as_cell_by_cell(kernel: Kernel, cluster: Cluster) -> None:
    topic = cluster.new_topic("all")
    send(cluster.bootstrap, topic, bars(range(300)))
    cells = [
        f'bars = hr.kafka("{topic}", bootstrap="{cluster.bootstrap}", until="end")',
        'live = bars.with_columns(hr.ta.bbands("Close", 20)).run(digest=True)',
        'chart = live.plot("Close")',
        "live.wait()\nprint(live.digest(), len(live.frame()))",
    ]
    one_by_one = [kernel.run(code) for code in cells]
    kernel.run("live.stop()")
    sent = [kernel.send(code) for code in cells]  # all at once, as Run All does
    at_once = [kernel.finish(cell) for cell in sent]
    for run in (one_by_one, at_once):
        assert [finished(cell).status for cell in run] == ["ok"] * 4
        assert len(pictures(kernel, run[2])) == 1
    assert at_once[3].stdout == one_by_one[3].stdout
    assert at_once[3].stdout.rstrip().endswith(" 300")


def test_localhost_is_127_0_0_1(kernel: Kernel, cluster: Cluster, topic: str) -> None:
    port = cluster.bootstrap.rpartition(":")[2]
    for host in ("localhost", "127.0.0.1"):
        cell = kernel.run(
            f'live = hr.kafka("{topic}", bootstrap="{host}:{port}", schema={SCHEMA}).run()\n'
            "chart = live.plot('Close'); live"
        )
        reads(kernel, "live.status().rows >= 300", "True", within=3)
        assert f"{topic} on {host}:{port}" in kernel.value("words(chart)")
        assert finished(cell).stdout == ""
