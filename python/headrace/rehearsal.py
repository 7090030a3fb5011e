"""A script executed without its streams: they read a sample or a file, and write nowhere.

While a rehearsal is entered,

- ``hr.kafka`` (and ``Schema.from_topic``) look at a bounded sample of the topic, or at a file given
  in its place; the stream's records are those, so it ends by itself;
- ``Stream.run`` and ``Stream.collect`` note the stream, leave its ``to_kafka`` out, and run it over
  those records: what they return is real;
- ``Live.wait`` waits for that end and is True; ``Live.plot`` checks its arguments and draws
  nothing; ``Chart.save`` writes nothing;
- ``hr.replay`` writes nothing and returns 0.

No consumer group is used and nothing is committed or produced. What the script does besides, it
does: files that it writes itself are written.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest import mock

import headrace
from headrace import file_schema, sources, topology
from headrace import replay as replay_function
from headrace.errors import KafkaError
from headrace.in_process import Topic, stream_over
from headrace.kafka_source import KafkaSource
from headrace.live import Live
from headrace.plot import Chart
from headrace.samples import Sampled
from headrace.schema import Schema
from headrace.sources import FileSource
from headrace.stream import Stream

__all__ = ["Found", "Options", "Rehearsal"]

_SAMPLE_S = 10.0  # for a broker to answer
_OLDEST_SHARE = 5  # one in five of the sample is from a topic's beginning


@dataclass(frozen=True)
class Options:
    """What streams read in a rehearsal."""

    bootstrap: str | None = None  # brokers in place of the script's
    file: Path | None = None  # a file in place of every topic
    records: int = 250  # of a topic, at most


@dataclass(frozen=True)
class Found:
    """A stream that a script runs or names."""

    stream: Stream
    line: int  # of the script; 0: it is a name of the module and never run
    sample: dict[tuple[str, int, int], Sampled]  # by place in the in-process broker


@dataclass(frozen=True, kw_only=True)
class _FileForTopic(FileSource):
    """A file read as if it were the topic."""

    topic: KafkaSource

    def client(self) -> dict[str, Any]:
        return self.topic.client()

    def describe(self) -> str:
        return f"{super().describe()} for {self.topic.describe()}"


class Rehearsal:
    """Executes a script and notes its streams.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from headrace.rehearsal import Options, Rehearsal
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "pipeline.py"
    >>> _ = path.write_text('''
    ... import headrace as hr
    ... bars = hr.from_frame(hr.market.bars(rows=9, tickers=1), schema=hr.market.SCHEMA)
    ... bars.select("Close").run().wait()
    ... ''')
    >>> rehearsal = Rehearsal(path, Options())
    >>> rehearsal.execute()
    >>> [(found.line, found.stream.columns) for found in rehearsal.found]
    [(4, ['Close'])]
    """

    def __init__(self, script: Path, options: Options) -> None:
        self._script = script
        self._options = options
        self._samples: dict[int, dict[tuple[str, int, int], Sampled]] = {}  # by id of the source
        self._lives: list[Live] = []
        self.found: list[Found] = []

    def execute(self, name: str = "headrace_check") -> None:
        """Run the script as the module `name` and note its streams.

        Raises
        ------
        Exception
            Whatever the script raises; the streams up to there are noted.
        """
        code = compile(self._script.read_bytes(), str(self._script), "exec")
        module: dict[str, Any] = {"__name__": name, "__file__": str(self._script)}
        try:
            with self._in_place(), _as_script(self._script):
                exec(code, module)
        finally:
            for live in self._lives:
                live.stop()
        self._note_names(module)

    def _note_names(self, module: dict[str, Any]) -> None:
        """Note streams that have a name and are no beginning of another one."""
        named = [value for value in module.values() if isinstance(value, Stream)]
        known = [found.stream for found in self.found]
        for i, stream in enumerate(named):
            others = known + named[:i] + named[i + 1 :]
            if not any(_begins(stream, other) for other in others):
                self._note(stream, 0)

    def _note(self, stream: Stream, line: int) -> None:
        sample = {
            place: record
            for leaf in topology.leaves(stream._source)
            for place, record in self._samples.get(id(leaf), {}).items()
        }
        self.found.append(Found(replace(stream, _sinks=()), line, sample))

    @contextmanager
    def _in_place(self) -> Iterator[None]:
        """Put the rehearsal's functions in the place of headrace's."""
        run, collect, wait, plot = Stream.run, Stream.collect, Live.wait, Live.plot
        kafka, of_topic = sources.kafka, sources.schema_of_topic

        def rehearse_run(stream: Stream, **options: Any) -> Live:
            self._note(stream, self._line())
            quiet = replace(stream, _sinks=())
            if options.get("on_error") == "raise":  # what is rejected is the report's to say
                del options["on_error"]
            self._lives.append(run(quiet, **options))
            return self._lives[-1]

        def rehearse_collect(stream: Stream, data: Any = None, **options: Any) -> Any:
            if data is None:
                self._note(stream, self._line())
            if options.get("on_error") == "raise":
                del options["on_error"]
            return collect(replace(stream, _sinks=()), data, **options)

        def rehearse_wait(live: Live, *arguments: Any, **options: Any) -> bool:
            wait(live, *arguments, **options)
            return wait(live) or True

        def rehearse_plot(live: Live, *columns: Any, **options: Any) -> Chart:
            chart = plot(live, *columns, **options)
            chart.stop()
            return chart

        with ExitStack() as stack:
            for owner, attribute, function in (
                (Stream, "run", rehearse_run),
                (Stream, "collect", rehearse_collect),
                (Live, "wait", rehearse_wait),
                (Live, "plot", rehearse_plot),
                (Chart, "save", _save_nothing),
                (headrace, "kafka", self._kafka(kafka)),
                (sources, "kafka", self._kafka(kafka)),
                (sources, "schema_of_topic", self._schema_of_topic(of_topic)),
                (headrace, "replay", _write_nothing),
                (sys.modules[replay_function.__module__], "replay", _write_nothing),
                (sys.modules[replay_function.__module__], "produce", _write_nothing),
            ):
                stack.enter_context(mock.patch.object(owner, attribute, function))
            yield

    def _line(self) -> int:
        frame = sys._getframe()
        while frame.f_back is not None and frame.f_code.co_filename != str(self._script):
            frame = frame.f_back
        return frame.f_lineno

    # -- what the streams read

    def _kafka(self, kafka: Callable[..., Stream]) -> Callable[..., Stream]:
        def rehearse_kafka(topics: Any = None, **options: Any) -> Stream:
            options.pop("group", None)
            if options.get("start") == "group":
                del options["start"]
            if self._options.bootstrap is not None:
                options["bootstrap"] = self._options.bootstrap
            if self._options.file is not None:
                return self._over_file(kafka, topics, options)
            return self._over_sample(kafka(topics, **options))

        return rehearse_kafka

    def _over_file(
        self, kafka: Callable[..., Stream], topics: Any, options: dict[str, Any]
    ) -> Stream:
        path = self._options.file or Path()
        if options.get("schema") is None:
            options["schema"] = _schema_of_file(path, options)
        stream = kafka(topics, **{**options, "until": "end"})
        assert isinstance(stream._source, KafkaSource)
        return replace(stream, _source=_FileForTopic(path=path, topic=stream._source))

    def _over_sample(self, stream: Stream) -> Stream:
        source = stream._source
        assert isinstance(source, KafkaSource)
        count = self._options.records
        oldest = count // _OLDEST_SHARE
        sample = source.sample(oldest, count - oldest, _SAMPLE_S)
        if not sample and stream._pending is not None:
            raise KafkaError(f"{source.title()} has no records to infer a schema from")
        places = sorted({(record.topic, record.partition) for record in sample})
        by_place: dict[tuple[str, int, int], Sampled] = {}
        topics = []
        # A topic for each partition: the order of records is kept within, not across.
        for place in places:
            records = [record for record in sample if (record.topic, record.partition) == place]
            topic = Topic()
            topic.write([(record.key, record.value) for record in records])
            by_place |= {(topic.name, 0, offset): one for offset, one in enumerate(records)}
            topics.append(topic)
        over = stream_over(stream, topics or [Topic()], name=source.describe())
        self._samples[id(over._source)] = by_place
        return over

    def _schema_of_topic(self, of_topic: Callable[..., Schema]) -> Callable[..., Schema]:
        def rehearse_schema_of_topic(topic: str, **options: Any) -> Schema:
            if self._options.file is not None:
                return _schema_of_file(self._options.file, options)
            if self._options.bootstrap is not None:
                options["bootstrap"] = self._options.bootstrap
            return of_topic(topic, **options)

        return rehearse_schema_of_topic


def _schema_of_file(path: Path, options: dict[str, Any]) -> Schema:
    return file_schema.of_file(path, event_time=options.get("event_time"), key=options.get("key"))


def _begins(stream: Stream, other: Stream) -> bool:
    if isinstance(other._source, topology.Merged) and any(
        _begins(stream, part) for part in other._source.inputs
    ):
        return True
    same_source = stream._source is other._source
    return same_source and other._steps[: len(stream._steps)] == stream._steps


def _save_nothing(_: Chart, path: str | Path, **__: Any) -> Path:
    return Path(path)


def _write_nothing(*_: Any, **__: Any) -> int:
    return 0


@contextmanager
def _as_script(path: Path) -> Iterator[None]:
    """Let imports, arguments and charts be as for a script without a screen."""
    with (
        mock.patch.object(sys, "path", [str(path.resolve().parent), *sys.path]),
        mock.patch.object(sys, "argv", [str(path)]),
        mock.patch.dict(os.environ, {"MPLBACKEND": "Agg"}),
    ):
        yield
