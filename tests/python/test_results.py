"""Reading what is committed: each row once, of the types that ``collect`` gives."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pytest

import headrace as hr
from headrace.errors import InvalidArgument, StreamIOError
from headrace.replay import produce

KINDS = hr.Schema(
    {
        "at": hr.timestamp("ms"),
        "n": hr.nullable(hr.int64),
        "x": hr.nullable(hr.float64),
        "ok": hr.nullable(hr.bool_),
        "text": hr.nullable(hr.string),
        "tags": hr.list_(hr.string),
    },
    event_time="at",
)
RECORDS = [
    b'{"at": 1000, "n": 1, "x": 0.5, "ok": true, "text": "a", "tags": ["p", "q"]}',
    b'{"at": 2000, "n": null, "x": null, "ok": null, "text": null, "tags": []}',
    b'{"at": 3000, "n": 9007199254740993, "x": -0.0, "ok": false, "text": "", "tags": ["\\u00e4"]}',
]


def written(directory: Path, records: list[bytes], **options: object) -> pd.DataFrame:
    """Write the results of records, and return what ``collect`` makes of them."""
    with hr.MockBroker(t=1) as broker:
        produce([(b"k", record) for record in records], to="t", bootstrap=broker.bootstrap)
        stream = hr.kafka("t", bootstrap=broker.bootstrap, schema=KINDS, until="end")
        with stream.to_parquet(directory, **options).run() as live:  # type: ignore[arg-type]
            live.wait()
        collected: pd.DataFrame = stream.collect()
    return collected


@pytest.mark.parametrize(
    "records", [RECORDS, RECORDS[:1], RECORDS[1:2]], ids=["all", "full", "gaps"]
)
def test_every_type_comes_back_as_collect_has_it(tmp_path: Path, records: list[bytes]) -> None:
    collected = written(tmp_path, records)
    pd.testing.assert_frame_equal(hr.read_results(tmp_path), collected)


def test_nothing_written_yet_is_a_frame_with_the_columns(tmp_path: Path) -> None:
    collected = written(tmp_path, [])
    assert hr.result_files(tmp_path) == []
    found = hr.read_results(tmp_path)
    assert found.empty
    assert list(found) == list(collected)
    assert hr.read_results(tmp_path, dead_letters=True).empty


def test_columns_are_chosen_by_name(tmp_path: Path) -> None:
    written(tmp_path, RECORDS, partition_by="ok")
    assert list(hr.read_results(tmp_path, columns=["text", "ok"])) == ["text", "ok"]
    with pytest.raises(InvalidArgument, match=r'read_results: .*"txt".*"text"'):
        hr.read_results(tmp_path, columns=["txt"])


def test_others_read_the_files(tmp_path: Path) -> None:
    written(tmp_path, RECORDS)
    files = [str(path) for path in hr.result_files(tmp_path)]
    assert pl.read_parquet(files)["n"].to_list() == [1, None, 9007199254740993]
    counted = duckdb.sql(f"select count(*) from read_parquet({files})").fetchall()
    assert counted == [(3,)]


def test_where_nobody_wrote_it_is_said(tmp_path: Path) -> None:
    with pytest.raises(StreamIOError, match=r"there is no directory '.*none'"):
        hr.read_results(tmp_path / "none")
    with pytest.raises(StreamIOError, match="no stream has written to"):
        hr.result_files(tmp_path)


def test_a_file_that_is_gone_is_said(tmp_path: Path) -> None:
    written(tmp_path, RECORDS)
    hr.result_files(tmp_path)[0].unlink()
    with pytest.raises(StreamIOError, match=r"is gone: .*\.parquet"):
        hr.read_results(tmp_path)
