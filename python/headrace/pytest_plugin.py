"""pytest plugin: the fixture ``headrace_broker``, a broker inside the test process or a real one.

pytest finds it by itself where headrace is installed. ``pytest --headrace-broker=HOST:PORT`` runs
the same tests against a broker that is there, e.g. a service container of CI, and
``--headrace-broker=kafka`` against an Apache Kafka that it starts (once; needs Java and Maven).

Examples
--------
::

    def test_bands(headrace_broker):
        headrace_broker.create_topic("bars", partitions=2)
        headrace_broker.write("bars", [{"Ticker": "IBM", "Close": 1.5}], key="Ticker")
        bars = hr.kafka("bars", bootstrap=headrace_broker.bootstrap, schema=SCHEMA, until="end")
        assert bars.collect()["Close"].tolist() == [1.5]
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from headrace import _core
    from headrace.broker import TemporaryBroker
    from headrace.mock import MockBroker

_TIMEOUT_MS = 30_000


@dataclass(frozen=True)
class _Running:
    """A broker that is there already."""

    bootstrap: str


class BrokerForTests:
    """What the fixture ``headrace_broker`` gives: an address, topics, records.

    Examples
    --------
    >>> import headrace as hr
    >>> from headrace.pytest_plugin import BrokerForTests
    >>> with BrokerForTests(hr.MockBroker()) as broker:
    ...     broker.create_topic("bars", partitions=2)
    ...     broker.write("bars", [{"Ticker": "IBM", "Close": 1.5}, b"not json"], key="Ticker")
    2
    """

    def __init__(self, broker: MockBroker | TemporaryBroker | _Running) -> None:
        self._broker = broker
        self._created: list[str] = []
        self._producer: _core.Producer | None = None

    @property
    def bootstrap(self) -> str:
        """``host:port`` to connect to.

        Examples
        --------
        >>> import headrace as hr
        >>> from headrace.pytest_plugin import BrokerForTests
        >>> with BrokerForTests(hr.MockBroker()) as broker:
        ...     broker.bootstrap.partition(":")[0]
        '127.0.0.1'
        """
        return self._broker.bootstrap

    def create_topic(self, name: str, partitions: int = 1) -> None:
        """Create a topic; it is gone after the test.

        Examples
        --------
        >>> import headrace as hr
        >>> from headrace.pytest_plugin import BrokerForTests
        >>> with BrokerForTests(hr.MockBroker()) as broker:
        ...     broker.create_topic("bars", partitions=2)
        """
        from headrace.mock import MockBroker

        if isinstance(self._broker, MockBroker):
            self._broker.create_topic(name, partitions)
        else:
            self._admin().create_topic(name, partitions, {}, _TIMEOUT_MS)
            self._created.append(name)

    def write(self, topic: str, records: Any, *, key: str | None = None) -> int:
        """Append records, as :func:`headrace.testing.run` takes them, and return how many.

        Parameters
        ----------
        topic : str
            Where they go.
        records : iterable or DataFrame
            Dicts, bytes, text, None, ``(key, value)`` pairs, or the rows of a frame.
        key : str, optional
            Field of a dict, or column of a frame, that becomes the Kafka key.

        Examples
        --------
        >>> import headrace as hr
        >>> from headrace.pytest_plugin import BrokerForTests
        >>> with BrokerForTests(hr.MockBroker()) as broker:
        ...     broker.write("bars", hr.market.bars(rows=9, tickers=1, seed=1), key="Ticker")
        9
        """
        from headrace import _core
        from headrace.encoding import pairs_of
        from headrace.replay import flush

        if self._producer is None:
            self._producer = _core.Producer(self.bootstrap, {})
        pairs = pairs_of(records, key=key)
        self._producer.produce(topic, pairs, [])
        flush(self._producer, self.bootstrap)
        return len(pairs)

    def close(self) -> None:
        """Delete the topics that were created here.

        Examples
        --------
        >>> import headrace as hr
        >>> from headrace.pytest_plugin import BrokerForTests
        >>> broker = BrokerForTests(hr.MockBroker())
        >>> broker.close()
        """
        self._producer = None
        for name in self._created:
            self._admin().delete_topic(name, _TIMEOUT_MS)
        self._created.clear()

    def _admin(self) -> _core.Admin:
        from headrace import _core

        return _core.Admin(self.bootstrap, {})

    def __enter__(self) -> BrokerForTests:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"BrokerForTests({self.bootstrap})"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--headrace-broker``."""
    parser.getgroup("headrace").addoption(
        "--headrace-broker",
        default="mock",
        metavar="mock|kafka|HOST:PORT",
        help="what headrace_broker is: in-process (mock, the default), an Apache Kafka started for "
        "the run (kafka), or one that is there (HOST:PORT)",
    )


@pytest.fixture(scope="session")
def _started_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TemporaryBroker]:
    from headrace.broker import TemporaryBroker

    with TemporaryBroker(data_dir=tmp_path_factory.mktemp("headrace-kafka")) as broker:
        yield broker


@pytest.fixture
def headrace_broker(request: pytest.FixtureRequest) -> Iterator[BrokerForTests]:
    """Give a broker for one test: its topics are gone afterwards."""
    from headrace.mock import MockBroker

    chosen = request.config.getoption("--headrace-broker")
    with contextlib.ExitStack() as stack:
        broker: MockBroker | TemporaryBroker | _Running
        if chosen == "mock":
            broker = stack.enter_context(MockBroker())
        elif chosen == "kafka":
            broker = request.getfixturevalue("_started_kafka")
        elif ":" in chosen:
            broker = _Running(chosen)
        else:
            raise pytest.UsageError(
                f"--headrace-broker: expected mock, kafka or HOST:PORT, got {chosen!r}"
            )
        yield stack.enter_context(BrokerForTests(broker))
