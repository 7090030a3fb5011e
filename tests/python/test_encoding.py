import datetime as dt
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from headrace.encoding import pairs_of
from headrace.errors import InvalidArgument, TypeMismatch

UTC = dt.timezone.utc


def value(record: dict[str, Any]) -> dict[str, Any]:
    [(key, text)] = pairs_of([record])
    assert key is None
    assert text is not None
    return json.loads(text)


def test_values_as_they_are() -> None:
    records = [b"bytes", "text", None, ("k", None), (b"k", b"v"), (None, {"x": 1})]
    assert pairs_of(records) == [
        (None, b"bytes"),
        (None, b"text"),
        (None, None),
        (b"k", None),
        (b"k", b"v"),
        (None, b'{"x": 1}'),
    ]


def test_gaps_become_null_and_times_iso_8601() -> None:
    berlin = dt.timezone(dt.timedelta(hours=1))
    record = {
        "nan": float("nan"),
        "numpy nan": np.float64("nan"),
        "nat": pd.NaT,
        "na": pd.NA,
        "none": None,
        "utc": dt.datetime(2026, 3, 2, 14, 31, tzinfo=UTC),
        "berlin": dt.datetime(2026, 3, 2, 15, 31, tzinfo=berlin),
        "naive": pd.Timestamp("2026-03-02T14:31:00.000000001"),
        "day": dt.date(2026, 3, 2),
        "int": np.int64(7),
        "nested": {"x": float("nan"), "y": np.bool_(True)},
    }
    assert value(record) == {
        **dict.fromkeys(("nan", "numpy nan", "nat", "na", "none")),
        "utc": "2026-03-02T14:31:00Z",
        "berlin": "2026-03-02T14:31:00Z",
        "naive": "2026-03-02T14:31:00.000000001Z",
        "day": "2026-03-02",
        "int": 7,
        "nested": {"x": None, "y": True},
    }


def test_the_key_is_that_of_the_record_or_the_named_field() -> None:
    records = [{"k": "IBM"}, {"k": 7}, {"k": None}, {}, ("own", {"k": "IBM"})]
    keys = [key for key, _ in pairs_of(records, key="k")]
    assert keys == [b"IBM", b"7", None, None, b"own"]


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_rows_of_a_frame(library: str) -> None:
    frame: Any = pd.DataFrame({"k": ["a", "b"], "x": [1.5, None]})
    if library == "polars":
        frame = pytest.importorskip("polars").DataFrame(frame.to_dict("list"))
    elif library == "pyarrow":
        frame = pytest.importorskip("pyarrow").Table.from_pandas(frame)
    assert pairs_of(frame, key="k") == [
        (b"a", b'{"k": "a", "x": 1.5}'),
        (b"b", b'{"k": "b", "x": null}'),
    ]
    assert pairs_of(frame, key="gone")[0][0] is None


def test_rows_of_a_csv_topic_are_in_the_order_of_its_columns() -> None:
    form = ("csv", {"columns": ["x", "text", "t"], "delimiter": ";"})
    record = {"text": 'a;"b"', "x": 1.5, "t": None, "other": 1}
    assert pairs_of([record], form=form) == [(None, b'1.5;"a;""b""";')]
    assert pairs_of(pd.DataFrame([record]), form=form) == [(None, b'1.5;"a;""b""";')]


def test_what_cannot_be_written_is_named() -> None:
    with pytest.raises(InvalidArgument, match=r"expected a list .* got dict"):
        pairs_of({"x": 1})
    with pytest.raises(InvalidArgument, match="got bytes"):
        pairs_of(b"x")
    with pytest.raises(InvalidArgument, match="pair"):
        pairs_of([(1, 2, 3)])
    with pytest.raises(TypeMismatch, match=r"got 7 \(int\)"):
        pairs_of([7])
    with pytest.raises(TypeMismatch, match=r"JSON cannot hold .* \(set\)"):
        pairs_of([{"x": {1}}])
