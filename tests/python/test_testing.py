"""headrace.testing: records in, frame out; the same bits; any cut."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

import headrace as hr
from headrace import testing
from headrace.errors import InvalidArgument, RejectedWarning, UnknownColumn

SCHEMA = hr.Schema(
    {"Date": hr.timestamp, "Ticker": hr.string, "Close": hr.float64},
    event_time="Date",
    key="Ticker",
)
PRICES = hr.kafka("prices", schema=SCHEMA, bootstrap="127.0.0.1:1")
CHANGES = PRICES.with_columns(change=hr.col("Close") - hr.col("Close").shift(1))
MONDAY = dt.datetime(2026, 3, 2, 14, 30, tzinfo=dt.timezone.utc)


def price(minute: int, close: object, ticker: str = "IBM") -> dict[str, object]:
    return {"Date": MONDAY + dt.timedelta(minutes=minute), "Ticker": ticker, "Close": close}


def test_records_in_frame_out() -> None:
    table = testing.run(CHANGES, [price(0, 2.0), price(1, 2.5), price(2, 9.0, "AAPL")])
    assert table.columns.tolist() == CHANGES.columns
    assert table["Date"].tolist() == [MONDAY + dt.timedelta(minutes=i) for i in range(3)]
    np.testing.assert_array_equal(table["change"], [np.nan, 0.5, np.nan])


def test_bytes_pairs_and_tombstones_take_the_decoder() -> None:
    value = b'{"Date": "2026-03-02T14:30:00Z", "Ticker": "IBM", "Close": 1.5}'
    table, bad = testing.run(
        CHANGES, [value, ("IBM", value), None, b"{", price(3, "n/a")], rejected=True
    )
    assert table["Close"].tolist() == [1.5, 1.5]
    assert bad["reason"].tolist() == ["invalid_json", "wrong_type"]
    assert bad["topic"].tolist() == ["records", "records"]
    assert bad["offset"].tolist() == [3, 4]
    assert bad["key"].tolist()[1] == b"IBM"


def test_rejects_warn_where_nobody_asked_for_them() -> None:
    with pytest.warns(RejectedWarning, match="1 records rejected"):
        assert testing.run(CHANGES, [b"{"]).empty


def test_a_frame_gives_what_collect_gives() -> None:
    frame = hr.market.bars(rows=300, tickers=3, seed=2)
    stream = hr.kafka("bars", schema=hr.market.SCHEMA).with_columns(hr.ta.bbands("Close", 20))
    testing.assert_same_bits(testing.run(stream, frame), stream.collect(frame))


def test_streams_of_frames_files_and_csv_topics(tmp_path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text("Close;Ticker\n1.5;IBM\n")
    schema = hr.Schema({"Ticker": hr.string, "Close": hr.float64}, key="Ticker")
    record = {"Ticker": "IBM", "Close": 2.5}
    of_frame = hr.from_frame(pd.DataFrame({"Ticker": ["A"], "Close": [1.0]}), schema=schema)
    of_file = hr.from_file(path, schema=schema, delimiter=";")
    of_topic = hr.kafka("prices", schema=schema, format="csv")
    for stream in (of_frame, of_file, of_topic):
        assert testing.run(stream, [record])["Close"].tolist() == [2.5]
    assert testing.run(of_file, [b"3.5;IBM"])["Close"].tolist() == [3.5]
    assert testing.run(of_topic, [b"IBM,3.5"])["Close"].tolist() == [3.5]


def test_no_records() -> None:
    assert testing.run(CHANGES, []).columns.tolist() == CHANGES.columns


def test_nothing_is_written_and_no_broker_is_asked() -> None:
    # The stream's own broker does not exist: a connection would be waited for.
    stream = CHANGES.to_kafka("signals", dead_letters="letters")
    assert len(testing.run(stream, [price(0, 1.0)])) == 1


def test_assert_same_bits_says_where() -> None:
    left = testing.run(CHANGES, [price(0, 1.0), price(1, 1.5)])
    right = left.copy()
    right.loc[1, "change"] = np.nextafter(0.5, 1)
    testing.assert_same_bits(left, left.copy())
    with pytest.raises(AssertionError, match=r'row 1, column "change": 0.5 \(0x3fe0+\) is not'):
        testing.assert_same_bits(left, right)


def test_any_cut_gives_the_same_digest() -> None:
    records = list(hr.market.records(hr.market.bars(rows=300, tickers=3, seed=3), bad_every=20))
    stream = hr.kafka("bars", schema=hr.market.SCHEMA).validate(hr.col("High") >= hr.col("Low"))
    stream = stream.with_columns(hr.ta.macd("Close"), up=hr.col("Close") > hr.col("Close").shift(1))
    testing.assert_batch_invariant(stream, records)
    testing.assert_batch_invariant(stream, records[:1], cuts=4)
    testing.assert_batch_invariant(stream, [], cuts=4)
    with pytest.raises(InvalidArgument, match="cuts"):
        testing.assert_batch_invariant(stream, records, cuts=0)


def test_a_result_that_depends_on_the_cut_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = testing._outcome

    def cut_shows(over: hr.Stream, **options: int) -> testing._Outcome:
        outcome = honest(over, **options)
        if options["batch_rows"] == 2:
            outcome.digest["change"] = "0" * 16
        return outcome

    monkeypatch.setattr(testing, "_outcome", cut_shows)
    message = r'in batches of 2 on 1 threads: digest of column "change": .* is not 0{16}'
    with pytest.raises(AssertionError, match=message):
        testing.assert_batch_invariant(CHANGES, [price(i, float(i)) for i in range(9)])


def test_columns_that_are_not_known_are_inferred_from_the_records() -> None:
    waiting = hr.kafka("prices", bootstrap="127.0.0.1:1")  # nobody is there
    stream = waiting.with_columns(double=hr.col("Close") * 2)
    records = [("IBM", {"Ticker": "IBM", "Close": 1.5}), ("A", {"Ticker": "A", "Close": 2.5})]
    assert testing.run(stream, records)["double"].tolist() == [3.0, 5.0]
    testing.assert_batch_invariant(stream, records, cuts=4)
    with pytest.raises(UnknownColumn, match='did you mean "Close"'):
        testing.run(waiting.select("Clos"), records)
    assert waiting._pending is not None  # the stream itself goes on waiting
