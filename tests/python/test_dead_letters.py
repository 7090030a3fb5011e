"""Dead letters as a frame, and what a redrive refuses; the way back is tested on a real Kafka."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest

import headrace as hr
from headrace import errors
from headrace.replay import produce

pytestmark = pytest.mark.filterwarnings("ignore::headrace.errors.RejectedWarning")

SCHEMA = hr.Schema({"id": hr.int64, "key": hr.string}, key="key")
BAD = [b'{"id": "x", "key": "a"}', b"no JSON", b'{"id": 1, "key": "b"}', b"\xff"]


@pytest.fixture(scope="module")
def broker() -> Iterator[hr.MockBroker]:
    with hr.MockBroker(source=1, target=1, rejected=2, empty=1) as broker:
        produce([(b"k", value) for value in BAD], to="source", bootstrap=broker.bootstrap)
        stream = hr.kafka("source", bootstrap=broker.bootstrap, schema=SCHEMA, until="end")
        with stream.to_kafka("target", dead_letters="rejected").run() as live:
            live.wait()
        yield broker


def letters(broker: hr.MockBroker, **options: Any) -> hr.DeadLetters:
    return hr.dead_letters("rejected", bootstrap=broker.bootstrap, **options)


def test_each_is_a_row(broker: hr.MockBroker) -> None:
    table = letters(broker).frame().sort_values("offset", ignore_index=True)
    assert list(table["reason"]) == ["wrong_type", "invalid_json", "utf8"]
    assert list(table["value"]) == [BAD[0], BAD[1], BAD[3]]
    assert list(table["offset"]) == [0, 1, 3]
    assert list(table["key"]) == [b"k"] * 3
    assert list(table["attempt"]) == [1] * 3
    assert set(table["topic"]) == {"source"}
    assert isinstance(table["timestamp"].dtype, pd.DatetimeTZDtype)
    places = table[["letter_partition", "letter_offset"]]
    assert not places.duplicated().any()


def test_without_letters_the_frame_has_its_columns(broker: hr.MockBroker) -> None:
    empty = hr.dead_letters("empty", bootstrap=broker.bootstrap)
    table = empty.frame()
    assert len(empty) == len(table) == 0
    assert list(table.columns) == list(letters(broker).frame().columns)
    assert repr(empty) == '<DeadLetters: 0 of "empty">'


def test_what_is_not_a_dead_letter_has_no_reason(broker: hr.MockBroker) -> None:
    broker.create_topic("foreign", 1)
    produce([(None, b"{}"), (b"k", None)], to="foreign", bootstrap=broker.bootstrap)
    table = hr.dead_letters("foreign", bootstrap=broker.bootstrap).frame()
    assert len(table) == 1
    assert table["reason"][0] == table["topic"][0] == ""
    assert table["offset"][0] == -1


def test_what_was_cut_says_so() -> None:
    headers = {"headrace.topic": b"t", "headrace.value_bytes": b"9"}
    row = {"headrace.topic": b"t", "headrace.value_form": b"row"}
    late = {"headrace.topic": b"t", "headrace.reason": b"late"}
    empty = {"headrace.topic": b"t", "headrace.reason": b"empty"}
    all_headers = (headers, row, late, empty, {})
    rows = [
        (0, at, 5, None, b"" if given in (late, empty) else b"{}", given)
        for at, given in enumerate(all_headers)
    ]
    table = hr.DeadLetters("d", "localhost:1", {}, rows, {0: 0}).frame()
    assert list(table["whole"]) == [False, False, False, True, True]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"limit": 0}, "limit: expected a number from 1, got 0"),
        ({"limit": True}, "got True"),
        ({"timeout": 0}, "timeout: expected seconds, got 0"),
        ({"timeout": "1s"}, "got '1s'"),
    ],
)
def test_wrong_arguments_are_named(
    broker: hr.MockBroker, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(errors.InvalidArgument, match=words):
        letters(broker, **options)


def test_a_topic_has_a_name(broker: hr.MockBroker) -> None:
    with pytest.raises(errors.InvalidArgument, match="topic: expected a name, got ''"):
        hr.dead_letters("", bootstrap=broker.bootstrap)


@pytest.fixture
def held() -> hr.DeadLetters:
    """Give dead letters that were read; nobody is asked for anything."""
    headers = {"headrace.topic": b"t", "headrace.reason": b"rule"}
    rows = [(0, offset, 5, None, b"{}", headers) for offset in range(3)]
    return hr.DeadLetters("d", "localhost:1", {}, rows, {0: 0})


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ("rule", "filter: expected a function or a dict, got 'rule'"),
        ({"reasn": "rule"}, 'no column "reasn"; did you mean "reason"'),
        (lambda frame: [True], "expected 3 booleans, got 1 of bool"),
        (lambda frame: frame["offset"], "expected 3 booleans, got 3 of int64"),
    ],
)
def test_a_filter_that_is_none_is_refused(held: hr.DeadLetters, choice: Any, words: str) -> None:
    with pytest.raises((errors.InvalidArgument, errors.UnknownColumn), match=words):
        held.redrive(choice)


def test_nothing_chosen_is_nothing_done(held: hr.DeadLetters) -> None:
    assert held.redrive({"reason": "late"}) == (0, 0, 0)


def test_where_it_goes_is_checked(held: hr.DeadLetters, broker: hr.MockBroker) -> None:
    with pytest.raises(errors.InvalidArgument, match="is the topic that they are in"):
        held.redrive(to="d")
    with pytest.raises(errors.InvalidArgument, match="group: expected a name, got ''"):
        held.redrive(group="")
    with pytest.raises(errors.InvalidArgument, match="MockBroker has no transactions"):
        letters(broker).redrive()
