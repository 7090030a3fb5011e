"""What makes a run go on where the one before it stopped: positions, transactions, checkpoints."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import socket
import tempfile
import weakref
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from headrace import durations, savepoints, topology
from headrace.errors import InvalidArgument, Unsupported
from headrace.kafka_source import KafkaSource
from headrace.mock import is_mock
from headrace.outputs import Writer
from headrace.sinks import KafkaSink, Sink

if TYPE_CHECKING:
    from headrace import _core
    from headrace.parquet_sink import ParquetSink
    from headrace.sources import Source
    from headrace.sql_sink import SqlSink
    from headrace.stream import Stream

__all__ = [
    "GUARANTEES",
    "KAFKA",
    "Slot",
    "Wish",
    "fingerprint",
    "prepare",
    "read_by",
    "settings",
]

GUARANTEES = ("exactly-once", "at-least-once")
KAFKA = "kafka://"


@dataclass(frozen=True)
class Wish:
    """What a user asked of ``run``; made by it.

    Examples
    --------
    >>> from headrace.durability import Wish
    >>> Wish.of("state", "100ms", "10s", 2).options()
    {'checkpoint_interval_ms': 10000, 'commit_interval_ms': 100}
    """

    where: Path | str | None  # a directory, "kafka://topic", or nowhere
    commit_interval_ms: int | None  # None: as the sink likes it
    checkpoint_interval_ms: int
    keep: int
    savepoint: str | None = None

    @classmethod
    def of(
        cls,
        checkpoint: Any,
        commit_interval: Any,
        checkpoint_interval: Any,
        keep: Any,
        savepoint: Any = None,
    ) -> Wish:
        """Check the arguments of ``run``."""
        if savepoint is not None and (not isinstance(savepoint, str) or not savepoint):
            raise InvalidArgument(f"run: savepoint: expected a name, got {savepoint!r}")
        if savepoint is not None and checkpoint is None:
            raise InvalidArgument("run: savepoint: say with checkpoint= where it is")
        if not isinstance(keep, int) or isinstance(keep, bool) or keep < 2:
            raise InvalidArgument(f"run: keep_checkpoints: expected 2 or more, got {keep!r}")
        return cls(
            _place(checkpoint),
            None if commit_interval is None else _milliseconds("commit_interval", commit_interval),
            _milliseconds("checkpoint_interval", checkpoint_interval),
            keep,
            savepoint,
        )

    def options(self) -> dict[str, int]:
        """Return what the core's engine is told where results are written exactly once."""
        options = {"checkpoint_interval_ms": self.checkpoint_interval_ms}
        if self.commit_interval_ms is not None:
            options["commit_interval_ms"] = self.commit_interval_ms
        return options


def _place(checkpoint: Any) -> Path | str | None:
    if checkpoint is None:
        return None
    if isinstance(checkpoint, (str, Path)) and str(checkpoint):
        text = str(checkpoint)
        if "://" not in text:
            return Path(checkpoint)
        if text.startswith(KAFKA) and text != KAFKA:
            return text
    raise InvalidArgument(
        f'run: checkpoint: expected a directory or "kafka://topic", got {checkpoint!r}'
    )


def _milliseconds(name: str, value: Any) -> int:
    if isinstance(value, timedelta):  # without pandas, which a first chart need not wait for
        ms = value // timedelta(milliseconds=1)
    else:
        ms = durations.nanoseconds(f"run: {name}", value) // 1_000_000
    if ms < 1:
        raise InvalidArgument(f"run: {name}: expected at least 1 ms, got {value!r}")
    return ms


def fingerprint(stream: Stream, source: Source) -> str:
    """Return a short text that two streams have in common if they compute the same.

    Examples
    --------
    >>> import headrace as hr
    >>> from headrace.durability import fingerprint
    >>> bars = hr.kafka("stocks", schema=hr.market.SCHEMA)
    >>> wide = bars.with_columns(rsi=hr.ta.rsi("Close", timeperiod=14))
    >>> fingerprint(bars, bars._source) == fingerprint(wide, wide._source)
    False
    """
    plan = json.dumps(stream._plan_tree(source), sort_keys=True)
    return hashlib.sha256(plan.encode()).hexdigest()[:16]


