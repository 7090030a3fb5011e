"""What looks at a running stream once a second though nobody else does: its log and its rate."""

from __future__ import annotations

import threading
import time
import weakref
from collections import deque
from typing import Protocol

from headrace import logs
from headrace.rejects import Announcer
from headrace.status import Status, duration

__all__ = ["Watch"]

_SAMPLES = 6  # a second apart: "now" looks back on five seconds
_ENDED = ("finished", "stopped", "failed")


class Watched(Protocol):
    """A stream, as far as this module knows it."""

    def _look(self) -> Status: ...

    def _name(self) -> str: ...


class Watch:
    """Logs what happens to a stream and measures how fast its records come.

    It is redrawn like a chart, by the same thread, and ends with the stream. It does not keep the
    stream alive. Cost: one status a second.
    """

    every = 1.0

    def __init__(self, stream: Watched) -> None:
        self._stream = weakref.ref(stream)
        self._name = stream._name()
        self._lock = threading.Lock()
        self._samples: deque[tuple[float, int]] = deque([(time.monotonic(), 0)], maxlen=_SAMPLES)
        self._announcer = Announcer()
        self._lost_for = 0.0
        self._ended = False
        logs.logger.info("%s: started", self._name)

    def redraw(self) -> bool:
        """Look at the stream; False when it has ended."""
        stream = self._stream()
        if stream is not None:
            self.look(stream._look())
        elif not self._ended:
            self._ended = True
            logs.forward()
            logs.logger.info("%s: stopped: its handle was deleted", self._name)
        return not self._ended

    def look(self, status: Status) -> None:
        """Note where the stream stands; log what is new."""
        with self._lock:
            logs.forward()
            self._samples.append((time.monotonic(), status.records))
            self._log_connection(status)
            for line in self._announcer.news(status):
                logs.logger.warning("%s: record rejected: %s", self._name, line)
            if status.state in _ENDED and not self._ended:
                self._ended = True
                self._log_end(status)

    def rate(self, records: int) -> float:
        """Return the records a second over the last few seconds."""
        then, before = self._samples[0]
        return max(records - before, 0) / max(time.monotonic() - then, 1e-3)

    def _log_connection(self, status: Status) -> None:
        if status.connection == "lost":
            if not self._lost_for:
                logs.logger.warning("%s: reconnecting: %s", self._name, status.message)
            self._lost_for = max(status.connection_seconds, 1e-9)
        elif status.connection == "connected" and self._lost_for:
            logs.logger.info("%s: reconnected after %s", self._name, duration(self._lost_for))
            self._lost_for = 0.0

    def _log_end(self, status: Status) -> None:
        level = logs.logger.error if status.state == "failed" else logs.logger.info
        level("%s: %s", self._name, status)
