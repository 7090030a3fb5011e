"""pandas, loaded when it is first used: its import takes longer than all that a first chart needs.

Modules say ``from headrace.lazy import pd`` where others would say ``import pandas as pd``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__all__ = ["pd"]


class _Module:
    """Stands for a module until something of it is wanted."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        value = getattr(importlib.import_module(self._name), attribute)
        setattr(self, attribute, value)  # the next time it is found at once
        return value


if TYPE_CHECKING:
    import pandas as pd
else:
    pd = _Module("pandas")
