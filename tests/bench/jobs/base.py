"""What a job is given, what it hands back, and the columns all jobs share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

LAST_ROWS = 10_000
INDICATORS = (
    "bbands_upper",
    "bbands_middle",
    "bbands_lower",
    "rsi",
    "aroon_down",
    "aroon_up",
)
FEATURES = ("Open", "Close", *INDICATORS)
OUTPUT = "score"


@dataclass(frozen=True)
class JobConfig:
    """Where a job reads and what it is told beside that."""

    bootstrap: str
    topic: str
    model: str = ""
    options: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class JobResult:
    """What a job found: enough to see that two jobs did the same work."""

    records: int
    checksums: dict[str, float | str] = field(default_factory=dict)
    extra: dict[str, float] = field(default_factory=dict)


class Job(Protocol):
    """A module of this package: imports at the top are not part of the time, `run` is.

    What a job works on and does not fetch itself is made by ``prepare(config)``, if it has one.
    """

    def run(self, config: JobConfig) -> JobResult:
        """Do the job once, from creation of the client to the last result."""
        ...
