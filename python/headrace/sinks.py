"""Where results go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from headrace.parquet_sink import ParquetSink
from headrace.sql_sink import SqlSink

__all__ = ["KafkaSink", "Sink"]

if TYPE_CHECKING:
    from headrace import _core


@dataclass(frozen=True)
class KafkaSink:
    """A Kafka topic for results; made by ``Stream.to_kafka``."""

    topic: str
    bootstrap: str
    key: str | None
    dead_letters: str | None
    guarantee: str | None = None  # None: exactly once wherever that can be had
    config: Mapping[str, str] = field(default_factory=dict, repr=False)
    value_format: str = "json"

    name: ClassVar[str] = "to_kafka"
    insisting: ClassVar[str] = 'to_kafka: processing_guarantee="exactly-once"'
    commit_interval_ms: ClassVar[int] = 100

    def text(self) -> str:
        """Return the call that made it."""
        return f".to_kafka({self.topic!r})"

    def settings(self, key: str | None) -> dict[str, Any]:
        """Return what the core is told, with the column that becomes the Kafka key."""
        return {
            "bootstrap": self.bootstrap,
            "config": dict(self.config),
            "topic": self.topic,
            "key": key,
            "dead_letters": self.dead_letters,
            "format": self.value_format,
        }

    def open(self, key: str | None) -> _core.Sink:
        """Return the core's sink, which writes at least once."""
        from headrace import _core

        return _core.kafka_sink(self.settings(key))


Sink = KafkaSink | ParquetSink | SqlSink
