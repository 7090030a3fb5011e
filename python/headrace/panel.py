"""The status panel: what a notebook shows for a running stream, replaced in place.

The HTML has its style inline, borrows the page's own colours for text and lines, and needs neither
scripts nor the network, so it looks right in light and dark themes and in a saved file. Nobody can
tell a panel that its kernel has died: it says of which moment it is.
"""

from __future__ import annotations

import os
import resource
import sys
import threading
import time
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Protocol

from headrace.display import Bundle, Output
from headrace.lazy import pd
from headrace.status import Status, TaskStatus, duration, event_text, late_text, others_text

__all__ = ["Panel", "html_of", "text_of"]

_PARTITIONS_SHOWN = 12
_QUIET_S = 5.0  # where nothing but the time changes, it is shown this often

_GREEN, _BLUE, _AMBER, _RED, _GREY = "#2e7d32", "#1565c0", "#b26a00", "#c62828", "#616161"
_COLOURS = {"running": _GREEN, "finished": _BLUE, "stopped": _GREY, "failed": _RED}

_LINE = "border-top: 1px solid rgba(128, 128, 128, 0.35)"
_BOX = "border: 1px solid rgba(128, 128, 128, 0.35); border-radius: 4px; padding: 8px 12px"
_SMALL = "font-size: 11px; opacity: 0.7"
_CELL = "text-align: right; padding: 1px 10px 1px 0px; border-width: 0px"


class Shown(Protocol):
    """A stream, as far as a panel knows it."""

    def _look(self) -> Status: ...

    def _name(self) -> str: ...


@dataclass(frozen=True)
class Moment:
    """What a panel shows: a stream's status at one time."""

    name: str
    status: Status
    at: pd.Timestamp
    memory: int  # of the whole process, bytes

    @classmethod
    def of(cls, stream: Shown) -> Moment:
        """Look at the stream now."""
        return cls(stream._name(), stream._look(), pd.Timestamp.now(tz="UTC"), _resident_bytes())


class Panel:
    """A stream's status below one notebook cell, replaced about once a second.

    It does not keep the stream alive, and ends with it: the last state stays.
    """

    every = 1.0

    def __init__(self, stream: Shown) -> None:
        self._stream = weakref.ref(stream)
        self._moment = Moment.of(stream)
        self._lock = threading.Lock()
        self._closed = False
        self._shown_at = time.monotonic()
        self._output = Output.of(bundle_of(self._moment))

    def redraw(self) -> bool:
        """Show what is new; False when the stream has ended or the panel was replaced."""
        with self._lock:
            if self._closed:
                return False
            stream = self._stream()
            if stream is None:
                gone = replace(
                    self._moment.status, state="stopped", reason="stopped: its handle was deleted"
                )
                self._show(replace(self._moment, status=gone))
                return False
            moment = Moment.of(stream)
            del stream  # the last handle may go while this thread draws
            if self._is_news(moment):
                self._show(moment)
            return not moment.status.ended

    def _is_news(self, moment: Moment) -> bool:
        quiet_for = time.monotonic() - self._shown_at
        return quiet_for >= _QUIET_S or _without_clock(moment) != _without_clock(self._moment)

    def _show(self, moment: Moment) -> None:
        self._moment = moment
        self._closed = moment.status.ended
        if self._output is not None:
            self._output.update(bundle_of(moment))
        self._shown_at = time.monotonic()

    def _replaced(self) -> None:
        self._closed = True  # its place in the notebook is gone already


def _without_clock(moment: Moment) -> tuple[object, ...]:
    status = moment.status
    return (
        *(status.headline, status.message, status.records, status.rows, status.lag),
        *(status.rejected, status.tombstones, status.dropped, status.stale, status.late),
        round(status.rate),
    )


def bundle_of(moment: Moment) -> Bundle:
    """Return a moment by MIME type, as a notebook takes it."""
    return {"text/plain": text_of(moment), "text/html": html_of(moment)}


def text_of(moment: Moment) -> str:
    """Return a moment in two or three lines."""
    return f"Live stream from {moment.name} (as of {_clock(moment)})\n{moment.status}"


def html_of(moment: Moment) -> str:
    """Return a moment as HTML that needs nothing from anywhere."""
    parts = [_title(moment), _figures(moment)]
    if moment.status.message:
        parts.append(_note(moment.status.message, _trouble_colour(moment.status)))
    parts += _rejected(moment.status)
    for text in (late_text(moment.status), others_text(moment.status)):
        if text:
            parts.append(f'<div style="{_SMALL}; padding-top: 4px">{escape(text)}</div>')
    parts.append(_partitions(moment.status.tasks))
    return f'<div style="{_BOX}; max-width: 860px">{"".join(parts)}</div>'


