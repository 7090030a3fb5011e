"""A topic that is not there, or has nothing in it: said in words, waited for, never created."""

from __future__ import annotations

import time

import pytest

from tests.kernel.support import Kernel
from tests.mishaps.support import SCHEMA, Cluster, bars, counted, finished, reads, send, took


@pytest.fixture(scope="module", autouse=True)
def similar(cluster: Cluster) -> None:
    """The topic that was meant."""
    cluster.new_topic("stock_quotes", exactly=True)


@pytest.mark.parametrize(
    "schema", [f", schema={SCHEMA}", ""], ids=["schema given", "schema inferred"]
)
def test_it_is_said_in_status_and_chart_and_goes_on_when_it_appears(
    kernel: Kernel, cluster: Cluster, schema: str
) -> None:
    missing = "stock_qoutes" if schema else "stock_quoets"
    cell = kernel.run(
        f'live = hr.kafka("{missing}", bootstrap="{cluster.bootstrap}"{schema}).run()\n'
        'chart = live.plot("Close")'
    )
    finished(cell)
    took("the cell", cell.seconds, 2.5)
    said = f'topic "{missing}" does not exist on {cluster.bootstrap} (did you mean "stock_quotes"?)'
    reads(kernel, "live.status().message", f"{said}; waiting", within=5, since=cell.started)
    reads(kernel, "words(chart)", said, within=5, since=cell.started)
    assert len(kernel.value("live.status().message").splitlines()) == 1
    assert kernel.value("len(live.frame())") == "0"
    assert missing not in cluster.topics()

    cluster.new_topic(missing, exactly=True)
    send(cluster.bootstrap, missing, bars(range(30)))
    reads(kernel, "len(live.frame())", "30", within=5)
    assert kernel.value("live.status().message") == ""
    reads(kernel, "said in words(chart)".replace("said", repr(said)), "False", within=1)
    assert cell.stderr == ""


def test_strict_raises(kernel: Kernel, cluster: Cluster) -> None:
    cell = kernel.run(
        f'live = hr.kafka("stock_quote", bootstrap="{cluster.bootstrap}", schema={SCHEMA},'
        " strict=True).run(); live.wait()"
    )
    took("the error", cell.seconds, 5)
    said = f'TopicNotFound: topic "stock_quote" does not exist on {cluster.bootstrap}'
    assert f'{said} (did you mean "stock_quotes"?)' in cell.error
    assert not cell.error.endswith("waiting")
    assert "stock_quote" not in cluster.topics()


def test_strict_without_a_schema_raises_at_the_line(kernel: Kernel, cluster: Cluster) -> None:
    cell = kernel.run(f'hr.kafka("stock_quote", bootstrap="{cluster.bootstrap}", strict=True)')
    took("the error", cell.seconds, 5)
    assert f'TopicNotFound: topic "stock_quote" does not exist on {cluster.bootstrap}' in cell.error
    assert "stock_quote" not in cluster.topics()


def test_a_topic_without_records_is_waited_for(kernel: Kernel, cluster: Cluster) -> None:
    topic = cluster.new_topic("quiet")
    cell = kernel.run(
        f'live = hr.kafka("{topic}", bootstrap="{cluster.bootstrap}").run()\n'
        'chart = live.plot("Close")'
    )
    finished(cell)
    said = f'topic "{topic}" on {cluster.bootstrap} has no records yet; waiting'
    reads(kernel, "live.status().message", said, within=3, since=cell.started)
    reads(kernel, "words(chart)", "has no records yet", within=3, since=cell.started)
    send(cluster.bootstrap, topic, bars(range(30)))
    reads(kernel, "len(live.frame())", "30", within=5)
    assert "no records" not in kernel.value("live.status().message")


def test_a_known_schema_and_no_records_say_how_long_it_waits(
    kernel: Kernel, cluster: Cluster
) -> None:
    topic = cluster.new_topic("quiet")
    cell = kernel.run(
        f'live = hr.kafka("{topic}", bootstrap="{cluster.bootstrap}", schema={SCHEMA}).run()\n'
        'chart = live.plot("Close")'
    )
    finished(cell)
    said = f"waiting for {topic} on {cluster.bootstrap}, 0 records"
    reads(kernel, "words(chart)", said, within=0.5, since=cell.ended)
    kernel.until(lambda: counted(kernel.value("words(chart)"), said) >= 3)
    took("waiting, 3 s", time.monotonic() - cell.ended, 5)
    assert kernel.value("live.status().state") in ("running", "waiting")
