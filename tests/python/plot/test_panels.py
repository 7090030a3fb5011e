import pytest

import headrace as hr
from headrace.errors import InvalidArgument, UnknownColumn
from headrace.plot.panels import Chooser, Panel, panel_of
from tests.python.plot.conftest import STREAM


def panels(*columns: str, stream: hr.Stream = STREAM, **options: object) -> list[Panel]:
    bands = options.pop("bands", ())
    told = options.pop("panels", None)
    return Chooser(stream).panels(columns, bands, told, candles=bool(options.pop("candles", False)))  # type: ignore[arg-type]


def test_computed_columns_belong_to_the_panels_of_the_registry() -> None:
    belongs = panel_of(STREAM)
    assert belongs["bbands_upper"] == "price"
    assert belongs["aroon_up"] == "aroon"
    assert belongs["rsi"] == "rsi"
    assert "Close" not in belongs


def test_with_a_price_alone_come_the_indicators_that_belong_to_it() -> None:
    found = {panel.name: panel for panel in panels("Close")}
    assert list(found) == ["price", "aroon", "macd", "rsi"]
    assert (found["price"].columns, found["price"].bands) == (["Close"], ["bbands"])
    assert found["aroon"].columns == ["aroon_down", "aroon_up"]
    assert (found["macd"].columns, found["macd"].bars) == (["macd", "macd_signal"], ["macd_hist"])


def test_named_indicators_are_all_that_is_drawn() -> None:
    assert [(p.name, p.columns) for p in panels("Close", "rsi")] == [
        ("price", ["Close"]),
        ("rsi", ["rsi"]),
    ]


def test_without_a_name_a_price_is_drawn() -> None:
    assert panels()[0].columns == ["Close"]
    assert Chooser(STREAM).main_column() == "Close"


def test_a_volume_has_bars_in_its_own_panel_and_its_average_lies_over_it() -> None:
    stream = hr.from_frame(hr.market.bars(rows=10), schema=hr.market.SCHEMA).with_columns(
        average=hr.ta.sma("Volume", 5)
    )
    price, volume = panels("Close", "Volume", "average", stream=stream)
    assert (price.name, volume.name) == ("price", "volume")
    assert (volume.bars, volume.columns) == (["Volume"], ["average"])


def test_the_bands_of_another_column_are_not_over_this_one() -> None:
    stream = hr.from_frame(hr.market.bars(rows=10), schema=hr.market.SCHEMA).with_columns(
        hr.ta.bbands("Close", 20), mean=hr.ta.sma("Open", 5)
    )
    (panel,) = panels("Open", stream=stream)
    assert (panel.bands, panel.columns) == ([], ["Open", "mean"])


def test_all_in_one_panel() -> None:
    (panel,) = panels("Close", "rsi", panels=False)
    assert panel.columns == ["Close", "rsi"]


def test_panels_as_the_user_says() -> None:
    found = panels("Close", "rsi", bands=("bbands",), panels={"momentum": ["rsi"]})
    assert [(p.name, p.columns, p.bands) for p in found] == [
        ("price", ["Close"], ["bbands"]),
        ("momentum", ["rsi"], []),
    ]
    first, price = panels("Close", panels={"trend": ["aroon_up"], "price": ["Open"]})
    assert (first.name, price.columns) == ("trend", ["Close", "Open"])


def test_a_panel_of_the_users_has_the_guide_lines_of_what_is_in_it() -> None:
    _, mine, mixed = panels("Close", panels={"mine": ["aroon_up"], "mixed": ["aroon_up", "rsi"]})
    assert (mine.kind, mine.label) == ("aroon", "mine")
    assert (mixed.kind, mixed.label) == ("mixed", "mixed")


def test_bands_that_are_named_are_all_that_is_added() -> None:
    (panel,) = panels("Close", bands=("bbands",))
    assert (panel.columns, panel.bands) == (["Close"], ["bbands"])


def test_candles_are_found_by_name_or_told() -> None:
    assert panels(candles=True)[0].candles == ["Open", "High", "Low", "Close"]
    told = panels("Close", "High", "Low", "Open", candles=True)
    assert told[0].candles == ["Close", "High", "Low", "Open"]
    with pytest.raises(InvalidArgument, match="four columns"):
        panels("Close", candles=True)


def test_without_four_prices_candles_say_what_there_is() -> None:
    stream = hr.from_frame(hr.market.bars(rows=10), schema=hr.market.SCHEMA)
    with pytest.raises(InvalidArgument, match=r"no column named open.*Close"):
        panels(stream=stream.select("Close", "High"), candles=True)


@pytest.mark.parametrize("names", [["Close", "nope"], ["bbands"]])
def test_a_column_that_is_not_there(names: list[str]) -> None:
    with pytest.raises(UnknownColumn):
        panels(*names)


def test_a_column_that_is_no_number() -> None:
    with pytest.raises(InvalidArgument, match=r"'Ticker' is not numeric \(string\).*Close"):
        panels("Ticker")


def test_the_axis_says_what_it_measures() -> None:
    assert panels("Close")[0].label == "Close"
    assert panels("Open", "Close", panels=False)[0].label == "price"
    assert panels(candles=True)[0].label == "price"
