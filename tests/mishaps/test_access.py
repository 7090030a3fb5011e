"""Credentials, TLS, rights: what is refused, to whom, and what to do; never the password."""

from __future__ import annotations

import pytest
from confluent_kafka.admin import AclOperation, ResourceType

from tests.kernel.support import Kernel
from tests.mishaps.support import PASSWORD, SCHEMA, USER, Cluster, bars, finished, reads, send, took

WRONG = "wr0ng-passw0rd"


@pytest.fixture(scope="module")
def topic(cluster: Cluster) -> str:
    name = cluster.new_topic("guarded")
    send(cluster.bootstrap, name, bars(range(30)))
    return name


def opened(topic: str, bootstrap: str, config: dict[str, object], more: str = "") -> str:
    return f'hr.kafka("{topic}", bootstrap="{bootstrap}", config={config!r}{more})'


def sasl(password: str) -> dict[str, object]:
    return {
        "security.protocol": "sasl_plaintext",
        "sasl.mechanism": "PLAIN",
        "sasl.username": USER,
        "sasl.password": password,
        "insecure": True,
    }


@pytest.mark.parametrize("schema", [f", schema={SCHEMA}", ""], ids=["given", "inferred"])
def test_a_wrong_password(kernel: Kernel, cluster: Cluster, topic: str, schema: str) -> None:
    cell = kernel.run(f"{opened(topic, cluster.sasl, sasl(WRONG), schema)}.run().wait()")
    took("the error", cell.seconds, 3)
    last = cell.error.splitlines()[-1]
    assert last.startswith("AuthenticationError: "), last
    for word in (cluster.sasl, USER, "PLAIN", "sasl.password"):
        assert word in last
    everything = cell.error.replace(repr(sasl(WRONG)), "")  # the user's own line is shown as it is
    assert WRONG not in "\n".join(
        line for line in everything.splitlines() if "hr.kafka" not in line
    )


def test_a_wrong_password_in_status_and_chart(kernel: Kernel, cluster: Cluster, topic: str) -> None:
    cell = kernel.run(
        f"live = {opened(topic, cluster.sasl, sasl(WRONG), f', schema={SCHEMA}')}.run()\n"
        "chart = live.plot('Close')\nlive"
    )
    reads(kernel, "live.status().state", "failed", within=3, since=cell.started)
    message = kernel.value("live.status().message")
    for word in (cluster.sasl, USER, "PLAIN", "sasl.password"):
        assert word in message
    reads(kernel, "words(chart)", f"{cluster.sasl}", within=2)
    kernel.until(lambda: "failed" in str(kernel.shown(cell)[-1]))
    shown = "".join(str(out.data) for out in kernel.history(cell))
    told = kernel.value("live, words(chart), live.status(), heard.lines, live._stream")
    assert WRONG not in shown + told
    assert finished(cell).stderr == ""


def test_a_right_password(kernel: Kernel, cluster: Cluster) -> None:
    topic = cluster.new_topic("allowed")
    send(cluster.bootstrap, topic, bars(range(30)))
    cluster.allow(AclOperation.READ, ResourceType.TOPIC, topic)
    kernel.run(f"live = {opened(topic, cluster.sasl, sasl(PASSWORD))}.run()")
    reads(kernel, "len(live.frame())", "30", within=3)


def test_plain_text_to_a_tls_port(kernel: Kernel, cluster: Cluster, topic: str) -> None:
    cell = kernel.run(
        f"live = {opened(topic, cluster.tls, {}, f', schema={SCHEMA}')}.run()\n"
        "chart = live.plot('Close')"
    )
    said = f'{cluster.tls} expects TLS: set config={{"security.protocol": "ssl"}}'
    reads(kernel, "live.status().message", said, within=3, since=cell.started)
    reads(kernel, "words(chart)", f"{cluster.tls} expects TLS", within=3, since=cell.started)
    assert finished(cell).stderr == ""


def test_tls_to_a_plain_text_port(kernel: Kernel, cluster: Cluster, topic: str) -> None:
    config: dict[str, object] = {"security.protocol": "ssl"}
    cell = kernel.run(
        f"live = {opened(topic, cluster.bootstrap, config, f', schema={SCHEMA}')}.run()\n"
        "chart = live.plot('Close')"
    )
    said = f"{cluster.bootstrap} does not speak TLS"
    reads(kernel, "live.status().message", said, within=3, since=cell.started)
    reads(kernel, "words(chart)", said, within=3, since=cell.started)
    assert finished(cell).stderr == ""


def test_a_certificate_that_nobody_knows(kernel: Kernel, cluster: Cluster, topic: str) -> None:
    config: dict[str, object] = {"security.protocol": "ssl"}
    cell = kernel.run(f"live = {opened(topic, cluster.tls, config, f', schema={SCHEMA}')}.run()")
    reads(kernel, "live.status().message", "ssl.ca.location", within=3, since=cell.started)
    message = kernel.value("live.status().message")
    assert f"certificate of {cluster.tls}" in message
    assert "error:0A" not in message  # OpenSSL's numbers mean nothing to a user
    trusted = {**config, "ssl.ca.location": str(cluster.ca_file)}
    kernel.run(f"live = {opened(topic, cluster.tls, trusted)}.run()")
    reads(kernel, "len(live.frame())", "30", within=3)


@pytest.mark.parametrize("schema", [f", schema={SCHEMA}", ""], ids=["given", "inferred"])
def test_no_right_to_the_topic(kernel: Kernel, cluster: Cluster, topic: str, schema: str) -> None:
    cell = kernel.run(f"{opened(topic, cluster.sasl, sasl(PASSWORD), schema)}.run().wait()")
    took("the error", cell.seconds, 3)
    last = cell.error.splitlines()[-1]
    assert last.startswith("AuthorizationError: "), last
    for word in (f'topic "{topic}"', cluster.sasl, f'"{USER}"', "READ"):
        assert word in last


def test_no_right_to_the_group(kernel: Kernel, cluster: Cluster) -> None:
    topic = cluster.new_topic("allowed")
    send(cluster.bootstrap, topic, bars(range(30)))
    cluster.allow(AclOperation.READ, ResourceType.TOPIC, topic)
    more = f', group="traders", schema={SCHEMA}'
    cell = kernel.run(f"{opened(topic, cluster.sasl, sasl(PASSWORD), more)}.run().wait()")
    took("the error", cell.seconds, 3)
    last = cell.error.splitlines()[-1]
    assert last.startswith("AuthorizationError: "), last
    for word in ('group "traders"', cluster.sasl, "READ"):
        assert word in last
    cluster.allow(AclOperation.READ, ResourceType.GROUP, "traders")
    kernel.run(f"live = {opened(topic, cluster.sasl, sasl(PASSWORD), more)}.run()")
    reads(kernel, "len(live.frame())", "30", within=5)


def test_no_right_to_write(kernel: Kernel, cluster: Cluster) -> None:
    source, target = cluster.new_topic("allowed"), cluster.new_topic("results")
    send(cluster.bootstrap, source, bars(range(30)))
    cluster.allow(AclOperation.READ, ResourceType.TOPIC, source)
    stream = opened(source, cluster.sasl, sasl(PASSWORD), f", schema={SCHEMA}")
    cell = kernel.run(
        f'{stream}.to_kafka("{target}", processing_guarantee="at-least-once").run().wait()'
    )
    took("the error", cell.seconds, 5)
    last = cell.error.splitlines()[-1]
    assert last.startswith("AuthorizationError: "), last
    for word in (f'topic "{target}"', "WRITE"):
        assert word in last
