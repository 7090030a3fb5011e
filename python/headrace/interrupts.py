"""The stop button, Ctrl-C and the interpreter's end: what they do to the streams that run.

A notebook's stop button interrupts the kernel. While a cell waits for a stream, or while the kernel
is idle, that means the streams; while the user's own code runs, it means that code, as always.
"""

from __future__ import annotations

import atexit
import logging
import signal
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Protocol

from headrace import display
from headrace.lazy import asyncio

__all__ = ["StoppedByUser", "add", "remove", "running", "stop_all", "stops_streams"]

BY_USER = "stopped by user"
AT_EXIT = "stopped: the kernel or program ended"


class Stoppable(Protocol):
    """A running stream, as far as this module knows it."""

    def _request_stop(self) -> None: ...

    def _stop(self, reason: str) -> None: ...


class StoppedByUser(KeyboardInterrupt):
    """Ends a cell whose waiting was interrupted; a notebook shows its one line, no traceback."""

    def __init__(self) -> None:
        super().__init__(BY_USER)

    def _render_traceback_(self) -> list[str]:
        return [BY_USER]


_log = logging.getLogger("headrace")
_lock = threading.Lock()
_running: weakref.WeakSet[Stoppable] = weakref.WeakSet()


def add(stream: Stoppable) -> None:
    """Note that `stream` runs, and let an idle notebook's stop button stop it."""
    with _lock:
        _running.add(stream)
    _take_idle_signal()


def remove(stream: Stoppable) -> None:
    """Note that `stream` does not run any more."""
    with _lock:
        _running.discard(stream)


def running() -> list[Stoppable]:
    """Return the streams that were started and not stopped, in no order."""
    with _lock:
        return list(_running)


def stop_all(reason: str = BY_USER) -> list[Stoppable]:
    """Stop all streams, all at once, and return them."""
    streams = running()
    for stream in streams:
        stream._request_stop()
    for stream in streams:
        try:
            stream._stop(reason)
        except Exception:  # the others are stopped all the same
            _log.exception("a stream could not be stopped in order")
    return streams


@contextmanager
def stops_streams() -> Iterator[None]:
    """Let an interrupt of the block stop all streams.

    A notebook's cell then ends with one line; in a script KeyboardInterrupt goes on, so that the
    program ends as it should (exit code 130).
    """
    try:
        yield
    except KeyboardInterrupt as interrupt:
        stop_all()
        if display.shell() is None or isinstance(interrupt, StoppedByUser):
            raise
        raise StoppedByUser from None
    except asyncio.CancelledError:
        if not _is_cell():
            raise
        stop_all()
        raise StoppedByUser from None


def _is_cell() -> bool:
    """Whether the running task is a notebook cell with ``await`` in it.

    IPython runs such a cell as a task, and nothing but the stop button cancels that.
    """
    task = asyncio.current_task()
    name = getattr(task.get_coro(), "__name__", "") if task is not None else ""
    return display.shell() is not None and name == "run_cell_async"


def _take_idle_signal() -> None:
    """Put our handler where ipykernel ignores SIGINT, which is whenever no cell runs.

    While a cell runs the kernel keeps the idle handler in ``saved_sigint_handler`` and puts it
    back afterwards. A handler of anybody else stays.
    """
    shell = display.shell()
    if shell is None or threading.current_thread() is not threading.main_thread():
        return
    if getattr(shell.kernel, "saved_sigint_handler", None) is signal.SIG_IGN:
        shell.kernel.saved_sigint_handler = _on_idle_interrupt
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, _on_idle_interrupt)


def _on_idle_interrupt(_signal: int, _frame: FrameType | None) -> None:
    # In a thread: the handler may have come in the middle of anything that holds a lock.
    threading.Thread(target=_stop_by_button, name="headrace-stop").start()


def _stop_by_button() -> None:
    if stop_all():
        print(BY_USER)


@atexit.register
def _stop_at_exit() -> None:
    """Join every core thread before the interpreter goes."""
    stop_all(AT_EXIT)
