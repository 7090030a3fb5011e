"""Results to where Python writes: what a log of transactions is, and the thread that serves it.

The core's threads never enter the interpreter. A thread of Python's own takes a commit (rows, dead
letters, positions), has the log write it as one step, and answers, while the core goes on reading
and computing.
"""

from __future__ import annotations

import atexit
import os
import threading
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from headrace import interrupts
from headrace.errors import Fenced, HeadraceError, StreamIOError

if TYPE_CHECKING:
    from headrace import _core

__all__ = ["Commit", "Log", "Mark", "Position", "Writer", "fenced", "trouble"]

_TAKE_MS = 100  # the end of the stream is noticed so soon
_JOIN_S = 5.0  # a commit that is being written at the end may take so long

Mark = tuple[int, str]  # next record to read (-1: none was ever committed), and the core's text


class Position(NamedTuple):
    """How far a partition has come."""

    topic: str
    partition: int
    offset: int  # of the next record to read
    metadata: str  # the core's own, kept with it


@dataclass(frozen=True)
class Commit:
    """What belongs together: all of it is written, or nothing."""

    rows: _core.Frame | None  # None: there are none
    topics: Mapping[int, str] = field(default_factory=dict)  # names of the numbers in rows.topics()
    rejects: Sequence[tuple[Any, ...]] = ()  # dead letters, as Engine.rejects() has them
    positions: Sequence[Position] = ()


class Log(Protocol):
    """Where results go together with their positions: a directory, a database.

    A log has one writer. Every method is called by one thread and may take its time. It raises
    :func:`trouble` where it can be tried again, after which `open` is called before anything else.
    """

    title: str  # in a user's words

    def open(self) -> None:
        """Make sure that nobody else writes from now on, and know what is committed.

        Called again after trouble: whatever was committed by then is found by `committed`.
        """

    def committed(self, partitions: Sequence[tuple[str, int]]) -> list[Mark]:
        """Return what is committed of each of the partitions."""

    def commit(self, commit: Commit) -> None:
        """Write all of it in one step: where this returns, no power cut undoes it."""

    def close(self) -> None:
        """Let the next run have it."""


def trouble(message: str, *, retriable: bool = True) -> StreamIOError:
    """Return what a log raises; `retriable` where the same call may succeed later.

    Examples
    --------
    >>> from headrace import outputs
    >>> outputs.trouble("no space left").retriable
    True
    """
    return StreamIOError(message, "io", retriable)


def fenced(message: str) -> Fenced:
    """Return what a log raises whose place was taken by a newer run.

    Examples
    --------
    >>> from headrace import outputs
    >>> outputs.fenced("another run has taken over").retriable
    False
    """
    return Fenced(message, "fenced")


class Writer:
    """The thread that does what one run asks of its log.

    Parameters
    ----------
    log : Log
        Where results and positions go.
    """

    def __init__(self, log: Log) -> None:
        from headrace import _core

        self.calls = _core.LogCalls(log.title)
        self._log = log
        self._pid = os.getpid()
        self._thread: threading.Thread | None = None

    def serve(self, engine: _core.Engine) -> None:
        """Begin; it ends with the engine."""
        self._thread = threading.Thread(
            target=_serve,
            args=(self.calls, self._log, weakref.ref(engine)),
            name="headrace-writer",
            daemon=True,
        )
        self._thread.start()
        _writers.add(self)

    def free(self) -> None:
        """Let the next run have the log; what is being written is written to its end."""
        if os.getpid() != self._pid:
            return  # a forked child has no such thread, and perhaps a lock that it held
        self.calls.close()
        if self._thread is not None and threading.current_thread() is not self._thread:
            self._thread.join(_JOIN_S)


_writers: weakref.WeakSet[Writer] = weakref.WeakSet()


@atexit.register
def _free_all() -> None:
    """No thread may wait inside the core when the interpreter goes."""
    interrupts.stop_all(interrupts.AT_EXIT)
    for writer in list(_writers):
        writer.free()


def _serve(calls: _core.LogCalls, log: Log, reference: weakref.ref[_core.Engine]) -> None:
    try:
        while not calls.closed:
            call = calls.take(_TAKE_MS)
            if call is not None:
                _answer(calls, log, *call)
            elif _has_ended(reference):
                calls.close()
    finally:
        log.close()


def _has_ended(reference: weakref.ref[_core.Engine]) -> bool:
    engine = reference()
    return engine is None or engine.wait(0)


def _answer(
    calls: _core.LogCalls, log: Log, number: int, kind: str, arguments: tuple[Any, ...]
) -> None:
    """Do what is asked, and say how it went."""
    marks: list[Mark] = []
    try:
        if kind == "open":
            log.open()
        elif kind == "committed":
            marks = log.committed(*arguments)
        else:
            rows, topics, rejects, positions = arguments
            log.commit(Commit(rows, topics, rejects, [Position(*one) for one in positions]))
    except HeadraceError as error:
        calls.fail(number, error.code, str(error), error.retriable)
    except BaseException as error:  # also SystemExit: it is the stream that ends
        calls.fail(number, "internal", f"{log.title}: {type(error).__name__}: {error}", False)
    else:
        calls.answer(number, marks)
