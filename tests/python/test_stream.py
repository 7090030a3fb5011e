from pathlib import Path

import pandas as pd
import pytest

import headrace as hr
from headrace.errors import (
    HeadraceError,
    InvalidArgument,
    RejectedWarning,
    TypeMismatch,
    UnknownColumn,
    Unsupported,
)

BARS = hr.kafka("stocks", schema=hr.market.SCHEMA)
FRAME = hr.market.bars(rows=600, tickers=3, seed=5)


def test_a_stream_is_immutable_and_lazy() -> None:
    longer = BARS.with_columns(x=hr.col("Close") * 2)
    assert "x" in longer.columns
    assert "x" not in BARS.columns
    with pytest.raises(AttributeError):
        BARS._steps = ()  # type: ignore[misc]


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: BARS.select("Clos"), UnknownColumn, 'did you mean "Close"'),
        (lambda: BARS.select(), InvalidArgument, "at least one column"),
        (lambda: BARS.validate(), InvalidArgument, "at least one rule"),
        (lambda: BARS.validate(hr.col("Close")), TypeMismatch, "bool"),
        (lambda: BARS.validate(hr.col("Low") > 0, on_reject="ignore"), HeadraceError, "on_reject"),
        (lambda: BARS.with_columns(hr.col("Close") + 1), InvalidArgument, "needs a name"),
        (lambda: BARS.with_columns(3), InvalidArgument, "expected expressions"),
        (lambda: BARS.filter("Close > 1"), InvalidArgument, "expected an expression"),
        (lambda: BARS.predict("m.pt"), InvalidArgument, "inputs"),
        (lambda: BARS.predict("m", registry="models/"), Unsupported, "registry"),
        (lambda: BARS.run(checkpoint=5), InvalidArgument, "expected a directory or .*, got 5"),
        (
            lambda: BARS.to_kafka("x", processing_guarantee="exactly once"),
            InvalidArgument,
            'expected "exactly-once" or "at-least-once"',
        ),
        (lambda: BARS.to_kafka("x", key="Tickr"), UnknownColumn, 'did you mean "Ticker"'),
        (lambda: BARS.to_kafka("x").select("Close"), InvalidArgument, "comes last"),
        (lambda: BARS.collect(), InvalidArgument, "has no end"),
        (lambda: BARS.collect(3), TypeMismatch, "expected a pandas or Polars"),
    ],
)
def test_misuse_is_refused_at_its_line(make, error, message) -> None:
    with pytest.raises(error, match=message):
        make()


def test_columns_of_one_call_see_the_stream_before_it() -> None:
    with pytest.raises(UnknownColumn):
        BARS.with_columns(a=hr.col("Close"), b=hr.col("a"))


def test_repr_tells_the_steps() -> None:
    text = repr(
        BARS.validate(hr.col("High") >= hr.col("Low"))
        .with_columns(hr.ta.rsi("Close"))
        .select("rsi")
        .to_kafka("out")
    )
    for part in ("stocks on localhost:9092", "validate((High >= Low))", "rsi(Close)", "to_kafka"):
        assert part in text
    assert "<table>" in BARS._repr_html_()


def test_collect_takes_what_it_is_given_and_gives_the_same_kind(tmp_path: Path) -> None:
    polars = pytest.importorskip("polars")
    pyarrow = pytest.importorskip("pyarrow")
    stream = BARS.with_columns(hr.ta.bbands("Close", 20), r=hr.ta.rsi("Close"))
    expected = stream.collect(FRAME)
    assert isinstance(expected, pd.DataFrame)
    from_polars = stream.collect(polars.from_pandas(FRAME))
    assert isinstance(from_polars, polars.DataFrame)
    from_arrow = stream.collect(pyarrow.Table.from_pandas(FRAME))
    assert isinstance(from_arrow, pyarrow.Table)
    csv, parquet = tmp_path / "bars.csv", tmp_path / "bars.parquet"
    FRAME.assign(Date=FRAME["Date"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")).to_csv(csv, index=False)
    FRAME.to_parquet(parquet)
    numeric = [c for c in expected.columns if c not in ("Date", "Ticker")]
    bits = expected[numeric].to_numpy().tobytes()
    for other in (
        from_polars.select(numeric).to_pandas(),
        from_arrow.select(numeric).to_pandas(),
        stream.collect(csv)[numeric],
        stream.collect(str(parquet))[numeric],
    ):
        assert other.to_numpy().tobytes() == bits
    assert stream.collect(csv)["Ticker"].tolist() == expected["Ticker"].tolist()


def test_rejected_rows_are_warned_of_or_returned() -> None:
    bad = FRAME.copy()
    bad.loc[7, "High"] = 0.0
    stream = BARS.validate(hr.col("High") >= hr.col("Low"))
    with pytest.warns(RejectedWarning, match=r"1 records rejected \(rule 1\)"):
        assert len(stream.collect(bad)) == len(bad) - 1
    table, rejected = stream.collect(bad, rejected=True)
    assert len(table) == len(bad) - 1
    assert rejected["offset"].tolist() == [7]
    assert rejected["reason"].tolist() == ["rule"]
    assert "(High >= Low)" in rejected["detail"][0]


def test_flagged_and_dropped_rows() -> None:
    bad = FRAME.copy()
    bad.loc[7, "Volume"] = -1
    flagged = BARS.validate(volume=hr.col("Volume") >= 0, on_reject="flag").collect(bad)
    assert len(flagged) == len(bad)
    assert flagged["rejected"].dropna().tolist() == ["volume"]
    dropped = BARS.validate(hr.col("Volume") >= 0, on_reject="drop").collect(bad)
    assert len(dropped) == len(bad) - 1
