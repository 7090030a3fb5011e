"""The pictures of the README, drawn by the lines that stand beside them: ``make pictures``.

Nothing is repeated here: the first example of the README runs as it stands, only against a broker
inside this process, which holds a simulated market; then the lines of its gallery.
"""

from __future__ import annotations

import ast
import io
import re
import sys
from pathlib import Path
from typing import Any

from PIL import Image

import headrace as hr
from headrace.plot import Chart

HERE = Path(__file__).resolve().parent
README = HERE.parent / "README.md"
PICTURES = HERE / "pictures"

ADDRESS = "localhost:9092"
TICKERS = ("AAPL", "MSFT", "NVDA", "AMZN")  # as in the README; the prices are nobody's

_EXAMPLE = re.compile(
    r"```python\n(.*?)```\s*!\[[^]]*\]\(notebooks/pictures/(\w+)\.png\)", re.DOTALL
)
_GALLERY = re.compile(r"`(live\.plot\([^`]*\))` !\[[^]]*\]\(notebooks/pictures/(\w+)\.png\)")


def example(readme: str) -> tuple[str, str]:
    """Return the name of the first picture and the lines that draw it."""
    [(lines, name)] = _EXAMPLE.findall(readme)
    return name, lines


def gallery(readme: str) -> dict[str, str]:
    """Return the other pictures: by name, the line that draws it."""
    return {name: line for line, name in _GALLERY.findall(readme)}


def fill(topic: str, bootstrap: str) -> int:
    """Write the market to a topic and return how many records it has."""
    market = hr.market.bars(rows=2600, tickers=len(TICKERS), seed=12)
    names = dict(zip(hr.market.TICKERS, TICKERS, strict=False))
    market["Ticker"] = market["Ticker"].map(names)
    return hr.replay(market, to=topic, bootstrap=bootstrap, key="Ticker", progress=False)


def run(lines: str, names: dict[str, Any]) -> list[Any]:
    """Run lines as a cell does and return the value of each that has one."""
    values = []
    for statement in ast.parse(lines).body:
        text = ast.unparse(statement)
        if isinstance(statement, ast.Expr):
            values.append(eval(text, names))
        else:
            exec(text, names)
    return values


def draw(folder: Path) -> list[Path]:
    """Draw all pictures into `folder` and return where they are."""
    readme = README.read_text(encoding="utf-8")
    name, lines = example(readme)
    with hr.MockBroker(ohlcv=2) as broker:
        records = fill("ohlcv", broker.bootstrap)
        names: dict[str, Any] = {}
        charts = {name: run(lines.replace(ADDRESS, broker.bootstrap), names)}
        with names["live"] as live:
            live.wait(records=records, timeout="30s")
            charts |= {name: run(line, names) for name, line in gallery(readme).items()}
            folder.mkdir(parents=True, exist_ok=True)
            return [_saved(values, folder / f"{name}.png") for name, values in charts.items()]


def _saved(values: list[Any], path: Path) -> Path:
    [chart] = [value for value in values if isinstance(value, Chart)]
    with Image.open(io.BytesIO(chart.png())) as picture:
        small = picture.convert("RGB").quantize(96, Image.Quantize.MAXCOVERAGE)
        small.save(path, optimize=True)
    return path


if __name__ == "__main__":
    for path in draw(Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURES):
        print(f"{path} ({path.stat().st_size / 1000:.0f} kB)")
