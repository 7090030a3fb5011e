"""Lengths of time: what is read, what is refused."""

from __future__ import annotations

import warnings
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.durations import nanoseconds, parsed, text
from headrace.errors import InvalidArgument


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("10m", 600),
        ("1h30m", 5400),
        ("1.5s", 1.5),
        ("250ms", 0.25),
        ("2 days", 172_800),
        ("00:01:00", 60),
        ("0s", 0),
        (timedelta(minutes=1), 60),
        (pd.Timedelta("1min"), 60),
        (np.timedelta64(5, "s"), 5),
    ],
)
def test_a_length_of_time_in_any_of_its_forms(value: Any, seconds: float) -> None:
    assert nanoseconds("x", value) == round(seconds * 1e9)


@pytest.mark.parametrize(
    "value",
    ["10", "1.5", "ten minutes", "", "NaT", "-1s", "1e99d", 10, 1.5, None, pd.NaT, timedelta(-1)],
)
def test_anything_else_is_refused_with_what_was_received(value: Any) -> None:
    with pytest.raises(InvalidArgument) as caught:
        nanoseconds("sort_within: grace", value)
    assert str(caught.value) == (
        "sort_within: grace: expected a length of time with its unit, "
        f'like "10m" or "1.5s", got {value!r}'
    )


@given(
    st.lists(
        st.tuples(
            st.integers(0, 10**6),
            st.sampled_from(["", ".5", ".25", ".001", ".123456789"]),
            st.sampled_from(["d", "h", "m", "min", "s", "ms", "us", "ns", "D", " s", "x"]),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_what_is_read_without_pandas_is_what_pandas_reads(
    parts: list[tuple[int, str, str]],
) -> None:
    written = "".join(f"{count}{fraction}{unit}" for count, fraction, unit in parts)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = int(pd.Timedelta(written).as_unit("ns").value)
    except (ValueError, OverflowError):
        expected = None
    found = parsed(written)
    assert (found is None) == (expected is None), written
    if found is not None:  # pandas counts fractions of days in floating point
        assert abs(found - expected) <= expected * 1e-15, written


@pytest.mark.parametrize("ns", [0, 1, 999, 10**9, 61 * 10**9, 90_061_001_002_003, 2**62])
def test_the_text_of_a_length_reads_back(ns: int) -> None:
    assert nanoseconds("x", text(ns)) == ns


def test_a_length_is_written_as_one_would_write_it() -> None:
    assert [text(ns * 10**9) for ns in (600, 90, 86_400, 0)] == ["10m", "1m30s", "1d", "0s"]
