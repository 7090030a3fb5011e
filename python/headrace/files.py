"""Files of records: which kind a file is, and reading it where it is compressed."""

from __future__ import annotations

import contextlib
import gzip
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from headrace.errors import InvalidArgument, StreamIOError

__all__ = ["kind_of", "opened", "uncompressed"]

_KINDS = {
    ".csv": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".jsonl": "json",
    ".ndjson": "json",
    ".json": "json",
}


def kind_of(path: Path) -> str:
    """Return ``"csv"``, ``"parquet"`` or ``"json"`` by the ending; all but Parquet may be ``.gz``.

    Raises
    ------
    InvalidArgument
        If the ending is unknown.

    Examples
    --------
    >>> from pathlib import Path
    >>> from headrace.files import kind_of
    >>> kind_of(Path("flights.csv.gz"))
    'csv'
    """
    compressed = path.suffix == ".gz"
    kind = _KINDS.get(Path(path.stem).suffix if compressed else path.suffix)
    if kind is None or (compressed and kind == "parquet"):
        raise InvalidArgument(
            f"expected a file ending in {', '.join(_KINDS)}, or in .gz after one of text, got "
            f"{str(path)!r}"
        )
    return kind


@contextlib.contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for reading its bytes, as they were before they were compressed.

    Raises
    ------
    StreamIOError
        If it is not there or cannot be read.
    """
    try:
        with contextlib.ExitStack() as stack:
            file = stack.enter_context(path.open("rb"))
            if path.suffix == ".gz":
                yield cast("IO[bytes]", stack.enter_context(gzip.GzipFile(fileobj=file)))
            else:
                yield file
    except (OSError, EOFError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise StreamIOError(f"cannot read {str(path)!r}: {reason}") from error


@contextlib.contextmanager
def uncompressed(path: Path) -> Iterator[Path]:
    """Yield a file with the bytes of `path`: itself, or a copy that goes away with the block.

    A copy may go away before it is read to its end: the core keeps it mapped.
    """
    if path.suffix != ".gz":
        yield path
        return
    with tempfile.NamedTemporaryFile(prefix="headrace-") as copy:
        with opened(path) as file:
            shutil.copyfileobj(file, copy)
        copy.flush()
        yield Path(copy.name)
