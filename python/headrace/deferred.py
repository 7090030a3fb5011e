"""What runs a stream whose columns are not known yet: it waits for records and then goes on.

``hr.kafka`` without a schema looks at the topic. Where there is nothing to look at, the stream has
a :class:`~headrace.pending.Pending` in place of its schema, and a run of it a
:class:`WaitingEngine` in place of the core's engine: the same methods, answered for a stream
without records until the schema is there, and from then on by the core.
"""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, cast

from headrace import frames
from headrace.errors import CheckpointError, HeadraceError, InternalError
from headrace.lazy import np

if TYPE_CHECKING:
    from headrace import _core
    from headrace.pending import Pending

__all__ = ["WaitingEngine"]

_PAUSE_S = 0.5  # between two looks
_STOP_S = 0.4  # how long stop() waits for a look to end, which it does within 0.1 s


class EmptyFrame:
    """The rows of a stream whose columns are not known: none."""

    rows = 0
    end_row = 0
    names: tuple[str, ...] = ()

    def arrow_stream(self, positions: bool) -> object:
        """Return an Arrow stream without columns."""
        arrow = frames._require("pyarrow", "arrow")
        return arrow.table({}).__arrow_c_stream__()

    def partitions(self) -> frames.Array:
        """Return the partition of each row."""
        return np.empty(0, np.int32)

    def offsets(self) -> frames.Array:
        """Return the offset of each row."""
        return np.empty(0, np.int64)


def _no_rows() -> _core.Frame:
    return cast("_core.Frame", EmptyFrame())


