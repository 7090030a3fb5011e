"""A place in a notebook cell whose content is replaced while the cell is long done."""

from __future__ import annotations

import sys
import threading
import time
from typing import Any

__all__ = ["Output", "free_at", "sent", "shell"]

Bundle = dict[str, Any]  # content by MIME type, as IPython's display takes it with raw=True

# Jupyter's server drops what a kernel sends beyond 1 MB/s, the user's own output with it. The usual
# chart 20 times a second is 760 kB/s.
_BYTES_A_SECOND = 800_000
_BURST = 200_000

_lock = threading.Lock()
_paid_until = 0.0


def shell() -> Any:
    """Return the running IPython shell that has a kernel behind it; None elsewhere."""
    # In a notebook IPython is loaded already; elsewhere its import would cost run() 60 ms.
    ipython = sys.modules.get("IPython")
    found = ipython.get_ipython() if ipython is not None else None
    return found if found is not None and hasattr(found, "kernel") else None


def free_at() -> float:
    """Return when (``time.monotonic()``) there is room for more output to the browser."""
    return _paid_until - _BURST / _BYTES_A_SECOND


def sent(size: int) -> None:
    """Count `size` bytes of output."""
    global _paid_until
    with _lock:
        _paid_until = max(_paid_until, time.monotonic()) + size / _BYTES_A_SECOND


class Output:
    """What one cell shows, to be replaced from any thread.

    Examples
    --------
    >>> from headrace.display import Output
    >>> Output.of({"text/plain": "0 records"}) is None  # not in a notebook
    True
    """

    def __init__(self, handle: Any, publisher: Any) -> None:
        self._handle = handle
        # That of now: while a cell is under %%capture another one takes what is published.
        self._publisher = publisher

    @classmethod
    def of(cls, bundle: Bundle) -> Output | None:
        """Show `bundle` below the running cell; None where there is no notebook."""
        running = shell()
        if running is None:
            return None
        from IPython.display import display

        handle = display(bundle, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        return cls(handle, running.display_pub)

    def again(self, bundle: Bundle) -> None:
        """Show it below the running cell too; it is replaced there as well."""
        self._handle.display(bundle, raw=True)
        _count(bundle)

    def update(self, bundle: Bundle) -> None:
        """Replace what is shown, in every front end and in the file that it saves."""
        place = {"display_id": self._handle.display_id}
        self._publisher.publish(data=bundle, metadata={}, transient=place, update=True)
        _count(bundle)


def _count(bundle: Bundle) -> None:
    sent(sum(len(content) for content in bundle.values() if isinstance(content, (str, bytes))))
