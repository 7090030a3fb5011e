"""What Python's ``json`` and ``csv`` make of a line, lines to try, and whether we agree.

Python's ``json`` is laxer in three things, which the oracle adds: a key named twice, NaN and
infinities, and lone surrogates are rejects.
"""

from __future__ import annotations

import csv
import decimal
import json
import math
import random
import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

import headrace as hr
from headrace.replay import produce

SCHEMA = hr.Schema(
    {
        "k": hr.string,
        "x": hr.nullable(hr.float64),
        "n": hr.nullable(hr.int64),
        "s": hr.nullable(hr.string),
        "b": hr.nullable(hr.bool_),
    }
)
JsonRow = dict[str, Any]


class Rejected(Exception):
    """The oracle's verdict on a line."""


def unique(pairs: list[tuple[str, Any]]) -> JsonRow:
    """Make an object of pairs, each key once."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Rejected("duplicate_key")
    return found


def refuse(constant: str) -> Any:
    """Refuse NaN and infinities."""
    raise Rejected("non_finite")


def expect(holds: bool, reason: str) -> None:
    """Reject where a condition does not hold."""
    if not holds:
        raise Rejected(reason)


def typed(name: str, value: Any) -> Any:
    """Return the value that a column of SCHEMA takes."""
    if value is None:
        expect(name != "k", "null")
        return None
    if name in ("k", "s"):
        expect(isinstance(value, str), "wrong_type")
    elif name == "b":
        expect(isinstance(value, bool), "wrong_type")
    elif name == "n":
        expect(isinstance(value, int) and not isinstance(value, bool), "wrong_type")
        expect(-(2**63) <= value < 2**63, "number_range")
    else:
        expect(isinstance(value, int | float) and not isinstance(value, bool), "wrong_type")
        try:
            value = float(value)
        except OverflowError as error:
            raise Rejected("number_range") from error
        expect(math.isfinite(value), "number_range")
    return value


class Integer(int):
    """A number without point and exponent; ``-0`` is not 0 as a double."""

    def __new__(cls, text: str) -> Integer:
        """Remember the sign that an int does not have."""
        self = super().__new__(cls, text)
        self.negative = text.startswith("-")
        return self

    def __float__(self) -> float:
        """Give the nearest double."""
        return -0.0 if self.negative and self == 0 else float(int(self))


def json_row(line: bytes) -> JsonRow | None:
    """Return the row of a line, or None for a reject."""
    try:
        message = json.loads(
            line.decode(), object_pairs_hook=unique, parse_constant=refuse, parse_int=Integer
        )
        json.dumps(message, ensure_ascii=False).encode()  # a lone surrogate has no UTF-8 form
        expect(isinstance(message, dict), "not_object")
        expect("k" in message, "missing_field")
        return {name: typed(name, message.get(name)) for name in SCHEMA.names}
    except (Rejected, ValueError):
        return None


# --- CSV ---

CSV_SCHEMA = hr.Schema(
    {
        "k": hr.string,
        "n": hr.nullable(hr.int64),
        "x": hr.nullable(hr.float64),
        "s": hr.nullable(hr.string),
    },
    csv=hr.CsvFormat(header=False),
)


def whole(text: str) -> int:
    """Give the integer that a number is, in whatever way it is written."""
    number = decimal.Decimal(text)
    expect(number.adjusted() < 30 and number == int(number), "wrong_type")
    return int(number)


def csv_row(line: bytes) -> JsonRow | None:
    """Return the row of a line, or None for a reject. An empty field is a null, a quoted one not.

    What Python takes and we may refuse, as ``.5`` or ``3.``, is its row.
    """
    try:
        [fields] = csv.reader([line.decode()], strict=True)
        k, n, x, s = fields
        # Python's int and float take blanks, underscores and digits of other scripts.
        for number in (n, x):
            expect(not set(number) - set("+-.eE0123456789"), "wrong_type")
        row = {
            "k": k,
            "n": whole(n) if n else None,
            "x": float(x) if x else None,
            "s": None if line.endswith(b",") else s,
        }
        expect(not line.startswith(b","), "null")
        expect(row["n"] is None or -(2**63) <= row["n"] < 2**63, "number_range")
        expect(row["x"] is None or math.isfinite(row["x"]), "number_range")
    except (Rejected, ValueError, ArithmeticError, csv.Error):
        return None
    return row


# --- lines from a seed ---

_BATCH = 10_000  # what a mock broker keeps with ease
_LETTERS = string.ascii_letters + string.digits + " ,;:'\\/{}[]\"" + "éß漢🙂\x7f\t"
_INTEGERS = (0, 1, -1, 2**53, 2**53 + 1, 2**63 - 1, -(2**63), 2**63, -(2**63) - 1, 10**30)
_DOUBLES = (0.0, -0.0, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 0.1, 1e22, 1e23)


def text(rng: random.Random) -> str:
    """Give a short text of letters that mean something, and some that do not."""
    return "".join(rng.choices(_LETTERS, k=rng.choice((0, 1, 3, 8, 30))))


def integer(rng: random.Random) -> int:
    """Give an integer of any size, often at an edge."""
    if rng.random() < 0.2:
        return rng.choice(_INTEGERS)
    return rng.randint(-(1 << (bits := rng.choice((4, 20, 40, 63)))), 1 << bits)


def double(rng: random.Random) -> float:
    """Give a double of any size, often at an edge or with few digits."""
    kind = rng.random()
    if kind < 0.1:
        return rng.choice(_DOUBLES)
    if kind < 0.5:
        return round(rng.uniform(-1e4, 1e4), rng.randint(0, 4))
    return math.ldexp(rng.uniform(-1, 1), rng.randint(-1074, 1023))


def spelt(rng: random.Random, value: float) -> str:
    """Spell a double in one of the ways that there are."""
    return rng.choice(
        (f"{value!r}", f"{value:.17e}", f"{value:.25g}", f"{value:E}", f"{value:.3f}")
    )


def harmed(rng: random.Random, line: bytes) -> bytes:
    """Give one line in eight another byte, one more or one less."""
    if line and rng.random() < 0.125:
        at = rng.randrange(len(line))
        line = line[:at] + rng.randbytes(rng.randint(0, 2)) + line[at + rng.randint(0, 1) :]
    return line.translate(None, b"\r\n") or b"-"


def json_line(rng: random.Random) -> bytes:
    """Give a record of SCHEMA, mostly a good one, in any spelling."""
    fields: dict[str, str] = {"k": json.dumps(text(rng), ensure_ascii=rng.random() < 0.5)}
    if rng.random() < 0.9:
        fields["x"] = spelt(rng, double(rng)) if rng.random() < 0.8 else str(integer(rng))
    if rng.random() < 0.9:
        fields["n"] = str(integer(rng)) if rng.random() < 0.95 else spelt(rng, double(rng))
    if rng.random() < 0.5:
        fields["s"] = rng.choice(("null", json.dumps(text(rng))))
    if rng.random() < 0.5:
        fields["b"] = rng.choice(("true", "false", "null", "1"))
    if rng.random() < 0.2:
        fields["other"] = json.dumps([text(rng), {"a": [integer(rng)]}])
    items = list(fields.items())
    if rng.random() < 0.3:
        rng.shuffle(items)
    comma, colon = rng.choice(((",", ":"), (", ", ": "), (" ,\t", " :")))
    body = comma.join(f'"{name}"{colon}{value}' for name, value in items)
    return harmed(rng, f"{{{body}}}".encode())


def csv_line(rng: random.Random) -> bytes:
    """Give a record of CSV_SCHEMA, mostly a good one; texts are quoted as they must be, or more."""

    def cell(value: str) -> str:
        if rng.random() < 0.3 or set(value) & set(',"') or value == "":
            return '"' + value.replace('"', '""') + '"'
        return value

    n = "" if rng.random() < 0.1 else str(integer(rng))
    x = "" if rng.random() < 0.1 else spelt(rng, double(rng))
    return harmed(rng, ",".join((cell(text(rng)), n, x, cell(text(rng)))).encode())


# --- do we agree? ---


@dataclass
class Agreement:
    """How many lines were tried, and on how many we and Python differ."""

    lines: int = 0
    accepted: int = 0
    refused: int = 0  # by us, where Python has a row
    different: int = 0  # accepted with another value, or where Python refuses
    first: str = ""


def rows_of(lines: Sequence[bytes], kind: str) -> list[JsonRow | None]:
    """Decode lines as records of a topic; None where we reject."""
    with hr.MockBroker(lines=1) as broker:
        produce([(None, line) for line in lines], to="lines", bootstrap=broker.bootstrap)
        options = {"format": kind, "schema": KINDS[kind][2], "until": "end"}
        stream = hr.kafka("lines", bootstrap=broker.bootstrap, **options)
        with stream.run(history=len(lines) + 1) as live:
            live.wait(timeout=120, progress=False)
            table = pa.table(live.arrow(last=len(lines) + 1, positions=True)).to_pylist()
            assert live.status().records == len(lines)
    rows: list[JsonRow | None] = [None] * len(lines)
    for row in table:
        rows[row["_offset"]] = {name: row[name] for name in KINDS[kind][2].names}
    return rows


def same(ours: JsonRow, theirs: JsonRow) -> bool:
    """Compare to the bit."""
    return ours == theirs and all(
        math.copysign(1, value) == math.copysign(1, theirs[name])
        for name, value in ours.items()
        if isinstance(value, float)
    )


KINDS: dict[str, tuple[Callable[[random.Random], bytes], Callable[[bytes], Any], hr.Schema]] = {
    "json": (json_line, json_row, SCHEMA),
    "csv": (csv_line, csv_row, CSV_SCHEMA),
}


def compare(kind: str, seed: int, count: int) -> Agreement:
    """Try lines from a seed."""
    make, oracle, _ = KINDS[kind]
    rng = random.Random(seed)
    found = Agreement()
    while found.lines < count:
        lines = [make(rng) for _ in range(min(_BATCH, count - found.lines))]
        for line, ours in zip(lines, rows_of(lines, kind), strict=True):
            theirs = oracle(line)
            found.lines += 1
            found.accepted += ours is not None
            found.refused += ours is None and theirs is not None
            if ours is not None and (theirs is None or not same(ours, theirs)):
                found.different += 1
                found.first = found.first or f"{line!r}: {ours}, not {theirs}"
    return found
