"""A real single-node Apache Kafka on this machine, for development and tests.

It runs in KRaft mode on the loopback address alone, as a process of its own that outlives the one
that started it. For a first run without Java there is :class:`headrace.MockBroker`.

Examples
--------
>>> from headrace import broker
>>> broker.status("/nowhere") is None
True
"""

from __future__ import annotations

import base64
import json
import os
import socket
import struct
import subprocess
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from headrace import _core, kafka_home
from headrace.daemon import end, free_port, has_ended, launch, port_is_free, started_at
from headrace.errors import BrokerUnavailable, InvalidArgument

__all__ = ["BrokerInfo", "TemporaryBroker", "start", "status", "stop"]

_HOST = "127.0.0.1"
_POLL_S = 0.05
_STOP_LIMIT_S = 30.0
_TAIL_LINES = 12
_PROTOCOLS = ("SASL_PLAINTEXT", "SASL_SSL", "SSL")
_PID_FILE = "broker.json"
_METADATA, _METADATA_VERSION = 3, 4  # Kafka's protocol: the call, and the layout of its answer
_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller_port}
controller.listener.names=CONTROLLER
listeners={listeners},CONTROLLER://{host}:{controller_port}
advertised.listeners={listeners}
listener.security.protocol.map={protocols},CONTROLLER:PLAINTEXT
log.dirs={data_dir}/log
# One node: nothing can be replicated, and few partitions of the internal topics start quicker.
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=4
# A killed broker may come back only when its old registration has lapsed (9 s by default).
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
# A development group need not wait for more members.
group.initial.rebalance.delay.ms=0
# Replayed history bears its own timestamps: by age it would be deleted within minutes.
log.retention.ms=-1
"""
_LOG_CONFIG = """\
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d %p %m (%c)%n
rootLogger.level=WARN
rootLogger.appenderRef.out.ref=out
"""


@dataclass(frozen=True)
class BrokerInfo:
    """A running broker.

    Parameters
    ----------
    bootstrap : str
        ``host:port`` for clients.
    pid : int
        Its process.
    started : int
        Start time of that process in the kernel's ticks, so that a reused pid is not taken for it.
    data_dir : str
        Where its records are; they stay when it stops.
    log_file : str
        What it prints.
    version : str
        Of Apache Kafka.

    Examples
    --------
    >>> from headrace.broker import BrokerInfo
    >>> BrokerInfo("127.0.0.1:9092", 42, 7, "/tmp/data", "/tmp/data/broker.log", "4.1.2").port
    9092
    """

    bootstrap: str
    pid: int
    started: int
    data_dir: str
    log_file: str
    version: str

    @property
    def port(self) -> int:
        """The port of ``bootstrap``.

        Examples
        --------
        >>> from headrace.broker import BrokerInfo
        >>> BrokerInfo("127.0.0.1:9092", 42, 7, "/tmp/data", "/tmp/data/broker.log", "4.1.2").port
        9092
        """
        return int(self.bootstrap.rpartition(":")[2])


def default_data_dir() -> Path:
    """Give the folder of the developer's broker: ``$XDG_STATE_HOME/headrace/kafka``."""
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "headrace" / "kafka"


def start(
    port: int = 9092,
    data_dir: str | Path | None = None,
    *,
    timeout: float = 60.0,
    listeners: Mapping[str, int] | None = None,
    properties: Mapping[str, str] | None = None,
) -> BrokerInfo:
    """Start a broker and wait until it answers. One that runs already is left as it is.

    Parameters
    ----------
    port : int, default 9092
        On 127.0.0.1.
    data_dir : path, optional
        Where it keeps its records; by default a folder of the user's own.
    timeout : float, default 60
        Seconds it may take to answer.
    listeners : mapping of str to int, optional
        Further ports of 127.0.0.1 by security protocol, e.g. ``{"SSL": 9093}``.
    properties : mapping of str to str, optional
        Further settings of the server, which go before our own.

    Returns
    -------
    BrokerInfo
        Address, process, files.

    Raises
    ------
    BrokerUnavailable
        It cannot run here; the message says what is missing.

    Examples
    --------
    >>> from headrace import broker
    >>> broker.start(port=9092).bootstrap  # doctest: +SKIP
    '127.0.0.1:9092'
    """
    if not 0 < port < 65536:
        raise InvalidArgument(f"port must be between 1 and 65535, got {port}")
    folder = Path(data_dir) if data_dir is not None else default_data_dir()
    running = status(folder)
    if running is not None:
        if running.port != port:
            raise BrokerUnavailable(
                f"the broker of {folder} runs already, at {running.bootstrap}: stop it first, or "
                "give another data_dir",
                code="broker_running",
            )
        return running
    java = kafka_home.find_java()
    classes = kafka_home.classpath()
    if not port_is_free(port):
        raise BrokerUnavailable(
            f"port {port} on {_HOST} is in use by another program: stop that, or take another port",
            code="port_in_use",
        )
    _write_files(folder, {"PLAINTEXT": port, **(listeners or {})}, properties or {})
    _format(java, classes, folder)
    log = folder / "broker.log"
    pid = launch(_java(java, classes, folder, "kafka.Kafka"), log)
    info = BrokerInfo(
        bootstrap=f"{_HOST}:{port}",
        pid=pid,
        started=started_at(pid),
        data_dir=str(folder.resolve()),
        log_file=str(log.resolve()),
        version=_version(classes),
    )
    (folder / _PID_FILE).write_text(json.dumps(asdict(info)))
    _wait_until_it_answers(info, timeout)
    return info


