"""What record values that are no JSON objects look like, in words."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Sequence

__all__ = ["looks_like"]

_SHOWN = 60  # bytes of an example
_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}

# Leading bytes that a format's own documentation prescribes.
_MAGIC = (
    (b"\x1f\x8b", "gzip-compressed data"),
    (b"\x28\xb5\x2f\xfd", "zstd-compressed data"),
    (b"\x04\x22\x4d\x18", "LZ4-compressed data"),
    (b"BZh", "bzip2-compressed data"),
    (b"Obj\x01", "an Avro object container file"),
    (b"PAR1", "a Parquet file"),
    (b"ARROW1", "an Arrow file"),
    (b"\xff\xfe", "UTF-16 text"),
    (b"\xfe\xff", "UTF-16 text"),
)
_COMPRESSED = " (compressed by the program that wrote it; Kafka's own compression is no trouble)"


def looks_like(values: Sequence[bytes]) -> tuple[str, str]:
    r"""Return what most of `values` look like, and what to do.

    Parameters
    ----------
    values : sequence of bytes
        Record values, none of them a JSON object.

    Examples
    --------
    >>> from headrace.payloads import looks_like
    >>> looks_like([b"2026-03-02,AAPL,189.5", b"2026-03-03,AAPL,190.25"])[0]
    'CSV text (3 fields, separated by a comma)'
    >>> looks_like([b"\x00\x00\x00\x00\x07\x02\x08AAPL"])[0]
    'Avro or Protobuf behind a schema registry (Confluent wire format, schema id 7)'
    """
    (kind, what), _ = Counter(_kind(value) for value in values).most_common(1)[0]
    if kind == "text":
        return _text_kind([value.decode() for value in values if _kind(value)[0] == "text"])
    return what, _NOT_YET


_NOT_YET = "this format is not supported yet: headrace reads JSON objects and CSV"


def shown(value: bytes) -> str:
    """Return the first bytes of `value` as Python writes them."""
    return f"{value[:_SHOWN]!r}{'...' if len(value) > _SHOWN else ''}"


def _kind(value: bytes) -> tuple[str, str]:
    """Return ``("binary", words)``, or ``("text", "")`` where the words need all values."""
    if not value:
        return "binary", "empty values"
    for magic, name in _MAGIC:
        if value.startswith(magic):
            return "binary", name + (_COMPRESSED if "compressed" in name else "")
    if value[0] == 0 and len(value) > 5:
        return "binary", _registry(int.from_bytes(value[1:5], "big"), value[5:])
    if value[:1] == b"\x80" and value[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return "binary", "a Python pickle"
    if _is_text(value):
        return "text", ""
    if value[0] in range(0x80, 0xA0) or value[0] in (0xDC, 0xDD, 0xDE, 0xDF):
        return "binary", "MessagePack"
    if _is_protobuf(value):
        return "binary", "Protobuf (or another binary format of tagged fields)"
    return "binary", "binary data (Avro without a header, for instance)"


def _registry(schema_id: int, rest: bytes) -> str:
    where = f"behind a schema registry (Confluent wire format, schema id {schema_id})"
    return f"JSON {where}" if rest[:1] in b"{[" else f"Avro or Protobuf {where}"


def _is_text(value: bytes) -> bool:
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return False
    return all(c.isprintable() or c in "\t\r\n\ufeff" for c in text)


def _varint(value: bytes, at: int) -> tuple[int, int]:
    """Return the number at `at` and where it ends; -1 where there is none."""
    number = 0
    for shift in range(0, 70, 7):
        if at >= len(value):
            break
        byte = value[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
    return 0, -1


def _is_protobuf(value: bytes) -> bool:
    """Whether the bytes are tagged fields from end to end, as Protobuf's wire format has them."""
    at = 0
    while 0 <= at < len(value):
        tag, at = _varint(value, at)
        if at < 0 or not 1 <= tag >> 3 <= 1000:
            return False
        wire = tag & 7
        if wire == 0:
            _, at = _varint(value, at)
        elif wire == 2:
            size, at = _varint(value, at)
            at = at + size if at >= 0 else -1
        elif wire in (1, 5):
            at += 8 if wire == 1 else 4
        else:
            return False
    return at == len(value)


def _text_kind(texts: Sequence[str]) -> tuple[str, str]:
    first = texts[0].lstrip("\ufeff \t\r\n")
    if first.startswith("<"):
        return "XML or HTML text", _NOT_YET
    if first.startswith("{'"):
        return "Python dicts as text", "write them with json.dumps(...) instead of str(...)"
    if all(_is_json(text) for text in texts):
        return "JSON, but no objects", 'headrace reads one object a record: {"field": value, ...}'
    if all(_are_json_lines(text) for text in texts):
        return "several JSON objects in one record", "write one object a record"
    if first.startswith("{"):
        return "JSON that is cut off or malformed", "look at the program that writes it"
    return _csv_kind(texts) or ("plain text", _NOT_YET)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _are_json_lines(text: str) -> bool:
    lines = text.split("\n")
    return len(lines) > 1 and all(line.startswith("{") and _is_json(line) for line in lines if line)


def _csv_kind(texts: Sequence[str]) -> tuple[str, str] | None:
    fields = {delimiter: _fields(texts, delimiter) for delimiter in _DELIMITERS}
    delimiter = max(fields, key=lambda d: fields[d])
    if fields[delimiter] < 2:
        return None
    name = _DELIMITERS[delimiter]
    option = "" if delimiter == "," else f", delimiter={delimiter!r}"
    advice = (
        f'write hr.kafka(..., format="csv", schema=hr.Schema.from_csv(sample{option})), where the '
        "sample is a file, or some records as text"
    )
    return f"CSV text ({fields[delimiter]} fields, separated by a {name})", advice


def _fields(texts: Sequence[str], delimiter: str) -> int:
    """Return into how many fields the delimiter cuts every text; 0 where they differ."""
    counts = {len(row) for row in csv.reader(texts, delimiter=delimiter) if row}
    return counts.pop() if len(counts) == 1 else 0
