"""What a savepoint has for a pipeline; a real Kafka is in tests/integration."""

from __future__ import annotations

from typing import Any

import pytest

import headrace as hr
from headrace import errors
from headrace.durability import Wish
from headrace.savepoints import announce, compare

BARS = hr.kafka("stocks", schema=hr.market.SCHEMA)


class Store:
    """A savepoint of one unit."""

    def __init__(self, **row: Any) -> None:
        self.row = {"unit": "stocks-0", "reason": "", "pipeline": "old", "facts": {}, **row}

    def rows(self, verify: bool) -> list[dict[str, Any]]:
        assert verify
        return [self.row]


def plan(stream: hr.Stream) -> Any:
    return stream._plan_for(stream._source, [])


def operators(stream: hr.Stream) -> str:
    return "".join(name + "\n" for name in plan(stream).kept_operators())


def test_steps_are_compared_as_they_are_defined() -> None:
    old = BARS.with_columns(rsi=hr.ta.rsi("Close", timeperiod=14)).filter(hr.col("rsi") > 50)
    new = BARS.with_columns(rsi=hr.ta.rsi("Close", timeperiod=20)).filter(hr.col("rsi") > 50)
    found = compare(plan(new).kept_operators(), plan(old).kept_operators())
    assert [len(part) for part in found] == [1, 1, 1]
    assert '"op":"filter"' in found.kept[0]


def test_the_same_pipeline_needs_no_word() -> None:
    announce(Store(pipeline="same"), "x", plan(BARS), "same")  # type: ignore[arg-type]
    announce(None, "x", plan(BARS), "same")


def test_what_begins_anew_and_what_is_left_is_said() -> None:
    old = BARS.with_columns(rsi=hr.ta.rsi("Close", timeperiod=14))
    new = BARS.with_columns(hr.ta.aroon("High", "Low", timeperiod=25)).filter(hr.col("Close") > 1)
    store = Store(facts={"operators": operators(old), "key": "Ticker"})
    words = (
        r'savepoint "x" is of another pipeline: 0 of 2 steps go on with their state; '
        r"new, and without state until records come: with_columns\(aroon\(High, Low\)\); "
        r"not in this pipeline, their state is left: with_columns\(rsi\(Close\)\)"
    )
    with pytest.warns(errors.SavepointWarning, match=words):
        announce(store, "x", plan(new), "new")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"reason": "damaged at byte 12"}, 'savepoint "x": damaged at byte 12'),
        ({"facts": {"key": "k"}}, 'by "k", that of this pipeline by "Ticker"'),
        ({"unit": "merged"}, "one that merges partitions"),
    ],
)
def test_what_cannot_be_used_is_refused(row: dict[str, Any], words: str) -> None:
    with pytest.raises(errors.CheckpointError, match=words):
        announce(Store(**row), "x", plan(BARS), "new")  # type: ignore[arg-type]


def test_arguments() -> None:
    with pytest.raises(errors.InvalidArgument, match="savepoint: say with checkpoint="):
        BARS.run(savepoint="x")
    with pytest.raises(errors.InvalidArgument, match="savepoint: expected a name"):
        Wish.of("state", "1s", "1s", 2, 5)
    with pytest.raises(errors.InvalidArgument, match="run: checkpoint: expected a directory or"):
        Wish.of("s3://state", "1s", "1s", 2)


def test_a_stream_without_checkpoints_has_no_savepoints() -> None:
    with hr.MockBroker(stocks=1) as broker:
        stream = hr.kafka("stocks", bootstrap=broker.bootstrap, schema=hr.market.SCHEMA)
        with (
            stream.run() as live,
            pytest.raises(errors.InvalidArgument, match="runs without checkpoint="),
        ):
            live.savepoint("x")
        with pytest.raises(errors.Unsupported, match="MockBroker has no compacted topics"):
            stream.run(checkpoint="kafka://state")
