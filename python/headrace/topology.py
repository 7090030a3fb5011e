"""Several streams as one: what is merged, what the plan says of it, which sources are opened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headrace import durations, frames
from headrace.errors import InvalidArgument, Unsupported

if TYPE_CHECKING:
    from headrace.schema import Schema
    from headrace.sources import Source
    from headrace.stream import Stream

__all__ = [
    "First",
    "Merged",
    "Wait",
    "format_of",
    "kind_of",
    "leaf_streams",
    "leaves",
    "merged",
    "open_sources",
    "over",
    "plan_head",
    "renumbered",
    "text_of",
    "union",
    "with_leaves",
]


@dataclass(frozen=True)
class Wait:
    """How long the other inputs wait for a partition of this one.

    Examples
    --------
    >>> from headrace.topology import Wait
    >>> Wait.of("union", "30s", None)
    Wait(grace_ns=30000000000, idle_timeout_ns=None, max_skew_ns=None)
    """

    grace_ns: int = 0
    idle_timeout_ns: int | None = None
    max_skew_ns: int | None = None  # how far ahead an event time may be to be believed

    @classmethod
    def of(cls, verb: str, grace: Any, idle_timeout: Any) -> Wait:
        """Return what a user has written as arguments of `verb`."""
        idle = None
        if idle_timeout is not None:
            idle = durations.nanoseconds(f"{verb}: idle_timeout", idle_timeout)
            if idle == 0:
                raise InvalidArgument(
                    f"{verb}: idle_timeout: expected more than no time, got {idle_timeout!r}; "
                    "without it a silent partition is waited for"
                )
        return cls(durations.nanoseconds(f"{verb}: grace", grace), idle)


@dataclass(frozen=True)
class Merged:
    """The inputs of a merge in place of a stream's source; made by :func:`merged`."""

    inputs: tuple[Stream, ...]
    waits: tuple[Wait, ...]
    merge: Mapping[str, Any]

    @property
    def written(self) -> Sequence[int]:
        """The inputs as a user wrote them: a join has its right side first, to be looked up in."""
        order = range(len(self.inputs))
        return order[::-1] if self.merge["op"].startswith("join") else order

    @property
    def bounded(self) -> bool:
        """Whether the records come to an end: those of every input do."""
        return all(stream._source.bounded for stream in self.inputs)

    @property
    def format(self) -> tuple[str, dict[str, Any]]:
        """Refuse what needs one kind of records: each input has its own."""
        raise Unsupported(
            f"not yet supported for a stream of several: {self.describe()}; "
            "use the streams one by one, or collect() with data for each of them"
        )

    @property
    def timeout(self) -> float | None:
        """Seconds within which a broker must answer, of the least patient input."""
        known = [getattr(leaf, "timeout", None) for leaf in leaves(self)]
        return min((seconds for seconds in known if seconds is not None), default=None)

    def client(self) -> dict[str, Any]:
        """Return where the inputs' broker is, if they have one in common."""
        clients = [leaf.client() for leaf in leaves(self) if hasattr(leaf, "client")]
        same = clients and all(one["bootstrap"] == clients[0]["bootstrap"] for one in clients)
        return clients[0] if same else {}

    def open(self, schema: Schema) -> list[Any]:
        """Refuse: the sources of several streams are opened by :func:`open_sources`."""
        raise Unsupported(f"{self.describe()} cannot be read as one source")

    def describe(self) -> str:
        """Return a few words for repr and messages."""
        named = leaves(self)
        return " and ".join(dict.fromkeys(named[i].describe() for i in _as_written(self)))


def merged(
    streams: Sequence[Stream],
    wait: Wait | Sequence[Wait],
    merge: Mapping[str, Any] | None = None,
) -> Stream:
    """Return the rows of `streams`, merged by event time, as one stream.

    Parameters
    ----------
    streams : sequence of Stream
        One (all its partitions are merged) or more.
    wait : Wait or sequence of Wait
        For all streams, or for each.
    merge : mapping, optional
        What the core makes of the merged rows, as plans say it (``{"op": "union"}``).

    Raises
    ------
    InvalidArgument
        If the core refuses the streams, or two of them would share the partitions of a topic.

    Examples
    --------
    >>> import headrace as hr
    >>> from headrace.topology import Wait, merged
    >>> bars = hr.from_frame(hr.market.bars(rows=4, tickers=1), schema=hr.market.SCHEMA)
    >>> merged([bars], Wait()).columns == bars.columns
    True
    """
    from headrace.schema import Schema

    verb = (merge or {"op": "union"})["op"]
    for stream in streams:
        if stream._sinks:
            raise InvalidArgument(f"{verb}: {stream._sinks[0].name} comes last in a stream")
        _ = stream.schema  # the columns must be known; the message says why they are not
    waits = (wait,) * len(streams) if isinstance(wait, Wait) else tuple(wait)
    source = Merged(tuple(streams), waits, merge or {"op": "union"})
    _check_groups(verb, source)
    predictors = tuple(predictor for stream in streams for predictor in stream._predictors)
    tables = tuple(table for stream in streams for table in stream._tables)
    functions = tuple(function for stream in streams for function in stream._functions)
    over_all = type(streams[0])(
        source, streams[0].schema, _predictors=predictors, _tables=tables, _functions=functions
    )
    plan = over_all._plan_for(source)
    return replace(over_all, _input=Schema._from_plan(plan.input_schema()))


