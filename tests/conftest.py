"""Fixtures for all tests: real data, a real Kafka."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl
import pytest

if TYPE_CHECKING:
    from headrace.broker import TemporaryBroker

mpl.use("Agg")

ROOT = Path(__file__).parents[1]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a real Kafka by what it asks for."""
    for item in items:
        if "kafka" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.broker)


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real test data; skips where there is none."""
    folder = Path(os.environ.get("HEADRACE_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"no test data at {folder} (set HEADRACE_DATA)")
    return folder


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TemporaryBroker]:
    """A real Apache Kafka on a port of its own, one for the whole run."""
    from headrace.broker import TemporaryBroker
    from headrace.errors import BrokerUnavailable

    broker = TemporaryBroker(data_dir=tmp_path_factory.mktemp("kafka"))
    try:
        broker.start()
    except BrokerUnavailable as error:
        if error.code in {"no_java", "old_java", "no_maven"} and os.environ.get("CI") != "true":
            pytest.skip(str(error))
        raise
    yield broker
    broker.stop()
