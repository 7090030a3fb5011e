"""deduplicate and sort_within against a few lines of plain Python and pandas, on random records."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import headrace as hr
from headrace import testing

SCHEMA = hr.Schema(
    {
        "at": hr.timestamp,
        "n": hr.int64,
        "x": hr.nullable(hr.float64),
        "s": hr.nullable(hr.string),
        "b": hr.nullable(hr.bool_),
    },
    event_time="at",
)
STREAM = hr.kafka("numbers", schema=SCHEMA)
START = pd.Timestamp("2026-03-02", tz="UTC")
COLUMNS = ("n", "x", "s", "b", "at")

Record = dict[str, Any]

# Few values, so that they meet; seconds that mostly rise, so that some are late and some are not.
records = st.lists(
    st.fixed_dictionaries(
        {
            "step": st.integers(-12, 8),
            "n": st.integers(0, 2),
            "x": st.sampled_from([None, 0.0, -0.0, 1.5, 1e300]),
            "s": st.sampled_from([None, "", "a", "ab", "é"]),
            "b": st.sampled_from([None, True, False]),
        }
    ),
    max_size=80,
)


def timed(drawn: list[Record]) -> list[Record]:
    now = 0
    made = []
    for record in drawn:
        now = max(0, now + record["step"])
        values = {name: value for name, value in record.items() if name != "step"}
        made.append({"at": f"{START + pd.Timedelta(seconds=now):%Y-%m-%dT%H:%M:%SZ}", **values})
    return made


def seconds(record: Record) -> float:
    return (pd.Timestamp(record["at"]) - START).total_seconds()


# -- the oracles


def kept_by_distance(made: list[Record], by: list[str], within: float) -> list[int]:
    """Return the rows that pass, by comparing each with all that passed before."""
    kept: list[int] = []
    newest = 0.0
    for row, record in enumerate(made):
        newest = max(newest, seconds(record))
        near = [
            before
            for before in kept
            if seconds(made[before]) >= newest - within
            and abs(seconds(made[before]) - seconds(record)) <= within
        ]
        # 0.0 == -0.0 and None == None, as in Python
        if not any(all(made[before][c] == record[c] for c in by) for before in near):
            kept.append(row)
    return kept


def in_time(made: list[Record], grace: float) -> list[int]:
    """Return the rows that are not late, in the order of their times."""
    newest = 0.0
    rows = []
    for row, record in enumerate(made):
        newest = max(newest, seconds(record))
        if seconds(record) >= newest - grace:
            rows.append(row)
    return sorted(rows, key=lambda row: seconds(made[row]))


# -- the comparison


def rejected_rows(stream: hr.Stream, made: list[Record], reason: str) -> set[int]:
    _, bad = testing.run(stream, made, rejected=True)
    assert set(bad["reason"]) <= {reason}
    return set(bad["offset"].tolist())


def columns() -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(COLUMNS), min_size=1, max_size=3, unique=True)


@settings(max_examples=60, deadline=None)
@given(records, columns())
def test_deduplicate_is_drop_duplicates_of_pandas(drawn: list[Record], by: list[str]) -> None:
    made = timed(drawn)
    frame = pd.DataFrame(made, columns=["at", "n", "x", "s", "b"])
    frame["x"] = frame["x"].astype("float64")
    expected = set(frame.index[frame.duplicated(by)])
    assert rejected_rows(STREAM.deduplicate(*by), made, "duplicate") == expected


@settings(max_examples=80, deadline=None)
@given(records, columns(), st.integers(0, 20))
def test_deduplicate_within_compares_with_what_passed_and_is_near(
    drawn: list[Record], by: list[str], within: int
) -> None:
    made = timed(drawn)
    expected = set(range(len(made))) - set(kept_by_distance(made, by, within))
    stream = STREAM.deduplicate(*by, within=f"{within}s")
    assert rejected_rows(stream, made, "duplicate") == expected


@settings(max_examples=80, deadline=None)
@given(records, st.integers(0, 20))
def test_sort_within_is_a_stable_sort_of_what_is_not_late(drawn: list[Record], grace: int) -> None:
    made = [{**record, "n": row} for row, record in enumerate(timed(drawn))]
    stream = STREAM.sort_within(f"{grace}s").with_columns(before=hr.col("n").shift(1))
    good, bad = testing.run(stream, made, rejected=True)
    expected = in_time(made, grace)
    assert good["n"].tolist() == expected
    # What a later step saw, which is not sorted afterwards.
    assert good["before"].dropna().tolist() == expected[:-1]
    assert set(bad["offset"]) == set(range(len(made))) - set(expected)
    assert set(bad["reason"]) <= {"late"}


@pytest.mark.parametrize("order", ["deduplicate first", "sort_within first"])
@settings(max_examples=15, deadline=None)
@given(drawn=records)
def test_both_together_are_the_same_however_cut(order: str, drawn: list[Record]) -> None:
    if order == "deduplicate first":
        stream = STREAM.deduplicate("n", "s", within="9s").sort_within("5s")
    else:
        stream = STREAM.sort_within("5s").deduplicate("n", "s", within="9s")
    stream = stream.with_columns(before=hr.col("n").shift(1))
    testing.assert_batch_invariant(stream, timed(drawn), cuts=4)
