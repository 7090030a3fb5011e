from typing import Any

import numpy as np
import pandas as pd
import pytest

import headrace as hr
from headrace.bits import difference
from headrace.errors import InvalidArgument

NAN_WITH_PAYLOAD = np.array([0x7FF8_0000_0000_0001], "u8").view("f8")[0]


def frame(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame(columns)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ([1.0, np.nan], [1.0, NAN_WITH_PAYLOAD]),
        (pd.array([1, None], "Int64"), pd.array([1, None], "Int64")),
        (["a", None], pd.array(["a", None], "string")),
        ([True, False], pd.array([True, False], "boolean")),
        (
            pd.to_datetime(["2026-03-02", None], utc=True).as_unit("ns"),
            pd.to_datetime(["2026-03-02", None], utc=True).as_unit("ms").tz_convert("Asia/Tokyo"),
        ),
    ],
)
def test_the_same_values(left: Any, right: Any) -> None:
    assert difference(frame(x=left), frame(x=right)) is None


@pytest.mark.parametrize(
    ("left", "right", "said"),
    [
        ([0.0], [-0.0], r"0\.0 \(0x0+\) is not -0\.0 \(0x80+\)"),
        ([1.0], [np.nan], r"1\.0 \(0x3ff0+\) is not nan"),
        ([7], [9], r"7 \(0x7\) is not 9 \(0x9\)"),
        (pd.array([1], "Int64"), pd.array([None], "Int64"), r"1 \(0x1\) is not null"),
        ([True], [False], r"True \(0x1\) is not False \(0x0\)"),
        (["a"], ["b"], "'a' is not 'b'"),
        (["a"], [None], "'a' is not null"),
        (
            pd.to_datetime(["2026-03-02T00:00:00Z"]),
            pd.to_datetime(["2026-03-02T00:00:00.000000001Z"]),
            r"2026-03-02T00:00:00\+00:00 \(0x.*\) is not 2026-03-02T00:00:00.000000001\+00:00",
        ),
    ],
)
def test_one_value_that_differs(left: Any, right: Any, said: str) -> None:
    found = difference(frame(x=left), frame(x=right))
    assert found is not None
    assert found.startswith('row 0, column "x": ')
    pd.testing.assert_series_equal(pd.Series([found]).str.contains(said), pd.Series([True]))


def test_the_first_row_is_named_whatever_its_column() -> None:
    left = frame(a=[1.0, 2.0, 3.0], b=[1.0, 2.0, 3.0])
    right = frame(a=[1.0, 2.0, 4.0], b=[1.0, 2.5, 3.0])
    assert (difference(left, right) or "").startswith('row 1, column "b": 2.0 ')


def test_columns_types_and_lengths() -> None:
    assert difference(frame(a=[1]), frame(b=[1])) == "columns: ['a'] are not ['b']"
    assert difference(frame(a=[1]), frame(a=[1.0])) == 'column "a": integer is not float64'
    narrow = frame(a=np.array([1.0], "f4"))
    assert difference(frame(a=[1.0]), narrow) == 'column "a": float64 is not float32'
    assert difference(frame(a=[1, 2]), frame(a=[1])) == "2 rows are not 1"
    assert difference(frame(a=[1], b=[2]).set_index("b", drop=False), frame(a=[1], b=[2])) is None


def test_digests() -> None:
    assert difference({"a": "01"}, {"a": "01"}) is None
    assert difference({"a": "01"}, {"a": "02"}) == 'digest of column "a": 01 is not 02'
    assert difference({"a": "01"}, {"b": "01"}) == "columns: ['a'] are not ['b']"
    with pytest.raises(InvalidArgument, match="digest=True"):
        difference({"a": "01"}, frame(a=[1]))
    with pytest.raises(InvalidArgument, match="got list"):
        difference([1], [1])


def test_streams_by_digest_and_by_rows() -> None:
    table = hr.market.bars(rows=200, tickers=2, seed=1)
    stream = hr.from_frame(table, schema=hr.market.SCHEMA).with_columns(hr.ta.bbands("Close", 20))
    other = hr.from_frame(table, schema=hr.market.SCHEMA).with_columns(hr.ta.bbands("Close", 21))
    with (
        stream.run(digest=True) as first,
        stream.run(digest=True, threads=2) as second,
        stream.run() as plain,
        other.run(digest=True) as third,
    ):
        for live in (first, second, plain, third):
            live.wait()
        assert difference(first, second) is None
        assert difference(first, second.digest()) is None
        assert difference(plain, first) is None
        assert difference(first, stream.collect()) is None
        found = difference(first, third)
        assert found is not None
        assert 'column "bbands_' in found
        assert found.startswith("row ")
