"""Our JSON decoder against Python's, line by line: the same verdict, and never another value.

Python's ``json``, with what the oracle adds: see ``format_oracles.py``.
"""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import headrace as hr
from tests.agreement.format_oracles import SCHEMA, JsonRow, json_row

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


def ours(batch: list[bytes], path: Path) -> list[JsonRow | None]:
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
        assert row == json_row(line), line


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
