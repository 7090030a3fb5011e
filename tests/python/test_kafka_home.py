"""What a real Kafka needs, and the sentence for each thing that is missing."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from headrace import kafka_home
from headrace.errors import BrokerUnavailable


def program(folder: Path, name: str, body: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("HEADRACE_KAFKA_HOME", raising=False)
    monkeypatch.delenv("JAVA_HOME", raising=False)


def test_no_java_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BrokerUnavailable, match="there is no java on the path: install one") as e:
        kafka_home.find_java()
    assert e.value.code == "no_java"


def test_an_old_java_is_refused_by_its_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    java = program(tmp_path / "bin", "java", "echo 'openjdk version \"11.0.22\" 2024-01-16' >&2")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(BrokerUnavailable, match=f"{java} is Java 11") as e:
        kafka_home.find_java()
    assert e.value.code == "old_java"


def test_java_home_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    java = program(tmp_path / "bin", "java", "echo 'openjdk version \"21\" 2023-09-19' >&2")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert kafka_home.find_java() == str(java)


def test_no_maven_says_both_ways_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BrokerUnavailable, match=r"apt install maven.*HEADRACE_KAFKA_HOME") as e:
        kafka_home.classpath()
    assert e.value.code == "no_maven"


def test_maven_that_cannot_resolve_is_quoted_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    says = "echo '[INFO] so far'; echo '[ERROR] Could not transfer artifact a:b'; exit 1"
    program(tmp_path / "bin", "mvn", says)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    with pytest.raises(BrokerUnavailable, match="It said: Could not transfer artifact a:b") as e:
        kafka_home.classpath()
    assert e.value.code == "maven_failed"
    assert e.value.retriable
    assert list((tmp_path / "cache").iterdir()) == []


def test_the_jars_are_fetched_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    count = tmp_path / "count"
    script = (
        f"echo run >> {count}\n"
        'for a in "$@"; do case "$a" in -DoutputDirectory=*) out="${a#*=}";; esac; done\n'
        'mkdir -p "$out"; touch "$out/kafka_2.13-4.1.2.jar"'
    )
    program(tmp_path / "bin", "mvn", script)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    first = kafka_home.classpath()
    assert first == kafka_home.classpath() == f"{tmp_path}/cache/kafka-4.1.2/*"
    assert count.read_text() == "run\n"
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["kafka-4.1.2"]


def test_an_unpacked_kafka_is_taken_instead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADRACE_KAFKA_HOME", str(tmp_path))
    with pytest.raises(BrokerUnavailable, match="is not an unpacked Kafka"):
        kafka_home.classpath()
    (tmp_path / "libs").mkdir()
    (tmp_path / "libs" / "kafka_2.13-4.2.0.jar").touch()
    assert kafka_home.classpath() == f"{tmp_path}/libs/*"
