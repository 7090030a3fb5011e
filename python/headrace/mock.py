"""A Kafka broker inside this process, for first runs and tests."""

from __future__ import annotations

import os

from headrace import _core
from headrace.errors import HeadraceError

__all__ = ["MockBroker"]


_of_this_process: set[str] = set()


def is_mock(bootstrap: str) -> bool:
    """Tell whether a :class:`MockBroker` of this process has, or had, this address.

    Examples
    --------
    >>> import headrace as hr
    >>> from headrace.mock import is_mock
    >>> with hr.MockBroker() as broker:
    ...     is_mock(broker.bootstrap), is_mock("localhost:9092")
    (True, False)
    """
    return bootstrap in _of_this_process


class MockBroker:
    """An in-process Kafka on a loopback port; gone when the object is.

    It is librdkafka's mock cluster: real sockets and protocol, no transactions, about 5 MB kept a
    partition. Topics that are produced to or asked for come into being by themselves.

    Parameters
    ----------
    **topics : int
        Topics to create, with their number of partitions.

    Examples
    --------
    >>> import headrace as hr
    >>> with hr.MockBroker(stocks=2) as broker:
    ...     n = hr.replay(hr.market.bars(rows=100, tickers=2, seed=1), to="stocks",
    ...                   bootstrap=broker.bootstrap, key="Ticker", event_time="Date")
    ...     bars = hr.kafka("stocks", bootstrap=broker.bootstrap, schema=hr.market.SCHEMA,
    ...                     until="end")
    ...     len(bars.collect())
    100
    """

    def __init__(self, **topics: int) -> None:
        self._cluster: _core.MockCluster | None = _core.MockCluster(1)
        self._pid = os.getpid()
        _of_this_process.add(self._cluster.bootstrap)
        for name, partitions in topics.items():
            self.create_topic(name, partitions)

    @property
    def bootstrap(self) -> str:
        """``host:port`` to connect to.

        Examples
        --------
        >>> import headrace as hr
        >>> with hr.MockBroker() as broker:
        ...     broker.bootstrap.partition(":")[0]
        '127.0.0.1'
        """
        return self._running().bootstrap

    def create_topic(self, name: str, partitions: int = 1) -> None:
        """Create a topic.

        Examples
        --------
        >>> import headrace as hr
        >>> with hr.MockBroker() as broker:
        ...     broker.create_topic("stocks", partitions=2)
        """
        if os.getpid() != self._pid:
            raise HeadraceError(
                f"this MockBroker was started by process {self._pid} and cannot be changed by its "
                "forked child; what is in it can be read there"
            )
        self._running().create_topic(name, partitions)

    def close(self) -> None:
        """Stop the broker and forget its records.

        Examples
        --------
        >>> import headrace as hr
        >>> broker = hr.MockBroker()
        >>> broker.close()
        >>> broker
        MockBroker(closed)
        """
        self._cluster = None

    def _running(self) -> _core.MockCluster:
        if self._cluster is None:
            raise RuntimeError("this MockBroker is closed")
        return self._cluster

    def __enter__(self) -> MockBroker:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return "MockBroker(closed)" if self._cluster is None else f"MockBroker({self.bootstrap})"
