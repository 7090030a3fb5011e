"""What the tests of mishaps share: a real broker with locked doors, records, and what is read."""

from __future__ import annotations

import contextlib
import itertools
import json
import re
import subprocess
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    NewTopic,
    ResourcePatternType,
    ResourceType,
)

from headrace.broker import TemporaryBroker
from tests.kernel.support import Cell, Kernel

Record = tuple[bytes | None, bytes | None]  # key, value

SCHEMA = (
    'hr.Schema({"Date": hr.timestamp, "Ticker": hr.string, "Close": hr.float64,'
    ' "Volume": hr.int64}, event_time="Date", key="Ticker")'
)
USER, PASSWORD = "alice", "right-horse-battery"
TWO_MEGABYTES = 2_000_000

_STORE_PASSWORD = "of-a-test-only"  # of a key that is made for one run of the tests
_numbers = itertools.count(1)


class Cluster:
    """A real Kafka that speaks plain text, TLS and SASL/PLAIN, and lets `USER` do nothing unasked.

    Over plain text everything is allowed. The TLS certificate is one that no system knows;
    `ca_file` is what a client needs to trust it.
    """

    def __init__(self, folder: Path) -> None:
        self.ca_file = folder / "ca.pem"
        key_store = folder / "server.p12"
        _make_certificate(key_store, self.ca_file)
        self.broker = TemporaryBroker(
            folder / "data",
            listeners=["SASL_PLAINTEXT", "SSL"],
            properties={
                "ssl.keystore.location": str(key_store),
                "ssl.keystore.type": "PKCS12",
                "ssl.keystore.password": _STORE_PASSWORD,
                "ssl.key.password": _STORE_PASSWORD,
                "sasl.enabled.mechanisms": "PLAIN",
                "listener.name.sasl_plaintext.plain.sasl.jaas.config": (
                    "org.apache.kafka.common.security.plain.PlainLoginModule required "
                    f'user_{USER}="{PASSWORD}";'
                ),
                "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
                "super.users": "User:ANONYMOUS",
                "message.max.bytes": "10000000",
                "auto.create.topics.enable": "true",  # as on most clusters: we must not cause it
            },
        )
        self.broker.start()
        self._admin = AdminClient(_quiet(self.bootstrap))

    @property
    def bootstrap(self) -> str:
        """The plain text listener."""
        return self.broker.bootstrap

    @property
    def sasl(self) -> str:
        return self.broker.bootstrap_of("SASL_PLAINTEXT")

    @property
    def tls(self) -> str:
        return self.broker.bootstrap_of("SSL")

    @contextlib.contextmanager
    def outage(self) -> Iterator[None]:
        """Let the broker be dead; alive again, for other tests, whatever happens in the block."""
        self.broker.kill()
        try:
            yield
        finally:
            self.broker.start()

    def new_topic(self, stem: str, partitions: int = 1, *, exactly: bool = False) -> str:
        """Create a topic whose name no other test uses, unless `exactly` this one is wanted."""
        name = stem if exactly else f"{stem}-{next(_numbers)}"
        self._admin.create_topics([NewTopic(name, partitions, 1)])[name].result(20)
        return name

    def topics(self) -> set[str]:
        return set(self._admin.list_topics(timeout=20).topics)

    def members(self, group: str) -> int:
        """How many consumers a group has."""
        return len(self._admin.describe_consumer_groups([group])[group].result(20).members)

    def allow(self, operation: AclOperation, kind: ResourceType, name: str) -> None:
        """Let `USER` do one thing to one topic or group."""
        what = (kind, name, ResourcePatternType.LITERAL)
        who = (f"User:{USER}", "*", operation, AclPermissionType.ALLOW)
        rule = AclBinding(*what, *who)
        self._admin.create_acls([rule])[rule].result(20)
        known = AclBindingFilter(*what, *who)
        while not self._admin.describe_acls(known).result(20):  # the broker hears of it later
            time.sleep(0.02)

    def close(self) -> None:
        self.broker.stop()


def _quiet(bootstrap: str) -> dict[str, object]:
    """Settings of a client of the test itself, which prints nothing of what it brings about."""
    return {"bootstrap.servers": bootstrap, "log_level": 0, "error_cb": lambda _: None}


