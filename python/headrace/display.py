"""A place in a notebook cell whose content is replaced while the cell is long done."""

from __future__ import annotations

import sys
from typing import Any

__all__ = ["Output", "shell"]

Bundle = dict[str, Any]  # content by MIME type, as IPython's display takes it with raw=True


def shell() -> Any:
    """Return the running IPython shell that has a kernel behind it; None elsewhere."""
    # In a notebook IPython is loaded already; elsewhere its import would cost run() 60 ms.
    ipython = sys.modules.get("IPython")
    found = ipython.get_ipython() if ipython is not None else None
    return found if found is not None and hasattr(found, "kernel") else None


class Output:
    """What one cell shows, to be replaced from any thread.

    Examples
    --------
    >>> from headrace.display import Output
    >>> Output.of({"text/plain": "0 records"}) is None  # not in a notebook
    True
    """

    def __init__(self, handle: Any) -> None:
        self._handle = handle

    @classmethod
    def of(cls, bundle: Bundle) -> Output | None:
        """Show `bundle` below the running cell; None where there is no notebook."""
        if shell() is None:
            return None
        from IPython.display import display

        handle = display(bundle, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        return cls(handle)

    def update(self, bundle: Bundle) -> None:
        """Replace what is shown, in every front end and in the file that it saves."""
        self._handle.update(bundle, raw=True)
