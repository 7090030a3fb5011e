"""The one thread that redraws charts and panels, never more than half of a processor's time."""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
from typing import Protocol

from headrace import display

__all__ = ["Drawable", "add"]


class Drawable(Protocol):
    """Something that shows a stream and is drawn again and again."""

    @property
    def every(self) -> float:
        """Seconds between two drawings at least."""

    def redraw(self) -> bool:
        """Draw what is new; False when there will be nothing new any more."""


_lock = threading.Lock()
_changed = threading.Condition(_lock)
_due: dict[Drawable, float] = {}
_thread: threading.Thread | None = None
_ending = False
_log = logging.getLogger("headrace")

_END_S = 3.0  # how long the interpreter's end waits for a drawing


def _after_fork() -> None:
    """Begin anew in a forked child: what is to be drawn, and the thread that draws, are not its."""
    global _lock, _changed, _thread, _ending
    _lock = threading.Lock()
    _changed = threading.Condition(_lock)
    _due.clear()
    _thread = None
    _ending = False


def _end() -> None:
    """End the thread before the interpreter does, which would kill it in the midst of C++ code."""
    global _ending
    with _lock:
        _ending = True
        _changed.notify()
    if _thread is not None:
        _thread.join(_END_S)


os.register_at_fork(after_in_child=_after_fork)
atexit.register(_end)


def add(item: Drawable) -> None:
    """Redraw `item` from now on, until its ``redraw`` returns False."""
    global _thread
    with _lock:
        if _ending:
            return
        _due[item] = time.monotonic() + item.every
        if _thread is None or not _thread.is_alive():
            _thread = threading.Thread(target=_run, name="headrace-draw", daemon=True)
            _thread.start()
        _changed.notify()


def _run() -> None:
    while True:
        with _lock:
            while not _due and not _ending:
                _changed.wait()
            if _ending:
                return
            item, due = min(_due.items(), key=lambda entry: entry[1])
            wait = max(due, display.free_at()) - time.monotonic()
            if wait > 0:
                _changed.wait(wait)
                continue
        _draw(item)
        del item  # else the last one drawn would live until the next one is


def _draw(item: Drawable) -> None:
    started, cost = time.monotonic(), time.thread_time()
    goes_on = _redraw(item)
    ended, cost = time.monotonic(), time.thread_time() - cost
    with _lock:
        if not goes_on:
            del _due[item]
            return
        # Time is taken after the drawing: one that takes long is done less often, and the thread
        # rests as long as it has computed, so that drawing never takes more than half of a core.
        # Waiting for a processor that others use is no reason to rest longer.
        _due[item] = ended + max(item.every - (ended - started), cost)
        for other in _due:
            _due[other] = max(_due[other], ended + cost)


def _redraw(item: Drawable) -> bool:
    try:
        return item.redraw()
    except Exception:  # the others go on
        _log.exception("a drawing failed and was given up")
        return False
