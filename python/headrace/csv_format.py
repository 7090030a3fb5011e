"""How CSV records are written, where that is not as the columns of a schema say."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from headrace.arguments import names_checked
from headrace.dtypes import quoted
from headrace.errors import InvalidArgument

__all__ = ["CsvFormat", "row_bytes"]


@dataclass(frozen=True, init=False, repr=False)
class CsvFormat:
    r"""How CSV records are written; belongs to a schema and is ignored by other formats.

    Parameters
    ----------
    delimiter : str
        What stands between two fields.
    columns : sequence of str, optional
        Names of all fields in their order, also of those that the schema leaves out. Default: the
        columns of the schema. A file with a header says it itself.
    null_values : sequence of str, optional
        Spellings of null beside the empty field, as ``NA`` or ``\N``. A quoted one is a text.
    header : bool
        Whether the first line of a file names the columns. Records of a topic never do.

    Raises
    ------
    InvalidArgument
        If the delimiter is not one character that can separate fields, or names are not text.

    Examples
    --------
    >>> import headrace as hr
    >>> schema = hr.Schema({"x": hr.nullable(hr.int64)}, csv=hr.CsvFormat(null_values=["NA"]))
    >>> from headrace import testing
    >>> stream = hr.kafka("numbers", format="csv", schema=schema)
    >>> testing.run(stream, ["1", "NA"])["x"].isna().tolist()
    [False, True]
    """

    delimiter: str
    columns: tuple[str, ...]
    null_values: tuple[str, ...]
    header: bool

    @names_checked
    def __init__(
        self,
        *,
        delimiter: str = ",",
        columns: Sequence[str] = (),
        null_values: Sequence[str] = (),
        header: bool = True,
    ) -> None:
        if not isinstance(delimiter, str) or len(delimiter.encode()) != 1 or delimiter in '"\r\n':
            raise InvalidArgument(
                f"delimiter: expected one ASCII character that is no quote or line end, got "
                f"{delimiter!r}"
            )
        values = {
            "delimiter": delimiter,
            "columns": _texts("columns", columns),
            "null_values": _texts("null_values", null_values),
            "header": bool(header),
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def _to_plan(self) -> dict[str, Any]:
        """Return the decoder's options, without those that say nothing."""
        options: dict[str, Any] = {} if self.delimiter == "," else {"delimiter": self.delimiter}
        if self.columns:
            options["columns"] = list(self.columns)
        if self.null_values:
            options["null_values"] = list(self.null_values)
        return options

    def _code(self, width: int) -> list[str]:
        """Return the call that makes it, on one line or wrapped to `width`."""
        given = [
            *([] if self.delimiter == "," else [("delimiter", [quoted(self.delimiter)], False)]),
            *([("columns", list(map(quoted, self.columns)), True)] if self.columns else []),
            *([("null_values", list(map(quoted, self.null_values)), True)]
              if self.null_values else []),
            *([] if self.header else [("header", ["False"], False)]),
        ]  # fmt: skip
        options = [
            f"{name}=[{', '.join(texts)}]" if listed else f"{name}={texts[0]}"
            for name, texts, listed in given
        ]
        whole = f"hr.CsvFormat({', '.join(options)})"
        if len(whole) <= width:
            return [whole]
        lines = ["hr.CsvFormat("]
        for option, (name, texts, _) in zip(options, given, strict=True):
            if len(option) + len("    ,") <= width:
                lines.append(f"    {option},")
            else:
                lines += [f"    {name}=[", *(f"        {text}," for text in texts), "    ],"]
        return [*lines, ")"]

    def __repr__(self) -> str:
        return "\n".join(self._code(88))


def row_bytes(cells: Iterable[Any], delimiter: str) -> bytes:
    """Return cells as a CSV record, with quotes only where they must be: a quoted null is a text.

    Examples
    --------
    >>> from headrace.csv_format import row_bytes
    >>> row_bytes(["a,b", 1, ""], ",")
    b'"a,b",1,'
    """
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerow(cells)
    return text.getvalue().removesuffix("\r\n").encode()


def _texts(name: str, values: Any) -> tuple[str, ...]:
    if isinstance(values, (str, bytes)) or not all(isinstance(value, str) for value in values):
        raise InvalidArgument(f"{name}: expected a list of texts, got {values!r}")
    return tuple(values)
