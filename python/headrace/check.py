"""``headrace check``: whether the streams of a script fit a topic or a file, without running it.

Examples
--------
>>> from headrace.check import check
>>> check("pipeline.py", bootstrap="localhost:9092").exit_code  # doctest: +SKIP
0
"""

from __future__ import annotations

import contextlib
import json
import sys
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from headrace import rejects
from headrace.arguments import names_checked
from headrace.check_report import Report, StreamReport
from headrace.errors import (
    HeadraceError,
    InvalidArgument,
    KafkaError,
    RejectedWarning,
    StreamIOError,
)
from headrace.lazy import pd
from headrace.live import Live
from headrace.rehearsal import Found, Options, Rehearsal
from headrace.samples import Sampled

__all__ = ["Report", "StreamReport", "check"]

_MOST_NAMES = 12


@names_checked
def check(
    script: str | Path,
    *,
    bootstrap: str | None = None,
    file: str | Path | None = None,
    records: int = 250,
    max_rejected: int = 0,
    main: bool = False,
) -> Report:
    """Check the streams of a script against a sample of their topics, or against a file.

    The script is imported, not run: its ``if __name__ == "__main__":`` block is left out, and its
    streams read the sample only (see :mod:`headrace.rehearsal` for what is put in place of what).
    No consumer group is used, nothing is committed or produced. Checked are the streams that it
    runs or collects, and those that it gives a name.

    Parameters
    ----------
    script : str or Path
        A Python file.
    bootstrap : str, optional
        Brokers in place of those that the script names.
    file : str or Path, optional
        A ``.csv``, ``.parquet`` or ``.jsonl`` file that is read in place of every topic, whole.
    records : int
        Size of the sample: a fifth is the topic's oldest records, the rest the newest.
    max_rejected : int
        Records of the sample that may be rejected by the schema and still count as a fit. What the
        stream's own rules refuse never counts.
    main : bool
        Whether to run the ``__main__`` block, too, for scripts that build their streams there.

    Returns
    -------
    Report
        To print; ``exit_code`` is 0, 1 or 2.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import headrace as hr
    >>> from headrace.check import check
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> hr.market.bars(rows=100, tickers=2, seed=1).to_csv(folder / "bars.csv", index=False)
    >>> _ = (folder / "pipeline.py").write_text('''
    ... import headrace as hr
    ... bars = hr.kafka("bars", schema=hr.Schema({"Ticker": hr.string, "Close": hr.float64}))
    ... live = bars.with_columns(rsi=hr.ta.rsi("Close")).run()
    ... ''')
    >>> report = check(folder / "pipeline.py", file=folder / "bars.csv")
    >>> report.exit_code, report.streams[0].columns
    (0, ['Ticker string', 'Close float64'])
    """
    if records < 1 or max_rejected < 0:
        raise InvalidArgument(
            "check: records: expected 1 or more and max_rejected 0 or more, got "
            f"{records} and {max_rejected}"
        )
    if file is not None and bootstrap is not None:
        raise InvalidArgument("check: give a broker or a file, not both")
    if not Path(script).is_file():
        raise InvalidArgument(f"check: no script {str(script)!r}")
    if file is not None and not Path(file).is_file():
        raise InvalidArgument(f"check: no file {str(file)!r}")
    options = Options(bootstrap, None if file is None else Path(file), records)
    rehearsal = Rehearsal(Path(script), options)
    report = Report(max_rejected=max_rejected)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RejectedWarning)  # the report says what is rejected
        with _noting(report, Path(script)), contextlib.redirect_stdout(sys.stderr):
            rehearsal.execute("__main__" if main else "headrace_check")
        for found in rehearsal.found:
            with _noting(report, Path(script)):
                report.streams.append(_reported(found, Path(script)))
    _say_what_is_missing(report, Path(script), main)
    return report


