"""Windows as a user writes them: texts, what is refused, which records are together."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pandas as pd
import pytest

import headrace as hr
from headrace import testing, windows
from headrace.errors import InvalidArgument

SCHEMA = hr.Schema({"at": hr.timestamp, "g": hr.string, "n": hr.int64}, event_time="at", key="g")
STREAM = hr.kafka("events", schema=SCHEMA).group_by("g")


def bounds(window: hr.Window, *times: str) -> list[tuple[str, str, int]]:
    """Return start, end and number of records of each window over records at these times."""
    records = [{"at": time, "g": "a", "n": 1} for time in times]
    counted = testing.run(STREAM.window(window, grace="400d").agg(hr.count()), records)
    texts = [
        counted[name].dt.strftime("%Y-%m-%dT%H:%M").tolist()
        for name in ("window_start", "window_end")
    ]
    return list(zip(*texts, counted["count"].tolist(), strict=True))


@pytest.mark.parametrize(
    ("window", "text"),
    [
        (hr.tumbling("5m"), 'tumbling("5m")'),
        (hr.tumbling("1d", tz="Europe/Berlin"), 'tumbling("1d", tz="Europe/Berlin")'),
        (hr.tumbling("1h", offset="15m"), 'tumbling("1h", offset="15m")'),
        (hr.hopping("1h", "5m"), 'hopping("1h", hop="5m")'),
        (hr.sliding("5m"), 'sliding("5m")'),
        (hr.sliding(rows=20), "sliding(rows=20)"),
        (hr.session("30m"), 'session("30m")'),
        (hr.count_window(100), "count_window(100)"),
        (hr.all_time(), "all_time()"),
        (
            hr.trading_session("09:30", "16:00", tz="America/New_York"),
            'trading_session("09:30", "16:00", tz="America/New_York")',
        ),
    ],
)
def test_a_window_shows_as_it_is_written(window: hr.Window, text: str) -> None:
    assert repr(window) == text


def test_equal_windows_are_equal() -> None:
    assert hr.tumbling("60s") != hr.tumbling("5m")
    assert hr.hopping("1h", "5m") == hr.hopping("1h", hop="5m")
    assert {hr.tumbling("5m"), hr.tumbling("5m")} == {hr.tumbling("5m")}


def test_every_public_function_makes_a_window() -> None:
    made = {
        "all_time": hr.all_time(),
        "count_window": hr.count_window(1),
        "hopping": hr.hopping("2s", "1s"),
        "session": hr.session("1s"),
        "sliding": hr.sliding("1s"),
        "trading_session": hr.trading_session("09:00", "17:00", tz="UTC"),
        "tumbling": hr.tumbling(timedelta(seconds=1)),
    }
    assert set(made) == set(windows.__all__) - {"Window"}
    assert all(isinstance(window, hr.Window) for window in made.values())


def test_fixed_windows_begin_at_multiples_of_their_length() -> None:
    assert bounds(hr.tumbling("15m"), "2026-03-02T14:31:00Z", "2026-03-02T14:44:59Z") == [
        ("2026-03-02T14:30", "2026-03-02T14:45", 2)
    ]
    assert bounds(hr.tumbling("7d"), "2026-03-04T10:00:00Z") == [
        ("2026-03-02T00:00", "2026-03-09T00:00", 1)  # a Monday
    ]
    assert bounds(hr.tumbling("1h", offset="15m"), "2026-03-02T14:10:00Z") == [
        ("2026-03-02T13:15", "2026-03-02T14:15", 1)
    ]


@pytest.mark.parametrize(
    ("size", "start", "end"),
    [
        ("1w", "2024-02-26T00:00", "2024-03-04T00:00"),
        ("mo", "2024-02-01T00:00", "2024-03-01T00:00"),
        ("2mo", "2024-01-01T00:00", "2024-03-01T00:00"),
        ("1q", "2024-01-01T00:00", "2024-04-01T00:00"),
        ("1y", "2024-01-01T00:00", "2025-01-01T00:00"),
        ("10y", "2020-01-01T00:00", "2030-01-01T00:00"),
        ("1d", "2024-02-29T00:00", "2024-03-01T00:00"),
    ],
)
def test_windows_of_the_calendar(size: str, start: str, end: str) -> None:
    assert bounds(hr.tumbling(size), "2024-02-29T12:00:00Z") == [(start, end, 1)]


def test_days_of_a_zone_have_23_to_25_hours() -> None:
    days = hr.tumbling("1d", tz="America/New_York")
    assert bounds(days, "2024-03-10T12:00:00Z") == [("2024-03-10T05:00", "2024-03-11T04:00", 1)]
    assert bounds(days, "2024-11-03T12:00:00Z") == [("2024-11-03T04:00", "2024-11-04T05:00", 1)]


def test_a_trading_session_leaves_out_what_is_outside_its_hours() -> None:
    hours = hr.trading_session("09:30", "16:00", tz="America/New_York")
    times = ["2024-03-08T14:29:59Z", "2024-03-08T14:30:00Z", "2024-03-08T20:59:59Z",
             "2024-03-09T15:00:00Z", "2024-03-11T13:30:00Z"]  # fmt: skip
    assert bounds(hours, *times) == [
        ("2024-03-08T14:30", "2024-03-08T21:00", 2),
        ("2024-03-11T13:30", "2024-03-11T20:00", 1),  # summer time
    ]
    night = hr.trading_session("18:00", "17:00", tz="America/New_York", days=["Sun", "Mon-Thu"])
    assert bounds(night, "2024-07-08T15:00:00Z", "2024-07-08T21:30:00Z") == [
        ("2024-07-07T22:00", "2024-07-08T21:00", 1)
    ]


def test_days_of_the_week_in_several_forms() -> None:
    def days(given: Any) -> Any:
        return hr.trading_session("09:00", "10:00", tz="UTC", days=given)._plan["weekdays"]

    assert days("Mon-Fri") == 0b0011111
    assert days(["Sat", "Sun"]) == days("Sat-Sun") == 0b1100000
    assert days("Sun-Tue") == 0b1000011
    assert days("Wed") == 0b0000100


def test_sessions_end_where_nothing_came_for_the_gap() -> None:
    times = ["2026-03-02T14:00:00Z", "2026-03-02T14:29:00Z", "2026-03-02T14:59:00Z"]
    assert bounds(hr.session("30m"), *times) == [
        ("2026-03-02T14:00", "2026-03-02T14:59", 2),
        ("2026-03-02T14:59", "2026-03-02T15:29", 1),
    ]


def test_the_step_of_a_window_shows_in_the_text_of_the_stream() -> None:
    stream = STREAM.window(hr.tumbling("5m")).agg(hr.count(), high=hr.max("n"))
    assert "group_by(g).window(fixed 5m).agg(count, high)" in repr(stream)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (
            lambda: hr.tumbling("5"),
            "tumbling: size: expected a length of time with its unit, "
            'like "10m" or "1.5s", got \'5\'',
        ),
        (lambda: hr.tumbling("0s"), "tumbling: size: expected a length above 0, got '0s'"),
        (lambda: hr.tumbling("0mo"), "tumbling: size: expected a length above 0, got '0mo'"),
        (
            lambda: hr.tumbling("5m", tz="Europe/Berlin"),
            "tumbling: tz='Europe/Berlin': only days and longer follow a local clock; got '5m'",
        ),
        (lambda: hr.tumbling("1d", tz="Europe/Berln"), 'tumbling: tz: no time zone "Europe/Berln"'),
        (
            lambda: hr.tumbling("1mo", offset="1h"),
            "tumbling: offset: windows of the calendar have none",
        ),
        (
            lambda: hr.hopping("5m", "1h"),
            "hopping: hop='1h' is longer than the window ('5m'): records between two windows "
            "would be in none",
        ),
        (
            lambda: hr.hopping("1mo", "1w"),
            "hopping: size: '1mo' has no fixed length; write days (\"7d\"), or use tumbling",
        ),
        (lambda: hr.hopping("1h", hpo="5m"), 'hopping: no argument "hpo"; did you mean "hop"?'),
        (lambda: hr.sliding(), 'sliding: expected a length, sliding("5m"), or rows=20'),
        (lambda: hr.sliding("5m", rows=3), 'sliding: expected a length, sliding("5m"), or rows=20'),
        (lambda: hr.sliding(rows=0), "sliding: rows: expected a whole number from 1, got 0"),
        (lambda: hr.session("0s"), "session: gap: expected a length above 0, got '0s'"),
        (
            lambda: hr.count_window(2.5),
            "count_window: rows: expected a whole number from 1, got 2.5",
        ),
        (
            lambda: hr.trading_session("half past nine", "16:00", tz="UTC"),
            "trading_session: open: expected a time of day like \"09:30\", got 'half past nine'",
        ),
        (
            lambda: hr.trading_session("09:30", "09:30", tz="UTC"),
            "trading_session: opens and closes at '09:30'",
        ),
        (
            lambda: hr.trading_session("09:30", "16:00", tz="UTC", days="weekdays"),
            'trading_session: days: expected "Mon-Fri" or a list of Mon, Tue, Wed, Thu, Fri, Sat, '
            "Sun, got 'weekdays'",
        ),
    ],
)
def test_a_mistake_is_said_with_what_was_received(wrong: Any, words: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        wrong()
    assert str(caught.value).startswith(words)


def test_too_many_windows_over_every_instant_are_refused_where_they_are_used() -> None:
    with pytest.raises(InvalidArgument, match="3600 windows over every instant are too many"):
        STREAM.window(hr.hopping("1h", "1s")).agg(hr.count())


def test_times_come_back_in_utc() -> None:
    stream = STREAM.window(hr.tumbling("1d", tz="Europe/Berlin")).agg(hr.count())
    frame = testing.run(stream, [{"at": "2026-03-02T23:30:00Z", "g": "a", "n": 1}])
    assert frame["window_start"][0] == pd.Timestamp("2026-03-03", tz="Europe/Berlin")
    assert str(frame["window_start"].dtype) == "datetime64[ns, UTC]"