class Slot:
    """One of the places that the workers of a group on this machine take: the first free one.

    It is a locked file, which the system frees at once when the process dies, however it dies; so
    the next life of a worker has the same name as its former one.

    Examples
    --------
    >>> import tempfile
    >>> from headrace.durability import Slot
    >>> folder = tempfile.mkdtemp()
    >>> first, second = Slot(folder, "app"), Slot(folder, "app")
    >>> first.number, second.number
    (0, 1)
    >>> first.free()
    >>> Slot(folder, "app").number
    0
    """

    _MOST = 1024
    _taken: ClassVar[weakref.WeakSet[Slot]] = weakref.WeakSet()

    def __init__(self, folder: str | Path, group: str) -> None:
        where = Path(folder)
        where.mkdir(parents=True, exist_ok=True)
        name = hashlib.sha256(group.encode()).hexdigest()[:16]
        for number in range(self._MOST):
            file = os.open(where / f"{name}-{number}.lock", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(file)
                continue
            self._file: int | None = file
            self.number = number
            self._taken.add(self)
            return
        raise InvalidArgument(f"{self._MOST} workers of the group {group!r} run on this machine")

    def free(self) -> None:
        """Let another worker have it."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    @classmethod
    def let_go_of_all(cls) -> None:
        """Close the files in a forked child: it would keep what its parent has locked."""
        for slot in list(cls._taken):
            slot.free()

    def __del__(self) -> None:
        if getattr(self, "_file", None) is not None:
            self.free()


os.register_at_fork(after_in_child=Slot.let_go_of_all)


@dataclass(frozen=True)
class Prepared:
    """A run's durability: the core's part, the source that it reads by, the place that it holds."""

    core: _core.Durability
    source: Source
    options: dict[str, int]
    slot: Slot | None
    exactly_once: bool
    writer: Writer | None = None  # of results that do not go to Kafka


def prepare(
    stream: Stream, source: Source, wish: Wish, plan: _core.Plan | None = None
) -> Prepared | None:
    """Return how a run of `stream` is made durable; None where nothing outlives it.

    Raises
    ------
    Unsupported
        If a checkpoint was asked for, or exactly once in so many words, and cannot be had.
    CheckpointError
        If there is no such savepoint, or one that `plan` cannot begin with.

    Examples
    --------
    >>> import headrace as hr
    >>> from headrace.durability import Wish, prepare
    >>> bars = hr.kafka("stocks", schema=hr.market.SCHEMA)
    >>> prepare(bars, bars._source, Wish.of(None, "100ms", "10s", 2)) is None
    True
    """
    sink = _exactly_once(stream, source)
    if sink is None and wish.where is None:
        return None
    if sink is not None and not isinstance(sink, KafkaSink):
        return _with_log(stream, source, wish, sink, plan)
    if (reason := _unrepeatable(source)) is not None:
        raise Unsupported(f"run: checkpoint: {reason}")
    from headrace import _core

    given = {leaf.group for leaf in _leaves(source)}
    own = given.pop() if len(given) == 1 else None
    group = own or (f"headrace-{sink.topic}" if sink is not None else None)
    joins = own is not None and not isinstance(source, topology.Merged)
    slot, name = None, group
    if sink is not None and joins:
        slot = Slot(_lock_folder(wish), own or "")
        name = f"{group}-{socket.gethostname()}-{slot.number}"
    core = _core.durability(
        {
            **settings(stream, source, wish),
            "transactions": None
            if sink is None
            else {
                **sink.settings(stream._sink_key(sink)),
                "group": group,
                "join": joins,
                "transactional_id": name,
            },
        }
    )
    _announce(core, stream, source, wish, plan)
    read = [
        replace(leaf, group=group, joins=joins, instance=name if slot else None, durability=core)
        for leaf in _leaves(source)
    ]
    options = wish.options()
    if sink is None:
        options.pop("commit_interval_ms", None)  # positions only follow the checkpoints
    else:
        options = {"commit_interval_ms": sink.commit_interval_ms, **options}
    return Prepared(core, read_by(source, read), options, slot, sink is not None)


def settings(stream: Stream, source: Source, wish: Wish) -> dict[str, Any]:
    """Return what the core is told however results are written.

    Examples
    --------
    >>> import headrace as hr
    >>> from headrace.durability import Wish, settings
    >>> bars = hr.kafka("stocks", schema=hr.market.SCHEMA)
    >>> settings(bars, bars._source, Wish.of("state", "1s", "10s", 2))["store"]
    {'path': 'state'}
    """
    return {
        "plan": fingerprint(stream, source),
        "models": ",".join(model.version for model in stream._predictors),
        "merged": isinstance(source, topology.Merged),
        "store": _store(source, wish),
        "keep": wish.keep,
        "savepoint": wish.savepoint,
        "transactions": None,
        "log": None,
        "up_to": None,
    }


def _announce(
    core: _core.Durability, stream: Stream, source: Source, wish: Wish, plan: _core.Plan | None
) -> None:
    if wish.savepoint is not None and plan is not None:
        savepoints.announce(core.savepoint(), wish.savepoint, plan, fingerprint(stream, source))


def read_by(source: Source, leaves: list[KafkaSource]) -> Source:
    """Return `source` with these Kafka sources in place of its own, in their order.

    Examples
    --------
    >>> import headrace as hr
    >>> from headrace.durability import read_by
    >>> bars, more = (hr.kafka(topic, schema=hr.market.SCHEMA)._source for topic in ("a", "b"))
    >>> read_by(bars, [more]).topics
    ('b',)
    """
    if isinstance(source, topology.Merged):
        return topology.with_leaves(source, leaves)
    return leaves[0]


def _with_log(
    stream: Stream,
    source: Source,
    wish: Wish,
    sink: ParquetSink | SqlSink,
    plan: _core.Plan | None,
) -> Prepared:
    """Return how a run is made durable whose positions are kept with its results, not in Kafka."""
    from headrace import _core

    merged = isinstance(source, topology.Merged)
    writer = Writer(sink.log(stream.schema, merged=merged))
    core = _core.durability({**settings(stream, source, wish), "log": writer.calls})
    _announce(core, stream, source, wish, plan)
    read = [replace(leaf, joins=False, durability=core) for leaf in _leaves(source)]
    options = {
        "commit_interval_ms": sink.commit_interval_ms,
        "commit_rows": sink.commit_rows,
        **wish.options(),
    }
    return Prepared(core, read_by(source, read), options, None, True, writer)


def _leaves(source: Source) -> list[KafkaSource]:
    return [leaf for leaf in topology.leaves(source) if isinstance(leaf, KafkaSource)]


def _store(source: Source, wish: Wish) -> dict[str, Any] | None:
    if not isinstance(wish.where, str):
        return None if wish.where is None else {"path": str(wish.where)}
    leaf = _leaves(source)[0]
    if is_mock(leaf.bootstrap):
        raise Unsupported(f"run: checkpoint={wish.where!r}: a MockBroker has no compacted topics")
    return {
        "topic": wish.where.removeprefix(KAFKA),
        "bootstrap": leaf.bootstrap,
        "config": dict(leaf.config),
    }


def _lock_folder(wish: Wish) -> Path:
    if isinstance(wish.where, Path):
        return wish.where / "workers"
    return Path(tempfile.gettempdir()) / f"headrace-{os.getuid()}"


def _exactly_once(stream: Stream, source: Source) -> Sink | None:
    """Return the sink that is written in transactions, if one is."""
    wanted = [sink for sink in stream._sinks if sink.guarantee != "at-least-once"]
    if not wanted:
        return None
    reason = _why_not(stream, source)
    if reason is None:
        return wanted[0]
    insists = next((sink for sink in wanted if sink.guarantee == "exactly-once"), None)
    if insists is not None:
        raise Unsupported(f"{insists.insisting}: {reason}")
    return None


def _unrepeatable(source: Source) -> str | None:
    """Return why a later run cannot go on from a position in `source`; None where it can."""
    leaves = topology.leaves(source)
    other = next((leaf for leaf in leaves if not isinstance(leaf, KafkaSource)), None)
    if other is not None:
        return f"the positions of {other.describe()} cannot be kept with the results"
    topics = [topic for leaf in _leaves(source) for topic in leaf.topics]
    twice = next((topic for topic in topics if topics.count(topic) > 1), None)
    if twice is not None:
        return f"{twice} is read twice by this stream, and a partition has one position"
    return None


def _why_not(stream: Stream, source: Source) -> str | None:
    """Return why results cannot be written exactly once; None where they can."""
    reason = _unrepeatable(source)
    if reason is not None:
        return reason
    if len(stream._sinks) > 1:
        return "there is one transaction, for one place of results; the stream has several"
    sink = stream._sinks[0]
    if not isinstance(sink, KafkaSink):
        group = next((leaf.group for leaf in _leaves(source) if leaf.group), None)
        if group is None:
            return None
        return (
            f"positions are kept with the results, where one run reads all partitions; leave out "
            f"group={group!r}"
        )
    if is_mock(sink.bootstrap):
        return "a MockBroker has no transactions"
    where = {leaf.bootstrap for leaf in _leaves(source)} | {sink.bootstrap}
    if len(where) > 1:
        return (
            f"results and positions on {' and '.join(sorted(where))} cannot be in one transaction"
        )
    return None
