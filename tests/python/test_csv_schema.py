"""Schemas of CSV records: types, nulls, headers, roles, and the notes on what was guessed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import headrace as hr
from headrace import testing
from headrace.errors import SchemaError, UnknownColumn

infer = hr.Schema.from_csv


def of_cells(*cells: str, name: str = "x", **options: Any) -> hr.Schema:
    """The schema of one column beside a number."""
    return infer("\n".join([f"{name},n", *(f"{cell},1" for cell in cells)]), **options)


@pytest.mark.parametrize(
    ("cells", "dtype"),
    [
        (["1", "-2"], hr.int64),
        (["1", "2.0"], hr.float64),
        (["1", "2e3"], hr.float64),
        (["1", ""], hr.nullable(hr.int64)),
        (["true", "False"], hr.bool_),
        (["YES", "NO"], hr.bool_),
        (["YES", "YES"], hr.string),
        (["0", "1"], hr.int64),
        (["2015-01-01", "2015-01-01T10:00:00Z"], hr.timestamp),
        (["2015-01-01", "soon"], hr.string),
        (["007", "1"], hr.string),
        (["9223372036854775808"], hr.string),
        (["NA", "1.5"], hr.nullable(hr.float64)),
        (["NA", "AA"], hr.string),
        ([r"\N", "AA"], hr.nullable(hr.string)),
        (["N/A", "2015-01-01"], hr.nullable(hr.timestamp)),
        (["NULL", "true"], hr.nullable(hr.bool_)),
        (["", ""], hr.nullable(hr.string)),
    ],
)
def test_a_column_is_of_the_type_that_every_value_has(cells: list[str], dtype: Any) -> None:
    schema = of_cells(*cells)
    assert schema["x"] == dtype
    good, bad = testing.run(
        hr.kafka("t", schema=schema, format="csv"), [f"{c},1" for c in cells], rejected=True
    )
    assert (len(good), len(bad)) == (len(cells), 0)
    assert good["x"].isna().any() == dtype.is_nullable


def test_epochs_need_a_name_for_a_time_and_one_unit() -> None:
    assert of_cells("1700000000000", name="ts")["ts"] == hr.timestamp("ms")
    assert of_cells("1700000000000", name="x")["x"] == hr.int64
    assert of_cells("1700000000000", "1700000000", name="ts")["ts"] == hr.int64


def test_null_spellings_hold_for_all_columns_once_they_are_proved() -> None:
    schema = infer("k,x\nNA,1\nAA,NA\n,\n")
    assert schema.csv.null_values == ("NA",)
    assert schema.columns == {"k": hr.nullable(hr.string), "x": hr.nullable(hr.int64)}
    assert '"NA" is null, as in "x"' in schema.notes
    assert infer("k,x\nNA,1\nAA,2\n").csv.null_values == ()


def test_null_spellings_that_are_given_are_the_only_ones() -> None:
    schema = infer("k,x\nNA,1\nAA,-9\n", null_values=["-9"])
    assert schema.csv.null_values == ("-9",)
    assert schema.columns == {"k": hr.string, "x": hr.nullable(hr.int64)}
    assert infer("x\nNA\n1\n", null_values=[])["x"] == hr.string


def test_without_a_header_columns_are_numbered_or_named(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("1987,AA,\\N\n1988,\\N,2.5\n")
    numbered = infer(path)
    assert numbered.names == ["column_1", "column_2", "column_3"]
    assert numbered.csv == hr.CsvFormat(null_values=[r"\N"], header=False)
    named = infer(path, columns=["Year", "Carrier", "Delay"])
    assert named.columns == {
        "Year": hr.int64,
        "Carrier": hr.nullable(hr.string),
        "Delay": hr.nullable(hr.float64),
    }
    for schema in (numbered, named, eval(repr(named), {"hr": hr})):
        for table in (
            hr.from_file(path, schema=schema).collect(),
            hr.from_file(path).collect(),
            hr.kafka("t", schema=schema).collect(path),
            testing.run(hr.kafka("t", schema=schema, format="csv"), path.read_text().splitlines()),
        ):
            assert table.iloc[:, 0].tolist() == [1987, 1988]
            assert table.iloc[:, 1].tolist()[0] == "AA"
            assert table.isna().sum().tolist() == [0, 1, 1]


def test_fields_that_are_no_columns_keep_their_place() -> None:
    schema = infer("x,,x,y\n1,2,3,4\n")
    assert schema.columns == {"y": hr.int64}
    assert schema.csv.columns == ("x", "", "x", "y")
    stream = hr.kafka("t", schema=schema, format="csv")
    assert testing.run(stream, ["1,2,3,4"])["y"].tolist() == [4]
    assert 'left out "": it has no name' in schema.notes
    assert 'left out "x": two columns have this name' in schema.notes


def test_names_with_dots_are_no_paths() -> None:
    schema = infer("No.,a.b\n1,2\n")
    stream = hr.kafka("t", schema=eval(repr(schema), {"hr": hr}), format="csv")
    assert testing.run(stream, ["1,2"]).to_dict("list") == {"No.": [1], "a.b": [2]}


def test_roles_are_given_or_guessed_and_may_lack_few_values() -> None:
    text = "t,k,x\n" + "2015-01-01T00:00:00Z,AA,1\n" * 9 + "2015-01-01T00:00:00Z,,1\n"
    schema = infer(text, key="k")
    assert (schema.event_time, schema.key, schema["k"]) == ("t", "k", hr.string)
    assert 'key="k": empty in 1 of 10 records; such records are rejected' in schema.notes
    with pytest.raises(SchemaError, match='key="k": empty in 1 of 2 records; it must be in every'):
        infer("k,x\nAA,1\n,2\n", key="k")
    with pytest.raises(UnknownColumn, match='key: no column "kk"; did you mean "k"'):
        infer(text, key="kk")


def test_an_event_time_is_composed_where_its_parts_are() -> None:
    text = "Year,Month,DayofMonth,CRSDepTime,k\n2015,7,4,1745,AA\n2015,7,4,5,AA\n"
    schema = infer(text, event_time="Departure", key="k")
    assert schema.event_time == "Departure"
    assert schema.names == ["Departure", "Year", "Month", "DayofMonth", "CRSDepTime", "k"]
    records = text.splitlines()[1:]
    result = testing.run(hr.kafka("t", schema=schema, format="csv"), records)
    assert result["Departure"].dt.strftime("%H:%M").tolist() == ["00:05", "17:45"]


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("x\n1\n", "inferred from 1 record"),
        ("1,AA\n", 'no header: the first line holds values; the columns are "column_1" to '
                   '"column_2"'),
        ("x,y\n1,2\n3\n", "1 records have another number of fields, e.g. 1 of 1 in place of 2; "
                          "such records are rejected"),
        ("x;y\n1;2\n", "one column only; is the delimiter ';'?"),
        ("x,n\n007,1\n", '"x" is text: "007" has a leading zero'),
        ("x,n\n92233720368547758070,1\n", '"x" is text: "92233720368547758070" is beyond int64'),
        ("x,n\n1,1\n2,1\n3,1\n4,1\nfive,1\n", '"x" is text: "five" among numbers'),
        ("date,n\n4.7.2015,1\n", '"date" is text: "4.7.2015" is not ISO 8601'),
        ("x,n\n,1\n", '"x" is empty in every record; taken as text'),
        ("x,n\nYES,1\nNO,1\n", '"x" is a truth value: "NO", "YES"'),
    ],
)  # fmt: skip
def test_what_was_guessed_is_said(text: str, note: str) -> None:
    assert note in infer(text).notes


def test_other_delimiters_travel_with_the_schema(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('k;x\n"a;b";1\n')
    schema = infer(path, delimiter=";")
    assert hr.from_file(path, schema=schema).collect()["k"].tolist() == ["a;b"]
    stream = hr.kafka("t", schema=schema, format="csv")
    assert testing.run(stream, ['"a;b";1'])["k"].tolist() == ["a;b"]
    assert hr.from_file(path, schema=schema).head()["k"].tolist() == ["a;b"]


def test_a_look_at_a_file_sees_its_nulls(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("k,x\nNA,1\nAA,NA\n")
    assert hr.from_file(path).head()["k"].isna().tolist() == [True, False]
    assert hr.from_file(path).describe().table.loc["x", "nulls"] == 1
