"""Cells of a CSV file or text, by column: what a schema is inferred from."""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from headrace import epochs, files
from headrace.errors import DecodeError, InvalidArgument, SchemaError
from headrace.inference import NUMBER

__all__ = ["NULLS", "CsvSample", "read"]

# A column may be empty for years of flights: a few hundred records would not show what it holds.
_MOST = 100_000
_FILE_ENDINGS = (".csv", ".csv.gz")

# What programs write for a value that is not there.
NULLS = frozenset(
    {
        *("NA", "N/A", "#N/A", "n/a", "<NA>", "NaN", "nan", "NAN", "-nan", r"\N"),
        *("null", "Null", "NULL", "None", "none", "nil", "-", "--", "?", "."),
    }
)


@dataclass(frozen=True)
class CsvSample:
    """The first records, cut into cells."""

    names: list[str]  # of all fields
    header: bool  # whether the first line names them
    columns: list[tuple[str, ...]]  # cells
    records: int
    cut: bool  # whether there are more
    misshapen: Counter[int]  # records with another number of fields


def read(
    sample: str | bytes | Path, *, delimiter: str = ",", columns: Sequence[str] | None = None
) -> CsvSample:
    r"""Return the cells of a file or text, as :meth:`headrace.Schema.from_csv` takes it.

    Examples
    --------
    >>> from headrace.csv_sample import read
    >>> sample = read("x,y\n1,a\n2,b\n")
    >>> sample.names, sample.columns
    (['x', 'y'], [('1', '2'), ('a', 'b')])
    """
    with _opened(sample) as file:
        text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline="")
        try:
            rows = list(itertools.islice(csv.reader(text, delimiter=delimiter), _MOST + 2))
        except csv.Error as error:
            raise DecodeError(f"{_title(sample)} is not CSV text: {error}") from error
    rows = [row for row in rows if row]
    if not rows:
        raise SchemaError(f"{_title(sample)}: no records")
    header = list(columns) == rows[0] if columns is not None else _names_columns(rows[0])
    first, rows = rows[0], rows[1:] if header else rows
    widths = Counter(map(len, rows))
    width = len(first) if header or not rows else widths.most_common(1)[0][0]
    kept = [row for row in rows[:_MOST] if len(row) == width]
    del widths[width]
    if not kept:
        raise SchemaError(f"{_title(sample)}: no records of {width} fields, as the first line has")
    names = list(columns) if columns is not None else first if header else _numbered(width)
    if len(names) != width:
        raise SchemaError(f"columns: {len(names)} names, but the records have {width} fields")
    cells = list(zip(*kept, strict=True))
    return CsvSample(names, header, cells, len(kept), len(rows) > _MOST, widths)


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
