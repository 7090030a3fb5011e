"""One broker and one kernel for all mishaps; each test leaves them as they were."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from headrace.errors import BrokerUnavailable
from tests.kernel.support import Kernel
from tests.mishaps.support import Cluster

_PREAMBLE = """
import logging, sys, time, warnings
import headrace as hr
from matplotlib.text import Text

class Heard(logging.Handler):
    def __init__(self):
        super().__init__(logging.WARNING)
        self.lines = []
    def emit(self, record):
        self.lines.append(record.getMessage())

heard = Heard()
logging.getLogger("headrace").addHandler(heard)

def words(chart):
    return " | ".join(t.get_text() for t in chart.figure.findobj(Text) if t.get_visible())
"""
_AFTERWARDS = """
from headrace import interrupts
interrupts.stop_all("the test is over")
heard.lines.clear()
for _name in ("live", "chart", "bars", "bad", "former"):
    globals().pop(_name, None)
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "mishaps" in item.path.parts:
            item.add_marker(pytest.mark.broker)


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    try:
        cluster = Cluster(tmp_path_factory.mktemp("mishaps"))
    except BrokerUnavailable as error:
        if error.code in {"no_java", "old_java", "no_maven"} and os.environ.get("CI") != "true":
            pytest.skip(str(error))
        raise
    yield cluster
    cluster.close()


def start_kernel() -> Kernel:
    """Start a kernel that shows what its process writes to file descriptor 2, as outside of pytest.

    ipykernel leaves the descriptor alone where it believes to be under pytest itself.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PYTEST_CURRENT_TEST", raising=False)
        kernel = Kernel(MPLBACKEND="module://matplotlib_inline.backend_inline")
    ready = kernel.run(_PREAMBLE)
    assert ready.status == "ok", ready.error
    return kernel


@pytest.fixture(scope="session")
def _shared() -> Iterator[list[Kernel]]:
    """The kernel that tests share, once one has asked for it."""
    kernels: list[Kernel] = []
    yield kernels
    for kernel in kernels:
        kernel.shutdown()


@pytest.fixture
def kernel(_shared: list[Kernel]) -> Iterator[Kernel]:
    """The kernel that all tests share which do not restart it."""
    if not _shared:
        _shared.append(start_kernel())
    kernel = _shared[0]
    yield kernel
    try:
        ended = kernel.run(_AFTERWARDS, timeout=15)
        assert ended.status == "ok", ended.error
    except BaseException:
        _shared.clear()  # the next test shall not suffer from what this one left behind
        kernel.kill()
        kernel.shutdown()
        raise


@pytest.fixture
def own_kernel() -> Iterator[Kernel]:
    """A kernel for a test that restarts it."""
    with start_kernel() as kernel:
        yield kernel
