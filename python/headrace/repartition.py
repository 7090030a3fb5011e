"""Repartition topics: the records of a group to one process, where several share the work."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from headrace import topology
from headrace.errors import HeadraceError, InvalidArgument
from headrace.kafka_source import KafkaSource, kafka_source
from headrace.schema import Schema

if TYPE_CHECKING:
    from headrace.sources import Source
    from headrace.stream import Stream

__all__ = ["RepartitionSource", "repartition", "topics_of"]

_TIMEOUT_MS = 10_000
_EXISTS = 36  # Kafka's error code TOPIC_ALREADY_EXISTS


@dataclass(frozen=True)
class RepartitionSource(KafkaSource):
    """A topic that another stream of ours writes, as a source."""

    upstream: Stream | None = None
    partitions: int | None = None

    def create(self) -> None:
        """Create the topic where it does not exist, with as many partitions as the source has."""
        from headrace import _core

        admin = _core.Admin(self.bootstrap, dict(self.config))
        existing = admin.topics(_TIMEOUT_MS)
        (name,) = self.topics
        if name in existing:
            return
        assert self.upstream is not None
        source = self.upstream._source
        topics = source.topics if isinstance(source, KafkaSource) else ()
        count = self.partitions or max((existing.get(topic, 1) for topic in topics), default=1)
        try:
            admin.create_topic(name, count, {}, _TIMEOUT_MS)
        except HeadraceError as error:
            if error.native_code != _EXISTS:  # another process was faster
                raise


def repartition(stream: Stream, by: str, *, topic: str | None, partitions: int | None) -> Stream:
    """Return `stream` read back from a topic keyed by `by`; see :meth:`Stream.repartition`."""
    source = stream._source
    if not isinstance(source, KafkaSource) or not source.topics:
        raise InvalidArgument(
            "repartition: expected a stream of named Kafka topics, got one of "
            f"{source.describe()}; in one process group_by(..., across_partitions=True) merges "
            "partitions without a topic"
        )
    if source.group is None:
        raise InvalidArgument(
            "repartition: the stream needs a consumer group that its processes share: "
            'hr.kafka(..., group="flights")'
        )
    if partitions is not None and (not isinstance(partitions, int) or partitions < 1):
        raise InvalidArgument(
            f"repartition: partitions: expected a whole number from 1, got {partitions!r}"
        )
    schema = stream.schema
    _ = schema[by]
    if by == schema.event_time:
        raise InvalidArgument(f'repartition: "{by}" is the event time, which cannot be a key')
    name = topic or f"{source.group}-{'-'.join(source.topics)}-{by}-repartition"
    read = kafka_source(
        name,
        bootstrap=source.bootstrap,
        format="json",
        group=f"{source.group}-{by}-repartition",
        start="earliest",
        until=source.until,
        strict=source.strict,
        timeout=source.timeout,
        config=source.config,
        log_level=source.log_level,
    )
    topics = RepartitionSource(
        **{field.name: getattr(read, field.name) for field in fields(KafkaSource)},
        upstream=stream.to_kafka(name, key=by),
        partitions=partitions,
    )
    columns = {
        column: replace(dtype, path=(column,) if "." in column else ())
        for column, dtype in schema.columns.items()
    }
    return type(stream)._from_source(topics, Schema(columns, event_time=schema.event_time, key=by))


def topics_of(source: Source) -> list[RepartitionSource]:
    """Return the repartition topics that are read from.

    Examples
    --------
    >>> import headrace as hr
    >>> from headrace.repartition import topics_of
    >>> bars = hr.kafka("stocks", group="bars", schema=hr.market.SCHEMA)
    >>> [topic.topics for topic in topics_of(bars.repartition("Ticker")._source)]
    [('bars-stocks-Ticker-repartition',)]
    """
    return [leaf for leaf in topology.leaves(source) if isinstance(leaf, RepartitionSource)]
