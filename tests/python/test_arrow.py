"""Frames of other libraries in, Arrow streams out: the same rows, whoever brings them."""

from __future__ import annotations

import datetime as dt
import gc
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

import headrace as hr
from headrace.errors import TypeMismatch

pa = pytest.importorskip("pyarrow")
pl = pytest.importorskip("polars")

ROWS = 9000  # more than two batches of the core

SCHEMA = hr.Schema(
    {
        "time": hr.timestamp,
        "key": hr.string,
        "x": hr.nullable(hr.float64),
        "n": hr.nullable(hr.int64),
        "on": hr.nullable(hr.bool_),
        "note": hr.nullable(hr.string),
    },
    event_time="time",
    key="key",
)


@pytest.fixture(scope="module")
def table() -> Any:
    rng = np.random.default_rng(1)
    gone = rng.random((4, ROWS)) < 0.1

    def column(values: Any, i: int, kind: Any = None) -> Any:
        return pa.array(values, type=kind, mask=gone[i])

    return pa.table(
        {
            "time": pa.array(np.arange(ROWS) * 1_000_000 + 7, type=pa.timestamp("us", tz="UTC")),
            "key": pa.array([f"key {k}" for k in rng.integers(0, 50, ROWS)]),
            "x": column(rng.standard_normal(ROWS), 0),
            "n": column(rng.integers(-(2**62), 2**62, ROWS), 1),
            "on": column(rng.random(ROWS) < 0.5, 2),
            "note": column([f"é{'x' * int(k)}" for k in rng.integers(0, 30, ROWS)], 3),
        }
    )


def features(data: Any) -> hr.Stream:
    return hr.from_frame(data, schema=SCHEMA).with_columns(ema=hr.ta.ema("x", timeperiod=5))


def digest(data: Any) -> dict[str, str]:
    with features(data).run(digest=True) as live:
        live.wait()
        assert live.status().rows == ROWS
        return live.digest()


def test_pandas_polars_and_pyarrow_give_the_same_bits(table: Any) -> None:
    wanted = digest(table)
    assert len(wanted) == len(SCHEMA.names) + 1
    others = {
        "pandas with arrow types": table.to_pandas(types_mapper=pd.ArrowDtype),
        "pandas with nullable types": table.to_pandas(
            types_mapper={pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}.get
        ),
        "polars": pl.from_arrow(table),
        "polars with categories": pl.from_arrow(table).with_columns(
            pl.col("key").cast(pl.Categorical)
        ),
        "a reader of batches": table.to_reader(max_chunksize=777),
        "dictionaries": table.set_column(1, "key", table["key"].dictionary_encode()),
        "large strings": table.set_column(1, "key", table["key"].cast(pa.large_string())),
        "string views": table.set_column(5, "note", table["note"].cast(pa.string_view())),
        "a slice of more": pa.concat_tables([table.slice(0, 3), table]).slice(3),
    }
    for name, frame in others.items():
        assert digest(frame) == wanted, name


def test_arrow_comes_back_as_it_went_in(table: Any) -> None:
    back = features(table).select(*SCHEMA.names).collect(as_="pyarrow")
    assert back["time"].cast(pa.timestamp("us", tz="UTC")).equals(table["time"])
    for name in ("x", "n", "on"):
        assert back[name].equals(table[name]), name
    for name in ("key", "note"):
        assert pa.types.is_dictionary(back[name].type)
        assert back[name].cast(pa.string()).equals(table[name]), name
    back.validate(full=True)


def test_every_reader_of_arrow_takes_a_frame(table: Any) -> None:
    duckdb = pytest.importorskip("duckdb")
    arrow = features(table).collect(as_="arrow")
    total = pa.table(table)["n"].drop_null().to_numpy().astype(object).sum()
    assert pa.table(arrow)["n"].drop_null().to_numpy().astype(object).sum() == total
    assert pl.from_arrow(pa.table(arrow)).height == ROWS
    assert pl.DataFrame(arrow)["note"].null_count() == table["note"].null_count
    relation = duckdb.sql("SELECT count(*), count(DISTINCT key), count(note) FROM arrow")
    assert relation.fetchall()[0] == (ROWS, 50, ROWS - table["note"].null_count)


