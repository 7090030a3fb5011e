"""Topics of a Kafka cluster as a source: the settings, checked when the line is written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from headrace.errors import InvalidArgument, SchemaError
from headrace.samples import Sampled
from headrace.schema import Schema

__all__ = ["KafkaSource", "kafka_source", "timestamp_ms"]

Offsets = Mapping[Any, int]


@dataclass(frozen=True)
class KafkaSource:
    """Topics of a Kafka cluster; made by :func:`kafka_source`."""

    topics: tuple[str, ...]
    pattern: str | None
    bootstrap: str
    value_format: str
    group: str | None
    start: Any
    until: str | None
    on_out_of_range: str
    strict: bool
    ingest_threads: int
    timeout: float | None
    config: Mapping[str, str] = field(repr=False)
    log_level: str = "warning"
    joins: bool = True  # False: only the group's positions are used
    instance: str | None = None  # of the group: a restart keeps its partitions
    durability: Any = field(default=None, repr=False, compare=False)
    ends: tuple[tuple[str, int, int], ...] = ()  # where a bounded read ends before

    @property
    def bounded(self) -> bool:
        """Whether the read ends at the high watermarks."""
        return self.until == "end"

    @property
    def format(self) -> tuple[str, dict[str, Any]]:
        """Decoder and its options."""
        return self.value_format, {}

    def client(self) -> dict[str, Any]:
        """Return how to connect, for sinks on the same cluster."""
        return {
            "bootstrap": self.bootstrap,
            "config": dict(self.config),
            "log_level": self.log_level,
        }

    def _settings(self) -> dict[str, Any]:
        return {
            **self.client(),
            "topics": list(self.topics),
            "pattern": self.pattern,
            "group": self.group,
            "start": self.start,
            "bounded": self.bounded,
            "ends": list(self.ends),
            "on_out_of_range": self.on_out_of_range,
            "strict": self.strict,
            "timeout_ms": None if self.timeout is None else round(self.timeout * 1000),
            "join": self.joins,
            "group_instance": self.instance,
            "durability": self.durability,
        }

    def open(self, schema: Schema) -> list[Any]:
        """Return one core source per ingest thread."""
        from headrace import _core

        return _core.kafka_sources(self._settings(), self.ingest_threads)

    def sample(
        self,
        oldest: int,
        newest: int,
        timeout: float,
        stop: Callable[[], bool] | None = None,
    ) -> list[Sampled]:
        """Return the first and the last records; no group is used, nothing committed.

        Where `stop` returns true it ends within 0.1 s with :class:`~headrace.errors.Cancelled`.
        """
        from headrace import _core

        timeout_ms = max(round(timeout * 1000), 1)
        found = _core.sample_topic(self._settings(), oldest, newest, timeout_ms, stop)
        return [Sampled(*record) for record in found]

    def describe(self) -> str:
        """Return a few words for repr and messages."""
        return f"{self.pattern or ', '.join(self.topics)} on {self.bootstrap}"

    def title(self) -> str:
        """Name it in a sentence."""
        what = "topic" if len(self.topics) == 1 else "topics"
        names = ", ".join(f'"{topic}"' for topic in self.topics) or f'matching "{self.pattern}"'
        return f"{what} {names} on {self.bootstrap}"


def kafka_source(
    topics: str | Sequence[str] | None,
    *,
    bootstrap: str,
    format: str,
    config: Mapping[str, str] | None,
    timeout: float | None,
    strict: bool,
    pattern: str | None = None,
    group: str | None = None,
    start: str | dt.datetime | Offsets | None = None,
    until: str | None = None,
    on_out_of_range: str = "error",
    ingest_threads: int = 1,
    log_level: str = "warning",
) -> KafkaSource:
    """Check the settings of :func:`headrace.kafka` and return the source that they describe.

    Examples
    --------
    >>> from headrace.kafka_source import kafka_source
    >>> kafka_source("ohlcv", bootstrap="localhost:9092", format="json", config=None, timeout=None,
    ...              strict=False).title()
    'topic "ohlcv" on localhost:9092'
    """
    names = (topics,) if isinstance(topics, str) else tuple(topics or ())
    if bool(names) == bool(pattern):
        raise InvalidArgument(
            f"hr.kafka: expected topics or pattern, got topics={topics!r}, pattern={pattern!r}"
        )
    _one_of("format", format, ("json", "csv"))
    _one_of("on_out_of_range", on_out_of_range, ("error", "earliest", "latest"))
    _one_of("log_level", log_level, ("error", "warning", "info", "debug"))
    if until is not None:
        _one_of("until", until, ("end",))
    if ingest_threads < 1 or (group and ingest_threads > 1):
        raise InvalidArgument(
            f"ingest_threads: expected 1 or more, and 1 with a group, got {ingest_threads}"
        )
    if timeout is not None and not timeout > 0:
        raise InvalidArgument(f"timeout: expected seconds above 0, got {timeout!r}")
    return KafkaSource(
        topics=names,
        pattern=pattern,
        bootstrap=bootstrap,
        value_format=format,
        group=group,
        start=_start(start, group, names),
        until=until,
        on_out_of_range=on_out_of_range,
        strict=strict,
        ingest_threads=ingest_threads,
        timeout=timeout,
        config=_checked_config(bootstrap, config or {}),
        log_level=log_level,
    )


def check_names_columns(value_format: str) -> None:
    """Refuse to infer columns from a format whose records do not name them."""
    if value_format == "csv":
        raise SchemaError(
            'format="csv" needs schema=: CSV records do not name their columns. Take '
            'hr.Schema.from_csv("file.csv") of a file with the same columns, or write '
            'hr.Schema({"Date": hr.timestamp, ...}) with the columns in order'
        )


def timestamp_ms(time: dt.datetime) -> int:
    """Return a time as Kafka counts it; one without a zone is UTC.

    Examples
    --------
    >>> import datetime as dt
    >>> from headrace.kafka_source import timestamp_ms
    >>> timestamp_ms(dt.datetime(1970, 1, 1, 0, 0, 1))
    1000
    """
    aware = time if time.tzinfo else time.replace(tzinfo=dt.timezone.utc)
    return int(aware.timestamp() * 1000)


def _one_of(name: str, value: object, possible: tuple[str, ...]) -> None:
    if value not in possible:
        listed = ", ".join(repr(p) for p in possible)
        raise InvalidArgument(f"{name}: expected one of {listed}, got {value!r}")


def _start(start: Any, group: str | None, topics: tuple[str, ...]) -> dict[str, Any]:
    """Return the core's form of `start`."""
    if start is None:
        return {"kind": "group" if group else "earliest"}
    if isinstance(start, str):
        _one_of("start", start, ("earliest", "latest", "group"))
        if start == "group" and not group:
            raise InvalidArgument('start="group" needs group=')
        return {"kind": start}
    if isinstance(start, dt.datetime):
        return {"kind": "timestamp", "timestamp_ms": timestamp_ms(start)}
    if isinstance(start, Mapping):
        return {"kind": "offsets", "offsets": _offsets(start, topics)}
    raise InvalidArgument(
        'start: expected "earliest", "latest", "group", a datetime or a mapping of partition to '
        f"offset, got {start!r}"
    )


def _offsets(start: Offsets, topics: tuple[str, ...]) -> list[tuple[str, int, int]]:
    rows = []
    for where, offset in start.items():
        if isinstance(where, int) and len(topics) != 1:
            raise InvalidArgument(
                "start: with several topics name them: {(topic, partition): offset}, "
                f"got {where!r}"
            )
        topic, partition = (topics[0], where) if isinstance(where, int) else where
        if offset < 0:
            raise InvalidArgument(f"start: expected offsets from 0, got {offset} for {where!r}")
        rows.append((topic, partition, offset))
    return rows


def _checked_config(bootstrap: str, config: Mapping[str, Any]) -> dict[str, str]:
    """Return settings as text; the core refuses those that run code and those that are ours."""
    from headrace import _core

    texts = {
        key: str(value).lower() if isinstance(value, bool) else str(value)
        for key, value in config.items()
    }
    _core.check_kafka_config(bootstrap, texts)
    return texts
