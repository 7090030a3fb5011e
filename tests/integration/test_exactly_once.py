"""Exactly once, in short: the experiments of ``make prove`` in their quick forms."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.prove.experiment import Context, Experiment
from tests.prove.experiments import (
    brokers,
    dead_letters,
    deaths,
    rebalances,
    times,
    zombies,
)

pytestmark = pytest.mark.broker


@pytest.fixture(scope="module")
def context(kafka: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    """Brokers of their own, since some are killed; ``kafka`` says whether there can be any."""
    with Context(tmp_path_factory.mktemp("prove"), quick=True) as context:
        yield context


def exact(line: dict[str, object]) -> bool:
    return not any(line.get(name) for name in ("twice", "lost", "wrong", "never_back"))


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


def test_hostile_times(context: Context) -> None:
    run(times.HOSTILE_TIMES, context, "seed 18")
