"""Waiting for running streams: until so much was read, for so long, until the topic's end."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from headrace import durations, interrupts, logs
from headrace.arguments import names_checked
from headrace.errors import InvalidArgument
from headrace.progress import ProgressLine

if TYPE_CHECKING:
    from headrace.live import Live
    from headrace.status import Status
    from headrace.stream import Stream

__all__ = ["run_for", "seconds_of", "wait"]

Until = Callable[["Live"], bool] | Literal["end"]

# Waits are cut into slices so that Ctrl-C and conditions are noticed soon: short at first, for
# tests that wait for few records, then such that waiting costs nothing.
_FIRST_SLICE_MS, _LAST_SLICE_MS = 2, 50

_log = logging.getLogger("headrace")

_LONGEST_S = 2**63 / 1e9  # what pandas can count in nanoseconds: 292 years


def seconds_of(name: str, value: str | float, such_as: str = "1s") -> float:
    """Return a time such as ``"30s"``, ``"200ms"`` or ``1.5`` in seconds.

    Parameters
    ----------
    name : str
        Of the argument.
    value : str or float
        What was given for it.
    such_as : str
        The example in the message.

    Raises
    ------
    InvalidArgument
        If it is no time or negative; the message begins with `name`.

    Examples
    --------
    >>> from headrace.waiting import seconds_of
    >>> seconds_of("every", "200ms"), seconds_of("timeout", 3)
    (0.2, 3.0)
    """
    if isinstance(value, str):
        length = durations.parsed(value)
        seconds = math.nan if length is None else length / 1e9
    else:
        try:
            seconds = float(value)
        except (ValueError, TypeError):
            seconds = math.nan
    if not 0 <= seconds < _LONGEST_S:
        raise InvalidArgument(
            f'{name}: expected a time such as "{such_as}" or seconds, got {value!r}'
        )
    return seconds


def wait(
    live: Live,
    timeout: str | float | None = None,
    *,
    records: int | None = None,
    rows: int | None = None,
    seconds: str | float | None = None,
    until: Until | None = None,
    progress: bool = True,
) -> bool:
    """Wait as ``Live.wait`` says.

    Examples
    --------
    >>> import headrace as hr
    >>> from headrace.waiting import wait
    >>> df = hr.market.bars(rows=100, tickers=2, seed=1)
    >>> wait(hr.from_frame(df, schema=hr.market.SCHEMA).run(), rows=100)
    True
    """
    live._check_process()
    goal = _Goal(records, rows, seconds, until)
    deadline = None if timeout is None else time.monotonic() + seconds_of("timeout", timeout)
    slice_ms = 0
    with ProgressLine([live], progress) as line:
        while not live._engine.wait(slice_ms):
            if goal.is_met(live):
                return True
            if deadline is not None and time.monotonic() >= deadline:
                return False
            logs.forward()
            line.show()
            slice_ms = min(max(_FIRST_SLICE_MS, slice_ms * 2), _LAST_SLICE_MS)
    live._check()
    return goal.is_open or goal.is_met(live)


class _Goal:
    """What `wait` is to wait for besides the end of the stream."""

    def __init__(
        self,
        records: int | None,
        rows: int | None,
        seconds: str | float | None,
        until: Until | None,
    ) -> None:
        self._counts = {
            name: _count(name, value)
            for name, value in (("records", records), ("rows", rows))
            if value is not None
        }
        self._seconds = None if seconds is None else seconds_of("seconds", seconds)
        self._started = time.monotonic()
        self._until = _condition(until)

    @property
    def is_open(self) -> bool:
        """Whether the end of the stream is as good as any condition."""
        return not self._counts and self._until is None

    def is_met(self, live: Live) -> bool:
        if self._seconds is not None and time.monotonic() - self._started >= self._seconds:
            return True
        if self._counts:
            status = live._engine.status()
            if any(status[name] >= count for name, count in self._counts.items()):
                return True
        return self._until is not None and bool(self._until(live))


def _count(name: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise InvalidArgument(f"wait: {name}: expected a whole number from 0, got {value!r}")
    return value


def _condition(until: Until | None) -> Callable[[Live], bool] | None:
    if until is None or callable(until):
        return until
    if until == "end":
        return _CaughtUp()
    raise InvalidArgument(f'wait: until: expected "end" or a function of the stream, got {until!r}')


class _CaughtUp:
    """Whether every partition has come to the high watermark that was first seen for it.

    What came of the records up to there is then in the topic, too.
    """

    def __init__(self) -> None:
        self._ends: dict[tuple[str, int], int] = {}
        self._writes: list[int] | None = None  # once it is there

    def __call__(self, live: Live) -> bool:
        pending = live._stream._pending
        if pending is not None:  # the columns are not known for want of records
            return pending.empty
        status = live._engine.status()
        if status["state"] == "finished":
            return True
        if self._writes is None:
            behind = [task for task in status["tasks"] if not self._is_there(task)]
            if behind or not self._ends:
                return False
            self._writes = live._engine.request_write()
        return live._engine.are_written(self._writes)

    def _is_there(self, task: dict[str, Any]) -> bool:
        place = (task["topic"], task["partition"])
        if task["high_watermark"] >= 0:
            self._ends.setdefault(place, task["high_watermark"])
        return place in self._ends and bool(task["position"] >= self._ends[place])


@names_checked
def run_for(duration: str | float, *streams: Stream | Live, progress: bool = True) -> list[Status]:
    """Let streams run for some time, stop them, and return what they did.

    It is what a script does instead of leaving a cell open. It returns early when all of them have
    ended; when one fails, the others are stopped and its error is raised. On a terminal one line
    on stderr says how far they are; elsewhere, the end of each is logged (``headrace``, INFO).

    A stream that has no broker or no topic yet waits, which is no failure: ``status.message`` says
    so. Where it should be one, as in CI, give ``hr.kafka`` a `timeout` and ``strict=True``.

    Parameters
    ----------
    duration : str or float
        ``"30s"``, ``"5min"``, or seconds.
    *streams : Stream or Live
        Streams, which are started, and handles of running ones. Default: all that run.
    progress : bool
        False: no line on a terminal.

    Returns
    -------
    list of Status
        One per stream, in the order given (or started).

    Raises
    ------
    HeadraceError
        The error that ended a stream.
    InvalidArgument
        If there is no stream to wait for.

    Examples
    --------
    >>> import headrace as hr
    >>> df = hr.market.bars(rows=1000, tickers=2, seed=1)
    >>> [status] = hr.run_for("30s", hr.from_frame(df, schema=hr.market.SCHEMA))
    >>> status.state, status.rows
    ('finished', 1000)
    """
    seconds = seconds_of("run_for", duration)
    deadline = time.monotonic() + seconds
    lives: list[Live] = [] if streams else _all_running()
    if not streams and not lives:
        raise InvalidArgument("run_for: no stream is running; give one, or call run() before")
    reason = "stopped: run_for failed"
    try:
        for stream in streams:
            lives.append(_started(stream))  # one at a time: those before a failure are stopped
        with interrupts.stops_streams(), ProgressLine(lives, progress) as line:
            _let_run(lives, deadline, line)
        reason = f"stopped after {seconds:g} s"
    finally:
        for live in lives:
            live._request_stop()
        for live in lives:
            live._stop(reason)
    for live in lives:
        live._check()
        _log.info("%s: %s", live._source.describe(), live.status())
    return [live.status() for live in lives]


def _all_running() -> list[Live]:
    from headrace.live import Live

    lives = [stream for stream in interrupts.running() if isinstance(stream, Live)]
    return sorted(lives, key=lambda one: one._made_at)


def _started(stream: Stream | Live) -> Live:
    from headrace.live import Live
    from headrace.stream import Stream

    if isinstance(stream, Live):
        return stream
    if isinstance(stream, Stream):
        return stream.run()
    raise InvalidArgument(f"run_for: expected streams or what run() returns, got {stream!r}")


def _let_run(lives: list[Live], deadline: float, line: ProgressLine) -> None:
    open_ones = list(lives)
    while open_ones and (left := deadline - time.monotonic()) > 0:
        # Waiting on one is enough: that another one fails is noticed a slice later.
        open_ones[0]._engine.wait(int(min(left * 1000, _LAST_SLICE_MS)) or 1)
        for live in list(open_ones):
            if live._engine.wait(0):
                live._check()
                open_ones.remove(live)
        logs.forward()
        line.show()
