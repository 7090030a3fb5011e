"""Ctrl-C, exits, forks, kept rows and callbacks: experiments of ``make prove``, their quick forms.

Each has a process of its own. What a function of the user's may return and what is said about it is
in ``test_batch_functions.py``; the stop button of a notebook is in ``tests/mishaps``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.prove.experiment import Context, Experiment
from tests.prove.experiments import notebooks, replies, sessions

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="counts threads there")


@pytest.fixture
def context(tmp_path: Path) -> Iterator[Context]:
    with Context(tmp_path, quick=True) as context:
        yield context


def run(experiment: Experiment, context: Context, case: str) -> None:
    line = experiment.run(context, case)
    assert line["ok"], line


@pytest.mark.parametrize("case", notebooks.INTERRUPTS.cases(True))
def test_ctrl_c_in_a_call_that_waits(context: Context, case: str) -> None:
    run(notebooks.INTERRUPTS, context, case)


@pytest.mark.parametrize("case", notebooks.EXITS.cases(True))
def test_the_interpreter_ends_while_streams_run(context: Context, case: str) -> None:
    run(notebooks.EXITS, context, case)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.parametrize("case", notebooks.FORKS.cases(True))
def test_a_child_leaves_its_parents_streams_alone(context: Context, case: str) -> None:
    run(notebooks.FORKS, context, case)


def test_rows_that_are_kept_stay_as_they_were(context: Context) -> None:
    run(sessions.KEPT, context, "kept 33")


@pytest.mark.parametrize("case", sessions.CALLBACKS.cases(True))
def test_a_callback_that_does_what_it_should_not(context: Context, case: str) -> None:
    run(sessions.CALLBACKS, context, case)


def test_cells_of_the_error_matrix_are_read() -> None:
    line = replies.parse(
        "EndTxn UNKNOWN first: retried, 0.2 s (no answer)\n"
        "EndTxn NOT_COORDINATOR every: FAULT, 31.0 s: hung\n"
        "Produce INVALID_RECORD first: fatal, 0.1 s (a record is refused)\n"
    )
    assert (line["cells"], line["retried"], line["fatal"], line["slowest_s"]) == (3, 1, 1, 31.0)
    assert line["faults"] == ["EndTxn NOT_COORDINATOR every: FAULT, 31.0 s: hung"]
