"""Where the cases run: a Kafka, a JupyterLab and a browser, each of them one for the whole run."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import itertools
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from jupyter_client.blocking.client import BlockingKernelClient

from tests.ux import browser, environments, lab, notebooks, producer
from tests.ux.pictures import Box

_CHART_LIMIT_S = 60.0
_ANSWER_LIMIT_S = 60.0


class CaseError(RuntimeError):
    """A case did not do what it should: what was seen instead."""


@dataclass
class Found:
    """What was measured: by case, the metrics of each of its runs."""

    cases: dict[str, list[dict[str, float]]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def add(self, case: str, **metrics: float) -> None:
        """Note a run of a case."""
        self.cases.setdefault(case, []).append(metrics)
        values = ", ".join(f"{name} {value:.4g}" for name, value in metrics.items())
        say(f"{case}: {values}")

    def trouble(self, text: str) -> None:
        """Note what went wrong."""
        self.problems.append(text)
        say(text)

    @contextlib.contextmanager
    def attempt(self, case: str) -> Iterator[None]:
        """Let the other cases go on where this one fails."""
        try:
            yield
        except Exception as error:  # a browser fails in many ways
            lines = str(error).strip().splitlines() or [""]
            self.trouble(f"{case}: {type(error).__name__}: {' | '.join(lines[:12])}")


def say(text: str) -> None:
    """Tell how far the benchmark is."""
    print(text, file=sys.stderr, flush=True)


@dataclass
class Stage:
    """Broker, and where a group asks for them JupyterLab and browser."""

    folder: Path
    bootstrap: str = ""
    labs: lab.Lab | None = None
    browsers: browser.Browser | None = None
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def topic(self) -> str:
        """Make a topic that nobody has used."""
        name = f"bars-{next(self._numbers)}"
        producer.create_topic(self.bootstrap, name)
        return name

    @contextlib.contextmanager
    def bars(self, rate: float, before: int = producer.BEFORE) -> Iterator[Source]:
        """Produce to a topic of its own until the end of the block."""
        topic = self.topic()
        log = self.folder / f"{topic}.log"
        with producer.producing(self.bootstrap, topic, log, rate, before):
            yield Source(topic, log)

    @contextlib.asynccontextmanager
    async def opened(self, job: str, cells: list[str], topic: str) -> AsyncIterator[Session]:
        """Open a job as a notebook with a kernel of its own, ready to be run."""
        assert self.labs is not None
        assert self.browsers is not None
        name = f"{job}-{next(self._numbers)}.ipynb"
        place = notebooks.Place(self.bootstrap, topic, group=name)
        notebooks.write(self.labs.folder / name, [place.fill(cell) for cell in cells])
        try:
            async with self.browsers.notebook(self.labs, name) as page:
                kernel = await page.ready()
                yield Session(page, self.labs.kernel_pid(kernel), self.labs.connection_file(kernel))
        finally:
            self.labs.end_kernel(name)


@dataclass(frozen=True)
class Source:
    """A topic that is produced to."""

    topic: str
    log: Path


@dataclass(frozen=True)
class Session:
    """A notebook in the browser and its kernel."""

    page: browser.Notebook
    pid: int
    connection_file: Path

    @property
    def process(self) -> psutil.Process:
        """The kernel."""
        return psutil.Process(self.pid)

    def processor_seconds(self) -> float:
        """Give the processor time that the kernel has used."""
        times = self.process.cpu_times()
        return float(times.user + times.system)

    def resident_mb(self) -> float:
        """Give the memory that the kernel holds, in MB of a million bytes."""
        return float(self.process.memory_info().rss / 1e6)

    async def chart(self, limit_s: float = _CHART_LIMIT_S) -> Box:
        """Wait until the page shows a chart; between two pictures there may be none."""
        deadline = time.monotonic() + limit_s
        while (box := await self.page.chart()) is None:
            if time.monotonic() > deadline:
                raise CaseError(f"no chart within {limit_s:g} s; {await self.said()}")
            await asyncio.sleep(0.05)
        return box

    async def said(self) -> str:
        """Give the end of what the outputs say."""
        return f"the outputs say: {(await self.page.texts())[-500:]!r}"

    async def ask(self, expression: str) -> Any:
        """Evaluate an expression in the kernel, beside the cells; its value must be a literal."""
        return await asyncio.to_thread(_ask, self.connection_file, expression)


def _ask(connection_file: Path, expression: str) -> Any:
    client = BlockingKernelClient(connection_file=str(connection_file))
    client.load_connection_file()
    client.start_channels(iopub=False, stdin=False, hb=False, control=False)
    try:
        asked = client.execute("", silent=True, user_expressions={"value": expression})
        while True:
            reply = client.get_shell_msg(timeout=_ANSWER_LIMIT_S)
            if reply["parent_header"].get("msg_id") == asked:
                break
    finally:
        client.stop_channels()
    value = reply["content"]["user_expressions"]["value"]
    if value["status"] != "ok":
        raise CaseError(f"{expression}: {value['ename']}: {value['evalue']}")
    return ast.literal_eval(value["data"]["text/plain"])


@contextlib.asynccontextmanager
async def prepared(folder: Path, *, kafka: bool, notebook: bool) -> AsyncIterator[Stage]:
    """Start what is asked for, and end it at the end of the block."""
    from headrace.broker import TemporaryBroker

    async with contextlib.AsyncExitStack() as stack:
        stage = Stage(folder)
        if kafka:
            say("starting Kafka")
            broker = stack.enter_context(TemporaryBroker(data_dir=folder / "kafka"))
            stage.bootstrap = broker.bootstrap
        if notebook:
            say("starting JupyterLab and the browser")
            python = environments.make(folder / "environment", environments.OPTIONAL)
            stage.labs = stack.enter_context(lab.running(folder / "lab", python))
            stage.browsers = await stack.enter_async_context(browser.running(folder / "browser"))
        yield stage
