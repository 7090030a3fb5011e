"""What ``headrace check`` found, as text and as an exit code."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["FITS", "MISFIT", "NOT_CHECKED", "Report", "StreamReport"]

FITS, MISFIT, NOT_CHECKED = 0, 1, 2  # exit codes

# What a rule, a filter on time or a second copy sets aside is meant to be set aside.
_ON_PURPOSE = frozenset({"rule", "late", "future", "duplicate"})


@dataclass(frozen=True)
class StreamReport:
    """How one stream of a script fits its sample.

    Attributes
    ----------
    where : str
        ``pipeline.py:8``, where it is run.
    stream : str
        Source and steps.
    records, rows, tombstones : int
        Of the sample: records read, rows that came out, null values.
    columns : list of str
        The schema's columns, with their types.
    rejected : dict of str to int
        Rejected records by reason.
    first_rejects : dict of str to str
        The first one of each reason, as one line.
    notes : list of str
        What is worth knowing and no misfit: fields that are not read, columns without a value.
    misfits : int
        Records that the schema itself refuses.

    Examples
    --------
    >>> from headrace.check_report import StreamReport
    >>> stream = StreamReport(
    ...     "pipeline.py:8", "ohlcv on localhost:9092", records=250, rows=247, tombstones=0,
    ...     columns=["Close float64"], rejected={"wrong_type": 1, "rule": 2}, first_rejects={},
    ...     notes=[])
    >>> print(stream)
    pipeline.py:8: ohlcv on localhost:9092
      columns: Close float64
      sample: 250 records, 247 rows come out
      rejected: 2 of 250, rule
      rejected: 1 of 250, wrong_type
    """

    where: str
    stream: str
    records: int
    rows: int
    tombstones: int
    columns: list[str]
    rejected: dict[str, int]
    first_rejects: dict[str, str]
    notes: list[str]

    @property
    def misfits(self) -> int:
        """Records that do not fit the schema, without those that rules of the stream refuse.

        Examples
        --------
        >>> from headrace.check_report import StreamReport
        >>> stream = StreamReport(
        ...     "pipeline.py:8", "ohlcv on localhost:9092", records=250, rows=247, tombstones=0,
        ...     columns=["Close float64"], rejected={"wrong_type": 1, "rule": 2}, first_rejects={},
        ...     notes=[])
        >>> stream.misfits
        1
        """
        return sum(n for reason, n in self.rejected.items() if reason not in _ON_PURPOSE)

    def __str__(self) -> str:
        lines = [f"{self.where}: {self.stream}"]
        lines.append(f"  columns: {', '.join(self.columns)}")
        sample = f"  sample: {self.records:,} records, {self.rows:,} rows come out"
        lines.append(sample + (f", {self.tombstones:,} null values" if self.tombstones else ""))
        for reason, count in sorted(self.rejected.items()):
            lines.append(f"  rejected: {count:,} of {self.records:,}, {reason}")
            if reason in self.first_rejects:
                lines.append(f"    {self.first_rejects[reason]}")
        return "\n".join(lines + [f"  note: {note}" for note in self.notes])


@dataclass
class Report:
    """What :func:`check` found.

    Attributes
    ----------
    streams : list of StreamReport
        One per stream.
    errors : list of str
        What kept the script or a stream from being checked, or is wrong in it, as one line each.
    exit_code : int
        0: every stream fits. 1: records, a column name, an argument or a model do not. 2: it could
        not be checked: no broker, no topic, no records, or the script itself failed.

    Examples
    --------
    >>> from headrace.check_report import Report
    >>> Report().exit_code
    2
    """

    streams: list[StreamReport] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    max_rejected: int = 0
    wrong: bool = False  # an error that is the pipeline's own
    unchecked: bool = False  # an error that kept it from being checked

    @property
    def exit_code(self) -> int:
        """What ``headrace check`` returns to the shell.

        Examples
        --------
        >>> from headrace.check_report import Report
        >>> Report(errors=["pipeline.py:4: UnknownColumn: ..."], wrong=True).exit_code
        1
        """
        if self.unchecked or not (self.streams or self.wrong):
            return NOT_CHECKED
        return MISFIT if self.wrong or self._misfits() > self.max_rejected else FITS

    def _misfits(self) -> int:
        return max((stream.misfits for stream in self.streams), default=0)

    def __str__(self) -> str:
        verdict = ("fits", "does not fit", "not checked")[self.exit_code]
        return "\n".join([*map(str, self.streams), *self.errors, verdict])
