"""What a real Kafka needs from this machine: Java, and Kafka's jars, fetched once by Maven."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from headrace.errors import BrokerUnavailable

__all__ = ["KAFKA_VERSION", "classpath", "find_java"]

KAFKA_VERSION = "4.1.2"
"""The Apache Kafka that is fetched. Clients before 4.1.2 could mix up records (CVE-2026-35554)."""

_LOG4J_VERSION = "2.25.3"
_JAVA_LEAST = 17
_MAVEN_LIMIT_S = 900.0
_POM = """\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>headrace</groupId>
  <artifactId>kafka-home</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka_2.13</artifactId>
      <version>{kafka}</version>
    </dependency>
    <dependency>
      <groupId>org.apache.logging.log4j</groupId>
      <artifactId>log4j-slf4j-impl</artifactId>
      <version>{log4j}</version>
    </dependency>
    <dependency>
      <groupId>org.apache.logging.log4j</groupId>
      <artifactId>log4j-core</artifactId>
      <version>{log4j}</version>
    </dependency>
  </dependencies>
</project>
"""


def find_java() -> str:
    """Find a Java that can run Kafka.

    Returns
    -------
    str
        Path of ``java``: that of ``JAVA_HOME``, else the first on the path.

    Raises
    ------
    BrokerUnavailable
        No Java, or one that is too old.

    Examples
    --------
    >>> from headrace.kafka_home import find_java
    >>> find_java()  # doctest: +SKIP
    '/usr/bin/java'
    """
    home = os.environ.get("JAVA_HOME")
    candidate = str(Path(home) / "bin" / "java") if home else "java"
    java = shutil.which(candidate)
    if java is None:
        where = f"in JAVA_HOME={home}" if home else "on the path"
        raise BrokerUnavailable(
            f"a real Kafka needs Java {_JAVA_LEAST} or newer, and there is no java {where}: "
            "install one (Debian, Ubuntu: apt install default-jre-headless)",
            code="no_java",
        )
    told = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=60)
    version = java_major(told.stderr)
    if version < _JAVA_LEAST:
        raise BrokerUnavailable(
            f"a real Kafka needs Java {_JAVA_LEAST} or newer, and {java} is Java {version}: "
            "install a newer one, or point JAVA_HOME at it",
            code="old_java",
        )
    return java


def java_major(text: str) -> int:
    """Read the major version from what ``java -version`` prints; 0 where it says none.

    Examples
    --------
    >>> from headrace.kafka_home import java_major
    >>> java_major('openjdk version "17.0.15" 2025-04-15'), java_major('java version "1.8.0_402"')
    (17, 8)
    """
    found = re.search(r'version "(?:1\.)?(\d+)', text)
    return int(found.group(1)) if found else 0


def cache_dir() -> Path:
    """Give the folder where headrace keeps what it fetched; it may be deleted at any time."""
    own = os.environ.get("HEADRACE_CACHE")
    if own:
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "headrace"


def classpath() -> str:
    """Give Kafka's class path, fetching its jars by Maven the first time (about 45 MB).

    ``HEADRACE_KAFKA_HOME`` names an unpacked Kafka distribution to take instead.

    Returns
    -------
    str
        For ``java -cp``.

    Raises
    ------
    BrokerUnavailable
        The jars are not there and cannot be fetched; the message says why.

    Examples
    --------
    >>> from headrace.kafka_home import classpath
    >>> classpath()  # doctest: +SKIP
    '/home/me/.cache/headrace/kafka-4.1.2/*'
    """
    home = os.environ.get("HEADRACE_KAFKA_HOME")
    if home:
        jars = Path(home) / "libs"
        if not list(jars.glob("kafka_2.13-*.jar")):
            raise BrokerUnavailable(
                f"HEADRACE_KAFKA_HOME={home} is not an unpacked Kafka: no libs/kafka_2.13-*.jar",
                code="no_kafka",
            )
        return f"{jars}/*"
    jars = cache_dir() / f"kafka-{KAFKA_VERSION}"
    if not jars.is_dir():
        _fetch(jars)
    return f"{jars}/*"


def _fetch(jars: Path) -> None:
    """Let Maven copy the jars to a folder beside ``jars``, then give it its name in one step."""
    maven = shutil.which("mvn")
    if maven is None:
        raise BrokerUnavailable(
            "Kafka's jars are not here yet, and Apache Maven (mvn), which fetches them once, is "
            "not on the path: install it (Debian, Ubuntu: apt install maven), or unpack a Kafka "
            "distribution and point HEADRACE_KAFKA_HOME at it",
            code="no_maven",
        )
    jars.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=jars.parent, prefix="fetch-") as folder:
        pom = Path(folder) / "pom.xml"
        pom.write_text(_POM.format(kafka=KAFKA_VERSION, log4j=_LOG4J_VERSION))
        fetched = Path(folder) / "jars"
        command = [maven, "-q", "-B", "-f", str(pom), "dependency:copy-dependencies"]
        command += [f"-DoutputDirectory={fetched}", "-DincludeScope=runtime"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_MAVEN_LIMIT_S)
        except subprocess.TimeoutExpired:
            raise BrokerUnavailable(
                f"Maven did not fetch Kafka {KAFKA_VERSION} within {_MAVEN_LIMIT_S:.0f} s: is "
                "Maven Central (or the mirror of ~/.m2/settings.xml) reachable?",
                code="maven_failed",
                retriable=True,
            ) from None
        if done.returncode != 0 or not list(fetched.glob("kafka_2.13-*.jar")):
            raise BrokerUnavailable(
                f"Maven could not fetch Kafka {KAFKA_VERSION}: is Maven Central (or the mirror of "
                f"~/.m2/settings.xml) reachable? It said: {_first_error(done.stdout)}",
                code="maven_failed",
                retriable=True,
            )
        try:
            fetched.rename(jars)
        except OSError:
            if not jars.is_dir():  # else another process was quicker, with the same jars
                raise


def _first_error(output: str) -> str:
    """Give the first error line of Maven, which is the one that names the artifact."""
    errors = [line for line in output.splitlines() if line.startswith("[ERROR]")]
    return errors[0].removeprefix("[ERROR]").strip()[:500] if errors else output.strip()[-500:]
