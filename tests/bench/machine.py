"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path

_PACKAGES = (
    "headrace",
    "confluent-kafka",
    "polars",
    "ta-lib",
    "numpy",
    "pandas",
    "torch",
)


def cpu_model() -> str:
    """Read the name of the processor."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def version_of(package: str) -> str:
    """Look up an installed version; ``-`` where the package is absent."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "-"


def describe() -> dict[str, object]:
    """Describe machine and versions."""
    return {
        "cpu": cpu_model(),
        "cores": len(os.sched_getaffinity(0)),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "versions": {package: version_of(package) for package in _PACKAGES},
    }


def load() -> list[float]:
    """Give the load averages over 1, 5 and 15 minutes."""
    return list(os.getloadavg())
