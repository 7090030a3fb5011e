import pytest

import headrace as hr
from headrace.replay import produce

BARS = hr.market.bars(rows=600, tickers=3)


def test_it_tells_plan_schema_sample_and_ranges() -> None:
    with hr.MockBroker(ohlcv=2) as broker:
        records = list(hr.market.records(BARS))
        produce(records, to="ohlcv", bootstrap=broker.bootstrap)
        produce([(b"ACME", b'{"Close": "n/a"}')] * 2, to="ohlcv", bootstrap=broker.bootstrap)
        bars = hr.kafka("ohlcv", bootstrap=broker.bootstrap, schema=hr.market.SCHEMA)
        found = bars.with_columns(hr.ta.rsi("Close")).describe()
    assert found.records == len(BARS) + 2
    assert found.sampled.startswith("250 records: ohlcv[0] offsets 0 to ")
    assert found.columns[-1] == "rsi"
    assert found.schema == hr.market.SCHEMA
    assert found.table.loc["Ticker", ["type", "nulls", "distinct"]].tolist() == ["string", 0, "3"]
    low, high = (float(end) for end in found.table.loc["Close", ["min", "max"]])
    assert BARS["Close"].min() <= low < high <= BARS["Close"].max()
    assert len(found.rejected) == 2
    assert found.rejected[0].startswith("ohlcv[")
    text, shown = repr(found), found._repr_html_()
    for part in (
        "with_columns(rsi(Close))",
        "250 records of about 602: ohlcv[0] offsets 0 to ",
        "rejected: 2, first: ohlcv[",
        "hr.Schema(",
    ):
        assert part in text
    assert "<table" in shown
    assert "of about 602" in shown


def test_nulls_and_true_and_false() -> None:
    import pandas as pd

    frame = pd.DataFrame({"x": [1.5, None, 3.0], "b": [True, False, True], "s": ["a", None, "a"]})
    table = hr.from_frame(frame).describe().table
    assert table["nulls"].tolist() == [1, 0, 1]
    assert table["min"].tolist() == ["1.5", "False", ""]
    assert table["distinct"].tolist() == ["", "", "1"]


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_files(tmp_path, ending: str) -> None:
    path = tmp_path / f"bars.{ending}"
    texts = BARS.assign(Date=BARS["Date"].dt.strftime("%Y-%m-%dT%H:%M:%SZ"))
    if ending == "csv":
        texts.to_csv(path, index=False)
    else:
        texts.to_json(path, orient="records", lines=True)
    found = hr.from_file(path).describe()
    assert found.sampled == "250 records"
    assert found.records is None
    assert found.table.loc["Date", "max"] == f"{BARS['Date'].max():%Y-%m-%d %H:%M:%S}"
