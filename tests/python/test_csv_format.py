"""How CSV records are written: what may be said, and how it is said again."""

from __future__ import annotations

from typing import Any

import pytest

import headrace as hr
from headrace.csv_format import row_bytes
from headrace.errors import InvalidArgument

MANY = [f"column number {i}" for i in range(9)]


@pytest.mark.parametrize(
    "form",
    [
        hr.CsvFormat(),
        hr.CsvFormat(delimiter="\t", null_values=[r"\N", "NA"], header=False),
        hr.CsvFormat(columns=MANY, header=False),
        hr.CsvFormat(columns=MANY, null_values=[f"null of kind {i}" for i in range(9)]),
    ],
)
def test_a_format_prints_as_the_code_that_makes_it(form: hr.CsvFormat) -> None:
    assert eval(repr(form), {"hr": hr}) == form
    assert all(len(line) <= 88 for line in repr(form).splitlines())
    schema = hr.Schema({name: hr.nullable(hr.int64) for name in MANY}, csv=form)
    text = repr(schema)
    assert eval(text, {"hr": hr}) == schema
    assert all(len(line) <= 88 for line in text.splitlines())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"delimiter": ";;"}, "delimiter: expected one ASCII character"),
        ({"delimiter": '"'}, "that is no quote or line end"),
        ({"delimiter": "§"}, "delimiter: expected one ASCII character"),
        ({"columns": "Year,Month"}, "columns: expected a list of texts, got 'Year,Month'"),
        ({"null_values": [None]}, "null_values: expected a list of texts"),
        ({"null_value": ["NA"]}, 'no argument "null_value"; did you mean "null_values"?'),
    ],
)
def test_what_cannot_be_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        hr.CsvFormat(**options)
    assert words in str(refused.value)


def test_formats_are_a_part_of_what_a_schema_is() -> None:
    plain = hr.Schema({"x": hr.int64})
    with_nulls = hr.Schema({"x": hr.int64}, csv=hr.CsvFormat(null_values=["NA"]))
    assert plain != with_nulls
    assert plain.csv == hr.CsvFormat()
    with pytest.raises(hr.errors.SchemaError, match=r"csv: expected hr\.CsvFormat"):
        hr.Schema({"x": hr.int64}, csv=["x"])  # type: ignore[arg-type]


def test_columns_that_lack_one_of_the_schema_are_refused_at_once() -> None:
    with pytest.raises(hr.errors.UnknownColumn, match='no csv column "Yaer"; did you mean "Year"'):
        hr.Schema({"Yaer": hr.int64}, csv=hr.CsvFormat(columns=["Year", "Month"]))


def test_cells_are_quoted_where_they_must_be() -> None:
    assert row_bytes(["a;b", "two\nlines", 'say "x"', "NA", 1.5], ";") == (
        b'"a;b";"two\nlines";"say ""x""";NA;1.5'
    )