def _make_certificate(key_store: Path, ca_file: Path) -> None:
    keytool = ["keytool", "-alias", "broker", "-keystore", str(key_store)]
    keytool += ["-storepass", _STORE_PASSWORD]
    subject = ["-dname", "CN=localhost", "-ext", "SAN=DNS:localhost,IP:127.0.0.1"]
    make = [*keytool, "-genkeypair", "-keyalg", "EC", "-storetype", "PKCS12", "-validity", "30"]
    for command in ([*make, *subject], [*keytool, "-exportcert", "-rfc", "-file", str(ca_file)]):
        subprocess.run(command, check=True, capture_output=True, timeout=60)


# -- records


def bar(minute: int, ticker: str = "AAPL", **changes: object) -> bytes:
    """A good record, one a minute; `changes` make it another, `...` takes a field away."""
    fields: dict[str, object] = {
        "Date": f"2026-03-02T{14 + minute // 60:02d}:{minute % 60:02d}:00Z",
        "Ticker": ticker,
        "Close": 100.0 + minute,
        "Volume": 1000 + minute,
        **changes,
    }
    return json.dumps({k: v for k, v in fields.items() if v is not ...}).encode()


def bars(minutes: Iterable[int], ticker: str = "AAPL") -> list[Record]:
    return [(ticker.encode(), bar(minute, ticker)) for minute in minutes]


def committed(bootstrap: str, group: str, topic: str) -> int:
    """The position that a group has committed for partition 0; -1001 for none."""
    asker = Consumer({**_quiet(bootstrap), "group.id": group})
    deadline = time.monotonic() + 20
    try:
        while True:
            try:
                return int(asker.committed([TopicPartition(topic, 0)], timeout=20)[0].offset)
            except KafkaException as error:  # the group's coordinator is only just coming up
                if error.args[0].name() != "NOT_COORDINATOR" or time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
    finally:
        asker.close()


def send(bootstrap: str, topic: str, records: Iterable[Record], partition: int = 0) -> None:
    """Produce records to one partition and wait until the broker has them."""
    producer = Producer({**_quiet(bootstrap), "message.max.bytes": 10_000_000})
    for key, value in records:
        producer.produce(topic, value=value, key=key, partition=partition)
    assert producer.flush(30) == 0


# -- what a user reads


def reads(
    kernel: Kernel, expression: str, wanted: str, within: float, since: float | None = None
) -> str:
    """Wait until the text of an expression has `wanted`; `within` is the promised time in seconds.

    Much more than that is allowed, for machines that do other work; the time is printed.
    """
    began = time.monotonic() if since is None else since
    text = kernel.value(expression)
    while wanted not in text:
        seconds = time.monotonic() - began
        assert seconds <= _allowed(within), f"after {seconds:.1f} s {expression} is {text!r}"
        time.sleep(0.1)
        text = kernel.value(expression)
    took(f"{expression} has {wanted!r}", time.monotonic() - began, within)
    return text


def counted(text: str, what: str) -> int:
    """The seconds that are shown behind a word; 0 where there are none."""
    found = re.search(rf"{re.escape(what)}, (\d+) s", text)
    return int(found[1]) if found else 0


def took(what: str, seconds: float, promised: float) -> None:
    """Print a measured time, and hold it against what a busy machine makes of the promise."""
    print(f"{what}: {seconds:.2f} s (promised {promised:g} s)")
    assert seconds <= _allowed(promised)


def _allowed(promised: float) -> float:
    return 3 * promised + 3


def in_the_midst_of(kernel: Kernel, line: str) -> Cell:
    """Send a cell and return when it is at its last line, and has been for a while."""
    cell = kernel.send(f'print("in", flush=True)\n{line}')
    kernel.until(lambda: "in" in cell.stdout)
    time.sleep(0.5)
    return cell


def finished(cell: Cell) -> Cell:
    """A cell that ended without an error and without a word on stderr."""
    assert cell.status == "ok", cell.error
    assert cell.stderr == ""
    return cell


def pictures(kernel: Kernel, cell: Cell) -> list[str]:
    """The PNG pictures that a cell shows now, as base64 text."""
    return [str(data["image/png"]) for data in kernel.shown(cell) if "image/png" in data]