def _say_what_is_missing(report: Report, script: Path, main: bool) -> None:
    if not report.streams and not report.errors:
        hint = "" if main else "; streams made below __main__ are found with --main"
        report.errors.append(f"{script.name} runs and names no stream{hint}")
    for stream in report.streams:
        if stream.records == 0:
            report.unchecked = True
            report.errors.append(f"{stream.where}: there are no records to check against")


@contextlib.contextmanager
def _noting(report: Report, script: Path) -> Iterator[None]:
    """Turn what a script raises into a line of the report."""
    try:
        yield
    except SystemExit as end:
        if end.code not in (None, 0):
            report.unchecked = True
            report.errors.append(f"{script.name}: ended with exit code {end.code}")
    except Exception as error:
        own = isinstance(error, HeadraceError) and not isinstance(
            error, (KafkaError, StreamIOError)
        )
        report.wrong |= own
        report.unchecked |= not own
        kind = type(error).__name__
        report.errors.append(f"{_place(error, script)}: {kind}: {error}")


def _place(error: BaseException, script: Path) -> str:
    if isinstance(error, SyntaxError):
        return f"{script.name}:{error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == str(script)]
    return f"{script.name}:{lines[-1]}" if lines else script.name


def _reported(found: Found, script: Path) -> StreamReport:
    """Run the stream over its sample and say what became of the records."""
    stream = found.stream
    with Live._start(stream, stream._source, history=1) as live:
        live.wait(progress=False)
        status = live._engine.status()
        letters = live.rejected()
    first_rejects: dict[str, str] = {}
    for _, letter in letters.iterrows():
        row = _at_its_own_place(letter, found.sample)
        first_rejects.setdefault(str(letter["reason"]), rejects.text_of(row))
    columns = [f"{name} {dtype.name}" for name, dtype in stream._schema.columns.items()]
    return StreamReport(
        where=f"{script.name}:{found.line}" if found.line else script.name,
        stream=repr(stream).removeprefix("Stream from ").replace("\n", "\n  "),
        records=status["records"],
        rows=status["rows"],
        tombstones=status["tombstones"],
        columns=columns,
        rejected=dict(status["rejected"]),
        first_rejects=first_rejects,
        notes=_notes(found),
    )


def _at_its_own_place(
    letter: pd.Series[Any], sample: Mapping[tuple[str, int, int], Sampled]
) -> dict[str, Any]:
    row = {str(name): value for name, value in letter.items()}
    there = sample.get((row["topic"], row["partition"], row["offset"]))
    if there is not None:
        row |= {"topic": there.topic, "partition": there.partition, "offset": there.offset}
    return row


# -- what the sample has and the schema does not read, and the other way round


def _notes(found: Found) -> list[str]:
    values = [record.value for record in found.sample.values() if record.value is not None]
    objects = [one for one in map(_object, values) if one is not None]
    inferred = list(found.stream._schema.notes)
    if not objects:
        return inferred
    seen = Counter(path for one in objects for path in _paths(one))
    read = {".".join(entry["path"]) for entry in found.stream._schema._to_plan()["fields"]}
    return [*inferred, *_not_there(read, seen), *_not_read(read, seen, len(objects))]


def _not_there(read: set[str], seen: Mapping[str, int]) -> list[str]:
    from headrace import _core

    return [
        f"{_core.unknown_name('field', path, list(seen))} (in the sample)"
        for path in sorted(read - set(seen))
    ]


def _not_read(read: set[str], seen: Mapping[str, int], total: int) -> list[str]:
    others = [f'"{path}" ({n} of {total})' for path, n in seen.items() if path not in read]
    if not others:
        return []
    more = f" and {len(others) - _MOST_NAMES} more" if len(others) > _MOST_NAMES else ""
    return [f"fields that no column reads: {', '.join(others[:_MOST_NAMES])}{more}"]


def _object(value: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(value)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _paths(value: Mapping[str, Any], before: Sequence[str] = ()) -> Iterator[str]:
    for name, inner in value.items():
        path = (*before, name)
        if isinstance(inner, dict):
            yield from _paths(inner, path)
        else:
            yield ".".join(path)
