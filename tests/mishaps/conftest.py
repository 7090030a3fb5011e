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
from headrace.live import _running
for _live in list(_running):
    _live.stop()
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
def _session_kernel() -> Iterator[Kernel]:
    kernel = start_kernel()
    yield kernel
    kernel.shutdown()


@pytest.fixture
def kernel(_session_kernel: Kernel) -> Iterator[Kernel]:
    """The kernel that all tests share which do not restart it."""
    yield _session_kernel
    ended = _session_kernel.run(_AFTERWARDS)
    assert ended.status == "ok", ended.error


@pytest.fixture
def own_kernel() -> Iterator[Kernel]:
    """A kernel for a test that restarts it."""
    with start_kernel() as kernel:
        yield kernel