class WaitingEngine:
    """What runs a stream until its schema is known; then it hands everything on to the core.

    Parameters
    ----------
    pending : Pending
        What it waits for.
    build : callable
        Makes the core's engine once the schema is known; what does not fit is raised there.
    bounded : bool
        Whether the source ends: then a topic without records will not get any.
    timeout : float, optional
        Seconds within which a broker must answer.

    Examples
    --------
    >>> import headrace as hr
    >>> with hr.MockBroker(ohlcv=1) as broker:
    ...     live = hr.kafka("ohlcv", bootstrap=broker.bootstrap).run()
    ...     state = live.status().state
    ...     live.stop()
    >>> state, live.status().state, live.frame().empty
    ('waiting', 'stopped', True)
    """

    def __init__(
        self,
        pending: Pending,
        build: Callable[[], _core.Engine],
        *,
        bounded: bool = False,
        timeout: float | None = None,
    ) -> None:
        self._pending = pending
        self._build = build
        self._bounded = bounded
        self._timeout = timeout
        self._answered = False  # whether a broker has, since the start
        self._engine: _core.Engine | None = None
        self._failure: HeadraceError | None = None
        self._lock = threading.Lock()  # between an engine that is made and a stop
        self._stopping = threading.Event()
        self._done = threading.Event()  # nothing to wait for here: the core runs, or all is over
        self._started = self._since = time.monotonic()
        self._thread = threading.Thread(
            target=_wait,
            args=(weakref.ref(self), self._stopping),
            name="headrace-wait",
            daemon=True,
        )

    @property
    def resolved(self) -> bool:
        """Whether the schema is known and the core runs."""
        return self._engine is not None

    # -- waiting for the schema

    def start(self) -> None:
        """Look for records in a thread."""
        self._started = self._since = time.monotonic()
        self._thread.start()

    def _look(self) -> bool:
        """Look once; True when there is nothing to wait for any more."""
        try:
            over = self._resolve()
        except HeadraceError as error:
            self._failure = error
            over = True
        except Exception as error:
            self._failure = InternalError(f"{type(error).__name__}: {error}")
            over = True
        if over or self._stopping.is_set():
            self._done.set()
        return self._done.is_set()

    def _resolve(self) -> bool:
        reached = self._pending.reached
        if self._pending.look(settle=True, stop=self._stopping.is_set):
            with self._lock:
                if not self._stopping.is_set():
                    engine = self._build()
                    engine.start()
                    self._engine = engine
            return True
        if reached != self._pending.reached:
            self._since = time.monotonic()
        if self._bounded and self._pending.empty:
            raise self._pending.without_records()
        waited = time.monotonic() - self._started
        self._answered = self._answered or self._pending.reached
        if self._timeout is not None and not self._answered and waited >= self._timeout:
            raise self._pending.unavailable(self._timeout)
        return False

    # -- what the core's engine does

    def request_stop(self) -> None:
        """Ask it to end, without waiting."""
        self._stopping.set()
        if self._engine is not None:
            self._engine.request_stop()

    def stop(self) -> None:
        """End it; at once or as soon as the look that is going on has ended."""
        self._stopping.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(_STOP_S)
        with self._lock:
            engine = self._engine
        if engine is not None:
            engine.stop()
        self._done.set()

    def wait(self, timeout_ms: int) -> bool:
        """Wait for the end; False at the timeout."""
        if self._engine is None:
            self._done.wait(timeout_ms / 1000)
            return self._engine is None and self._done.is_set()
        return self._engine.wait(timeout_ms)

    def wait_rows(self, rows: int, timeout_ms: int) -> bool:
        """Wait for more rows than `rows`; False at the timeout."""
        if self._engine is None:
            self._done.wait(timeout_ms / 1000)
            return False
        return self._engine.wait_rows(rows, timeout_ms)

    def failure(self) -> tuple[str, str, str, bool, int] | None:
        """Return the error that ended it, as the core does."""
        if self._engine is not None:
            return self._engine.failure()
        error = self._failure
        if error is None:
            return None
        name = type(error).__name__
        return name, str(error), error.code, error.retriable, error.native_code

    def status(self) -> dict[str, Any]:
        """Return what is waited for."""
        if self._engine is not None:
            return self._engine.status()
        now = time.monotonic()
        waiting = not self._done.is_set()
        return {
            "state": "failed" if self._failure else "waiting" if waiting else "stopped",
            "message": str(self._failure) if self._failure else self._pending.reason,
            "records": 0,
            "rows": 0,
            "rejected": {},
            "connection": self._connection(),
            "connection_seconds": now - self._since,
            "seconds": now - self._started,
            "tasks": [],
        }

    def _connection(self) -> str:
        if self._pending.reached:
            return "connected"
        return "lost" if self._pending.ever_reached else "connecting"

    def request_write(self) -> list[int]:
        """Have all results so far written; there are none yet."""
        return [] if self._engine is None else self._engine.request_write()

    def are_written(self, requests: Sequence[int]) -> bool:
        """Whether what was asked for has happened."""
        return self._engine is None or self._engine.are_written(requests)

    def savepoint(self, name: str, timeout_ms: int) -> None:
        """Keep the state of every step under a name; there is none yet."""
        if self._engine is None:
            raise CheckpointError(f"no savepoint: {self._pending.reason}")
        self._engine.savepoint(name, timeout_ms)

    def frame(self, last: int, key: str | None) -> _core.Frame:
        """Return the newest rows."""
        return _no_rows() if self._engine is None else self._engine.frame(last, key)

    def since(self, position: int) -> tuple[_core.Frame, int]:
        """Return the rows from `position` on, and how many of them are gone."""
        return (_no_rows(), 0) if self._engine is None else self._engine.since(position)

    def rejects(self) -> list[_core._Letter]:
        """Return the newest dead letters."""
        return [] if self._engine is None else self._engine.rejects()

    def digest(self) -> dict[str, str]:
        """Return a checksum of every output by column."""
        return {} if self._engine is None else self._engine.digest()

    def take_collected(self) -> _core.Frame:
        """Return every row of a bounded run."""
        return _no_rows() if self._engine is None else self._engine.take_collected()

    def topics(self) -> list[str]:
        """Return the topics by number."""
        return [] if self._engine is None else self._engine.topics()


def _wait(reference: weakref.ref[WaitingEngine], stopping: threading.Event) -> None:
    """Look again and again, as long as there is somebody who wants to know."""
    while (engine := reference()) is not None and not engine._look():
        del engine
        stopping.wait(_PAUSE_S)
