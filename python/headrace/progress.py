"""One line on a terminal that says how far running streams are; nothing anywhere else."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import TracebackType

    from headrace.live import Live

__all__ = ["ProgressLine"]

_FIRST_S = 1.0  # a wait that is over sooner shows nothing
_EVERY_S = 0.5
_RATE_OVER_S = 2.0  # what "records/s" looks back on


class ProgressLine:
    """A line on stderr, rewritten in place while the caller waits; a context manager.

    It is silent where stderr is no terminal (a pipe, a CI log, a notebook).

    Parameters
    ----------
    lives : sequence of Live
        The streams that it counts over.
    wanted : bool
        False: silent on a terminal, too.

    Examples
    --------
    >>> from headrace.progress import ProgressLine
    >>> with ProgressLine([], wanted=False) as line:
    ...     line.show()
    """

    def __init__(self, lives: Sequence[Live], wanted: bool = True) -> None:
        self._lives = lives
        self._on = wanted and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._started = time.monotonic()
        self._due = self._started + _FIRST_S
        self._seen = [(self._started, 0)]  # (when, records), for the rate
        self._shown = False

    def show(self) -> None:
        """Rewrite the line where half a second has passed since the last time."""
        now = time.monotonic()
        if self._on and now >= self._due:
            self._due = now + _EVERY_S
            self._write()

    def _write(self) -> None:
        now = time.monotonic()
        states = [live._engine.status() for live in self._lives]
        self._seen.append((now, sum(state["records"] for state in states)))
        while len(self._seen) > 2 and self._seen[0][0] < now - _RATE_OVER_S:
            self._seen.pop(0)
        (then, before), (_, records) = self._seen[0], self._seen[-1]
        text = summary(states, (records - before) / max(now - then, 1e-9), now - self._started)
        width = shutil.get_terminal_size().columns
        sys.stderr.write(f"\r\x1b[K{text[: width - 1]}")
        sys.stderr.flush()
        self._shown = True

    def __enter__(self) -> ProgressLine:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._shown:
            self._write()  # what is left standing is the end
            sys.stderr.write("\n")
            sys.stderr.flush()


def summary(states: Sequence[dict[str, Any]], per_second: float, seconds: float) -> str:
    """Return state, records, records/s, lag, rejects and seconds of some streams in one line.

    Examples
    --------
    >>> from headrace.progress import summary
    >>> state = {"state": "running", "records": 1200, "tasks": [{"lag": 3}],
    ...          "rejected": {"wrong_type": 1}, "message": ""}
    >>> summary([state], per_second=100.0, seconds=12.0)
    'running: 1,200 records (100/s), lag 3, 1 rejected, 12 s'
    """
    kinds = list(dict.fromkeys(state["state"] for state in states))
    records = sum(state["records"] for state in states)
    lag = sum(max(task["lag"], 0) for state in states for task in state["tasks"])
    rejected = sum(sum(state["rejected"].values()) for state in states)
    parts = [f"{'/'.join(kinds)}: {records:,} records ({per_second:,.0f}/s)", f"lag {lag:,}"]
    if len(states) > 1:
        parts.insert(0, f"{len(states)} streams")
    if rejected:
        parts.append(f"{rejected:,} rejected")
    parts.append(f"{seconds:.0f} s")
    trouble = next((state["message"] for state in states if state["message"]), "")
    return ", ".join(parts) + (f"; {trouble}" if trouble else "")
