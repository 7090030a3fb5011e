"""What a notebook adds: a cell that is run again replaces what it made before.

A stream, a panel and a chart each belong to the cell that made them. When that cell runs again, its
former ones end before the new ones begin: one consumer, one picture, no doubled rows.
"""

from __future__ import annotations

import hashlib
import sys
import weakref
from typing import Any, Protocol

REPLACED = "replaced: its cell was run again"


class Replaceable(Protocol):
    """What belongs to a cell."""

    def _replaced(self) -> None:
        """End, for the cell is run again."""


# By kind and cell: the execution that made them, and what it made.
_made: dict[tuple[str, str], tuple[int, list[weakref.ref[Replaceable]]]] = {}


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


def end_former(kind: str) -> None:
    """End what the running cell made of this kind when it was run the last time."""
    shell = _shell()
    if shell is None:
        return
    place = (kind, _cell_id(shell))
    execution, items = _made.get(place, (shell.execution_count, []))
    if execution == shell.execution_count:
        return  # the same execution makes several: they stay side by side
    del _made[place]
    for item in (reference() for reference in items):
        if item is not None:
            item._replaced()


def remember(kind: str, item: Replaceable) -> None:
    """Note that the running cell made `item`."""
    shell = _shell()
    if shell is None:
        return
    new: tuple[int, list[weakref.ref[Replaceable]]] = (shell.execution_count, [])
    _made.setdefault((kind, _cell_id(shell)), new)[1].append(weakref.ref(item))
