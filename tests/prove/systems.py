"""Who is put to the test: ours, and its peers, each as a command that does the same job."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.prove.peers import venvs
from tests.prove.process import Place, Worker

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class System:
    """One contender."""

    name: str
    guarantee: str  # what it was asked for
    # of a place, the folder of what is installed, and options, which peers may not have
    command: Callable[..., list[str]]
    prepare: Callable[[Path], None] = lambda _: None
    quiet_s: float = 90.0  # no result for so long: nothing more will come

    def worker(self, place: Place, tools: Path, log: Path, *options: str) -> Worker:
        """Make a worker of it."""
        return Worker(self.command(place, tools, *options), log)


def _ours(place: Place, _: Path, *options: str) -> list[str]:
    return [sys.executable, str(_HERE / "worker.py"), *_arguments(place), *options]


def _arguments(place: Place) -> list[str]:
    return [place.bootstrap, place.input, place.output, place.group, str(place.state)]


def _peer(script: str, environment: str = "", *fixed: str) -> Callable[..., list[str]]:
    def command(place: Place, tools: Path, *options: str) -> list[str]:
        python = venvs.python(tools, environment) if environment else sys.executable
        return [python, str(_HERE / "peers" / script), *_arguments(place), *fixed, *options]

    return command


def _environment(name: str) -> Callable[[Path], None]:
    return lambda tools: venvs.install(tools, name)


SYSTEMS = {
    system.name: system
    for system in (
        System("headrace", "exactly once", _ours),
        System("by hand", "exactly once", _peer("by_hand.py")),
        System(
            "Kafka Streams",
            "exactly_once_v2",
            lambda place, tools, *_: venvs.java(tools, "StreamsWorker", _arguments(place)),
            venvs.compile_streams,
        ),
        System(
            "Quix Streams",
            "exactly-once",
            _peer("quix.py", "quixstreams"),
            _environment("quixstreams"),
        ),
        System(
            "Quix Streams, fixed id",
            "exactly-once",
            _peer("quix.py", "quixstreams", "fixed"),
            _environment("quixstreams"),
        ),
        System(
            "Bytewax", "at least once", _peer("bytewax_flow.py", "bytewax"), _environment("bytewax")
        ),
        System(
            "Faust-streaming",
            "exactly-once",
            _peer("faust_app.py", "faust-streaming"),
            _environment("faust-streaming"),
        ),
    )
}
