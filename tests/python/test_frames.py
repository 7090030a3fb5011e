import numpy as np
import pandas as pd
import pytest

import headrace as hr
from headrace.errors import InvalidArgument, TypeMismatch

SCHEMA = hr.Schema(
    {
        "b": hr.nullable(hr.bool_),
        "i": hr.nullable(hr.int64),
        "f": hr.nullable(hr.float64),
        "s": hr.nullable(hr.string),
        "t": hr.nullable(hr.timestamp),
    }
)
FRAME = pd.DataFrame(
    {
        "b": pd.array([True, None, False], dtype="boolean"),
        "i": pd.array([1, None, 2**62], dtype="Int64"),
        "f": [1.5, np.nan, -0.0],
        "s": ["é", None, ""],
        "t": pd.to_datetime(["2026-01-01T00:00:00.123456789Z", None, "1969-12-31T23:59:59.0Z"]),
    }
)


def test_every_type_and_its_nulls_come_back_as_they_were() -> None:
    table = hr.from_frame(FRAME, schema=SCHEMA).collect()
    for name in FRAME.columns:
        assert table[name].isna().tolist() == [False, True, False]
    assert table["i"][2] == 2**62
    assert table["b"].dropna().tolist() == [True, False]
    assert table["s"].dropna().tolist() == ["é", ""]
    assert table["t"][0].value == FRAME["t"][0].value


@pytest.mark.parametrize("as_", ["pandas", "polars", "pyarrow", "arrow", "numpy"])
def test_results_are_given_as_asked(as_: str) -> None:
    if as_ in ("polars", "pyarrow"):
        pytest.importorskip(as_)
    result = hr.from_frame(FRAME, schema=SCHEMA).collect(as_=as_)
    assert len(result["i"] if as_ == "numpy" else result) == 3


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="as_: expected one of pandas"):
        hr.from_frame(FRAME, schema=SCHEMA).collect(as_="excel")


def test_a_pandas_result_is_the_users_own_to_change() -> None:
    table = hr.from_frame(FRAME, schema=SCHEMA).collect()
    table.loc[0, "f"] = 9.0
    assert table["f"][0] == 9.0


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([1, 2], dtype=np.int8), [1.0, 2.0]),
        (np.array([1, 2], dtype=np.uint32), [1.0, 2.0]),
        (np.array([0.5, 2], dtype=np.float32), [0.5, 2.0]),
    ],
)
def test_narrow_numbers_are_widened(values, expected) -> None:
    frame = pd.DataFrame({"x": values})
    assert hr.from_frame(frame, schema=hr.Schema({"x": hr.float64})).collect()["x"].tolist() == (
        expected
    )


def test_a_null_in_a_required_column_is_a_dead_letter_of_that_row_alone() -> None:
    schema = hr.Schema({"f": hr.float64})
    table, rejected = hr.from_frame(FRAME, schema=schema).collect(rejected=True)
    assert table["f"].tolist() == [1.5, -0.0]
    assert rejected["offset"].tolist() == [1]


def test_objects_that_are_no_text_are_refused_by_column_and_value() -> None:
    frame = pd.DataFrame({"s": [object()]})
    with pytest.raises(TypeMismatch, match="column 's'"):
        hr.from_frame(frame, schema=hr.Schema({"s": hr.string})).collect()


def test_an_empty_frame_gives_an_empty_frame_of_the_same_columns() -> None:
    table = hr.from_frame(FRAME.head(0), schema=SCHEMA).collect()
    assert list(table.columns) == list(FRAME.columns)
    assert len(table) == 0
