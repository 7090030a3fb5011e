"""What a stream has done so far: counts, lag, trouble in the user's words."""

from __future__ import annotations

import html
from dataclasses import dataclass, field, replace

from headrace import rejects
from headrace.lazy import pd
from headrace.rejects import LATE_REASONS

__all__ = ["Status", "TaskStatus", "duration"]

_DAY_S = 86_400
_UNITS = (("d", _DAY_S), ("h", 3_600), ("min", 60), ("s", 1))


@dataclass(frozen=True)
class TaskStatus:
    """Where one partition stands; `event_time_ns` are nanoseconds since 1970, UTC.

    Examples
    --------
    >>> import headrace as hr
    >>> df = hr.market.bars(rows=100, tickers=2, seed=1)
    >>> live = hr.from_frame(df, schema=hr.market.SCHEMA).run()
    >>> _ = live.wait()
    >>> [(task.partition, task.records) for task in live.status().tasks]
    [(0, 100)]
    """

    topic: str
    partition: int
    position: int
    high_watermark: int
    lag: int
    records: int
    event_time_ns: int | None

    @property
    def event_time(self) -> pd.Timestamp | None:
        """The newest event time; None where there is none.

        Examples
        --------
        >>> from headrace.status import TaskStatus
        >>> TaskStatus("t", 0, 1, 1, 0, 1, 60_000_000_000).event_time
        Timestamp('1970-01-01 00:01:00+0000', tz='UTC')
        """
        return _timestamp(self.event_time_ns)


