"""Files of records: kinds by their endings, and what is compressed."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

import headrace as hr
from headrace.errors import InvalidArgument, StreamIOError
from headrace.files import kind_of, opened, uncompressed


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("x.csv", "csv"),
        ("x.csv.gz", "csv"),
        ("2015.01.csv.gz", "csv"),
        ("x.pq", "parquet"),
        ("x.jsonl.gz", "json"),
    ],
)
def test_the_ending_says_the_kind(name: str, kind: str) -> None:
    assert kind_of(Path(name)) == kind


@pytest.mark.parametrize("name", ["x.xlsx", "x.gz", "x.parquet.gz", "csv", "x.csv.zip"])
def test_other_endings_are_refused(name: str) -> None:
    with pytest.raises(InvalidArgument, match=r"ending in \.csv, .*got"):
        kind_of(Path(name))


def test_what_is_compressed_is_read_as_it_was(tmp_path: Path) -> None:
    plain, packed = tmp_path / "x.csv", tmp_path / "y.csv.gz"
    plain.write_bytes(b"x\n1\n")
    packed.write_bytes(gzip.compress(b"x\n2\n"))
    for path, content in ((plain, b"x\n1\n"), (packed, b"x\n2\n")):
        with opened(path) as file:
            assert file.read() == content
        with uncompressed(path) as copy:
            assert copy.read_bytes() == content
        assert copy.exists() == (path == plain)


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    torn = tmp_path / "x.csv.gz"
    torn.write_bytes(gzip.compress(b"x\n" * 1000)[:-9])
    with pytest.raises(StreamIOError, match=r"cannot read .*x\.csv\.gz"), opened(torn) as file:
        file.read()
    torn.write_bytes(b"x\n1\n")
    with pytest.raises(StreamIOError, match="cannot read"), opened(torn) as file:
        file.read()
    with pytest.raises(StreamIOError, match="No such file"), opened(tmp_path / "gone.csv"):
        pass


@pytest.mark.parametrize("name", ["x.csv.gz", "x.jsonl.gz"])
def test_a_stream_reads_compressed_files(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    cells = ["1", '"bad"', "2", "3", "4"]
    lines = ["x", *cells] if "csv" in name else [f'{{"x": {cell}}}' for cell in cells]
    text = "\n".join(lines)
    path.write_bytes(gzip.compress(text.encode()))
    schema = hr.Schema({"x": hr.int64})
    good, bad = hr.from_file(path, schema=schema).collect(rejected=True)
    assert good["x"].tolist() == [1, 2, 3, 4]
    assert bad["topic"].tolist() == [str(path)]
    assert hr.from_file(path).columns == ["x"]
    assert len(hr.from_file(path, schema=schema).head(1)) == 1