def union(
    first: Stream,
    others: Sequence[Stream],
    wait: Wait,
    source: str | None,
    names: Sequence[str] | None,
) -> Stream:
    """Return the records of all streams as one; see :meth:`headrace.Stream.union`.

    Examples
    --------
    >>> import headrace as hr
    >>> from headrace.topology import Wait, union
    >>> bars = hr.from_frame(hr.market.bars(rows=4, tickers=1), schema=hr.market.SCHEMA)
    >>> len(union(bars, [bars], Wait(), None, None).collect())
    8
    """
    for other in others:
        if not isinstance(other, type(first)):
            raise InvalidArgument(f"union: expected streams, got {other!r}")
    streams = [first, *others]
    merge: dict[str, Any] = {"op": "union"}
    if source is None and names is not None:
        raise InvalidArgument("union: names= goes with source=, the column that they are for")
    if source is not None:
        merge |= {"source": source, "names": _names("union", streams, names)}
        return merged(streams, wait, merge)
    flat = [part for stream in streams for part in _parts(stream, wait)]
    return merged(flat, wait, merge)


def _parts(stream: Stream, wait: Wait) -> Sequence[Stream]:
    """Return the streams that a union of the same kind was made of: a union of unions is one."""
    source = stream._source
    if not isinstance(source, Merged) or stream._steps:
        return [stream]
    alike = source.merge == {"op": "union"} and set(source.waits) == {wait}
    return source.inputs if alike else [stream]


def _names(verb: str, streams: Sequence[Stream], names: Sequence[str] | None) -> list[str]:
    if names is None:
        return [_name_of(stream._source) or str(i + 1) for i, stream in enumerate(streams)]
    listed = list(names)
    if isinstance(names, str) or not all(isinstance(name, str) for name in listed):
        raise InvalidArgument(f"{verb}: names: expected a list of texts, got {names!r}")
    return listed


def _name_of(source: Source) -> str:
    """Return what a user would call the source in code: its topics, or its file."""
    path = getattr(source, "path", None)
    if isinstance(path, Path):
        return path.stem
    topics = getattr(source, "topics", None) or getattr(source, "pattern", None)
    return topics if isinstance(topics, str) else "+".join(topics or ())


def _check_groups(verb: str, source: Merged) -> None:
    """Refuse two members of one group that would divide the partitions of a topic among them."""
    readers = Counter(
        (leaf.group, topic)  # type: ignore[attr-defined]
        for leaf in leaves(source)
        if getattr(leaf, "group", None)
        for topic in getattr(leaf, "topics", None) or ("a pattern",)
    )
    for (group, topic), count in readers.items():
        if count > 1:
            raise InvalidArgument(
                f"{verb}: {count} of the streams read {topic} in the group {group!r}, which would "
                "give each of them only some of the partitions; give each a group of its own"
            )


def leaves(source: Source) -> list[Source]:
    """Return the sources that records are read from, in the order of the plan.

    Examples
    --------
    >>> import headrace as hr
    >>> from headrace.topology import leaves
    >>> bars = hr.from_frame(hr.market.bars(rows=4), schema=hr.market.SCHEMA)
    >>> len(leaves(bars.union(bars, bars)._source))
    3
    """
    if not isinstance(source, Merged):
        return [source]
    return [stream._source for stream in leaf_streams(source)]


