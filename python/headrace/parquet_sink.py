"""Results as Parquet files, exactly once: a directory that is written in transactions."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

from headrace import frames, manifest, outputs, rejects
from headrace.errors import (
    CheckpointError,
    InvalidArgument,
    SchemaError,
    StreamIOError,
    Unsupported,
)
from headrace.lazy import np
from headrace.manifest import Entry, Manifest
from headrace.outputs import Commit, Mark
from headrace.schema import Schema

__all__ = ["DEAD_LETTERS", "ParquetLog", "ParquetSink", "arrow_schema", "checked"]

DEAD_LETTERS = "_dead_letters"  # folder, beside manifest.FOLDER
_OURS = re.compile(r".*-c(\d{12})\.parquet")
_PARTIAL = re.compile(r"\..*\.parquet\.tmp")
_NO_VALUE = "__HIVE_DEFAULT_PARTITION__"  # what Hive, Spark and pyarrow read as null
_MOST_FOLDERS = 1024  # of one commit and partition: more is a mistake
# What goes away by itself or by the user's hand while the stream waits.
_PASSING = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EAGAIN, errno.EMFILE, errno.ENFILE}


@dataclass(frozen=True)
class ParquetSink:
    """A directory for results; made by ``Stream.to_parquet``."""

    directory: Path
    partition_by: tuple[str, ...] = ()
    dead_letters: bool = False

    guarantee: ClassVar[str] = "exactly-once"
    name: ClassVar[str] = "to_parquet"
    insisting: ClassVar[str] = "to_parquet"  # in words: what asked for exactly once
    commit_interval_ms: ClassVar[int] = 5_000  # each commit is a file or more
    commit_rows: ClassVar[int] = 1_000_000  # bound on what is held in memory until then

    def text(self) -> str:
        """Return the call that made it."""
        return f".to_parquet({str(self.directory)!r})"

    def open(self, key: str | None) -> Any:
        """Refuse: without positions of its own a run cannot be exactly once."""
        raise Unsupported("to_parquet: results are written by run(); collect() returns them")

    def log(self, schema: Schema, *, merged: bool) -> ParquetLog:
        """Return what writes the results of one run."""
        _check_folders(self.partition_by, schema)
        return ParquetLog(self, schema, merged=merged)


def checked(
    directory: Any, partition_by: Any, dead_letters: Any, schema: Schema | None
) -> ParquetSink:
    """Check the arguments of ``Stream.to_parquet``; columns once they are known.

    Examples
    --------
    >>> import headrace as hr
    >>> from headrace.parquet_sink import checked
    >>> checked("results", "Ticker", False, hr.market.SCHEMA).partition_by
    ('Ticker',)
    """
    if not isinstance(directory, (str, Path)) or not str(directory):
        raise InvalidArgument(f"to_parquet: expected a directory, got {directory!r}")
    if "://" in str(directory):
        raise Unsupported(f"to_parquet: expected a directory of this machine, got {directory!r}")
    if not isinstance(dead_letters, bool):
        raise InvalidArgument(
            f"to_parquet: dead_letters: expected True or False, got {dead_letters!r}"
        )
    by = (partition_by,) if isinstance(partition_by, str) else tuple(partition_by or ())
    if schema is not None:
        _check_folders(by, schema)
    frames._require("pyarrow", "arrow")
    return ParquetSink(Path(directory), by, dead_letters)


def _check_folders(by: tuple[str, ...], schema: Schema) -> None:
    """Refuse columns that cannot become folders."""
    for name in by:
        if schema[name].name in ("float64", "timestamp"):
            raise InvalidArgument(
                f"to_parquet: partition_by: {name!r} is a {schema[name].name}; folders are named "
                "by text, whole numbers or bool"
            )
    if len(by) == len(schema.names):
        raise InvalidArgument("to_parquet: partition_by: no column is left for the files")


def arrow_schema(columns: Mapping[str, str]) -> Any:
    """Return the Arrow schema of columns by the names of our types.

    Examples
    --------
    >>> from headrace.parquet_sink import arrow_schema
    >>> arrow_schema({"Close": "float64"}).field("Close").type
    DataType(double)
    """
    import pyarrow as pa

    types = {
        "bool": pa.bool_(),
        "int64": pa.int64(),
        "float64": pa.float64(),
        "timestamp": pa.timestamp("ns", "UTC"),
    }
    return pa.schema([(name, types.get(kind, pa.string())) for name, kind in columns.items()])


class ParquetLog:
    """A :class:`~headrace.outputs.Log` over a directory: files first, then the commit names them.

    A file that no commit names was left by a run that died, and the next one removes it.
    """

    def __init__(self, sink: ParquetSink, schema: Schema, *, merged: bool) -> None:
        self.title = f'the directory "{sink.directory}"'
        self._sink = sink
        self._merged = merged
        self._columns = {name: dtype.name for name, dtype in schema.columns.items()}
        self._schema = arrow_schema(self._columns)
        self._manifest = Manifest(sink.directory)
        self._lock: int | None = None
        self._number = 0  # of the last commit
        self._marks: dict[tuple[str, int], Mark] = {}

    # -- the protocol

    def open(self) -> None:
        """Take the directory, and see what of it is committed."""
        with self._trouble():
            self._manifest.folder.mkdir(parents=True, exist_ok=True)
            self._take()
            self._manifest.create()
            newest = self._manifest.newest() or {"commit": 0, "positions": []}
            self._check_about()
            self._number = int(newest["commit"])
            self._marks = {
                (topic, partition): (offset, metadata)
                for topic, partition, offset, metadata in newest["positions"]
            }
            self._remove_leftovers()

    def committed(self, partitions: Sequence[tuple[str, int]]) -> list[Mark]:
        """Return the marks that the newest commit has."""
        return [self._marks.get(partition, (-1, "")) for partition in partitions]

    def commit(self, commit: Commit) -> None:
        """Write the files, then the commit that names them."""
        number = self._number + 1
        marks = dict(self._marks)
        for topic, partition, offset, metadata in commit.positions:
            marks[topic, partition] = (offset, metadata)
        with self._trouble():
            entry = {
                "commit": number,
                "files": list(self._write_rows(commit, marks, number)),
                "dead_letters": list(self._write_rejects(commit, number)),
                "positions": [[*place, *mark] for place, mark in sorted(marks.items())],
            }
            self._manifest.add(entry)
        self._number, self._marks = number, marks

    def close(self) -> None:
        """Let the next run have the directory."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    # -- opening

    def _take(self) -> None:
        """Lock the directory: the system frees it at once when this process dies."""
        if self._lock is not None:
            return
        file = os.open(self._manifest.folder / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(file, 20).decode(errors="replace")
            os.close(file)
            raise outputs.trouble(
                f"another run (process {holder}) writes to {self.title}; waiting for its end"
            ) from None
        os.ftruncate(file, 0)
        os.write(file, str(os.getpid()).encode())
        self._lock = file

    def _check_about(self) -> None:
        """Refuse a directory of other columns; say ours where it is new."""
        ours = {"columns": self._columns, "partition_by": list(self._sink.partition_by)}
        theirs = self._manifest.about()
        if theirs is None:
            self._manifest.set_about(ours)
            return
        for what in ours:
            if list(theirs[what]) != list(ours[what]) or theirs[what] != ours[what]:
                raise SchemaError(
                    f"to_parquet: {self.title} holds results of {what} {_listed(theirs[what])}, "
                    f"this stream has {_listed(ours[what])}; use another directory",
                    "schema",
                )

    def _remove_leftovers(self) -> None:
        """Remove what the next commit had written and nobody will ever name."""
        unfinished, beyond = [], []
        for folder, _, names in os.walk(self._sink.directory):
            for name in names:
                match = _OURS.fullmatch(name)
                number = int(match[1]) if match else 0
                if _PARTIAL.fullmatch(name) or number == self._number + 1:
                    unfinished.append(Path(folder, name))
                elif number > self._number:
                    beyond.append(Path(folder, name))
        if beyond:
            raise CheckpointError(
                f"to_parquet: {min(beyond)} belongs to a commit that {self._manifest.folder} does "
                f"not know: it ends with commit {self._number}. Bring back what is missing there, "
                "or use another directory",
                "checkpoint",
            )
        for path in unfinished:
            path.unlink()

    @contextlib.contextmanager
    def _trouble(self) -> Iterator[None]:
        """Put what the system says into words, and say whether waiting may help."""
        try:
            yield
        except CheckpointError as error:
            raise CheckpointError(f"to_parquet: {error}", "checkpoint") from None
        except OSError as error:
            if isinstance(error, StreamIOError):
                raise
            passing = error.errno in _PASSING
            where = f": {error.filename}" if error.filename else ""
            waits = "; waiting for it: no result is skipped" if passing else ""
            raise outputs.trouble(
                f"to_parquet: {error.strerror or error}{where}{waits}", retriable=passing
            ) from error

    # -- writing

    def _write_rows(
        self, commit: Commit, marks: Mapping[tuple[str, int], Mark], number: int
    ) -> Iterator[Entry]:
        if commit.rows is None:
            return
        import pyarrow as pa

        table = pa.table(frames.ArrowFrame(commit.rows)).cast(self._schema)
        if self._merged:
            yield from self._write_parts(table, f"merged-c{number:012d}", {})
            return
        topics, partitions = commit.rows.topics(), commit.rows.partitions()
        offsets = commit.rows.offsets()
        for topic, partition in sorted(set(zip(topics.tolist(), partitions.tolist(), strict=True))):
            mine = np.flatnonzero((topics == topic) & (partitions == partition))
            place = (commit.topics[topic], partition)
            first = self._marks.get(place, (-1, ""))[0]
            first = int(offsets[mine].min()) if first < 0 else first
            last = marks[place][0] - 1
            unit = f"{place[0]}-{partition}"
            name = f"{unit}-{first:012d}-{last:012d}-c{number:012d}"
            facts = {"topic": place[0], "partition": partition, "first": first, "last": last}
            rows = table if len(mine) == len(table) else table.take(mine)
            yield from self._write_parts(rows, name, facts)

    def _write_parts(self, table: Any, name: str, facts: Entry) -> Iterator[Entry]:
        """Write rows into one file, or into one for each folder that they belong to."""
        for folder, rows in self._by_folder(table):
            path = Path(*folder, f"{name}.parquet")
            self._write(rows, path)
            yield {"path": path.as_posix(), "rows": len(rows), **facts}

    def _by_folder(self, table: Any) -> Iterator[tuple[list[str], Any]]:
        by = self._sink.partition_by
        if not by:
            yield [], table
            return
        import pyarrow.compute as pc

        groups = table.select(list(by)).group_by(list(by), use_threads=False).aggregate([])
        if len(groups) > _MOST_FOLDERS:
            raise InvalidArgument(
                f"to_parquet: partition_by: one commit has rows of {len(groups):,} folders, more "
                f"than {_MOST_FOLDERS:,}; choose columns with fewer values",
                "invalid_argument",
            )
        for group in groups.to_pylist():
            masks = [
                pc.is_null(table[c]) if value is None else pc.equal(table[c], value)
                for c, value in group.items()
            ]
            mask = masks[0]
            for other in masks[1:]:
                mask = pc.and_(pc.fill_null(mask, False), pc.fill_null(other, False))
            yield [_folder(*item) for item in group.items()], table.filter(mask).drop(list(by))

    def _write_rejects(self, commit: Commit, number: int) -> Iterator[Entry]:
        if not (self._sink.dead_letters and commit.rejects):
            return
        import pyarrow as pa

        table = pa.Table.from_pandas(rejects.table_of(commit.rejects), preserve_index=False)
        path = Path(DEAD_LETTERS, f"dead-letters-c{number:012d}.parquet")
        self._write(table, path)
        yield {"path": path.as_posix(), "rows": len(table)}

    def _write(self, table: Any, path: Path) -> None:
        """Have the file under its name, for good."""
        import pyarrow.parquet as pq

        whole = self._sink.directory / path
        _make_folders(self._sink.directory, whole.parent)
        hidden = whole.with_name(f".{whole.name}.tmp")
        with hidden.open("wb") as file:
            pq.write_table(table, file)
            file.flush()
            os.fsync(file.fileno())
        hidden.replace(whole)
        manifest.sync_folder(whole.parent)


def _make_folders(root: Path, folder: Path) -> None:
    """Make a folder below `root` such that its name survives a power cut."""
    if folder == root or folder.is_dir():
        return
    _make_folders(root, folder.parent)
    folder.mkdir(exist_ok=True)
    manifest.sync_folder(folder.parent)


def _folder(column: str, value: Any) -> str:
    if value is None:
        return f"{column}={_NO_VALUE}"
    if value == _NO_VALUE:
        raise InvalidArgument(
            f"to_parquet: partition_by: {column!r} is {_NO_VALUE!r}, which stands for null",
            "invalid_argument",
        )
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"{quote(column, safe='')}={quote(text, safe='')}"


def _listed(what: Any) -> str:
    if isinstance(what, Mapping):
        return ", ".join(f"{name} ({kind})" for name, kind in what.items())
    return ", ".join(what) or "(none)"
