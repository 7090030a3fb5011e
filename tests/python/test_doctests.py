"""The examples of the documentation run, and every public name has one."""

from __future__ import annotations

import doctest
import functools
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

import headrace

MODULES = [
    module.name
    for module in pkgutil.walk_packages(headrace.__path__, "headrace.")
    if not any(part.startswith("_") for part in module.name.split("."))
]

# What a user imports beside `import headrace as hr`, and the classes of what its calls return.
PUBLIC_MODULES = ["headrace.broker", "headrace.check", "headrace.testing"]
RETURNED = [
    "headrace.check_report.Report",
    "headrace.check_report.StreamReport",
    "headrace.description.Description",
    "headrace.dtypes.DataType",
    "headrace.frame_iterator.FrameIterator",
    "headrace.frames.ArrowFrame",
    "headrace.plot.Chart",
    "headrace.pytest_plugin.BrokerForTests",
    "headrace.status.TaskStatus",
]


@pytest.mark.parametrize("name", ["headrace", *MODULES])
def test_the_examples_of_the_documentation_run(name: str) -> None:
    module = importlib.import_module(name)
    result = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert result.failed == 0


def public() -> Iterator[tuple[str, Any]]:
    """Every public name with what it stands for."""
    for name in headrace.__all__:
        found = getattr(headrace, name)
        if isinstance(found, ModuleType):
            yield from of_module(found)
        elif callable(found):  # types such as hr.float64 are values: their class is documented
            yield from of_object(f"hr.{name}", found)
    for name in PUBLIC_MODULES:
        yield from of_module(importlib.import_module(name))
    for name in RETURNED:
        module, _, attribute = name.rpartition(".")
        yield from of_object(attribute, getattr(importlib.import_module(module), attribute))


def of_module(module: ModuleType) -> Iterator[tuple[str, Any]]:
    yield module.__name__, module
    names = getattr(module, "__all__", [n for n in vars(module) if not n.startswith("_")])
    for name in names:
        found = getattr(module, name)
        if callable(found) and getattr(found, "__module__", "") == module.__name__:
            yield from of_object(f"{module.__name__}.{name}", found)


def of_object(name: str, found: Any) -> Iterator[tuple[str, Any]]:
    yield name, found
    if inspect.isclass(found):
        for member, value in vars(found).items():
            function = function_of(value)
            if not member.startswith("_") and function is not None:
                yield f"{name}.{member}", function


def function_of(value: Any) -> Any:
    """The function that is documented, if `value` is a method or property."""
    if isinstance(value, property):
        return value.fget
    if isinstance(value, functools.cached_property):
        return value.func
    if isinstance(value, (classmethod, staticmethod)):
        return value.__func__
    return value if inspect.isfunction(value) else None


def test_what_counts_as_public() -> None:
    names = dict(public())
    assert {"hr.run_for", "hr.Live.frame", "hr.Schema.names", "Chart.save"} <= set(names)
    assert {"headrace.ta.rsi", "headrace.errors.TopicNotFound"} <= set(names)
    assert not any("._" in name for name in names)
    assert len(names) > 100


def test_every_public_name_has_an_example() -> None:
    without = [name for name, found in public() if ">>> " not in (inspect.getdoc(found) or "")]
    assert without == []
