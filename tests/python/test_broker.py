"""A real Kafka, started and stopped; and the sentence for each thing that prevents it."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest

from headrace import broker, daemon, kafka_home
from headrace.broker import TemporaryBroker
from headrace.errors import BrokerUnavailable, InvalidArgument


def fake_java(path: Path, body: str) -> str:
    """A java that prepares a folder at once, and runs ``body`` as the broker."""
    path.write_text(f'#!/bin/sh\ncase "$*" in *StorageTool*) exit 0;; esac\n{body}\n')
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def jars(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "jars"
    folder.mkdir()
    (folder / "kafka_2.13-4.1.2.jar").touch()
    monkeypatch.setattr(kafka_home, "classpath", lambda: f"{folder}/*")
    return folder


def test_a_port_in_use_is_named(
    tmp_path: Path, jars: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_home, "find_java", lambda: fake_java(tmp_path / "java", "exit 0"))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(BrokerUnavailable, match=f"port {port} on 127.0.0.1 is in use") as e:
            broker.start(port, tmp_path / "data")
    assert e.value.code == "port_in_use"


def test_further_listeners_and_settings_are_written_to_the_servers_file(
    tmp_path: Path, jars: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_home, "find_java", lambda: fake_java(tmp_path / "java", "exit 1"))
    own = TemporaryBroker(tmp_path, listeners=["SSL"], properties={"num.partitions": "3"})
    with pytest.raises(BrokerUnavailable, match="ended while starting"):
        own.start()
    written = (tmp_path / "server.properties").read_text().splitlines()
    settings = dict(line.split("=", 1) for line in written if not line.startswith("#"))
    plain, secure = f"PLAINTEXT://{own.bootstrap}", f"SSL://{own.bootstrap_of('SSL')}"
    assert settings["advertised.listeners"] == f"{plain},{secure}"
    assert settings["listeners"].startswith(f"{plain},{secure},CONTROLLER://127.0.0.1:")
    protocols = "PLAINTEXT:PLAINTEXT,SSL:SSL,CONTROLLER:PLAINTEXT"
    assert settings["listener.security.protocol.map"] == protocols
    assert settings["num.partitions"] == "3"


def test_a_misspelt_protocol_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match='no protocol "SSSL"; did you mean "SSL"'):
        TemporaryBroker(tmp_path, listeners=["SSSL"])


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_an_impossible_port_is_refused(port: int, tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match=f"got {port}"):
        broker.start(port, tmp_path)


def test_a_broker_that_ends_while_starting_shows_its_log(
    tmp_path: Path, jars: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    java = fake_java(tmp_path / "java", "echo 'No space left on device'; exit 1")
    monkeypatch.setattr(kafka_home, "find_java", lambda: java)
    with pytest.raises(BrokerUnavailable, match="No space left on device"):
        broker.start(daemon.free_port(), tmp_path / "data")
    assert broker.status(tmp_path / "data") is None


def test_a_broker_that_never_answers_is_stopped(
    tmp_path: Path, jars: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    java = fake_java(tmp_path / "java", "exec sleep 60")
    monkeypatch.setattr(kafka_home, "find_java", lambda: java)
    with pytest.raises(BrokerUnavailable, match=r"did not answer at .* within 0.5 s"):
        broker.start(daemon.free_port(), tmp_path / "data", timeout=0.5)
    assert broker.status(tmp_path / "data") is None


def test_a_damaged_pid_file_is_no_broker(tmp_path: Path) -> None:
    (tmp_path / "broker.json").write_text('{"pid": ')
    assert broker.status(tmp_path) is None
    assert broker.stop(tmp_path) is None


def test_the_default_folder_is_the_users_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/state")
    assert broker.default_data_dir() == Path("/state/headrace/kafka")


def test_a_running_broker_is_found_and_left_as_it_is(kafka: TemporaryBroker) -> None:
    info = kafka.info
    assert info is not None
    assert broker.status(info.data_dir) == info
    assert broker.start(info.port, info.data_dir) == info
    with pytest.raises(BrokerUnavailable, match=f"runs already, at {info.bootstrap}"):
        broker.start(daemon.free_port(), info.data_dir)


def test_it_listens_on_the_loopback_address_alone(kafka: TemporaryBroker) -> None:
    port = f"{kafka.info.port:04X}" if kafka.info else ""
    lines = [
        line.split()
        for name in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]
    ]
    listening = {line[1] for line in lines if line[1].endswith(f":{port}") and line[3] == "0A"}
    # 127.0.0.1 as the kernel prints it, or the same address mapped into IPv6.
    loopback = {f"0100007F:{port}", f"0000000000000000FFFF00000100007F:{port}"}
    assert listening
    assert listening <= loopback


@pytest.mark.broker
@pytest.mark.slow
def test_its_records_survive_a_restart_and_a_crash(tmp_path: Path) -> None:
    confluent = pytest.importorskip("confluent_kafka")

    def quietly(*_: object) -> None:
        """Keep the client from printing that the broker went, which is the point here."""

    with TemporaryBroker(data_dir=tmp_path) as own:
        producer = confluent.Producer({"bootstrap.servers": own.bootstrap, "error_cb": quietly})
        producer.produce("kept", b"one")
        assert producer.flush(30) == 0
        del producer
        first = own.info
        assert own.restart().bootstrap == own.bootstrap
        own.kill()
        assert broker.status(tmp_path) is None
        before = time.monotonic()
        again = own.start()
        assert time.monotonic() - before < 40
        assert first is not None
        assert again.pid != first.pid
        consumer = confluent.Consumer({"bootstrap.servers": own.bootstrap, "group.id": "g"})
        consumer.assign([confluent.TopicPartition("kept", 0, 0)])
        record = consumer.poll(30)
        assert record is not None
        assert record.value() == b"one"
        consumer.close()
    assert own.info is None
