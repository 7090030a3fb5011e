"""Time zones: their transitions are those of the database, at each instant."""

from __future__ import annotations

import bisect
import random
import zoneinfo
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from headrace.errors import InvalidArgument
from headrace.zones import name_of, transitions

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
FIRST = -2_208_988_800  # 1900-01-01


def offset_of(pairs: list[list[int]], seconds: int) -> int:
    index = bisect.bisect_right(pairs, seconds, key=lambda pair: pair[0]) - 1
    return pairs[index][1]


@pytest.mark.parametrize(
    "name", ["America/New_York", "Europe/Berlin", "Australia/Sydney", "Africa/Casablanca", "UTC"]
)
def test_each_offset_is_that_of_the_database(name: str) -> None:
    pairs = transitions(name)["transitions"]
    assert [at for at, _ in pairs] == sorted({at for at, _ in pairs})
    chance = random.Random(name)
    instants = [chance.randrange(FIRST, 4_102_444_800) for _ in range(2000)]
    instants += [at + step for at, _ in pairs[1:] for step in (-1, 0)]
    zone = zoneinfo.ZoneInfo(name)
    for seconds in instants:
        there = (EPOCH + timedelta(seconds=seconds)).astimezone(zone).utcoffset()
        assert there == timedelta(seconds=offset_of(pairs, seconds)), seconds


def test_the_transitions_of_a_year() -> None:
    pairs = transitions("America/New_York")["transitions"]
    assert [1_710_054_000, -14_400] in pairs
    assert [1_730_613_600, -18_000] in pairs


def test_they_are_plain_values_that_a_caller_may_change() -> None:
    first = transitions("Europe/Berlin")
    first["transitions"][0][1] = 0
    assert transitions("Europe/Berlin")["transitions"][0] == [FIRST, 3600]


def test_a_zone_is_named_or_given() -> None:
    assert name_of("tz", zoneinfo.ZoneInfo("Asia/Tokyo")) == "Asia/Tokyo"
    assert name_of("tz", timezone.utc) == "UTC"
    assert transitions("UTC") == {"name": "UTC", "transitions": [[FIRST, 0]]}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("Europe/Berln", 'tz: no time zone "Europe/Berln"; did you mean "Europe/Berlin"?'),
        ("america/new york", "America/New_York"),
        ("../etc/passwd", 'no time zone "../etc/passwd"'),
        (timezone(timedelta(hours=1)), "expected the name of a time zone"),
        (None, "got None"),
        ("", "got ''"),
    ],
)
def test_what_is_no_zone_is_refused(value: Any, words: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        name_of("tz", value)
    assert words in str(refused.value)