def test_arrays_outlive_everything_they_came_from() -> None:
    frame = pd.DataFrame({"x": np.arange(5000.0)})
    column = hr.from_frame(frame, schema=hr.Schema({"x": hr.float64})).collect(as_="pyarrow")["x"]
    del frame
    gc.collect()
    filler = [np.full(5000, -1.0) for _ in range(50)]
    assert column.to_pylist() == list(range(5000))
    assert len(filler) == 50


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "America/New_York"])
def test_timestamps_of_every_unit_and_zone(unit: str, zone: str | None) -> None:
    when = pa.array([1_700_000_000, -1], type=pa.timestamp("s")).cast(pa.timestamp(unit, tz=zone))
    schema = hr.Schema({"t": hr.timestamp})
    back = hr.from_frame(pa.table({"t": when}), schema=schema).collect()
    assert back["t"].tolist() == [pd.Timestamp(s, unit="s", tz="UTC") for s in (1_700_000_000, -1)]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_pandas_times_of_every_unit(unit: str) -> None:
    frame = pd.DataFrame({"t": pd.array([1_700_000_000, -1], dtype="datetime64[s]")})
    frame["t"] = frame["t"].astype(f"datetime64[{unit}]")
    back = hr.from_frame(frame, schema=hr.Schema({"t": hr.timestamp})).collect()
    assert back["t"].tolist() == [pd.Timestamp(s, unit="s", tz="UTC") for s in (1_700_000_000, -1)]


def test_a_time_beyond_nanoseconds_is_a_dead_letter() -> None:
    frame = pd.DataFrame({"t": pd.array(["2026-01-01", "3000-01-01"], dtype="datetime64[s]")})
    schema = hr.Schema({"t": hr.timestamp})
    back, rejected = hr.from_frame(frame, schema=schema).collect(rejected=True)
    assert back["t"].tolist() == [pd.Timestamp("2026-01-01", tz="UTC")]
    assert rejected["reason"].tolist() == ["time_range"]


def test_dates_and_text_become_timestamps() -> None:
    days = [dt.date(2026, 1, 2), dt.date(1969, 12, 31)]
    wanted = [pd.Timestamp(day, tz="UTC") for day in days]
    schema = hr.Schema({"t": hr.timestamp})
    for column in (
        pa.array(days, type=pa.date32()),
        pa.array(days, type=pa.date64()),
        pa.array([day.isoformat() for day in days]),
    ):
        assert hr.from_frame(pa.table({"t": column}), schema=schema).collect()["t"].tolist() == (
            wanted
        )


def test_bad_values_are_dead_letters_that_show_the_row() -> None:
    frame = pa.table(
        {
            "t": ["2026-01-01", "yesterday", "2026-01-03", "2026-01-04"],
            "n": pa.array([1, 2, 2**63, 4], type=pa.uint64()),
            "x": [1.0, 2.0, 3.0, float("inf")],
        }
    )
    schema = hr.Schema({"t": hr.timestamp, "n": hr.int64, "x": hr.float64})
    result, rejected = hr.from_frame(frame, schema=schema).collect(rejected=True)
    assert result["n"].tolist() == [1]
    assert rejected["reason"].tolist() == ["time_format", "number_range", "non_finite"]
    assert rejected["offset"].tolist() == [1, 2, 3]
    assert rejected["detail"][0] == 'field "t": expected a timestamp, got "yesterday"'
    assert '"n":9223372036854775808' in str(rejected["value"][1])


def test_fields_of_structs_are_found_by_their_path() -> None:
    quote = pa.array([{"close": 1.5}, None, {"close": None}, {"close": 2.5}])
    schema = hr.Schema({"close": hr.nullable(hr.field(hr.float64, path="quote.close"))})
    frame = pa.table({"quote": quote})
    back = hr.from_frame(frame, schema=schema).collect(as_="pyarrow")
    assert back["close"].to_pylist() == [1.5, None, None, 2.5]


def test_types_that_cannot_be_meant_are_refused_by_column() -> None:
    schema = hr.Schema({"x": hr.float64})
    for column, name in (
        (pa.array(["1.5"]), "string"),
        (pa.array([True]), "bool"),
        (pa.array([[1.0]]), "list"),
        (pa.array([Decimal("1.00")], type=pa.decimal128(5, 2)), "decimal"),
        (pa.array([b"x"]), "binary"),
    ):
        with pytest.raises(TypeMismatch, match=f'column "x": expected float64, got {name}'):
            hr.from_frame(pa.table({"x": column}), schema=schema).collect()


def test_a_stream_can_be_read_once_only() -> None:
    reader = pa.table({"x": [1.0]}).to_reader()
    schema = hr.Schema({"x": hr.float64})
    assert len(hr.from_frame(reader, schema=schema).collect()) == 1
    assert len(hr.from_frame(reader, schema=schema).collect()) == 0
