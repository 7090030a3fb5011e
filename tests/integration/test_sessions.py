"""Kernels that are restarted and slow cells, in a group: see ``make prove``, E30 and E35."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.prove.experiment import Context
from tests.prove.experiments import sessions

pytest.importorskip("confluent_kafka", reason="who is in a group is asked with another client")
pytest.importorskip("jupyter_client", reason="kernels are started with it")
pytestmark = pytest.mark.broker


@pytest.fixture(scope="module")
def context(kafka: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    """A broker of its own, where sessions may be short; ``kafka`` says if there can be any."""
    with Context(tmp_path_factory.mktemp("sessions"), quick=True) as context:
        yield context


@pytest.mark.parametrize("case", sessions.KERNELS.cases(True))
def test_a_kernel_is_restarted_and_cells_are_run_in_any_order(context: Context, case: str) -> None:
    line = sessions.KERNELS.run(context, case)
    assert line["ok"], line


def test_a_slow_cell_does_not_cost_the_membership(context: Context) -> None:
    line = sessions.SLOW.run(context, "asleep 35")
    assert line["ok"], line
