"""What a notebook adds: a cell that is run again replaces the stream that it started before."""

from __future__ import annotations

import hashlib
import sys
import weakref
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from headrace.live import Live

Slot = tuple[str, int]

_streams: dict[Slot, weakref.ref[Live]] = {}
_execution: tuple[int, int] = (-1, 0)  # execution count, streams started in it so far


def _shell() -> Any:
    # In a notebook IPython is loaded already; elsewhere its import would cost run() 60 ms.
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None


def _cell_id(shell: Any) -> str:
    """Return the front end's id of the running cell; else a hash of its text."""
    parent = shell.get_parent() if hasattr(shell, "get_parent") else {}
    cell = parent.get("metadata", {}).get("cellId")
    if cell:
        return str(cell)
    history = shell.user_ns.get("In", [""])
    return hashlib.sha256(history[-1].encode()).hexdigest()


def _slot() -> Slot | None:
    """Return the running cell and how many streams it has started; None outside notebooks."""
    shell = _shell()
    if shell is None:
        return None
    count, started = _execution
    return (_cell_id(shell), started if shell.execution_count == count else 0)


def former_stream_of_this_cell() -> Live | None:
    """Return the stream that the running cell started, at this place in it, the last time."""
    slot = _slot()
    reference = _streams.get(slot) if slot is not None else None
    return reference() if reference is not None else None


def remember_stream_of_this_cell(live: Live) -> None:
    """Note that the running cell started `live`."""
    global _execution
    slot = _slot()
    if slot is None:
        return
    _streams[slot] = weakref.ref(live)
    _execution = (_shell().execution_count, slot[1] + 1)
