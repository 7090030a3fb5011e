"""A misspelt keyword is answered as every other misspelt name; all else is as without the check."""

from __future__ import annotations

import doctest
import inspect
from collections.abc import Callable
from typing import Any

import pytest

import headrace as hr
from headrace import ta
from headrace.arguments import names_checked
from headrace.errors import InvalidArgument

BARS = hr.from_frame(hr.market.bars(rows=60), schema=hr.market.SCHEMA)


def mean(column: str, *, timeperiod: int = 30) -> tuple[str, int]:
    """Give both back.

    >>> 1 + 1
    2
    """
    return column, timeperiod


def test_a_misspelt_keyword_has_the_nearest_name_and_the_list() -> None:
    with pytest.raises(InvalidArgument) as error:
        names_checked(mean)("Close", timeperoid=20)  # type: ignore[call-arg]
    assert str(error.value) == (
        'mean: no argument "timeperoid"; did you mean "timeperiod"? arguments: column, timeperiod'
    )


def test_what_is_right_goes_through() -> None:
    checked = names_checked(mean)
    assert checked("Close") == ("Close", 30)
    assert checked(column="Close", timeperiod=5) == ("Close", 5)
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'column'"):
        checked()  # type: ignore[call-arg]


def test_name_signature_and_examples_stay() -> None:
    checked = names_checked(mean)
    assert (checked.__name__, checked.__doc__) == ("mean", mean.__doc__)
    assert inspect.signature(checked) == inspect.signature(mean)
    module = inspect.getmodule(mean)
    found = doctest.DocTestFinder()._from_module(module, checked)  # type: ignore[attr-defined]
    assert found


def test_a_class_is_named_by_itself() -> None:
    class Chart:
        @names_checked
        def __init__(self, *columns: str, last: int = 500) -> None:
            self.last = last

    assert Chart("Close", last=5).last == 5
    with pytest.raises(InvalidArgument, match=r'Chart: no argument "lats"; did you mean "last"'):
        Chart("Close", lats=5)  # type: ignore[call-arg]


CALLS: dict[str, Callable[..., Any]] = {
    **{name: getattr(ta, name) for name in ta.__all__ if name != "Indicator"},
    "kafka": hr.kafka,
    "from_frame": hr.from_frame,
    "from_file": hr.from_file,
    "replay": hr.replay,
    "field": hr.field,
    "Schema": hr.Schema,
    "from_json": hr.Schema.from_json,
    "from_topic": hr.Schema.from_topic,
    "select": BARS.select,
    "predict": BARS.predict,
    "to_kafka": BARS.to_kafka,
    "collect": BARS.collect,
    "run": BARS.run,
    "head": BARS.head,
    "tail": BARS.tail,
}


@pytest.mark.parametrize("name", CALLS)
def test_every_public_call_checks_its_names(name: str) -> None:
    with pytest.raises(InvalidArgument, match=f'^{name}: no argument "no_such_name"; arguments: '):
        CALLS[name](no_such_name=1)


@pytest.mark.parametrize("name", ["frame", "numpy", "arrow", "frames", "plot", "wait"])
def test_every_call_on_a_live_stream_checks_its_names(name: str) -> None:
    with BARS.run() as live, pytest.raises(InvalidArgument, match='no argument "no_such_name"'):
        getattr(live, name)(no_such_name=1)
