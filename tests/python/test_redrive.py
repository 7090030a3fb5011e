"""Which dead letters are done: every choice, in any order, kept and read again."""

from __future__ import annotations

import random

import pytest

from headrace.errors import BrokerUnavailable, Fenced, InvalidArgument, KafkaError
from headrace.redrive import Done, Letter, Record, send


@pytest.mark.parametrize("seed", range(200))
def test_done_is_what_was_chosen_and_nothing_else(seed: int) -> None:
    rng = random.Random(seed)
    offsets = sorted(rng.sample(range(60), rng.randint(1, 40)))  # what lies between is no letter
    done, chosen_so_far = Done(), set[int]()
    for _ in range(5):
        first = rng.randrange(len(offsets))
        held = offsets[first : rng.randint(first + 1, len(offsets))]
        chosen = {o for o in held if rng.random() < rng.choice((0.1, 0.9))}
        done = Done.of(done.position, done.metadata()).plus(held, chosen)
        chosen_so_far |= chosen
        assert {o for o in offsets if done.has(o)} == chosen_so_far
        assert not done.has(offsets[-1] + 1)


def test_the_position_follows_what_is_done_without_a_gap() -> None:
    done = Done().plus([0, 2, 4, 6], {2, 6})
    assert done == Done(0, ((2, 2), (6, 6)))
    done = done.plus([0, 2, 4, 6], {0})
    assert done == Done(4, ((6, 6),))
    assert done.plus([0, 2, 4, 6], {4}) == Done(7)


def test_what_is_not_held_is_not_passed_over() -> None:
    done = Done().plus([8, 9], {8, 9})
    assert done == Done(0, ((8, 9),))
    assert done.plus([4, 5], {4, 5}) == Done(0, ((4, 5), (8, 9)))


def test_letters_that_are_gone_need_no_stretch() -> None:
    assert Done.of(0, "1:3-5,9-9", low=4) == Done(6, ((9, 9),))


@pytest.mark.parametrize("metadata", ["", "by hand", "2:1-2"])
def test_a_position_without_our_metadata_is_one(metadata: str) -> None:
    assert Done.of(7, metadata) == Done(7)
    assert Done.of(-1, metadata) == Done(0)


class Log:
    """Transactions in memory, some of which fail before or after they are committed."""

    def __init__(self, failures: list[tuple[str, KafkaError]]) -> None:
        self.failures = failures
        self.written: list[Record] = []
        self.committed: dict[int, tuple[str, int, int, str]] = {}

    def open(self, topic: str, partitions: list[int]) -> list[tuple[str, int, int, str]]:
        return [self.committed.get(p, (topic, p, -1, "")) for p in partitions]

    def write(self, records: list[Record], positions: list[tuple[str, int, int, str]]) -> None:
        when, error = self.failures.pop(0) if self.failures else ("", None)
        if when != "before":
            self.written += records
            self.committed.update({position[1]: position for position in positions})
        if error is not None:
            raise error


def letters(count: int) -> list[Letter]:
    return [Letter(n % 2, n, ("t", None, b"%d" % n, -1, 1)) for n in range(count)]


HELD = {0: list(range(0, 3000, 2)), 1: list(range(1, 3000, 2))}
AWAY = BrokerUnavailable("no answer", "broker_unavailable", True)


def test_a_transaction_whose_outcome_is_not_known_is_neither_lost_nor_doubled() -> None:
    log = Log([("before", AWAY), ("after", AWAY), ("before", AWAY), ("after", AWAY)])
    assert send(log, "d", HELD, letters(3000), {}, 30.0) == 3000
    assert sorted(log.written) == sorted(letter.record for letter in letters(3000))
    assert send(log, "d", HELD, letters(3000), {}, 30.0) == 0


def test_what_cannot_heal_ends_it_at_once() -> None:
    log = Log([("before", KafkaError("too large", "kafka", False))])
    with pytest.raises(KafkaError, match="too large"):
        send(log, "d", HELD, letters(10), {}, 30.0)
    assert log.written == []


def test_fenced_once_it_looks_again_and_fenced_twice_it_ends() -> None:
    fenced = Fenced("newer", "fenced", True)
    assert send(Log([("before", fenced)]), "d", HELD, letters(10), {}, 30.0) == 10
    with pytest.raises(Fenced):
        send(Log([("before", fenced), ("before", fenced)]), "d", HELD, letters(10), {}, 30.0)


def test_time_is_up() -> None:
    with pytest.raises(BrokerUnavailable):
        send(Log([("before", AWAY)] * 1000), "d", HELD, letters(10), {}, 0.1)


def test_a_choice_that_cannot_be_remembered_is_refused_and_nothing_is_written() -> None:
    log = Log([])
    some = [letter for letter in letters(3000) if letter.offset % 4 == 2]
    with pytest.raises(InvalidArgument, match="too scattered"):
        send(log, "d", HELD, some, {}, 30.0)
    assert log.written == []
