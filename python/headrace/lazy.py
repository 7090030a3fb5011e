"""Packages that take long to import, loaded when they are first used.

pandas takes longer than all that a first chart needs, and a process that only goes from one topic
to another needs neither it nor NumPy nor asyncio. Modules say ``from headrace.lazy import pd``
where others would say ``import pandas as pd``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__all__ = ["asyncio", "np", "npt", "pd"]


class _Module:
    """Stands for a module until something of it is wanted."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        value = getattr(importlib.import_module(self._name), attribute)
        setattr(self, attribute, value)  # the next time it is found at once
        return value


if TYPE_CHECKING:
    import asyncio

    import numpy as np
    import numpy.typing as npt
    import pandas as pd
else:
    asyncio = _Module("asyncio")
    np = _Module("numpy")
    npt = _Module("numpy.typing")
    pd = _Module("pandas")