def status(data_dir: str | Path | None = None) -> BrokerInfo | None:
    """Tell whether the broker of a folder runs.

    Parameters
    ----------
    data_dir : path, optional
        As given to :func:`start`.

    Returns
    -------
    BrokerInfo or None
        None where it does not run.

    Examples
    --------
    >>> from headrace import broker
    >>> broker.status("/nowhere") is None
    True
    """
    folder = Path(data_dir) if data_dir is not None else default_data_dir()
    try:
        info = BrokerInfo(**json.loads((folder / _PID_FILE).read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return info if info.started and started_at(info.pid) == info.started else None


def stop(
    data_dir: str | Path | None = None, *, timeout: float = _STOP_LIMIT_S
) -> BrokerInfo | None:
    """Stop the broker of a folder; its records stay.

    Parameters
    ----------
    data_dir : path, optional
        As given to :func:`start`.
    timeout : float, default 30
        Seconds after which a broker that does not end by itself is killed.

    Returns
    -------
    BrokerInfo or None
        What was stopped; None where nothing ran.

    Examples
    --------
    >>> from headrace import broker
    >>> broker.stop("/nowhere") is None
    True
    """
    info = status(data_dir)
    if info is not None:
        end(info.pid, info.started, timeout)
        (Path(info.data_dir) / _PID_FILE).unlink(missing_ok=True)
    return info


class TemporaryBroker:
    """A broker for a test: a port of its own, gone at the end of the ``with`` block.

    Parameters
    ----------
    data_dir : path
        Where it keeps its records; the folder itself is the caller's to remove.
    port : int, optional
        By default a free one.
    listeners : sequence of {"SASL_PLAINTEXT", "SASL_SSL", "SSL"}, optional
        Security protocols that it speaks besides PLAINTEXT, each on a free port of its own.
    properties : mapping of str to str, optional
        Further settings of the server, e.g. users and certificates for those protocols.

    Examples
    --------
    >>> from headrace.broker import TemporaryBroker
    >>> with TemporaryBroker(data_dir="/tmp/kafka-test") as broker:  # doctest: +SKIP
    ...     print(broker.bootstrap)
    127.0.0.1:43211
    """

    def __init__(
        self,
        data_dir: str | Path,
        port: int = 0,
        *,
        listeners: Sequence[str] = (),
        properties: Mapping[str, str] | None = None,
    ) -> None:
        for protocol in listeners:
            if protocol not in _PROTOCOLS:
                raise InvalidArgument(_core.unknown_name("protocol", protocol, _PROTOCOLS))
        self._data_dir = Path(data_dir)
        self._port = port or free_port()
        self._listeners = {protocol: free_port() for protocol in listeners}
        self._properties = dict(properties or {})
        self._info: BrokerInfo | None = None

    @property
    def bootstrap(self) -> str:
        """``host:port``; it stays the same over restarts.

        Examples
        --------
        >>> from headrace.broker import TemporaryBroker
        >>> TemporaryBroker(data_dir="/tmp/kafka-test", port=19092).bootstrap
        '127.0.0.1:19092'
        """
        return f"{_HOST}:{self._port}"

    def bootstrap_of(self, protocol: str) -> str:
        """``host:port`` of one of the further `listeners`.

        Examples
        --------
        >>> from headrace.broker import TemporaryBroker
        >>> broker = TemporaryBroker(data_dir="/tmp/kafka-test", listeners=["SSL"])
        >>> broker.bootstrap_of("SSL").partition(":")[0]
        '127.0.0.1'
        """
        return f"{_HOST}:{self._listeners[protocol]}"

    @property
    def info(self) -> BrokerInfo | None:
        """The running broker, None while it is down.

        Examples
        --------
        >>> from headrace.broker import TemporaryBroker
        >>> TemporaryBroker(data_dir="/tmp/kafka-test").info is None
        True
        """
        return self._info

    def start(self) -> BrokerInfo:
        """Start it, with the records it had.

        Examples
        --------
        >>> from headrace.broker import TemporaryBroker
        >>> with TemporaryBroker(data_dir="/tmp/kafka-test") as broker:  # doctest: +SKIP
        ...     broker.stop()
        ...     broker.start()
        """
        self._info = start(
            self._port, self._data_dir, listeners=self._listeners, properties=self._properties
        )
        return self._info

    def stop(self) -> None:
        """End it in order.

        Examples
        --------
        >>> from headrace.broker import TemporaryBroker
        >>> with TemporaryBroker(data_dir="/tmp/kafka-test") as broker:  # doctest: +SKIP
        ...     broker.stop()
        """
        stop(self._data_dir)
        self._info = None

    def kill(self) -> None:
        """End it as a crash would (SIGKILL).

        Examples
        --------
        >>> from headrace.broker import TemporaryBroker
        >>> with TemporaryBroker(data_dir="/tmp/kafka-test") as broker:  # doctest: +SKIP
        ...     broker.kill()
        ...     broker.start()
        """
        if self._info is not None:
            end(self._info.pid, self._info.started, 0.0)
            self._info = None

    def restart(self) -> BrokerInfo:
        """Stop in order, then start again on the same port.

        Examples
        --------
        >>> from headrace.broker import TemporaryBroker
        >>> with TemporaryBroker(data_dir="/tmp/kafka-test") as broker:  # doctest: +SKIP
        ...     broker.restart()
        """
        self.stop()
        return self.start()

    def __enter__(self) -> TemporaryBroker:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _write_files(folder: Path, listeners: Mapping[str, int], more: Mapping[str, str]) -> None:
    """Write the configuration. The controller's port is an inner matter, so any free one."""
    folder.mkdir(parents=True, exist_ok=True)
    properties = _PROPERTIES.format(
        host=_HOST,
        listeners=",".join(f"{name}://{_HOST}:{port}" for name, port in listeners.items()),
        protocols=",".join(f"{name}:{name}" for name in listeners),
        controller_port=free_port(),
        data_dir=folder.resolve(),
    )
    properties += "".join(
        f"{name}={value}\n" for name, value in more.items()
    )  # the last one counts
    (folder / "server.properties").write_text(properties)
    (folder / "log4j2.properties").write_text(_LOG_CONFIG)


def _java(java: str, classes: str, folder: Path, main: str, *arguments: str) -> list[str]:
    """Give the command line of one of Kafka's programs."""
    options = ["-Xms256m", "-Xmx768m", f"-Dlog4j2.configurationFile={folder / 'log4j2.properties'}"]
    command = [java, *options, "-cp", classes, main, *arguments]
    return command if arguments else [*command, str(folder / "server.properties")]


def _format(java: str, classes: str, folder: Path) -> None:
    """Give a new data folder its cluster id; one that has it is left alone."""
    if (folder / "log" / "meta.properties").exists():
        return
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
    cluster = cluster.replace("-", "A")  # a leading dash would read as an option
    arguments = ["format", "-t", cluster, "-c", str(folder / "server.properties")]
    command = _java(java, classes, folder, "kafka.tools.StorageTool", *arguments)
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        raise BrokerUnavailable(
            f"Kafka could not prepare {folder}: {done.stdout.strip()} {done.stderr.strip()}",
            code="broker_start",
        )


def _version(classes: str) -> str:
    """Read Kafka's version from the name of its jar."""
    jars = Path(classes.removesuffix("*")).glob("kafka_2.13-*.jar")
    return next(jars).stem.removeprefix("kafka_2.13-")


def _wait_until_it_answers(info: BrokerInfo, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    while not _answers(info.port):
        if has_ended(info.pid, info.started):
            raise BrokerUnavailable(
                f"Kafka ended while starting; the end of {info.log_file}:\n{_tail(info.log_file)}",
                code="broker_start",
            )
        if time.monotonic() >= deadline:
            stop(info.data_dir)
            raise BrokerUnavailable(
                f"Kafka did not answer at {info.bootstrap} within {timeout:g} s and was stopped; "
                f"the end of {info.log_file}:\n{_tail(info.log_file)}",
                code="broker_start",
            )
        time.sleep(_POLL_S)


def _tail(log_file: str) -> str:
    try:
        lines = Path(log_file).read_text(errors="replace").splitlines()
    except OSError:
        return "(no log)"
    return "\n".join(lines[-_TAIL_LINES:])


def _answers(port: int) -> bool:
    """Ask for the metadata of no topic: a broker that names itself can serve clients.

    An open port is not enough: the listener opens before the broker has registered.
    """
    client = b"headrace"
    request = struct.pack(">hhih", _METADATA, _METADATA_VERSION, 1, len(client)) + client
    request += struct.pack(">i?", 0, False)  # topics: none; create them: no
    try:
        with socket.create_connection((_HOST, port), timeout=2.0) as link:
            link.sendall(struct.pack(">i", len(request)) + request)
            with link.makefile("rb") as reply:
                head = reply.read(16)  # size, correlation id, throttle time, count of brokers
    except OSError:
        return False
    return len(head) == 16 and struct.unpack(">iiii", head)[3] >= 1
