import datetime as dt
import decimal

import numpy as np
import pandas as pd
import pytest

import headrace as hr
from headrace.errors import HeadraceError, InvalidArgument, SchemaError

FRAME = pd.DataFrame(
    {
        "time": pd.to_datetime(["2026-03-02", "2026-03-03"], utc=True),
        "k": ["a", "b"],
        "i": np.array([1, 2], np.int16),
        "f": np.array([1.5, np.nan], np.float32),
        "n": pd.array([1, None], dtype="Int64"),
        "b": [True, False],
        "c": pd.Categorical(["x", None]),
    }
)
EXPECTED = hr.Schema(
    {
        "time": hr.timestamp,
        "k": hr.string,
        "i": hr.int64,
        "f": hr.nullable(hr.float64),
        "n": hr.nullable(hr.int64),
        "b": hr.bool_,
        "c": hr.nullable(hr.string),
    },
    event_time="time",
    key="k",
)


def test_pandas_polars_and_arrow_give_the_same_schema() -> None:
    assert hr.Schema.from_frame(FRAME, key="k") == EXPECTED
    polars = pytest.importorskip("polars")
    arrow = pytest.importorskip("pyarrow")
    assert hr.Schema.from_frame(polars.from_pandas(FRAME), key="k") == EXPECTED
    assert hr.Schema.from_frame(arrow.Table.from_pandas(FRAME), key="k") == EXPECTED


def test_a_stream_takes_its_schema_from_its_frame_and_keeps_every_row() -> None:
    table, rejected = hr.from_frame(FRAME, key="k").collect(rejected=True)
    assert rejected.empty
    assert table["n"].tolist() == FRAME["n"].tolist()
    assert table.columns.tolist() == FRAME.columns.tolist()


def test_what_is_no_column_is_left_out_and_said() -> None:
    frame = pd.DataFrame({"x": [1], 5: [1], "d": [decimal.Decimal(1)], "l": [[1]]})
    frame["day"] = [dt.date(2026, 3, 2)]
    schema = hr.Schema.from_frame(frame)
    assert list(schema) == ["x"]
    assert 'left out "d": decimal values are not supported' in schema.notes
    assert 'left out "5": its name is not text' in schema.notes
    assert 'left out "day": date values are not supported' in schema.notes


def test_misuse_is_said_at_once() -> None:
    with pytest.raises(HeadraceError, match='no column "Tim"; did you mean "time"'):
        hr.Schema.from_frame(FRAME, event_time="Tim")
    with pytest.raises(SchemaError, match="no column of this frame"):
        hr.Schema.from_frame(pd.DataFrame({"x": [None]}))
    with pytest.raises(SchemaError, match="has nulls"):
        hr.Schema.from_frame(FRAME, key="c")
    with pytest.raises(HeadraceError, match="expected a pandas"):
        hr.Schema.from_frame([1, 2])


def test_a_stream_of_arrow_that_reading_would_use_up_is_refused() -> None:
    arrow = pytest.importorskip("pyarrow")
    reader = arrow.Table.from_pandas(FRAME).to_reader()
    with pytest.raises(InvalidArgument, match="RecordBatchReader"):
        hr.Schema.from_frame(reader)
