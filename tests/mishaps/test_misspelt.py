"""Names that are not quite right, and packages that are not there: said at the line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kernel.support import Kernel
from tests.mishaps.support import finished

_BARS = "bars = hr.from_frame(hr.market.bars(rows=60), schema=hr.market.SCHEMA)"
_COLUMNS = "columns: Date, Ticker, Open, High, Low, Close, Adj Close, Volume"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('bars.with_columns(hr.ta.rsi("clos"))', ['"clos"', 'did you mean "Close"?', _COLUMNS]),
        ('bars.filter(hr.col("Hihg") > 1)', ['"Hihg"', 'did you mean "High"?', _COLUMNS]),
        ('bars.select("Tikcer")', ['"Tikcer"', 'did you mean "Ticker"?', _COLUMNS]),
        ('bars.schema["clos"]', ['"clos"', 'did you mean "Close"?', _COLUMNS]),
        ('bars.deduplicate("Tikcer")', ['"Tikcer"', 'did you mean "Ticker"?', _COLUMNS]),
        ('live.plot("clos")', ['"clos"', 'did you mean "Close"?', "columns: Date, Ticker"]),
        ('live.plot("Close", kind="candels")', ["'candels'", 'did you mean "candles"?', "scatter"]),
        ('live.plot("Close", lsat=5)', ['"lsat"', 'did you mean "last"?', "figsize"]),
        ("live.frame(lats=5)", ['"lats"', 'did you mean "last"?', "positions"]),
        ('bars.run(overflow="pauze")', ['"pauze"', '"pause"', "drop_oldest", "conflate"]),
        ("bars.run(histroy=5)", ['"histroy"', 'did you mean "history"?', "overflow"]),
        ('bars.run(on_error="rais")', ["'rais'", "dead_letter", "raise"]),
        ('hr.ta.bbands("Close", timeperoid=5)', ['"timeperoid"', '"timeperiod"', "nbdevup"]),
        ('hr.kafka("t", bootsrap="x:1")', ['"bootsrap"', 'did you mean "bootstrap"?', "group"]),
        ('hr.kafka("t", schema=hr.market.SCHEMA, start="latset")', ["'latset'", "'latest'"]),
        (
            'hr.kafka("t", schema=hr.market.SCHEMA, config={"sasl.pasword": "geheim"})',
            ['"sasl.pasword"', 'did you mean "sasl.password"?'],
        ),
        (
            'hr.Schema({"a": hr.float64}, key="b")',
            ['"b"', "columns: a"],
        ),
        ('hr.Schema({"Date": hr.timestamp("msec")})', ["'msec'", "s, ms, us, ns"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_misspelt_name_is_raised_at_its_line(kernel: Kernel, line: str, said: list[str]) -> None:
    ready = kernel.run(f"{_BARS}\nlive = bars.run()")
    assert ready.status == "ok", ready.error
    cell = kernel.run(f"1 + 1\n{line}\nprint('not reached')")
    assert cell.status == "error", cell.outputs
    last = cell.error.splitlines()[-1]
    for word in said:
        assert word in last
    assert "geheim" not in last
    assert "----> 2" in cell.error  # the arrow of the traceback is at the user's own line


# As where headrace was installed alone: nothing of these is found.
_WITHOUT = """
import sys
from importlib.machinery import PathFinder

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"torch", "pyarrow", "polars"} or name == "headrace._torch":
            return None
        return PathFinder.find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = Finder()
import headrace as hr
bars = hr.from_frame(hr.market.bars(rows=60), schema=hr.market.SCHEMA)
"""


def test_a_missing_package_names_the_extra(tmp_path: Path) -> None:
    model, table = tmp_path / "model.pt", tmp_path / "bars.parquet"
    model.write_bytes(b"PK")
    table.write_bytes(b"PAR1")
    calls = {
        f'bars.predict({str(model)!r}, inputs=["Close"])': "torch",
        f"hr.from_file({str(table)!r}, schema=hr.market.SCHEMA).collect()": "arrow",
        'bars.collect(as_="pyarrow")': "arrow",
        'bars.collect(as_="polars")': "arrow",
    }
    with Kernel() as bare:
        ready = bare.run(_WITHOUT)
        assert ready.status == "ok", ready.error
        for line, extra in calls.items():
            last = bare.run(line).error.splitlines()[-1]
            assert last.startswith("ImportError: "), last
            assert f'pip install "headrace[{extra}]"' in last
        rest = bare.run("print(bars.with_columns(hr.ta.rsi('Close')).collect().shape)")
        assert finished(rest).stdout == "(60, 9)\n"
