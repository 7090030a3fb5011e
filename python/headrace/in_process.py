"""Records in hand as a topic of a broker inside this process, for tests and checks.

One broker and one producer serve the whole process: a new producer takes up to half a second until
it may write, a further topic takes nothing. The memory of its records is given back at the end.
"""

from __future__ import annotations

import atexit
import itertools
import os
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from headrace.kafka_source import KafkaSource, kafka_source
from headrace.mock import MockBroker
from headrace.pending import Pending
from headrace.replay import flush

if TYPE_CHECKING:
    from headrace import _core
    from headrace.stream import Stream

__all__ = ["Topic", "stream_over"]

Pair = tuple[bytes | None, bytes | None]

# A record may be larger than Kafka's usual megabyte: that it is refused is the reader's to say.
_LARGEST = {"message.max.bytes": "100000000"}
# The mock broker answers a fetch at the end of a topic only when its time is over.
_QUICK = {"fetch.wait.max.ms": "5"}


class _Broker:
    """The broker of this process and what writes to it."""

    def __init__(self) -> None:
        from headrace import _core

        self.mock = MockBroker()
        self.producer: _core.Producer = _core.Producer(self.mock.bootstrap, _LARGEST)
        self.numbers = itertools.count(1)


_brokers: dict[int, _Broker] = {}  # by process: a forked child cannot use its parent's


def _broker() -> _Broker:
    pid = os.getpid()
    if pid not in _brokers:
        _brokers[pid] = _Broker()
    return _brokers[pid]


def _close() -> None:
    _brokers.pop(os.getpid(), None)


atexit.register(_close)


class Topic:
    """A new topic with one partition, in a broker inside this process.

    Examples
    --------
    >>> from headrace.in_process import Topic
    >>> topic = Topic()
    >>> topic.write([(b"AAPL", b'{"Close": 1.5}'), (None, None)])
    >>> topic.name.startswith("records-")
    True
    """

    def __init__(self) -> None:
        self._broker = _broker()
        self.name = f"records-{next(self._broker.numbers)}"
        self._broker.mock.create_topic(self.name, 1)

    @property
    def bootstrap(self) -> str:
        """``host:port`` to connect to."""
        return self._broker.mock.bootstrap

    def write(self, records: Sequence[Pair]) -> None:
        """Append ``(key, value)`` pairs and return when they can be read."""
        self._broker.producer.produce(self.name, list(records), [])
        flush(self._broker.producer, self.bootstrap)


@dataclass(frozen=True, kw_only=True)
class _RecordsSource(KafkaSource):
    """Topics of the broker in this process, read as the stream's own source would be."""

    form: tuple[str, dict[str, Any]]
    stands_for: str

    @property
    def format(self) -> tuple[str, dict[str, Any]]:
        return self.form

    def describe(self) -> str:
        return self.stands_for


def stream_over(
    stream: Stream, topics: Sequence[Topic], *, bounded: bool = True, name: str | None = None
) -> Stream:
    """Return `stream` with its steps and decoder over `topics`; it writes nowhere.

    Where the columns of `stream` are not known yet, they are inferred from the records. The
    stream's repr calls the records `name`.

    Examples
    --------
    >>> import headrace as hr
    >>> from headrace.in_process import Topic, stream_over
    >>> prices = hr.kafka("prices", schema=hr.Schema({"Close": hr.float64}))
    >>> topic = Topic()
    >>> topic.write([(None, b'{"Close": 1.5}')])
    >>> stream_over(prices.filter(hr.col("Close") > 1), [topic]).collect()["Close"].tolist()
    [1.5]
    """
    plain = kafka_source(
        [topic.name for topic in topics],
        bootstrap=topics[0].bootstrap,
        until="end" if bounded else None,
        format="json",
        config=_QUICK,
        timeout=None,
        strict=False,
    )
    own = {one.name: getattr(plain, one.name) for one in fields(plain)}
    source = _RecordsSource(
        **own,
        form=stream._format_of(stream._source),
        stands_for=name or f"records for {stream._source.describe()}",
    )
    columns = stream._input
    if stream._pending is not None:
        columns = Pending(source, **stream._pending._roles)
        columns.look()
    return replace(stream, _source=source, _input=columns, _sinks=())