@dataclass(frozen=True, repr=False)
class Status:
    """What a stream has done so far, and what a user should know now.

    Attributes
    ----------
    state : str
        ``created``, ``waiting`` (the schema is not known yet), ``running``, ``finished``,
        ``stopped`` or ``failed``.
    reason : str
        Why it was stopped, e.g. ``stopped by user``; else empty.
    message : str
        Trouble in the user's words, e.g. a missing topic or an unreachable broker; else empty.
    records, rows : int
        Records read (good or bad), and rows that left the last step.
    rejected : dict of str to int
        Dead letters by reason, late and duplicate records among them.
    late_counted : int
        Rows that were late and only counted (``on_late="count"``): no dead letters.
    evicted : int
        Groups of a window step that were forgotten because there were more than ``max_groups``.
    tombstones, dropped, stale : int
        Null values; rows dropped by choice; rows of revoked partitions that were not handed on.
    keys_in_several_partitions : int
        Keys whose state is split because the producer spread them over partitions.
    connection : str
        ``none`` (the source is no broker), ``connecting``, ``connected`` or ``lost``.
    connection_seconds : float
        How long that has been so.
    first_rejects : dict of str to str
        For each reason the first dead letter, as one line.
    commits : int
        Transactions since the start, where results are written exactly once.
    commit_seconds : float
        How long the last of them took.
    checkpoints : int
        Checkpoints written since the start.
    checkpoint_age : float, optional
        Seconds since the last one; None before the first.
    longest_stall_seconds : float
        For how long a commit or checkpoint has held up computing at most.
    recovery : list of str
        What was restored at the start and at rebalances, what was refused, how many records were
        computed again, and whether the state was verified.
    seconds : float
        Since the start.
    rate : float
        Records a second over the last few seconds.
    tasks : list of TaskStatus
        One per partition, with the lag in records (-1: not known yet).

    Examples
    --------
    >>> import headrace as hr
    >>> df = hr.market.bars(rows=1000, tickers=2, seed=1)
    >>> live = hr.from_frame(df, schema=hr.market.SCHEMA).run()
    >>> _ = live.wait()
    >>> status = live.status()
    >>> status.state, status.rows, status.lag
    ('finished', 1000, 0)
    """

    state: str
    message: str = ""
    records: int = 0
    rows: int = 0
    tombstones: int = 0
    dropped: int = 0
    stale: int = 0
    late_counted: int = 0
    evicted: int = 0
    pauses: int = 0
    keys_in_several_partitions: int = 0
    key_examples: list[str] = field(default_factory=list)
    rejected: dict[str, int] = field(default_factory=dict)
    connection: str = "none"
    connection_seconds: float = 0.0
    first_rejects: dict[str, str] = field(default_factory=dict)
    commits: int = 0
    commit_seconds: float = 0.0
    checkpoints: int = 0
    checkpoint_age: float | None = None
    longest_stall_seconds: float = 0.0
    recovery: list[str] = field(default_factory=list)
    seconds: float = 0.0
    tasks: list[TaskStatus] = field(default_factory=list)
    reason: str = ""
    rate: float = 0.0

    @property
    def lag(self) -> int:
        """Records behind the high watermarks over all partitions whose lag is known.

        Examples
        --------
        >>> import headrace as hr
        >>> hr.Status("running").lag
        0
        """
        return sum(task.lag for task in self.tasks if task.lag > 0)

    @property
    def late(self) -> int:
        """Rows left out for their event time: late or too far ahead, set aside or only counted.

        Examples
        --------
        >>> import headrace as hr
        >>> hr.Status("running", rejected={"late": 2, "rule": 5}, late_counted=3).late
        5
        """
        return sum(self.rejected.get(reason, 0) for reason in LATE_REASONS) + self.late_counted

    @property
    def first_reject(self) -> str:
        """The first dead letter of the commonest reason, as one line; empty where there is none.

        Examples
        --------
        >>> import headrace as hr
        >>> hr.Status("running").first_reject
        ''
        """
        commonest = sorted(self.first_rejects, key=lambda reason: -self.rejected.get(reason, 0))
        return self.first_rejects[commonest[0]] if commonest else ""

    @property
    def event_time(self) -> pd.Timestamp | None:
        """The newest event time over all partitions; None where there is none.

        Examples
        --------
        >>> import headrace as hr
        >>> hr.Status("running").event_time is None  # nothing has been read yet
        True
        """
        times = [task.event_time_ns for task in self.tasks if task.event_time_ns is not None]
        return _timestamp(max(times, default=None))

    @property
    def ended(self) -> bool:
        """Whether nothing more will come.

        Examples
        --------
        >>> import headrace as hr
        >>> hr.Status("running").ended, hr.Status("finished").ended
        (False, True)
        """
        return self.state in ("finished", "stopped", "failed")

    def below(self, upstream: Status) -> Status:
        """Return this status with what went wrong in the stream that writes its topic.

        Examples
        --------
        >>> import headrace as hr
        >>> hr.Status("running").below(hr.Status("running", rejected={"rule": 2})).rejected
        {'rule': 2}
        """
        rejected = dict(self.rejected)
        for reason, count in upstream.rejected.items():
            rejected[reason] = rejected.get(reason, 0) + count
        return replace(
            self,
            message=self.message or upstream.message,
            rejected=rejected,
            first_rejects={**upstream.first_rejects, **self.first_rejects},
            late_counted=self.late_counted + upstream.late_counted,
            evicted=self.evicted + upstream.evicted,
            tasks=[*upstream.tasks, *self.tasks],
        )

    @property
    def headline(self) -> str:
        """The state in words: what a panel's badge and a chart say.

        Examples
        --------
        >>> import headrace as hr
        >>> hr.Status("running", connection="lost", connection_seconds=7.2).headline
        'reconnecting, 7 s'
        """
        if self.ended:
            return self.reason or self.state
        if self.connection in ("lost", "connecting"):
            verb = "reconnecting" if self.connection == "lost" else "connecting"
            return f"{verb}, {duration(self.connection_seconds)}"
        return self.state

    def __str__(self) -> str:
        text = f"{self.headline}: {self.records:,} records ({self._rates()}), {self.rows:,} rows"
        if self.tasks:
            text += f", {_counted(len(self.tasks), 'partition')}, lag {self.lag:,}"
        if self.event_time is not None:
            text += f", {event_text(self)}"
        lines = [text, self.message, _rejected_text(self), late_text(self), others_text(self)]
        return "\n".join(line for line in lines if line)

    def _rates(self) -> str:
        average = self.records / self.seconds if self.seconds > 0 else 0.0
        if self.ended:
            return f"{average:,.0f}/s"
        return f"{self.rate:,.0f}/s now, {average:,.0f}/s on average"

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"


