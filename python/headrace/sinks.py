"""Where results go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headrace import _core


@dataclass(frozen=True)
class KafkaSink:
    """A Kafka topic for results, at least once; made by ``Stream.to_kafka``."""

    topic: str
    bootstrap: str
    key: str | None
    dead_letters: str | None
    config: Mapping[str, str] = field(default_factory=dict, repr=False)

    def open(self) -> _core.Sink:
        """Return the core's sink."""
        from headrace import _core

        return _core.kafka_sink(
            {
                "bootstrap": self.bootstrap,
                "config": dict(self.config),
                "topic": self.topic,
                "key": self.key,
                "dead_letters": self.dead_letters,
            }
        )