def _title(moment: Moment) -> str:
    status = moment.status
    badge = (
        f'<span style="background-color: {_badge_colour(status)}; color: #ffffff; '
        f'border-radius: 3px; padding: 1px 8px">{escape(status.headline)}</span>'
    )
    name = f'<span style="font-weight: bold; padding-left: 8px">{escape(moment.name)}</span>'
    clock = f"as of {_clock(moment)} · up {duration(status.seconds)}"
    return f'<div>{badge}{name}<span style="{_SMALL}; padding-left: 10px">{clock}</span></div>'


def _figures(moment: Moment) -> str:
    status = moment.status
    average = status.records / status.seconds if status.seconds > 0 else 0.0
    figures = [("records", f"{status.records:,}")]
    if not status.ended:
        figures.append(("records/s now", f"{status.rate:,.0f}"))
    figures += [
        ("on average", f"{average:,.0f}"),
        ("rows", f"{status.rows:,}"),
        ("lag", f"{status.lag:,}"),
        ("rejected", f"{sum(status.rejected.values()):,}"),
    ]
    if status.late:
        figures.append(("late or ahead", f"{status.late:,}"))
    if status.event_time is not None:
        figures.append(_event_figure(status, moment.at))
    figures.append(("memory of the process", f"{moment.memory / 1e6:,.0f} MB"))
    return f'<div style="padding-top: 6px">{"".join(_figure(*f) for f in figures)}</div>'


def _event_figure(status: Status, now: pd.Timestamp) -> tuple[str, str]:
    text = event_text(status, now)
    newest = "newest event"
    return (newest, text.removeprefix(f"{newest} "))


def _figure(name: str, value: str) -> str:
    return (
        '<div style="display: inline-block; padding-right: 22px; vertical-align: top">'
        f'<div style="{_SMALL}">{name}</div>'
        f'<div style="font-size: 14px; font-weight: bold">{escape(value)}</div></div>'
    )


def _note(text: str, colour: str) -> str:
    style = f"border-left: 3px solid {colour}; padding: 1px 8px; margin-top: 6px"
    return f'<div style="{style}">{escape(text)}</div>'


def _rejected(status: Status) -> list[str]:
    """One line for each reason: how many, and the first one in words."""
    lines = []
    for reason, count in sorted(status.rejected.items(), key=lambda entry: -entry[1]):
        first = status.first_rejects.get(reason, "")
        text = f"{count:,} {reason}" + (f" · first: {first}" if first else "")
        lines.append(_note(text, _AMBER))
    return lines


def _partitions(tasks: Sequence[TaskStatus]) -> str:
    """Return position and lag by partition; of many, the worst ones."""
    if not tasks:
        return ""
    shown = sorted(tasks, key=lambda task: (task.topic, task.partition))
    if len(tasks) > _PARTITIONS_SHOWN:
        shown = sorted(tasks, key=lambda task: -task.lag)[:_PARTITIONS_SHOWN]
    names = ("partition", "position", "lag", "records", "newest event")
    head = "".join(f'<th style="{_CELL}; font-weight: normal">{name}</th>' for name in names)
    rows = "".join(f"<tr>{''.join(_cells(task))}</tr>" for task in shown)
    rest = len(tasks) - len(shown)
    more = f'<div style="{_SMALL}">and {rest:,} partitions with less lag</div>' if rest else ""
    return (
        f'<div style="{_LINE}; margin-top: 8px; padding-top: 4px; {_SMALL}">'
        f'<table style="border-collapse: collapse; margin: 0px">'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{more}</div>"
    )


def _cells(task: TaskStatus) -> list[str]:
    time_text = "" if task.event_time is None else f"{task.event_time:%Y-%m-%d %H:%M:%S}"
    values = (
        f"{task.topic}[{task.partition}]",
        f"{task.position:,}",
        "not known yet" if task.lag < 0 else f"{task.lag:,}",
        f"{task.records:,}",
        time_text,
    )
    return [f'<td style="{_CELL}">{escape(value)}</td>' for value in values]


def _badge_colour(status: Status) -> str:
    if status.state == "running" and (status.message or status.connection == "lost"):
        return _AMBER
    return _COLOURS.get(status.state, _AMBER)


def _trouble_colour(status: Status) -> str:
    return _RED if status.state == "failed" else _AMBER


def _clock(moment: Moment) -> str:
    return f"{moment.at:%Y-%m-%d %H:%M:%S} UTC"


def _resident_bytes() -> int:
    """Return the memory that the process holds now; where the system has no /proc, at most so."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