def _rejected_text(status: Status) -> str:
    if not status.rejected:
        return ""
    text = f"{rejects.badge_of(status.rejected)} ({rejects.counts_of(status.rejected)})"
    first = status.first_reject
    return f"{text}; first: {first}" if first else text


def late_text(status: Status) -> str:
    """Return how many rows were left out for their event time, and what became of them.

    Examples
    --------
    >>> import headrace as hr
    >>> from headrace.status import late_text
    >>> late_text(hr.Status("running", rejected={"late": 2, "future": 1}, late_counted=1_300))
    '1,303 late or too far ahead (late 2, future 1, only counted 1,300)'
    """
    if not status.late:
        return ""
    counts = {reason: status.rejected.get(reason, 0) for reason in LATE_REASONS}
    counts["only counted"] = status.late_counted
    parts = ", ".join(f"{name} {count:,}" for name, count in counts.items() if count)
    return f"{status.late:,} late or too far ahead ({parts})"


def others_text(status: Status) -> str:
    """Return what else was not handed on, or was not as it should be; mostly empty."""
    counts = {
        "tombstone": status.tombstones,
        "dropped row": status.dropped,
        "stale row": status.stale,
        "evicted group": status.evicted,
        "key in several partitions": status.keys_in_several_partitions,
    }
    return ", ".join(_counted(count, name) for name, count in counts.items() if count)


def _counted(count: int, name: str) -> str:
    """Return ``1 row``, ``2 rows``: the first word is what is counted, or its last before "in"."""
    head, between, rest = name.partition(" in ")
    return f"{count:,} {head}{'' if count == 1 else 's'}{between}{rest}"


def _timestamp(nanoseconds: int | None) -> pd.Timestamp | None:
    return None if nanoseconds is None else pd.Timestamp(nanoseconds, unit="ns", tz="UTC")


def event_text(status: Status, now: pd.Timestamp | None = None) -> str:
    """Return how far the newest event is behind now; where that says nothing, its time.

    Examples
    --------
    >>> import headrace as hr, pandas as pd
    >>> from headrace.status import TaskStatus, event_text
    >>> then = pd.Timestamp("2026-03-02 14:31", tz="UTC")
    >>> status = hr.Status("running", tasks=[TaskStatus("t", 0, 1, 1, 0, 1, then.value)])
    >>> event_text(status, now=then + pd.Timedelta("2s"))
    '2 s behind'
    >>> event_text(status, now=then + pd.Timedelta("300 days"))
    'newest event 2026-03-02 14:31:00'
    """
    newest = status.event_time
    if newest is None:
        return ""
    behind = ((now or pd.Timestamp.now(tz="UTC")) - newest).total_seconds()
    if status.ended or behind > _DAY_S or behind < -_DAY_S:
        return f"newest event {newest:%Y-%m-%d %H:%M:%S}"
    if behind < -1:
        return f"{duration(-behind)} ahead of the clock"
    return f"{duration(max(behind, 0.0))} behind"


def duration(seconds: float) -> str:
    """Return a time span in its two largest units.

    Examples
    --------
    >>> from headrace.status import duration
    >>> duration(7.4), duration(192), duration(90_000)
    ('7 s', '3 min 12 s', '1 d 1 h')
    """
    left = int(seconds)
    parts: list[str] = []
    for unit, size in _UNITS:
        if left >= size or parts or unit == "s":
            parts.append(f"{left // size} {unit}")
            left %= size
    return " ".join(part for part in parts[:2] if not part.startswith("0 ") or len(parts) == 1)
