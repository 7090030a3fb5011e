"""All experiments, in the order in which they run."""

from __future__ import annotations

from tests.prove.experiment import Experiment
from tests.prove.experiments import (
    bounds,
    brokers,
    cost,
    dead_letters,
    deaths,
    determinism,
    formats,
    network,
    notebooks,
    rebalances,
    replies,
    sessions,
    side_by_side,
    times,
    zombies,
)

EXPERIMENTS: tuple[Experiment, ...] = (
    deaths.KILLS,
    deaths.FAILPOINTS,
    brokers.KILLS,
    zombies.ZOMBIE,
    network.PROXY,
    network.HELD_END,
    replies.MATRIX,
    rebalances.STORM,
    rebalances.ADDED,
    network.FAILED_COMMITS,
    determinism.DETERMINISM,
    bounds.OVERLOAD,
    bounds.KEYS,
    times.HOSTILE_TIMES,
    formats.VALUES,
    dead_letters.POISON,
    notebooks.INTERRUPTS,
    sessions.KERNELS,
    notebooks.EXITS,
    notebooks.FORKS,
    sessions.KEPT,
    sessions.CALLBACKS,
    sessions.SLOW,
    side_by_side.BACK,
    cost.GUARANTEE,
    cost.CHECKPOINTS,
    side_by_side.WORKER_KILLS,
    side_by_side.BROKER_KILLS,
)
BY_NAME = {experiment.name: experiment for experiment in EXPERIMENTS}
