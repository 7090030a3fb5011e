"""Our JSON decoder against Python's, line by line: the same verdict, and never another value.

Python's ``json`` is laxer in three things, which the oracle adds: a key named twice, NaN and
infinities, and lone surrogates are rejects.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import headrace as hr

SCHEMA = hr.Schema(
    {
        "k": hr.string,
        "x": hr.nullable(hr.float64),
        "n": hr.nullable(hr.int64),
        "s": hr.nullable(hr.string),
        "b": hr.nullable(hr.bool_),
    }
)
Row = dict[str, Any]


class Rejected(Exception):
    """The oracle's verdict on a line."""


# --- oracle ---


def unique(pairs: list[tuple[str, Any]]) -> Row:
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


def oracle(line: bytes) -> Row | None:
    """Return the row of a line, or None for a reject."""
    try:
        message = json.loads(line.decode(), object_pairs_hook=unique, parse_constant=refuse)
        json.dumps(message, ensure_ascii=False).encode()  # a lone surrogate has no UTF-8 form
        expect(isinstance(message, dict), "not_object")
        expect("k" in message, "missing_field")
        return {name: typed(name, message.get(name)) for name in SCHEMA.names}
    except (Rejected, ValueError):
        return None


# --- lines ---

KEYS = st.sampled_from(["k", "x", "n", "s", "b", "other", "", "é", 'q"']) | st.text(max_size=20)
NUMBERS = (
    st.integers()
    | st.floats(allow_nan=True, allow_infinity=True)
    | st.integers(-(2**64), 2**64)
    | st.floats(-1e4, 1e4).map(lambda x: round(x, 2))
)
SCALARS = st.none() | st.booleans() | NUMBERS | st.text()
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)
FITTING = st.fixed_dictionaries(
    {"k": st.text(max_size=12)},
    optional={
        "x": st.none() | NUMBERS,
        "n": st.none() | st.integers(-(2**63), 2**63 - 1),
        "s": st.none() | st.text(),
        "b": st.none() | st.booleans(),
        "other": VALUES,
    },
)


@st.composite
def lines(draw: st.DrawFn) -> bytes:
    """Draw a line: mostly a good record in some spelling, sometimes with a byte changed."""
    message = draw(FITTING | st.dictionaries(KEYS, VALUES, max_size=6))
    items = list(message.items())
    if draw(st.booleans()):
        items = draw(st.permutations(items))
    text = json.dumps(
        dict(items),
        ensure_ascii=draw(st.booleans()),
        separators=draw(st.sampled_from([(",", ":"), (", ", ": "), (" ,\t", ":")])),
    )
    line = bytearray(text.encode(errors="surrogatepass"))
    if draw(st.integers(0, 3)) == 0:
        at = draw(st.integers(0, len(line) - 1))
        line[at : at + draw(st.integers(0, 2))] = draw(st.binary(max_size=2))
    return bytes(line).translate(None, b"\r\n") or b" "


# --- ours ---


def ours(batch: list[bytes], path: Path) -> list[Row | None]:
    """Decode lines with headrace; None where it rejects."""
    path.write_bytes(b"".join(line + b"\n" for line in batch))
    with hr.from_file(path, schema=SCHEMA).run() as live:
        live.wait(timeout=60)
        accepted = iter(pa.table(live.arrow(last=len(batch) + 1)).to_pylist())
        rejected = set(live.rejected()["offset"].tolist())
        rows = [None if i in rejected else next(accepted) for i in range(len(batch))]
        assert next(accepted, None) is None
    return rows


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@pytest.mark.filterwarnings("ignore::headrace.errors.RejectedWarning")
@given(batch=st.lists(lines(), min_size=1, max_size=40))
def test_same_verdict_and_value_as_python(batch: list[bytes], tmp_path: Path) -> None:
    for line, row in zip(batch, ours(batch, tmp_path / "lines.ndjson"), strict=True):
        assert row == oracle(line), line


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"k":"a","x":9007199254740993}', 9007199254740992.0),
        ('{"k":"a","x":0.1000000000000000055511151231257827021181583404541015625}', 0.1),
        ('{"k":"a","x":4.9406564584124654e-324}', 5e-324),
        ('{"k":"a","x":1.7976931348623157e308}', 1.7976931348623157e308),
        ('{"k":"a","x":-1e-400}', -0.0),
    ],
)
def test_doubles_are_the_nearest(text: str, expected: float, tmp_path: Path) -> None:
    # The second line is of a shape learnt from the first: both paths are taken.
    rows = ours([text.encode()] * 2, tmp_path / "lines.ndjson")
    for row in rows:
        assert row is not None
        assert row["x"].hex() == expected.hex()
