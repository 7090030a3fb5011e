import numpy as np
import pytest

from headrace.plot.times import TimeAxis, clock_text


def instants(start: str, count: int, step: str) -> np.ndarray:
    size, unit = int(step[:-1] or 1), step[-1]
    first = np.datetime64(start).astype("datetime64[ns]")
    return first + np.arange(count) * np.timedelta64(size, unit).astype("timedelta64[ns]")


@pytest.mark.parametrize(
    ("times", "texts", "context"),
    [
        (
            instants("2026-03-02T14:30", 390, "1m"),
            ["15:00", "16:00", "17:00", "18:00", "19:00", "20:00"],
            "2 Mar 2026, UTC",
        ),
        (
            instants("2026-03-02T14:30", 60, "1s"),
            ["14:30:10", "14:30:20", "14:30:30", "14:30:40", "14:30:50"],
            "2 Mar 2026, UTC",
        ),
        (instants("2026-01-01", 365, "1D"), ["Mar", "May", "Jul", "Sep", "Nov"], "UTC"),
    ],
)
def test_ticks_are_where_a_round_time_begins(
    times: np.ndarray, texts: list[str], context: str
) -> None:
    found = TimeAxis().ticks(times, 560)
    assert (found.texts, found.context) == (texts, context)


def test_a_new_day_is_named_and_strong_though_the_night_takes_no_room() -> None:
    monday, tuesday = (instants(f"2026-03-0{day}T14:30", 390, "1m") for day in (2, 3))
    found = TimeAxis().ticks(np.concatenate([monday, tuesday]), 600)
    at = found.texts.index("3 Mar")
    assert found.strong[at]
    assert found.rows[at] in (390, 391)
    assert sum(found.strong) == 1


def test_labels_never_touch() -> None:
    rng = np.random.default_rng(4)
    gaps = rng.exponential(3e11, 5000).astype(np.int64)
    times = np.datetime64("2026-03-02", "ns") + np.cumsum(gaps).astype("timedelta64[ns]")
    for width in (120, 300, 640, 1200):
        found = TimeAxis().ticks(times, width)
        apart = np.diff(found.rows) * width / 4999
        assert len(found.rows) <= width / 84 * 1.3 + 1
        assert (apart >= 84 * 0.75).all()


def test_the_step_stays_while_the_window_moves() -> None:
    axis = TimeAxis()
    steps = set()
    for start in range(0, 200, 5):
        times = instants("2026-03-02T14:30", 500, "1m")[start : start + 300]
        axis.ticks(times, 600)
        steps.add(axis._step)
    assert len(steps) == 1


def test_a_late_row_does_not_turn_the_axis_back() -> None:
    times = instants("2026-03-02T14:30", 300, "1m")
    times[170] = np.datetime64("2020-01-01", "ns")
    assert TimeAxis().ticks(times, 600).texts == ["15:00", "16:00", "17:00", "18:00", "19:00"]


def test_nothing_has_no_ticks() -> None:
    assert TimeAxis().ticks(np.array([], "datetime64[ns]"), 600).rows == []


def test_the_clock_says_that_it_is_utc() -> None:
    assert clock_text(1_772_447_467) == "10:31:07 UTC"
    assert clock_text(1_772_447_467, date=True) == "2026-03-02 10:31:07 UTC"
