"""What a stream has done so far: counts, lag, trouble in the user's words."""

from __future__ import annotations

import html
from dataclasses import dataclass, field

import pandas as pd

__all__ = ["Status", "TaskStatus"]


@dataclass(frozen=True)
class TaskStatus:
    """Where one partition stands."""

    topic: str
    partition: int
    position: int
    high_watermark: int
    lag: int
    records: int
    event_time: pd.Timestamp | None


@dataclass(frozen=True, repr=False)
class Status:
    """What a stream has done so far, and what a user should know now.

    Attributes
    ----------
    state : str
        ``created``, ``running``, ``finished``, ``stopped`` or ``failed``.
    message : str
        Trouble in the user's words, e.g. a missing topic or an unreachable broker; else empty.
    records, rows : int
        Records read (good or bad), and rows that left the last step.
    rejected : dict of str to int
        Dead letters by reason.
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
    seconds : float
        Since the start.
    tasks : list of TaskStatus
        One per partition, with the lag in records (-1: not known yet).
    """

    state: str
    message: str = ""
    records: int = 0
    rows: int = 0
    tombstones: int = 0
    dropped: int = 0
    stale: int = 0
    pauses: int = 0
    keys_in_several_partitions: int = 0
    key_examples: list[str] = field(default_factory=list)
    rejected: dict[str, int] = field(default_factory=dict)
    connection: str = "none"
    connection_seconds: float = 0.0
    first_rejects: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    tasks: list[TaskStatus] = field(default_factory=list)

    @property
    def lag(self) -> int:
        """Records behind the high watermarks over all partitions whose lag is known."""
        return sum(task.lag for task in self.tasks if task.lag > 0)

    def __str__(self) -> str:
        rate = self.records / self.seconds if self.seconds > 0 else 0.0
        text = f"{self.state}: {self.records:,} records ({rate:,.0f}/s), {self.rows:,} rows"
        if self.tasks:
            text += f", {len(self.tasks)} partitions, lag {self.lag:,}"
        if self.rejected:
            reasons = ", ".join(f"{k} {v:,}" for k, v in sorted(self.rejected.items()))
            text += f", {sum(self.rejected.values()):,} rejected ({reasons})"
        return text + (f"\n{self.message}" if self.message else "")

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"
