import pytest

import headrace as hr
from headrace import epochs, testing

TEXTS = [
    "2026-03-02",
    "2026-03-02T14:30",
    "2026-03-02 14:30:00",
    "2026-03-02T14:30:00.123456789Z",
    "2026-03-02T14:30:00+0530",
    "2026-03-02T14:30:00-05",
    "2026-03-02T14:30:00+05:30",
    "2024-02-29",
    "1678-01-01",
    # no timestamps:
    "",
    "2026-02-29",
    "2026-03-02T24:00",
    "2026-03-02T14:30:60",
    "2026-03-02t14:30:00z",
    "2026-3-2",
    "02.03.2026",
    "0001-01-01",
    "2026-03-02T14:30:00.1234567890",
    "2026-03-02T14:30:00+24:00",
    "1700000000",
    "AAPL",
]


def test_iso_8601_is_what_the_core_reads() -> None:
    schema = hr.Schema({"text": hr.string, "t": hr.timestamp})
    rows = testing.run(
        hr.kafka("x", schema=schema), [{"text": text, "t": text} for text in TEXTS], rejected=True
    )[0]
    assert rows["text"].tolist() == [text for text in TEXTS if epochs.is_iso8601(text)]
    assert 8 <= len(rows) < len(TEXTS)


@pytest.mark.parametrize("unit", list(epochs.UNITS))
def test_an_epoch_is_in_one_unit_only(unit: str) -> None:
    scale = epochs.UNITS[unit]
    assert epochs.unit_of(1_700_000_000 * scale) == unit
    assert epochs.read_as(1_700_000_000 * scale, unit) == "2023-11-14 22:13:20 UTC"


@pytest.mark.parametrize("number", [0, -5, 42, 100_000, 500_000_000, 10**10, 10**20, float(2**40)])
def test_other_numbers_are_no_epoch(number: float) -> None:
    in_unit = {unit for unit in epochs.UNITS if epochs.unit_of(number) == unit}
    assert in_unit == ({"ms"} if number == 2**40 else set())


@pytest.mark.parametrize("name", ["ts", "Date", "event_time", "tradeTime", "openTS", "created_at"])
def test_names_of_times(name: str) -> None:
    assert epochs.names_a_time(name)


@pytest.mark.parametrize(
    "name", ["Volume", "id", "update", "lifetime", "points", "at", "sentiment"]
)
def test_names_of_other_things(name: str) -> None:
    assert not epochs.names_a_time(name)
