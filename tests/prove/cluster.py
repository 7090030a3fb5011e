"""A Kafka for the experiments: topics, kills, clean restarts, and a listener behind a proxy."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Mapping
from pathlib import Path

from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic

from headrace.broker import TemporaryBroker
from headrace.daemon import port_is_free
from headrace.errors import BrokerUnavailable

_ADMIN_S = 30.0
_PORT_S = 20.0
# Dead transactions and members are noticed early, so that a repeat takes seconds, not minutes.
_PROPERTIES = {
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "500",
    "group.min.session.timeout.ms": "1000",
    "auto.create.topics.enable": "false",
    "group.consumer.session.timeout.ms": "6000",
    "group.consumer.min.session.timeout.ms": "1000",
    "group.consumer.heartbeat.interval.ms": "500",
    "group.consumer.min.heartbeat.interval.ms": "100",
}


_PORTS = range(15_000, 30_000)


def quiet_port() -> int:
    """Give a free port that the system gives to no client.

    While a broker is dead its clients try its port again and again; if that were one of those that
    the system chooses from, one of them would meet itself there, and the broker find it taken.
    """
    while True:
        port = random.choice(_PORTS)
        if port_is_free(port):
            return port


class Cluster:
    """One broker in a folder of its own, on a port that it keeps over kills.

    With ``proxied``, there is a second listener whose advertised address is that of a proxy, which
    a test starts there: clients that begin at `proxy_port` stay behind the proxy.
    """

    def __init__(
        self,
        folder: Path,
        *,
        proxied: bool = False,
        auto_create: bool = False,
        properties: Mapping[str, str] | None = None,
    ) -> None:
        self._names = itertools.count(1)
        port, self.inner_port, self.proxy_port = quiet_port(), quiet_port(), quiet_port()
        settings = {**_PROPERTIES, "auto.create.topics.enable": str(auto_create).lower()}
        if proxied:
            settings |= self._proxied_listeners(port, quiet_port())
        self.broker = TemporaryBroker(folder, port, properties={**settings, **(properties or {})})
        self.folder = folder

    def _proxied_listeners(self, port: int, controller: int) -> dict[str, str]:
        host = "127.0.0.1"
        plain = f"PLAINTEXT://{host}:{port}"
        return {
            "listeners": f"{plain},PROXIED://{host}:{self.inner_port},"
            f"CONTROLLER://{host}:{controller}",
            "advertised.listeners": f"{plain},PROXIED://{host}:{self.proxy_port}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT,"
            "CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name": "PLAINTEXT",
            "controller.quorum.voters": f"1@{host}:{controller}",
        }

    @property
    def bootstrap(self) -> str:
        """``host:port`` of the listener that no proxy stands before."""
        return self.broker.bootstrap

    @property
    def proxy_bootstrap(self) -> str:
        """``host:port`` where a proxy is expected."""
        return f"127.0.0.1:{self.proxy_port}"

    def __enter__(self) -> Cluster:
        self.broker.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.broker.stop()

    def kill(self) -> None:
        """End the broker as a crash would."""
        self.broker.kill()

    def stop(self) -> None:
        """End the broker in order."""
        self.broker.stop()

    def start(self) -> None:
        """Start it again, unless it runs; returns when it answers.

        A process that was killed may keep its port until the last of its threads is gone.
        """
        deadline = time.monotonic() + _PORT_S
        while self.broker.info is None:
            try:
                self.broker.start()
            except BrokerUnavailable as error:
                if error.code != "port_in_use" or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    def topic(self, stem: str, partitions: int, **config: str) -> str:
        """Create a topic that nobody else uses and give its name."""
        name = f"{stem}-{next(self._names)}"
        settings = {key.replace("_", "."): value for key, value in config.items()}
        admin = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})
        new = NewTopic(name, partitions, 1, config={"retention.ms": "-1", **settings})
        for future in admin.create_topics([new]).values():
            future.result(timeout=_ADMIN_S)
        return name

    def add_partitions(self, topic: str, total: int) -> None:
        """Give a topic more partitions, and wait until whoever asks hears of them.

        A producer that is told of fewer drops, later, what it was given for the others.
        """
        admin = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})
        for future in admin.create_partitions([NewPartitions(topic, total)]).values():
            future.result(timeout=_ADMIN_S)
        deadline = time.monotonic() + _ADMIN_S
        while len(admin.list_topics(topic, timeout=_ADMIN_S).topics[topic].partitions) < total:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{topic} does not get {total} partitions")
            time.sleep(0.02)
