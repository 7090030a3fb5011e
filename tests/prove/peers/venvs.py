"""What the peers need, made on demand: a virtual environment each, and jars by Maven."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from headrace.kafka_home import KAFKA_VERSION, find_java

_HERE = Path(__file__).parent
_PEERS = {
    "quixstreams": ["quixstreams==3.28.1"],
    "bytewax": ["bytewax==0.21.1", "confluent-kafka"],
    "faust-streaming": ["faust-streaming==0.15.3"],
}
_POM = """\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>headrace</groupId>
  <artifactId>prove-{artifact}</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>{artifact}</artifactId>
      <version>{version}</version>
    </dependency>
    <dependency>
      <groupId>org.slf4j</groupId>
      <artifactId>slf4j-simple</artifactId>
      <version>1.7.36</version>
    </dependency>
  </dependencies>
</project>
"""


def python(tools: Path, name: str) -> str:
    """Give the interpreter of a peer's environment."""
    return str(tools / "venvs" / name / "bin" / "python")


def install(tools: Path, name: str) -> None:
    """Make a peer's environment, unless it is there."""
    folder = tools / "venvs" / name
    finished = folder / "finished"
    if finished.exists():
        return
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
    command = [python(tools, name), "-m", "pip", "install", "--quiet", *_PEERS[name]]
    subprocess.run(command, check=True)
    finished.touch()


def jars(tools: Path, artifact: str) -> Path:
    """Fetch an artifact of Apache Kafka with what it needs, unless it is there; give the folder."""
    folder = tools / "jars" / artifact
    if folder.is_dir():
        return folder
    maven = shutil.which("mvn")
    if maven is None:
        raise RuntimeError(f"{artifact} is fetched by Apache Maven, and mvn is not on the path")
    fetching = folder.with_name(f"{artifact}.fetching")
    fetching.mkdir(parents=True, exist_ok=True)
    pom = fetching / "pom.xml"
    pom.write_text(_POM.format(artifact=artifact, version=KAFKA_VERSION))
    command = [maven, "-q", "-B", "-f", str(pom), "dependency:copy-dependencies"]
    command += [f"-DoutputDirectory={fetching}", "-DincludeScope=runtime"]
    subprocess.run(command, check=True, timeout=900)
    fetching.rename(folder)
    return folder


def compile_streams(tools: Path) -> None:
    """Compile the worker of Kafka Streams."""
    classes = tools / "classes"
    source = _HERE / "StreamsWorker.java"
    target = classes / "StreamsWorker.class"
    if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
        return
    compiler = str(Path(find_java()).with_name("javac"))
    classpath = f"{jars(tools, 'kafka-streams')}/*"
    subprocess.run([compiler, "-cp", classpath, "-d", str(classes), str(source)], check=True)


def java(tools: Path, main: str, arguments: Sequence[str]) -> list[str]:
    """Give the command of a Java program of this folder."""
    classpath = f"{tools / 'classes'}:{tools / 'jars' / 'kafka-streams'}/*"
    options = ["-Xms128m", "-Xmx512m", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]
    return [find_java(), *options, "-cp", classpath, main, *arguments]
