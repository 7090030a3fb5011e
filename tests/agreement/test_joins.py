"""Joins against pandas, on random records: merge_asof, a cross merge with a filter, merge."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import headrace as hr

START = pd.Timestamp("2026-03-02", tz="UTC")
LEFT = hr.Schema(
    {"at": hr.timestamp, "k": hr.string, "x": hr.float64, "n": hr.nullable(hr.int64)},
    event_time="at",
)
RIGHT = hr.Schema(
    {
        "at": hr.timestamp,
        "k": hr.string,
        "x": hr.nullable(hr.float64),
        "s": hr.nullable(hr.string),
        "b": hr.nullable(hr.bool_),
    },
    event_time="at",
)
TRADES = hr.kafka("trades", schema=LEFT)
QUOTES = hr.kafka("quotes", schema=RIGHT)

# Few keys, and seconds that often stand still, so that rows meet at equal times, too.
keys = st.sampled_from(["A", "B", "", "é"])
steps = st.sampled_from([0, 0, 1, 1, 2, 7])
lefts = st.lists(
    st.tuples(steps, keys, st.integers(0, 9), st.sampled_from([None, 1, -5])), max_size=25
)
rights = st.lists(
    st.tuples(
        steps,
        keys,
        st.sampled_from([None, 0.5, -0.0, 3.0]),
        st.sampled_from([None, "", "w"]),
        st.sampled_from([None, True, False]),
    ),
    max_size=25,
)


def frame(schema: hr.Schema, rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    """Return the rows in the order of their times, which are drawn as steps."""
    types = {"x": "float64", "n": "Int64", "s": "str", "b": "boolean", "k": "str"}
    made = pd.DataFrame(rows, columns=schema.names)
    made["at"] = START + pd.to_timedelta(made["at"].astype("int64").cumsum(), unit="s")
    made["at"] = made["at"].astype("datetime64[ns, UTC]")
    return made.astype({name: types[name] for name in schema.names if name != "at"})


def same(got: pd.DataFrame, expected: pd.DataFrame) -> None:
    """Compare values and nulls; which of pandas' types a null came in does not matter."""
    assert got.columns.tolist() == expected.columns.tolist()
    for name in got:
        a, b = got[name].astype(object), expected[name].astype(object)
        pairs = zip(a.where(a.notna(), None), b.where(b.notna(), None), strict=True)
        assert [x == y for x, y in pairs].count(False) == 0, name


def collected(stream: hr.Stream, left: pd.DataFrame, right: pd.DataFrame) -> pd.DataFrame:
    result: pd.DataFrame = stream.collect({"trades": left, "quotes": right})
    return result


@pytest.mark.parametrize("strategy", ["backward", "forward", "nearest"])
@settings(max_examples=80, deadline=None)
@given(
    left=lefts,
    right=rights,
    tolerance=st.sampled_from([None, "0s", "1s", "3s", "1h"]),
    exact=st.booleans(),
    by=st.sampled_from([None, "k"]),
)
def test_asof_is_merge_asof(
    strategy: str,
    left: list[tuple[Any, ...]],
    right: list[tuple[Any, ...]],
    tolerance: str | None,
    exact: bool,
    by: str | None,
) -> None:
    a, b = frame(LEFT, left), frame(RIGHT, right)
    stream = TRADES.join_asof(
        QUOTES, by=by, strategy=strategy, tolerance=tolerance, allow_exact_matches=exact
    )
    got = collected(stream, a, b)
    expected = pd.merge_asof(
        a,
        b.assign(at_right=b["at"]),
        on="at",
        by=by,
        direction=strategy,
        tolerance=None if tolerance is None else pd.Timedelta(tolerance),
        allow_exact_matches=exact,
        suffixes=("", "_right"),
    )
    same(got, expected[got.columns.tolist()])


@settings(max_examples=120, deadline=None)
@given(
    left=lefts,
    right=rights,
    span=st.tuples(st.integers(-9, 9), st.integers(-9, 9)).map(sorted),
    how=st.sampled_from(["inner", "left"]),
)
def test_interval_is_a_cross_merge_and_a_filter(
    left: list[tuple[Any, ...]], right: list[tuple[Any, ...]], span: list[int], how: str
) -> None:
    a, b = frame(LEFT, left), frame(RIGHT, right)
    lower, upper = (pd.Timedelta(seconds=s) for s in span)
    stream = TRADES.join_interval(QUOTES, by="k", lower=lower, upper=upper, how=how)
    got = collected(stream, a, b)
    pairs = a.reset_index().merge(b, how="cross", suffixes=("", "_right"))
    away = pairs["at_right"] - pairs["at"]
    found = pairs[(pairs["k"] == pairs["k_right"]) & (away >= lower) & (away <= upper)]
    if how == "left":
        alone = a.reset_index()
        found = pd.concat([found, alone[~alone["index"].isin(found["index"])]])
    expected = found.sort_values("index", kind="stable").reset_index(drop=True)
    same(got, expected[got.columns.tolist()])


@settings(max_examples=80, deadline=None)
@given(
    left=lefts,
    right=st.lists(
        st.tuples(keys, st.integers(0, 9), st.sampled_from([None, "", "w"])), max_size=12
    ),
    how=st.sampled_from(["inner", "left"]),
    on=st.sampled_from([["k"], ["k", "x"]]),
)
def test_a_frame_is_merged_in_as_pandas_does(
    left: list[tuple[Any, ...]], right: list[tuple[Any, ...]], how: str, on: list[str]
) -> None:
    a = frame(LEFT, left)
    b = pd.DataFrame(right, columns=["k", "x", "s"]).astype({"k": "str", "x": "int64", "s": "str"})
    got = TRADES.join(b, on=on, how=how).collect(a)
    expected = a.merge(b, on=on, how=how, suffixes=("", "_right"))  # type: ignore[arg-type]
    same(got, expected[got.columns.tolist()])


@settings(max_examples=60, deadline=None)
@given(left=lefts, right=rights, how=st.sampled_from(["inner", "left"]))
def test_a_table_is_a_dict_that_is_written_as_time_goes_on(
    left: list[tuple[Any, ...]], right: list[tuple[Any, ...]], how: str
) -> None:
    a, b = frame(LEFT, left), frame(RIGHT, right)
    companies = hr.table("quotes", schema=RIGHT, key="k")
    got = collected(TRADES.join(companies, on="k", how=how), a, b)
    rows = [(row["at"], 0, i, row) for i, row in enumerate(b.to_dict("records"))]
    rows += [(row["at"], 1, i, row) for i, row in enumerate(a.to_dict("records"))]
    latest: dict[str, dict[Any, Any]] = {}
    expected = []
    for _, side, _, row in sorted(rows, key=lambda entry: entry[:3]):
        if side == 0:
            latest[row["k"]] = row
        elif row["k"] in latest or how == "left":
            found = latest.get(row["k"], dict.fromkeys(RIGHT.names))
            expected.append([*row.values(), found["at"], found["x"], found["s"], found["b"]])
    same(got, pd.DataFrame(expected, columns=got.columns))
