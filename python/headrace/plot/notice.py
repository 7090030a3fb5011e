"""What a chart says about its stream, besides the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headrace.plot.times import clock_text

if TYPE_CHECKING:
    from headrace.status import Status


AS_OF = "as of"  # how the stamp of a picture begins that is drawn again and again


@dataclass(frozen=True)
class Notice:
    """Words in the picture.

    Attributes
    ----------
    middle : tuple of str
        Lines in the middle: why there is nothing to see, or what is wrong.
    grey : bool
        Whether the data is not what the stream has now.
    error : bool
        Whether the stream has failed.
    state : str
        ``paused``, ``finished`` and such, in the corner.
    rejected : int
        Dead letters so far.
    stamp : str
        When this was drawn, or since when it is not drawn any more.
    """

    middle: tuple[str, ...] = ()
    grey: bool = False
    error: bool = False
    state: str = ""
    rejected: int = 0
    stamp: str = ""

    @property
    def badge(self) -> str:
        """The count of dead letters in words."""
        return f"{self.rejected:,} rejected" if self.rejected else ""


@dataclass(frozen=True)
class Scene:
    """What else has to be known to say it."""

    source: str  # what is waited for
    rows: int  # shown
    keys: str  # " of key AAPL" where a key was asked for
    waited: float  # seconds since the chart was made
    now: float
    paused: bool = False
    stopped: str = ""  # why nothing more is drawn: "stopped by user"


def notice_of(status: Status, scene: Scene) -> Notice:
    """Return what to say about a stream that is as `status` says."""
    rejected = sum(status.rejected.values())
    clock = clock_text(scene.now)
    if status.state == "failed":
        return Notice(_failure(status), True, True, f"failed, {clock}", rejected, "not live")
    if status.state == "finished":
        middle = () if scene.rows else (f"{scene.source} has ended without rows{scene.keys}",)
        return Notice(middle, False, False, f"finished, {clock}", rejected)
    if scene.stopped or status.state == "stopped":
        words = status.reason or scene.stopped or "stopped"
        middle = () if scene.rows else (f"{words} before there was a row{scene.keys}",)
        return Notice(middle, False, False, "", rejected, f"{words}, {clock}, not live")
    stamp = f"{AS_OF} {clock}"
    if status.connection == "lost" and scene.rows:
        words = f"reconnecting, {status.connection_seconds:.0f} s"
        return Notice((words,), True, False, "reconnecting", rejected, stamp)
    if not scene.rows:
        return Notice(_waiting(status, scene), False, False, "", rejected, stamp)
    if scene.paused:
        return Notice((), False, False, "paused", rejected, stamp)
    trouble = _lines(status.message)
    return Notice(trouble, False, False, "", rejected, stamp)


def _waiting(status: Status, scene: Scene) -> tuple[str, ...]:
    records = "1 record" if status.records == 1 else f"{status.records:,} records"
    words = f"waiting for {scene.source}, {records}, {scene.waited:.0f} s"
    if status.rows and scene.keys:
        words = (
            f"waiting for rows{scene.keys}, {status.rows:,} of other keys so far, "
            f"{scene.waited:.0f} s"
        )
    return (*_lines(status.message), words)


def _failure(status: Status) -> tuple[str, ...]:
    lines = _lines(status.message)
    return (f"failed: {lines[0]}", *lines[1:]) if lines else ("failed",)


def _lines(text: str, width: int = 92, most: int = 5) -> tuple[str, ...]:
    """Return the text in lines that fit into a chart."""
    import textwrap

    lines = [part for line in text.splitlines() for part in textwrap.wrap(line, width)]
    return tuple(lines[:most])
