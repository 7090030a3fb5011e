"""Kafka's own Java console consumer as a second oracle: it counts results and different ids."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from headrace.kafka_home import find_java
from tests.prove.peers import venvs

_ID = re.compile(r'"id": ?(\d+)')
_QUIET_MS = 8_000  # nothing for so long: that was all


def count_ids(tools: Path, bootstrap: str, topic: str) -> tuple[int, int]:
    """Read a topic with read_committed; give the number of records and of different ids."""
    command = [find_java(), "-Xmx256m", "-cp", f"{venvs.jars(tools, 'kafka-tools')}/*"]
    command += ["-Dorg.slf4j.simpleLogger.defaultLogLevel=error"]
    command += ["org.apache.kafka.tools.consumer.ConsoleConsumer", "--bootstrap-server", bootstrap]
    command += ["--topic", topic, "--from-beginning", "--isolation-level", "read_committed"]
    command += ["--timeout-ms", str(_QUIET_MS)]
    lines, ids = 0, set()
    reading = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    with reading:
        assert reading.stdout is not None
        for line in reading.stdout:
            found = _ID.search(line)
            lines += 1
            if found:
                ids.add(int(found.group(1)))
    return lines, len(ids)