def leaf_streams(source: Merged) -> list[Stream]:
    """Return the streams whose sources :func:`leaves` returns, with the steps before the merge.

    Examples
    --------
    >>> import headrace as hr
    >>> from headrace.topology import leaf_streams
    >>> bars = hr.from_frame(hr.market.bars(rows=4), schema=hr.market.SCHEMA)
    >>> both = bars.union(bars.filter(hr.col("Close") > 0))
    >>> [len(stream._steps) for stream in leaf_streams(both._source)]
    [0, 1]
    """
    return [
        stream
        for of_input in source.inputs
        for stream in (
            leaf_streams(of_input._source) if isinstance(of_input._source, Merged) else [of_input]
        )
    ]


def open_sources(source: Source, schema: Schema) -> list[list[Any]]:
    """Return the core's sources, a list for each leaf of the plan.

    Examples
    --------
    >>> import headrace as hr
    >>> from headrace.topology import open_sources
    >>> bars = hr.from_frame(hr.market.bars(rows=4), schema=hr.market.SCHEMA)
    >>> [len(sources) for sources in open_sources(bars._source, bars.schema)]
    [1]
    """
    if not isinstance(source, Merged):
        return [source.open(schema)]
    opened = [open_sources(stream._source, stream._schema) for stream in source.inputs]
    return [sources for of_input in opened for sources in of_input]


def format_of(source: Source, schema: Schema) -> tuple[str, dict[str, Any]]:
    """Return decoder and options for records from `source`: its own before the schema's.

    Examples
    --------
    >>> import headrace as hr
    >>> from headrace.topology import format_of
    >>> bars = hr.kafka("stocks", schema=hr.market.SCHEMA)
    >>> format_of(bars._source, bars.schema)[0]
    'json'
    """
    decoder, options = source.format
    if decoder != "csv":
        return decoder, options
    return decoder, {**schema._csv_options(), **options}


@dataclass(frozen=True)
class First:
    """From where on a plan's predictors and functions are numbered among those of a tree.

    Examples
    --------
    >>> from headrace.topology import First
    >>> First(predictor=2)
    First(predictor=2, function=0)
    """

    predictor: int = 0
    function: int = 0


def plan_head(source: Source, schema: Schema, first: First) -> dict[str, Any]:
    """Return what a plan says before its steps: how records are decoded, or what is merged.

    Examples
    --------
    >>> import headrace as hr
    >>> from headrace.topology import First, plan_head
    >>> bars = hr.from_frame(hr.market.bars(rows=4), schema=hr.market.SCHEMA)
    >>> sorted(plan_head(bars.union(bars)._source, bars.schema, First()))
    ['inputs', 'merge']
    """
    if not isinstance(source, Merged):
        decoder, options = format_of(source, schema)
        return {"format": decoder, "format_options": options, "schema": schema._to_plan()}
    inputs = []
    for stream, wait in zip(source.inputs, source.waits, strict=True):
        plan = stream._plan_tree(stream._source, first)
        first = First(
            first.predictor + len(stream._predictors), first.function + len(stream._functions)
        )
        inputs.append({**asdict(wait), "plan": plan})
    return {"inputs": inputs, "merge": dict(source.merge)}


def renumbered(steps: Sequence[dict[str, Any]], first: First) -> list[dict[str, Any]]:
    """Return the steps with predictors and functions numbered from `first` on.

    Examples
    --------
    >>> from headrace.topology import First, renumbered
    >>> renumbered([{"op": "predict", "predictor": 0}, {"op": "select"}], First(predictor=2))
    [{'op': 'predict', 'predictor': 2}, {'op': 'select'}]
    """
    numbers = {"predictor": first.predictor, "function": first.function}
    return [
        {name: value + numbers[name] if name in numbers else value for name, value in step.items()}
        for step in steps
    ]


def over(source: Source, data: Any, schema: Schema) -> Source:
    """Return bounded data in place of a source, or of each source of a merge.

    Parameters
    ----------
    source : Source
        What a stream reads otherwise.
    data : frame, path, mapping or sequence
        For several sources a mapping from topic to frame or path, or a list in their order.
    schema : Schema
        What the source's records have: it says how a CSV file is written.

    Raises
    ------
    InvalidArgument
        If the data does not say which source it is for.

    Examples
    --------
    >>> import headrace as hr
    >>> from headrace.topology import over
    >>> trades = hr.kafka("trades", schema=hr.market.SCHEMA)
    >>> both = trades.union(hr.kafka("fills", schema=hr.market.SCHEMA))
    >>> df = hr.market.bars(rows=4)
    >>> over(both._source, {"trades": df, "fills": df}, hr.market.SCHEMA).describe()
    'a DataFrame of 4 rows'
    """
    if any(getattr(leaf, "upstream", None) is not None for leaf in leaves(source)):
        raise InvalidArgument(
            "collect: the stream reads a repartition topic, which another half of it writes; "
            "collect data through the stream without repartition"
        )
    if not isinstance(source, Merged):
        return _bounded(data, schema)
    given = dict(zip(_as_written(source), _data_as_written(source, data), strict=True))
    streams = leaf_streams(source)
    return with_leaves(source, [_bounded(given[i], s._schema) for i, s in enumerate(streams)])


