import inspect

import pytest

import headrace as hr
from headrace import _core
from headrace.errors import InvalidArgument, UnknownColumn

REGISTRY = {info["name"]: info for info in _core.indicators()}


def test_python_offers_just_the_indicators_of_the_registry() -> None:
    assert set(hr.ta.__all__) - {"Indicator"} == set(REGISTRY)


@pytest.mark.parametrize("name", sorted(REGISTRY))
def test_parameters_and_defaults_are_those_of_the_registry(name: str) -> None:
    info = REGISTRY[name]
    parameters = inspect.signature(getattr(hr.ta, name)).parameters
    assert len(parameters) == len(info["inputs"]) + len(info["params"])
    for spec in info["params"]:
        assert parameters[spec["name"]].default == spec["default"]


@pytest.mark.parametrize("value", [0, 1.5, "20", True, 10**9])
def test_a_parameter_out_of_range_is_refused_with_the_range(value: object) -> None:
    with pytest.raises(InvalidArgument, match="timeperiod: expected a whole number from 2 to"):
        hr.ta.bbands("Close", timeperiod=value)  # type: ignore[arg-type]


def test_an_input_must_be_a_column_and_a_number() -> None:
    bars = hr.kafka("x", schema=hr.market.SCHEMA)
    with pytest.raises(UnknownColumn, match='did you mean "Close"'):
        bars.with_columns(hr.ta.sma("close"))
    with pytest.raises(hr.HeadraceError, match="Ticker"):
        bars.with_columns(hr.ta.sma("Ticker"))
    with pytest.raises(InvalidArgument, match="column names"):
        hr.ta.sma(hr.col("Close"))  # type: ignore[arg-type]


def test_outputs_are_named_after_the_indicator_or_the_keyword() -> None:
    bars = hr.kafka("x", schema=hr.market.SCHEMA)
    assert bars.with_columns(hr.ta.macd("Close")).columns[-3:] == [
        "macd",
        "macd_signal",
        "macd_hist",
    ]
    assert bars.with_columns(fast=hr.ta.sma("Close", 5)).columns[-1] == "fast"
    assert bars.with_columns(bb=hr.ta.bbands("Close", 5)).columns[-1] == "bb_lower"
