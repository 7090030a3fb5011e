"""A TCP proxy that reads Kafka's frames: holds, delays, drops or cuts requests and replies by kind.

A connection is a pipe, as the network has it: what is held holds everything behind it, and arrives
in the end, even if the client has given up and gone. Nothing is reordered within a connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
import threading
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import TracebackType

PRODUCE, INIT_PRODUCER_ID = 0, 22
ADD_OFFSETS, END_TXN, TXN_OFFSET_COMMIT = 25, 26, 28
NAMES = {
    PRODUCE: "Produce",
    INIT_PRODUCER_ID: "InitProducerId",
    24: "AddPartitionsToTxn",
    ADD_OFFSETS: "AddOffsetsToTxn",
    END_TXN: "EndTxn",
    TXN_OFFSET_COMMIT: "TxnOffsetCommit",
}
_HOST = "127.0.0.1"
_GONE = (OSError, asyncio.IncompleteReadError)
_END_TXN_FLEXIBLE = 3  # from this version on a reply's head ends in tagged fields
_COORDINATOR_NOT_AVAILABLE = 15


@dataclass(frozen=True)
class Request:
    """A request as it passes: what it is, and the how-manieth of its kind."""

    api: int
    version: int
    correlation: int
    nth: int


@dataclass(frozen=True)
class Action:
    """What to do with a request and its reply; the default lets both pass."""

    delay_s: float = 0.0  # before it is handed on, with all that comes behind it
    hold: bool = False  # until Proxy.release()
    lose_request: bool = False
    lose_reply: bool = False
    cut_after: bool = False  # hand it on, then cut the client off before the reply
    fail_reply: bool = False  # EndTxn alone: it is done, and the reply says it was not

    @property
    def passes(self) -> bool:
        """Whether nothing happens."""
        return self == _PASS


_PASS = Action()
Rule = Callable[[Request], Action]


@dataclass
class _Link:
    """One connection: what was asked and waits for its reply."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    asked: dict[int, tuple[Request, Action]] = field(default_factory=dict)


class Proxy:
    """Stands before one listener of the broker; a thread of its own.

    ``rule`` is asked for each request, and may be changed at any time.
    """

    def __init__(self, port: int, upstream: int, rule: Rule = lambda _: _PASS) -> None:
        self.rule = rule
        self.seen: Counter[int] = Counter()
        self.touched: Counter[int] = Counter()
        self.held = threading.Event()
        self._port, self._upstream = port, upstream
        self._loop = asyncio.new_event_loop()
        self._released = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._serve, name="proxy", daemon=True)
        self._ready = threading.Event()

    def __enter__(self) -> Proxy:
        self._thread.start()
        self._ready.wait(10)
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._end)
        self._thread.join(10)

    def release(self) -> None:
        """Let everything go on that is held."""
        self._loop.call_soon_threadsafe(self._released.set)

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        start = asyncio.start_server(self._accept, _HOST, self._port)
        server = self._loop.run_until_complete(start)
        self._ready.set()
        self._loop.run_forever()
        server.close()
        for task in self._tasks:
            task.cancel()
        self._loop.run_until_complete(self._ended())
        self._loop.close()

    async def _ended(self) -> None:
        """Wait until all connections are gone."""
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)  # closing takes effect with the next turn of the loop

    def _end(self) -> None:
        self._loop.stop()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            server_reader, server = await asyncio.open_connection(_HOST, self._upstream)
        except OSError:
            writer.close()
            return
        link = _Link(writer, server)
        for work in (self._forth(reader, link), self._back(server_reader, link)):
            self._spawn(work)

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)  # type: ignore[arg-type]
        task.add_done_callback(self._tasks.discard)  # type: ignore[arg-type]

    async def _forth(self, reader: asyncio.StreamReader, link: _Link) -> None:
        """Hand requests on, one after another."""
        try:
            while True:
                frame = await _frame(reader)
                request, action = self._look(frame)
                link.asked[request.correlation] = request, action
                await self._wait(action)
                if not action.lose_request:
                    link.server.write(frame)
                    await link.server.drain()
                if action.cut_after:
                    link.client.close()
        except _GONE:
            pass
        finally:
            link.server.close()

    async def _back(self, reader: asyncio.StreamReader, link: _Link) -> None:
        """Hand replies back; for a client that has gone they are read and forgotten."""
        try:
            while True:
                frame = await _frame(reader)
                (correlation,) = struct.unpack_from(">i", frame, 4)
                request, action = link.asked.pop(correlation)
                if action.lose_reply or link.client.is_closing():
                    continue
                if action.fail_reply:
                    frame = _failed(frame, request)
                with contextlib.suppress(OSError):
                    link.client.write(frame)
                    await link.client.drain()
        except _GONE:
            pass
        finally:
            link.client.close()

    def _look(self, frame: bytes) -> tuple[Request, Action]:
        api, version, correlation = struct.unpack_from(">hhi", frame, 4)
        self.seen[api] += 1
        request = Request(api, version, correlation, self.seen[api])
        action = self.rule(request)
        if not action.passes:
            self.touched[api] += 1
        return request, action

    async def _wait(self, action: Action) -> None:
        if action.delay_s:
            await asyncio.sleep(action.delay_s)
        if action.hold:
            self._released.clear()
            self.held.set()
            await self._released.wait()


async def _frame(reader: asyncio.StreamReader) -> bytes:
    """Read one frame with its size before it."""
    head = await reader.readexactly(4)
    return head + await reader.readexactly(struct.unpack(">i", head)[0])


def _failed(frame: bytes, request: Request) -> bytes:
    """Give the reply of EndTxn with an error that leaves open what was done."""
    assert request.api == END_TXN
    tags = 1 if request.version >= _END_TXN_FLEXIBLE else 0
    place = 4 + 4 + tags + 4  # size, correlation, tagged fields of the head, throttle time
    return frame[:place] + struct.pack(">h", _COORDINATOR_NOT_AVAILABLE) + frame[place + 2 :]
