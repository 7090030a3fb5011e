from pathlib import Path

import pandas as pd
import pytest

import headrace as hr
from headrace import _core
from headrace.errors import BrokerUnavailable, InvalidArgument, RejectedWarning, SchemaError
from headrace.replay import produce

BARS = hr.market.bars(rows=60, tickers=3)


@pytest.fixture
def broker():
    with hr.MockBroker(ohlcv=2, empty=1) as mock:
        records = list(hr.market.records(BARS))
        produce(
            [*records, (b"ACME", b'{"x": 1'), (b"ACME", None)], to="ohlcv", bootstrap=mock.bootstrap
        )
        yield mock


def test_head_is_what_the_oldest_records_become(broker) -> None:
    bars = hr.kafka("ohlcv", bootstrap=broker.bootstrap, schema=hr.market.SCHEMA)
    table = bars.with_columns(double=hr.col("Close") * 2).select("Ticker", "double").head(10)
    assert table.columns.tolist() == ["Ticker", "double"]
    assert len(table) == 10
    closes = set((BARS["Close"] * 2).round(6))
    assert set(table["double"].round(6)) <= closes
    assert len(bars.head()) == 5
    assert bars.filter(hr.col("Close") < 0).head(10).empty


def test_tail_is_the_newest_as_they_came(broker) -> None:
    bars = hr.kafka("ohlcv", bootstrap=broker.bootstrap, schema=hr.market.SCHEMA)
    with pytest.warns(RejectedWarning, match=r"tail: 1 of 20 records rejected; first: ohlcv\["):
        table = bars.select("Close").tail(20)
    assert table.columns.tolist() == BARS.columns.tolist()
    assert table["Date"].max() == BARS["Date"].max()


def test_nothing_is_written_or_kept(broker) -> None:
    bars = hr.kafka("ohlcv", bootstrap=broker.bootstrap, schema=hr.market.SCHEMA, group="g")
    assert len(bars.to_kafka("out").head(3)) == 3
    assert "out" not in _core.Admin(broker.bootstrap, {}).topics(10_000)


def test_frames_and_files_can_be_looked_at(tmp_path: Path) -> None:
    texts = BARS.assign(Date=BARS["Date"].dt.strftime("%Y-%m-%dT%H:%M:%SZ"))
    texts.to_csv(tmp_path / "b.csv", index=False)
    texts.to_csv(tmp_path / "s.csv", index=False, sep=";")
    texts.to_json(tmp_path / "b.jsonl", orient="records", lines=True)
    streams = [
        hr.from_frame(BARS),
        hr.from_file(tmp_path / "b.csv"),
        hr.from_file(tmp_path / "s.csv", delimiter=";"),
        hr.from_file(tmp_path / "b.jsonl"),
    ]
    if pytest.importorskip("pyarrow"):
        import polars
        import pyarrow

        BARS.to_parquet(tmp_path / "b.parquet")
        streams += [
            hr.from_file(tmp_path / "b.parquet"),
            hr.from_frame(polars.from_pandas(BARS)),
            hr.from_frame(pyarrow.Table.from_pandas(BARS)),
        ]
    for stream in streams:
        assert stream.head(7)["Close"].tolist() == BARS["Close"][:7].tolist()
        assert stream.tail(4)["Close"].tolist() == BARS["Close"][-4:].tolist()
        assert len(stream.head(1000)) == len(BARS)


def test_cells_of_csv_keep_their_commas_quotes_and_lines(tmp_path: Path) -> None:
    words = ["a,b", 'say "x"', "two\nlines", None]
    pd.DataFrame({"y": words, "x": [1, 2, 3, 4]}).to_csv(tmp_path / "t.csv", index=False)
    schema = hr.Schema({"y": hr.nullable(hr.string), "x": hr.int64})
    table = hr.from_file(tmp_path / "t.csv", schema=schema).head(4)
    assert table["y"].tolist()[:3] == words[:3]
    assert pd.isna(table["y"][3])
    with hr.MockBroker(lines=1) as mock:
        produce(
            [(None, b'"a,b",1'), (None, b'"two\nlines",2')], to="lines", bootstrap=mock.bootstrap
        )
        lines = hr.kafka("lines", bootstrap=mock.bootstrap, schema=schema, format="csv")
        assert lines.head()["y"].tolist() == ["a,b", "two\nlines"]


def test_json_over_several_lines_is_one_record() -> None:
    with hr.MockBroker(t=1) as mock:
        produce([(None, b'{\n "x": 1\n}'), (None, b'{"x": 2}')], to="t", bootstrap=mock.bootstrap)
        assert hr.kafka("t", bootstrap=mock.bootstrap).head()["x"].tolist() == [1, 2]


def test_there_may_be_nothing_to_look_at(broker) -> None:
    empty = hr.kafka("empty", bootstrap=broker.bootstrap, schema=hr.market.SCHEMA)
    assert empty.head().empty
    assert empty.head().columns.tolist() == hr.market.SCHEMA.names
    with pytest.raises(SchemaError, match="has no records yet"):
        hr.kafka("empty", bootstrap=broker.bootstrap).head()
    with pytest.raises(BrokerUnavailable, match=r"127\.0\.0\.1:1"):
        hr.kafka("x", bootstrap="127.0.0.1:1", schema=hr.market.SCHEMA).head()
    for n in (0, -1, 2.5, True):
        with pytest.raises(InvalidArgument, match="head: n: expected a number of records from 1"):
            empty.head(n)  # type: ignore[arg-type]
