"""The one thread that redraws charts and panels, never more than half of a processor's time."""

from __future__ import annotations

import logging
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
_log = logging.getLogger("headrace")


def add(item: Drawable) -> None:
    """Redraw `item` from now on, until its ``redraw`` returns False."""
    global _thread
    with _lock:
        _due[item] = time.monotonic() + item.every
        if _thread is None or not _thread.is_alive():
            _thread = threading.Thread(target=_run, name="headrace-draw", daemon=True)
            _thread.start()
        _changed.notify()


def _run() -> None:
    while True:
        with _lock:
            while not _due:
                _changed.wait()
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
