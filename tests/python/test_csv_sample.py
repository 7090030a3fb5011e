"""Cells of CSV samples: headers and the lack of them, shapes, what is no sample."""

from __future__ import annotations

import gzip
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from headrace import csv_sample
from headrace.csv_sample import Cells, read
from headrace.errors import DecodeError, InvalidArgument, SchemaError, StreamIOError


def test_a_file_a_compressed_one_and_text_are_the_same(tmp_path: Path) -> None:
    text = "x,y\r\n1,\"a,\n'b'\"\r\n\r\n2,\r\n"
    plain, packed = tmp_path / "t.csv", tmp_path / "t.csv.gz"
    plain.write_bytes(b"\xef\xbb\xbf" + text.encode())
    packed.write_bytes(gzip.compress(text.encode()))
    for sample in (text, text.encode(), plain, str(plain), packed, str(packed)):
        found = read(sample)
        assert (found.names, found.header, found.records) == (["x", "y"], True, 2)
        assert found.columns == [Cells({"1", "2"}), Cells({"a,\n'b'", ""}, Counter({"": 1}))]


@pytest.mark.parametrize(
    "first", ["1,AA", "x,2015-01-01", r"AA,\N", "AA,NA", "AA,true", "-0.5,AA", ","]
)
def test_a_first_line_with_a_value_is_no_header(first: str) -> None:
    found = read(f"{first}\nAB,AC\n")
    assert (found.names, found.header, found.records) == (["column_1", "column_2"], False, 2)


def test_columns_that_are_named_are_the_header_or_stand_for_it() -> None:
    assert read("1,AA\n2,AB\n", columns=["n", "k"]).records == 2
    named = read("n,k\n2,AB\n", columns=["n", "k"])
    assert (named.header, named.records) == (True, 1)
    texts = read("XX,AA\nYY,AB\n", columns=["n", "k"])
    assert (texts.header, texts.records) == (False, 2)
    with pytest.raises(SchemaError, match="columns: 3 names, but the records have 2 fields"):
        read("1,AA\n", columns=["a", "b", "c"])


def test_records_of_another_shape_are_counted() -> None:
    found = read("x,y\n1,2\n1\n1,2,3\n1,2,3\n")
    assert found.records == 1
    assert dict(found.misshapen) == {1: 1, 3: 2}


def test_the_first_records_of_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_sample, "_MOST", 3)
    for at_once in (1, 2, 3, 4, 100):
        monkeypatch.setattr(csv_sample, "_AT_ONCE", max(at_once, 2))  # a header and a record
        assert read("x\n1\n2\n3\n").cut is False
        found = read("x\n1\nNA\nNA\nNA\n", null_values=["1"])
        assert (found.records, found.cut) == (3, True)
        assert found.columns[0].blanks == {"1": 1, "NA": 2}


@pytest.mark.parametrize(
    ("sample", "error", "words"),
    [
        ("", SchemaError, "the sample: no records"),
        ("x,y\n", SchemaError, "the sample: no records, only a header"),
        ("x,y\n1\n", SchemaError, "no record has 2 fields, as the header has"),
        (5, InvalidArgument, "expected CSV text or the path of a .csv or .csv.gz file, got int"),
        ("gone.csv", StreamIOError, "cannot read 'gone.csv': No such file"),
        ("x\n" + "y" * 200_000, DecodeError, "the sample is not CSV text"),
    ],
)
def test_what_is_no_sample_is_told(sample: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error) as refused:
        read(sample)
    assert words in str(refused.value)
