"""unpivot and explode against pandas and Polars, on random frames."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import headrace as hr

polars = pytest.importorskip("polars")

WIDE = hr.Schema(
    {
        "n": hr.int64,
        "a": hr.nullable(hr.float64),
        "b": hr.nullable(hr.float64),
        "c": hr.nullable(hr.int64),
        "s": hr.nullable(hr.string),
        "t": hr.nullable(hr.string),
    }
)
LISTS = hr.Schema({"n": hr.int64, "v": hr.nullable(hr.list_(hr.nullable(hr.int64)))})

numbers = st.none() | st.integers(-1000, 1000)
rows = st.lists(
    st.fixed_dictionaries(
        {
            "n": st.integers(0, 9),
            "a": st.none() | st.floats(allow_nan=False, allow_infinity=False),
            "b": st.none() | st.floats(allow_nan=False, allow_infinity=False),
            "c": numbers,
            "s": st.none() | st.text(max_size=3),
            "t": st.none() | st.text(max_size=3),
        }
    ),
    max_size=30,
)
lists = st.lists(st.none() | st.lists(numbers, max_size=4), max_size=30)


def frame_of(drawn: list[dict[str, Any]]) -> Any:
    floats = dict.fromkeys("ab", polars.Float64)
    texts = dict.fromkeys("st", polars.String)
    return polars.DataFrame(drawn, schema={"n": polars.Int64, **floats, "c": polars.Int64, **texts})


def in_row_order(frame: Any, on: list[str]) -> Any:
    """Polars puts column below column; row by row they stand in the order of `on`."""
    marked = frame.with_row_index("row").unpivot(on=on, index=["row", "n"])
    order = polars.DataFrame({"variable": on, "place": range(len(on))})
    return marked.join(order, on="variable").sort("row", "place").select("n", "variable", "value")


@given(rows, st.sampled_from([["a", "b"], ["b", "c", "a"], ["c"], ["s", "t"]]))
@settings(max_examples=60, deadline=None)
def test_unpivot_is_that_of_polars_row_by_row(drawn: list[dict[str, Any]], on: list[str]) -> None:
    frame = frame_of(drawn)
    ours = hr.kafka("wide", schema=WIDE).unpivot(on, index=["n"]).collect(frame)
    theirs = in_row_order(frame, on)
    assert ours["n"].to_list() == theirs["n"].to_list()
    assert ours["variable"].cast(polars.String).to_list() == theirs["variable"].to_list()
    values = ours["value"]
    if values.dtype != theirs["value"].dtype:
        values = values.cast(theirs["value"].dtype)
    assert values.to_list() == theirs["value"].to_list()


@given(lists)
@settings(max_examples=60, deadline=None)
def test_explode_is_that_of_pandas_and_polars(drawn: list[list[int | None] | None]) -> None:
    frame = pd.DataFrame({"n": range(len(drawn)), "v": pd.Series(drawn, dtype=object)})
    stream = hr.kafka("lists", schema=LISTS)
    kept = stream.explode("v", keep_empty=True).collect(frame)
    of_pandas = frame.explode("v")
    assert kept["n"].tolist() == of_pandas["n"].tolist()
    assert _values(kept["v"]) == _values(of_pandas["v"])
    full = [
        (i, value) for i, value in enumerate(drawn) if value
    ]  # of others Polars changed its mind
    types = {"n": polars.Int64, "v": polars.List(polars.Int64)}
    of_polars = polars.DataFrame(full, schema=types, orient="row").explode("v")
    ours = stream.explode("v").collect(frame)
    assert ours["n"].tolist() == of_polars["n"].to_list()
    assert _values(ours["v"]) == of_polars["v"].to_list()


def _values(column: Any) -> list[Any]:
    return [None if pd.isna(value) else value for value in column]
