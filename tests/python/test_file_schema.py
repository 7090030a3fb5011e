from pathlib import Path

import pandas as pd
import pytest

import headrace as hr
from headrace.errors import StreamIOError

BARS = hr.market.bars(rows=300, tickers=3)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    texts = BARS.assign(Date=BARS["Date"].dt.strftime("%Y-%m-%dT%H:%M:%SZ"))
    texts.to_csv(tmp_path / "bars.csv", index=False)
    texts.to_csv(tmp_path / "semicolons.csv", index=False, sep=";")
    texts.to_json(tmp_path / "bars.jsonl", orient="records", lines=True)
    return tmp_path


@pytest.mark.parametrize("name", ["bars.csv", "bars.jsonl", "bars.parquet"])
def test_every_kind_of_file_brings_its_schema(folder: Path, name: str) -> None:
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow")
        BARS.to_parquet(folder / name)
    stream = hr.from_file(folder / name, key="Ticker")
    assert stream.schema == hr.market.SCHEMA
    assert stream.collect()["Close"].tolist() == BARS["Close"].tolist()


def test_other_delimiters(folder: Path) -> None:
    stream = hr.from_file(folder / "semicolons.csv", delimiter=";", key="Ticker")
    assert stream.schema.columns == hr.market.SCHEMA.columns
    assert stream.schema.csv == hr.CsvFormat(delimiter=";")
    assert stream.collect()["Close"].tolist() == BARS["Close"].tolist()


def test_cells_are_numbers_only_where_the_whole_column_is(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(
        "\ufeffi,f,b,s,zip,q\n1,1,true,x,007,\n2,2.5e3,false,2,1,3\n-3,3,true,,2,4\nbad\n"
    )
    schema = hr.from_file(path).schema
    assert schema.columns == {
        "i": hr.int64,
        "f": hr.float64,
        "b": hr.bool_,
        "s": hr.nullable(hr.string),
        "zip": hr.string,
        "q": hr.nullable(hr.int64),
    }


def test_a_parquet_file_may_have_its_time_in_parts(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    path = tmp_path / "flights.parquet"
    day = pd.to_datetime(["2015-07-04", "2015-07-05"])
    pd.DataFrame({"ds": day, "CRSDepTime": [1745, 5], "k": ["AA", "UA"]}).to_parquet(path)
    schema = hr.Schema.from_parquet(path, event_time="Departure", key="k")
    assert schema["Departure"] == hr.timestamp_from(date="ds", clock="CRSDepTime")
    assert schema.notes[0] == "from a file of 2 rows"
    table = hr.from_file(path, schema=schema).collect()
    assert table["Departure"].dt.hour.tolist() == [17, 0]
    assert hr.from_file(path).schema.event_time == "ds"


def test_a_parquet_file_that_cannot_be_read(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    (tmp_path / "torn.parquet").write_bytes(b"PAR1")
    for name in ("torn.parquet", "gone.parquet"):
        with pytest.raises(StreamIOError, match=rf"cannot read .*{name}' as Parquet"):
            hr.Schema.from_parquet(tmp_path / name)
