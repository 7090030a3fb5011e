import math

import pytest

from headrace.plot.scale import Scale, round_ticks, tick_texts, value_text


def test_limits_have_room_and_stay_while_the_data_is_inside() -> None:
    scale = Scale()
    assert scale.fit(100.0, 200.0)
    assert scale.low < 100.0 < 200.0 < scale.high
    before = scale.low, scale.high
    assert not scale.fit(110.0, 190.0)
    assert (scale.low, scale.high) == before
    assert scale.fit(110.0, 300.0)


def test_limits_shrink_when_the_data_fills_little_of_them() -> None:
    scale = Scale()
    scale.fit(0.0, 100.0)
    assert scale.fit(50.0, 60.0)
    assert scale.high - scale.low < 20.0


def test_bars_stand_on_zero() -> None:
    scale = Scale(from_zero=True)
    scale.fit(5.0, 10.0)
    assert scale.low == 0.0
    scale.fit(-20.0, -5.0)
    assert scale.high == 0.0


def test_a_flat_line_is_in_the_middle() -> None:
    scale = Scale()
    scale.fit(10.0, 10.0)
    assert scale.low < 10.0 < scale.high
    assert math.isclose(10.0 - scale.low, scale.high - 10.0)


def test_what_is_not_finite_changes_nothing() -> None:
    scale = Scale()
    assert not scale.fit(math.nan, 1.0)
    assert not scale.fit(0.0, math.inf)


@pytest.mark.parametrize(
    ("low", "high", "most", "wanted"),
    [
        (0.0, 100.0, 5, [0.0, 20.0, 40.0, 60.0, 80.0, 100.0][:6]),
        (229.4, 240.6, 5, [230.0, 232.5, 235.0, 237.5, 240.0]),
        (-0.3, 0.3, 3, [-0.2, 0.0, 0.2]),
        (5.0, 5.0, 4, []),
        (0.0, math.inf, 4, []),
    ],
)
def test_ticks_are_round(low: float, high: float, most: int, wanted: list[float]) -> None:
    assert round_ticks(low, high, most) == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ([], []),
        ([0.0, 2.5, 5.0], ["0.0", "2.5", "5.0"]),
        ([0.0, 50_000.0, 100_000.0], ["0", "50k", "100k"]),
        ([0.0, 2_500_000.0], ["0.0", "2.5M"]),
        ([-0.0, 1000.0], ["0", "1,000"]),
        ([0.0, 1e300], ["0", "1e+300"]),
        ([-2e-9, 0.0, 2e-9], ["-2e-09", "0", "2e-09"]),
    ],
)
def test_the_ticks_of_an_axis_have_the_same_decimals(
    values: list[float], wanted: list[str]
) -> None:
    assert tick_texts(values) == wanted


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (237.1412, "237.14"),
        (152.0, "152"),
        (37_506.0, "37,506"),
        (1_234_567.0, "1.23M"),
        (0.06971, "0.0697"),
        (0.00001234, "1.23e-05"),
        (-7e12, "-7.00T"),
        (-7e290, "-7.00e+290"),
        (math.nan, ""),
    ],
)
def test_a_value_has_the_figures_that_matter(value: float, wanted: str) -> None:
    assert value_text(value) == wanted


def test_a_round_value_among_others_keeps_its_decimals() -> None:
    assert value_text(152.0, whole=False) == "152.00"
    assert value_text(32.0, whole=True) == "32"