def _bounded(data: Any, schema: Schema) -> Source:
    from headrace.sources import FileSource, FrameSource

    if isinstance(data, (str, Path)):
        return FileSource(Path(data), schema.csv)
    return FrameSource(data)


def _as_written(source: Source, first: int = 0) -> list[int]:
    """Return the numbers of the leaves, of which `first` is the first, as a user wrote them."""
    if not isinstance(source, Merged):
        return [first]
    numbers = []
    for stream in source.inputs:
        numbers.append(_as_written(stream._source, first))
        first += len(numbers[-1])
    return [number for i in source.written for number in numbers[i]]


def _data_as_written(source: Merged, data: Any) -> list[Any]:
    named = leaves(source)
    names = [_name_of(named[i]) for i in _as_written(source)]
    if len(names) == 1 and not isinstance(data, (Mapping, list, tuple)):
        return [data]
    listed = ", ".join(repr(name) for name in names)
    if isinstance(data, Mapping):
        if len(set(names)) < len(names) or "" in names:
            raise InvalidArgument(
                f"collect: the streams ({listed}) cannot be told apart by name; "
                "give their data as a list, in this order"
            )
        if set(data) != set(names):
            given = ", ".join(repr(name) for name in data)
            raise InvalidArgument(f"collect: expected data for {listed}, got it for {given}")
        return [data[name] for name in names]
    if isinstance(data, (list, tuple)) and len(data) == len(names):
        return list(data)
    got = f"{len(data)} of them" if isinstance(data, (list, tuple)) else type(data).__name__
    raise InvalidArgument(
        f"collect: this stream reads {len(names)} ({listed}): expected a mapping from name to "
        f"frame, or a list of {len(names)} frames, got {got}"
    )


def with_leaves(source: Merged, new: Sequence[Source]) -> Merged:
    """Return the merge over other sources, one for each of :func:`leaves`.

    Examples
    --------
    >>> import headrace as hr
    >>> from headrace.topology import leaves, with_leaves
    >>> bars = hr.from_frame(hr.market.bars(rows=4), schema=hr.market.SCHEMA)
    >>> source = bars.union(bars)._source
    >>> with_leaves(source, leaves(source)) == source
    True
    """
    left = iter(new)

    def rebuilt(merged: Merged) -> Merged:
        streams = []
        for stream in merged.inputs:
            inner = stream._source
            other = rebuilt(inner) if isinstance(inner, Merged) else next(left)
            streams.append(replace(stream, _source=other))
        return replace(merged, inputs=tuple(streams))

    return rebuilt(source)


def kind_of(data: Any) -> str:
    """Return the library of the data, of several the first one's.

    Examples
    --------
    >>> import headrace as hr
    >>> from headrace.topology import kind_of
    >>> kind_of({"trades": hr.market.bars(rows=4)})
    'pandas'
    """
    if isinstance(data, Mapping):
        data = list(data.values())
    if isinstance(data, (list, tuple)):
        return kind_of(next(iter(data), None))
    return frames.kind_of(data)


def text_of(source: Source) -> str:
    """Return the source as a stream's repr has it: a line, or one for each that is merged.

    Examples
    --------
    >>> import headrace as hr
    >>> from headrace.topology import text_of
    >>> bars = hr.kafka("bars", schema=hr.market.SCHEMA)
    >>> print(text_of(bars.union(bars.filter(hr.col("Close") > 0))._source))
    2 streams, merged by event time (union)
        bars on localhost:9092
        bars on localhost:9092
          .filter(...)
    """
    if not isinstance(source, Merged):
        return source.describe()
    if len(source.inputs) == 1:
        lines = [text_of(source.inputs[0]._source), *source.inputs[0]._step_lines()]
        return "\n".join([*lines, "  all partitions merged by event time"])
    head = f"{len(source.inputs)} streams, merged by event time ({source.merge['op']})"
    lines = [
        line
        for stream in (source.inputs[i] for i in source.written)
        for line in (*text_of(stream._source).splitlines(), *stream._step_lines())
    ]
    return "\n".join([head, *(f"    {line}" for line in lines)])
