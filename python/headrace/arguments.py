"""Misspelt names of arguments: answered with the nearest one and the list, as all names are."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from types import FunctionType
from typing import ParamSpec, TypeVar, cast

from headrace.errors import InvalidArgument

__all__ = ["names_checked"]

P = ParamSpec("P")
R = TypeVar("R")


def names_checked(function: Callable[P, R]) -> Callable[P, R]:
    """Return `function` such that a keyword it does not have is answered in words.

    Python's own message names the wrong keyword alone.

    Parameters
    ----------
    function : callable
        A function or method of Python without ``**`` arguments.

    Raises
    ------
    InvalidArgument
        At the call, with the received name, the nearest one and the list.

    Examples
    --------
    >>> from headrace.arguments import names_checked
    >>> @names_checked
    ... def mean(column, timeperiod=30):
    ...     return timeperiod
    >>> mean("Close", timeperoid=20)
    Traceback (most recent call last):
        ...
    headrace.errors.InvalidArgument: mean: no argument "timeperoid"; did you mean "timeperiod"? \
arguments: column, timeperiod
    """
    names = dict.fromkeys(_names_of(function))
    refuse = _refuse

    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        __tracebackhide__ = True  # IPython leaves this frame out
        for name in kwargs:
            if name not in names:
                refuse(function, name, list(names))
        return function(*args, **kwargs)

    # With the function's own globals, by which doctest tells what is defined in a module.
    made = FunctionType(
        checked.__code__, getattr(function, "__globals__", {}), closure=checked.__closure__
    )
    return cast("Callable[P, R]", functools.update_wrapper(made, function))


def _names_of(function: Callable[..., object]) -> list[str]:
    """Return what may be given by keyword, without ``self``."""
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    named = [p.name for p in inspect.signature(function).parameters.values() if p.kind in kinds]
    return [name for name in named if name not in ("self", "cls")]


def _refuse(function: Callable[..., object], name: str, names: list[str]) -> None:
    from headrace import _core

    __tracebackhide__ = True
    what = function.__qualname__.removesuffix(".__init__").rpartition(".")[2]
    raise InvalidArgument(f"{what}: {_core.unknown_name('argument', name, names)}")
