"""What ``Stream.to_parquet`` has committed: the files, or their rows as a frame."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headrace import frames, rejects
from headrace.arguments import names_checked
from headrace.errors import InvalidArgument, StreamIOError
from headrace.lazy import pd
from headrace.manifest import Entry, Manifest
from headrace.parquet_sink import arrow_schema

if TYPE_CHECKING:
    import pandas

__all__ = ["read_results", "result_files"]


@names_checked
def result_files(directory: str | Path, *, dead_letters: bool = False) -> list[Path]:
    """Return the Parquet files that are committed, oldest first.

    For Polars, DuckDB, pyarrow and others. Whoever reads these files, and no others that may lie
    there, sees each result once, also while a stream writes.

    Parameters
    ----------
    directory : str or Path
        As in :meth:`headrace.Stream.to_parquet`.
    dead_letters : bool
        Whether to return the files of rejected records instead.

    Raises
    ------
    StreamIOError
        If there is no such directory, or no stream has written to it.
    CheckpointError
        If what says which files are committed is damaged.

    Examples
    --------
    >>> import tempfile
    >>> import headrace as hr
    >>> folder = tempfile.mkdtemp()
    >>> with hr.MockBroker(stocks=1) as broker:
    ...     _ = hr.replay(hr.market.bars(rows=50), to="stocks", bootstrap=broker.bootstrap)
    ...     bars = hr.kafka("stocks", bootstrap=broker.bootstrap, schema=hr.market.SCHEMA,
    ...                     until="end")
    ...     with bars.to_parquet(folder).run() as live:
    ...         _ = live.wait()
    >>> [path.name for path in hr.result_files(folder)]
    ['stocks-0-000000000000-000000000049-c000000000001.parquet']
    """
    manifest, _ = _opened(directory)
    kind = "dead_letters" if dead_letters else "files"
    return [manifest.directory / file["path"] for e in manifest.entries() for file in e[kind]]


@names_checked
def read_results(
    directory: str | Path, *, columns: Sequence[str] | None = None, dead_letters: bool = False
) -> pandas.DataFrame:
    """Return the rows that are committed, each once, also while a stream writes.

    Rows of a partition come in their order.

    Parameters
    ----------
    directory : str or Path
        As in :meth:`headrace.Stream.to_parquet`.
    columns : sequence of str, optional
        Only these are read.
    dead_letters : bool
        Whether to return the rejected records instead, with the columns of
        :meth:`headrace.Live.rejected`.

    Raises
    ------
    StreamIOError
        If there is no such directory, no stream has written to it, or a file is gone.
    CheckpointError
        If what says which files are committed is damaged.

    Examples
    --------
    >>> import tempfile
    >>> import headrace as hr
    >>> folder = tempfile.mkdtemp()
    >>> with hr.MockBroker(stocks=1) as broker:
    ...     _ = hr.replay(hr.market.bars(rows=50), to="stocks", bootstrap=broker.bootstrap)
    ...     bars = hr.kafka("stocks", bootstrap=broker.bootstrap, schema=hr.market.SCHEMA,
    ...                     until="end")
    ...     with bars.to_parquet(folder).run() as live:
    ...         _ = live.wait()
    >>> hr.read_results(folder, columns=["Ticker", "Close"]).shape
    (50, 2)
    """
    manifest, about = _opened(directory)
    paths = [str(path) for path in result_files(directory, dead_letters=dead_letters)]
    try:
        if dead_letters:
            return _letters(paths, columns)
        return _rows(paths, columns, manifest.directory, about)
    except FileNotFoundError as error:
        raise StreamIOError(f"read_results: a file of the results is gone: {error}") from None


def _rows(
    paths: list[str], columns: Sequence[str] | None, directory: Path, about: Entry
) -> pandas.DataFrame:
    import pyarrow as pa
    import pyarrow.dataset as ds

    schema = arrow_schema(about["columns"])
    wanted = _wanted(columns, schema.names)
    folders = pa.schema([schema.field(name) for name in about["partition_by"]])
    found = ds.dataset(
        paths,
        schema=schema,
        format="parquet",
        partitioning=ds.partitioning(folders, flavor="hive"),
        partition_base_dir=str(directory),
    ).to_table(columns=wanted)
    return pd.DataFrame({name: _column(found[name]) for name in wanted}, columns=wanted)


def _letters(paths: list[str], columns: Sequence[str] | None) -> pandas.DataFrame:
    import pyarrow.dataset as ds

    letters = rejects.table_of([])
    wanted = _wanted(columns, letters.columns.tolist())
    if paths:
        letters = ds.dataset(paths, format="parquet").to_table(columns=wanted).to_pandas()
    return letters[wanted]


def _opened(directory: str | Path) -> tuple[Manifest, Entry]:
    frames._require("pyarrow", "arrow")
    manifest = Manifest(Path(directory))
    about = manifest.about()
    if about is None:
        is_there = Path(directory).is_dir()
        what = "no stream has written to" if is_there else "there is no directory"
        raise StreamIOError(f"{what} {str(directory)!r}")
    return manifest, about


def _wanted(columns: Sequence[str] | None, names: list[str]) -> list[str]:
    if columns is None:
        return names
    for name in columns:
        if name not in names:
            from headrace import _core

            raise InvalidArgument(f"read_results: {_core.unknown_name('column', name, names)}")
    return list(columns)


def _column(values: Any) -> Any:
    """Return a column of the type that ``collect`` gives it: whole numbers stay such with gaps."""
    kinds = {"int64": pd.Int64Dtype(), "bool": pd.BooleanDtype()}
    with_gaps = kinds.get(str(values.type)) if values.null_count else None
    return values.to_pandas(types_mapper=None if with_gaps is None else lambda _: with_gaps)
