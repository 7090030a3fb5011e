"""All experiments, in the order in which they run."""

from __future__ import annotations

from tests.prove.experiment import Experiment
from tests.prove.experiments import (
    brokers,
    deaths,
    network,
    rebalances,
    side_by_side,
    zombies,
)

EXPERIMENTS: tuple[Experiment, ...] = (
    deaths.KILLS,
    deaths.FAILPOINTS,
    brokers.KILLS,
    zombies.ZOMBIE,
    network.PROXY,
    network.HELD_END,
    rebalances.STORM,
    rebalances.ADDED,
    network.FAILED_COMMITS,
    side_by_side.BACK,
    side_by_side.WORKER_KILLS,
    side_by_side.BROKER_KILLS,
)
BY_NAME = {experiment.name: experiment for experiment in EXPERIMENTS}
