import pytest

import headrace as hr
from headrace.errors import InvalidArgument, UnknownColumn
from headrace.plot.options import Recipe
from tests.python.plot.conftest import STREAM


@pytest.mark.parametrize(
    ("columns", "options", "said"),
    [
        (["Close"], {"kind": "candle"}, 'kind: expected one of .*did you mean "candles"'),
        (["Close"], {"last": 1}, "last: expected 2 to 100,000 rows, got 1"),
        (["Close"], {"last": True}, "last"),
        (["Close"], {"last": 10**6}, "last"),
        (["Close"], {"panels": "rsi"}, "panels: expected a dict"),
        (["Close"], {"every": "soon"}, 'every: expected a time such as "100ms"'),
        (["Close"], {"every": -1}, "every"),
        (["Close"], {"every": None}, "every"),
        (["Close"], {"key": []}, "empty list"),
        (["Close"], {"key": list("abcdefghijklm")}, "13 keys do not fit"),
        (["Close"], {"kind": "scatter"}, "takes one column and x="),
        (["Close", "Open"], {"kind": "scatter", "x": "Volume"}, "takes one column"),
        (["Close"], {"x": "Volume"}, 'x= is for kind="scatter" and "bar"'),
        (["Close"], {"kind": "hist", "bands": "bbands"}, "no bands and panels"),
        (["Close"], {"figsize": (0, 3)}, "figsize: expected width and height of 2 to 40 inches"),
        (["Close"], {"figsize": "big"}, "figsize"),
        (["Close"], {"title": 3}, "title: expected a text, got 3"),
        (["Close"], {"bands": 3}, "bands: expected names of columns, got 3"),
        (["Close"], {"markers": {"rsi": "x"}}, "markers: expected a level for 'rsi', got 'x'"),
        (["Close"], {"markers": 3}, "markers: expected names"),
        (["Close"], {"panels": {"mine": 3}}, "panels: mine: expected names"),
        (["Ticker"], {}, "not numeric"),
        (["Close"], {"keys": "ACME"}, 'did you mean "key"'),
    ],
)
def test_mistakes_are_said_at_the_line(
    live: hr.Live, columns: list[str], options: dict[str, object], said: str
) -> None:
    with pytest.raises((InvalidArgument, TypeError), match=said):
        live.plot(*columns, **options)


@pytest.mark.parametrize(
    ("columns", "options"),
    [
        (["close_"], {}),
        ([], {"markers": "rsj"}),
        (["Close"], {"bands": "bband"}),
        (["Close"], {"panels": {"mine": ["rsj"]}}),
        (["Close"], {"kind": "scatter", "x": "Volum"}),
        (["Close"], {"kind": "bar", "x": "Tickers"}),
    ],
)
def test_a_misspelt_column_has_a_nearest_one(
    live: hr.Live, columns: list[str], options: dict[str, object]
) -> None:
    with pytest.raises(UnknownColumn, match="did you mean"):
        live.plot(*columns, **options)


def test_a_key_where_the_schema_has_none() -> None:
    plain = hr.Schema({"Close": hr.float64})
    with hr.from_frame(hr.market.bars(rows=10)[["Close"]], schema=plain).run() as live:
        with pytest.raises(InvalidArgument, match="the schema has no key"):
            live.plot("Close", key="ACME")
        with pytest.raises(InvalidArgument, match="name the column that tells bars apart"):
            live.plot("Close", kind="bar")


def options(live: hr.Live, *columns: str, **given: object):
    return live.plot(*columns, **given)._picture._options


def test_every_is_a_duration_and_never_below_a_twentieth(live: hr.Live) -> None:
    assert options(live, "Close", every="200ms").every == 0.2
    assert options(live, "Close", every=1.5).every == 1.5
    assert options(live, "Close", every="1ms").every == 0.05


def test_keys_are_texts_each_once(live: hr.Live) -> None:
    assert options(live, "Close", key="ACME").keys == ("ACME",)
    assert options(live, "Close", key=["BOLT", "ACME", "BOLT"]).keys == ("BOLT", "ACME")


def test_markers(live: hr.Live) -> None:
    def levels(markers: object) -> dict[str, float]:
        return Recipe(options(live, "Close", markers=markers), STREAM).markers

    assert levels("rsi") == {"rsi": 0.5}
    assert levels({"rsi": 70}) == {"rsi": 70.0}
    assert levels(True) == {}  # there is no prediction
    assert levels(False) == {}
