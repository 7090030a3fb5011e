"""Cells of a CSV file or text, by column: what a schema is inferred from."""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
from collections import Counter
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from headrace import epochs, files
from headrace.errors import DecodeError, InvalidArgument, SchemaError
from headrace.inference import NUMBER

__all__ = ["NULLS", "Cells", "CsvSample", "read"]

# A column may be empty for years of flights: a few hundred records would not show what it holds.
_MOST = 100_000
_AT_ONCE = 5_000  # cells of a whole file would take hundreds of megabytes
_FILE_ENDINGS = (".csv", ".csv.gz")

# What programs write for a value that is not there.
NULLS = frozenset(
    {
        *("NA", "N/A", "#N/A", "n/a", "<NA>", "NaN", "nan", "NAN", "-nan", r"\N"),
        *("null", "Null", "NULL", "None", "none", "nil", "-", "--", "?", "."),
    }
)


@dataclass
class Cells:
    """What stands in a column."""

    values: set[str] = field(default_factory=set)
    blanks: Counter[str] = field(default_factory=Counter)  # how often null is spelled in which way

    def add(self, cells: Sequence[str], spellings: Set[str]) -> None:
        """Take more cells; `spellings` are those that may be null."""
        distinct = set(cells)
        self.values |= distinct
        for spelling in distinct & spellings:
            self.blanks[spelling] += cells.count(spelling)


@dataclass
class CsvSample:
    """The first records, cut into cells."""

    names: list[str]  # of all fields
    header: bool  # whether the first line names them
    columns: list[Cells]
    records: int = 0
    cut: bool = False  # whether there are more
    misshapen: Counter[int] = field(default_factory=Counter)  # records with other numbers of fields

    def add(self, rows: Sequence[Sequence[str]], spellings: Set[str]) -> None:
        """Take more records."""
        kept = [row for row in rows if len(row) == len(self.names)]
        self.records += len(kept)
        self.misshapen.update(len(row) for row in rows if len(row) != len(self.names))
        for column, cells in zip(self.columns, zip(*kept, strict=True), strict=False):
            column.add(cells, spellings)


def read(
    sample: str | bytes | Path,
    *,
    delimiter: str = ",",
    columns: Sequence[str] | None = None,
    null_values: Sequence[str] = (),
) -> CsvSample:
    r"""Return the cells of a file or text, as :meth:`headrace.Schema.from_csv` takes it.

    Examples
    --------
    >>> from headrace.csv_sample import read
    >>> sample = read("x,y\n1,a\n2,NA\n")
    >>> sample.names, sample.columns[1].blanks
    (['x', 'y'], Counter({'NA': 1}))
    """
    with _opened(sample) as file:
        text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline="")
        try:
            rows = (row for row in csv.reader(text, delimiter=delimiter) if row)
            return _read(_title(sample), rows, columns, NULLS | {"", *null_values})
        except csv.Error as error:
            raise DecodeError(f"{_title(sample)} is not CSV text: {error}") from error


def _read(
    title: str, rows: Iterator[list[str]], columns: Sequence[str] | None, spellings: Set[str]
) -> CsvSample:
    some = list(itertools.islice(rows, _AT_ONCE))
    if not some:
        raise SchemaError(f"{title}: no records")
    header = list(columns) == some[0] if columns is not None else _names_columns(some[0])
    first, some = some[0], some[1:] if header else some
    if not some:
        raise SchemaError(f"{title}: no records, only a header")
    width = len(first) if header else Counter(map(len, some)).most_common(1)[0][0]
    names = list(columns) if columns is not None else first if header else _numbered(width)
    if len(names) != width:
        raise SchemaError(f"columns: {len(names)} names, but the records have {width} fields")
    found = CsvSample(names, header, [Cells() for _ in names])
    looked_at = 0
    while some and looked_at < _MOST:
        found.add(some[: _MOST - looked_at], spellings)
        looked_at += len(some)
        some = list(itertools.islice(rows, _AT_ONCE))
    found.cut = bool(some) or looked_at > _MOST
    if not found.records:
        raise SchemaError(f"{title}: no record has {width} fields, as the header has")
    return found


@contextlib.contextmanager
def _opened(sample: Any) -> Iterator[IO[bytes]]:
    if isinstance(sample, Path) or _is_path(sample):
        with files.opened(Path(sample)) as file:
            yield file
    elif isinstance(sample, (str, bytes)):
        yield io.BytesIO(sample.encode() if isinstance(sample, str) else sample)
    else:
        raise InvalidArgument(
            f"from_csv: expected CSV text or the path of a {' or '.join(_FILE_ENDINGS)} file, got "
            f"{type(sample).__name__}"
        )


def _is_path(sample: Any) -> bool:
    return isinstance(sample, str) and sample.endswith(_FILE_ENDINGS) and "\n" not in sample


def _title(sample: Any) -> str:
    return f'"{sample}"' if isinstance(sample, Path) or _is_path(sample) else "the sample"


def _numbered(width: int) -> list[str]:
    return [f"column_{i}" for i in range(1, width + 1)]


def _names_columns(cells: Sequence[str]) -> bool:
    """Whether these can be names: no values, and none twice."""
    values = [cell for cell in cells if cell in NULLS or _is_value(cell)]
    return not values and any(cells)


def _is_value(cell: str) -> bool:
    return (
        NUMBER.fullmatch(cell) is not None
        or epochs.is_iso8601(cell)
        or cell.lower() in ("true", "false", "yes", "no")
    )
