"""Exactly once, in short: the experiments of ``make prove`` in their quick forms."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

import headrace as hr
from headrace.broker import TemporaryBroker
from tests.integration.support import new_topic, until
from tests.prove import oracle
from tests.prove.experiment import Context, Experiment
from tests.prove.experiments import (
    brokers,
    dead_letters,
    deaths,
    rebalances,
    times,
    zombies,
)

confluent_kafka = pytest.importorskip("confluent_kafka", reason="the oracle is another client")
pytestmark = pytest.mark.broker


@pytest.fixture(scope="module")
def context(kafka: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    """Brokers of their own, since some are killed; ``kafka`` says whether there can be any."""
    with Context(tmp_path_factory.mktemp("prove"), quick=True) as context:
        yield context


def exact(line: dict[str, object]) -> bool:
    return not any(line.get(name) for name in ("twice", "lost", "wrong", "never_back"))


SCHEMA = hr.Schema({"id": hr.int64, "key": hr.string}, key="key")


@pytest.mark.filterwarnings("ignore::headrace.errors.RejectedWarning")
@pytest.mark.parametrize("last", [b'{"id": 10, "key": "a"', None], ids=["bad", "tombstone"])
def test_what_makes_no_row_ends_a_repetition(kafka: TemporaryBroker, last: bytes | None) -> None:
    boot = kafka.bootstrap
    source, target, letters = new_topic(boot), new_topic(boot), new_topic(boot)
    stream = hr.kafka(source, bootstrap=boot, schema=SCHEMA, group=f"job-{source}")
    sums = stream.with_columns(total=hr.ta.sum("id", timeperiod=3))
    job = sums.to_kafka(target, dead_letters=letters)

    def go_on(records: list[bytes | None], end: int) -> None:
        for record in records:
            producer.produce(source, record, b"a")
        assert producer.flush(30) == 0
        live = job.run(commit_interval="10ms")  # without a checkpoint all is computed again
        until(lambda: group.committed([place], timeout=10)[0].offset == end)
        live.stop()

    place = confluent_kafka.TopicPartition(source, 0)
    group = oracle.consumer(boot, **{"group.id": f"job-{source}"})
    producer = confluent_kafka.Producer({"bootstrap.servers": boot, "linger.ms": 0})
    good = [b'{"id": %d, "key": "a"}' % i for i in range(20)]
    go_on([*good[:10], last], 11)
    go_on(list(good[10:]), 21)
    group.close()
    found = [json.loads(value)["id"] for _, _, value in oracle.read(boot, target)]
    assert found == list(range(20))
    assert len(list(oracle.read(boot, letters))) == (last is not None)


def run(experiment: Experiment, context: Context, case: str) -> None:
    line = experiment.run(context, case)
    assert line["ok"], line


@pytest.mark.parametrize("case", deaths.KILLS.cases(True))
def test_a_worker_that_is_killed_again_and_again(context: Context, case: str) -> None:
    run(deaths.KILLS, context, case)


@pytest.mark.skipif(not deaths.has_failpoints(), reason="built without HEADRACE_FAILPOINTS")
@pytest.mark.parametrize("case", deaths.FAILPOINTS.cases(True))
def test_a_worker_that_dies_at_a_named_place(context: Context, case: str) -> None:
    run(deaths.FAILPOINTS, context, case)


def test_all_named_places_are_found() -> None:
    found = deaths.failpoints()
    assert {"transaction.after_end", "checkpoint.before_fsync"} <= set(found)


def test_a_broker_that_is_killed_and_restarted(context: Context) -> None:
    line = brokers.KILLS.run(context, "seed 3")
    assert exact(line), line  # how soon it goes on is for `make prove`


def test_a_frozen_worker_wakes_up_beside_its_successor(context: Context) -> None:
    run(zombies.ZOMBIE, context, "short 1")


def test_workers_come_and_go(context: Context) -> None:
    line = rebalances.STORM.run(context, "cooperative 1")
    assert exact(line), line  # for how long nothing came is for `make prove`


def test_partitions_are_added(context: Context) -> None:
    run(rebalances.ADDED, context, "seed 1")


def test_bad_records_are_set_aside_once(context: Context) -> None:
    run(dead_letters.POISON, context, "seed 22")


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("missing 1", "the topic does not exist; create it first"),
        ("too small 1", "larger than may be sent"),
        ("denied 1", "TOPIC_AUTHORIZATION_FAILED|lacks the right WRITE"),
    ],
)
def test_a_topic_for_bad_records_that_does_not_take_them(
    context: Context, case: str, words: str
) -> None:
    line = dead_letters.POISON.run(context, case)
    assert line["ok"], line
    assert re.search(words, str(line["said"])), line


def test_hostile_times(context: Context) -> None:
    run(times.HOSTILE_TIMES, context, "seed 18")
