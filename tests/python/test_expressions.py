import datetime as dt

import numpy as np
import pandas as pd
import pytest

import headrace as hr
from headrace.errors import InvalidArgument, TypeMismatch, UnknownColumn

FRAME = pd.DataFrame(
    {
        "k": ["a", "b", "a", "a"],
        "x": [1.0, 2.0, -3.0, 4.0],
        "n": pd.array([1, None, 3, 4], dtype="Int64"),
        "t": pd.to_datetime(["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04"], utc=True),
    }
)
STREAM = hr.from_frame(
    FRAME,
    schema=hr.Schema(
        {"k": hr.string, "x": hr.float64, "n": hr.nullable(hr.int64), "t": hr.timestamp},
        event_time="t",
        key="k",
    ),
)


def value(expression: hr.Expr) -> list[object]:
    column = STREAM.with_columns(out=expression).collect()["out"]
    return [None if pd.isna(v) else v for v in column]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (hr.col("x") + 1, [2.0, 3.0, -2.0, 5.0]),
        (10 - hr.col("x"), [9.0, 8.0, 13.0, 6.0]),
        (hr.col("x") * hr.col("n"), [1.0, None, -9.0, 16.0]),
        (hr.col("n") / 2, [0.5, None, 1.5, 2.0]),
        (-hr.col("n"), [-1, None, -3, -4]),
        (abs(hr.col("x")), [1.0, 2.0, 3.0, 4.0]),
        (hr.col("x") > 1, [False, True, False, True]),
        (hr.col("k") == "a", [True, False, True, True]),
        (hr.col("k").is_in(["b", "c"]), [False, True, False, False]),
        (hr.col("n").is_null(), [False, True, False, False]),
        (hr.col("x").between(1, 2), [True, True, False, False]),
        ((hr.col("n") > 1) & (hr.col("x") > 0), [False, None, False, True]),
        ((hr.col("n") > 1) | (hr.col("x") > 0), [True, True, True, True]),
        (~(hr.col("x") > 0), [False, False, True, False]),
        (hr.col("x").shift(1), [None, None, 1.0, -3.0]),
        (hr.col("t") >= dt.datetime(2026, 1, 3), [False, False, True, True]),
        (hr.col("t") < np.datetime64("2026-01-02"), [True, False, False, False]),
        (hr.col("t") < pd.Timestamp("2026-01-02", tz="UTC"), [True, False, False, False]),
    ],
    ids=repr,
)
def test_an_expression_gives_what_it_says(expression: hr.Expr, expected: list[object]) -> None:
    assert value(expression) == expected


def test_mistakes_are_said_at_the_line_that_makes_them() -> None:
    with pytest.raises(UnknownColumn, match='no column "y"'):
        STREAM.filter(hr.col("y") > 1)
    with pytest.raises(TypeMismatch):
        STREAM.filter(hr.col("k") > 1)
    with pytest.raises(TypeMismatch, match="no truth value"):
        STREAM.filter(hr.col("x") > 0 and hr.col("x") < 1)  # type: ignore[arg-type]
    with pytest.raises(InvalidArgument, match="list of values"):
        hr.col("k").is_in("abc")
    with pytest.raises(InvalidArgument, match="from 1"):
        hr.col("x").shift(0)
    with pytest.raises(InvalidArgument, match="finite"):
        hr.lit(float("nan"))
    with pytest.raises(InvalidArgument, match="64 bits"):
        hr.lit(2**63)
    with pytest.raises(TypeMismatch, match="expected a number"):
        hr.lit(object())
