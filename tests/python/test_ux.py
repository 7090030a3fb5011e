"""The notebook benchmark's own arithmetic: jobs, frames, figures. No browser and no broker."""

from __future__ import annotations

import base64
import doctest
import importlib
import io
import json

import numpy as np
import pytest
from PIL import Image

from tests.bench.figures import Bar
from tests.ux import figures, notebooks, pictures, producer
from tests.ux.pictures import Box, Shot

MODULES = ["behind", "browser", "figures", "memory", "notebooks", "options", "pictures", "producer"]
CHART = Box(32, 32, 320, 160)


def page(*, frame: bool = False, line: int | None = None) -> np.ndarray:
    """A white page; in the chart's place a grey frame, and a blue line at that height."""
    pixels = np.full((256, 400, 3), 255, np.uint8)
    if frame:
        pixels[40:42, 40:340] = pixels[180:182, 40:340] = 90
    if line is not None:
        pixels[line : line + 2, 48:336] = (31, 119, 180)
    return pixels


def shot(time: float, pixels: np.ndarray) -> Shot:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=70)
    return Shot(time, base64.b64encode(file.getvalue()).decode())


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_run(name: str) -> None:
    module = importlib.import_module(f"tests.ux.{name}")
    assert doctest.testmod(module).failed == 0


def test_axes_come_before_data() -> None:
    shots = [
        shot(1.0, page()),
        shot(2.0, page(frame=True)),
        shot(3.0, page(frame=True, line=100)),
    ]
    seen = pictures.look(shots, CHART, since=0.0)
    assert (seen.axes, seen.data, seen.frames) == (2.0, 3.0, 3)


def test_a_redraw_is_a_frame_that_looks_different() -> None:
    one, other = page(frame=True, line=100), page(frame=True, line=120)
    shots = [shot(float(i), pixels) for i, pixels in enumerate([one, one, other, page(), other])]
    assert pictures.look(shots, CHART, since=0.0).changes == [0.0, 2.0]  # a blank is no redraw
    assert pictures.look(shots, CHART, since=2.0).changes == [2.0]


def test_what_changes_beside_the_chart_is_not_its_redraw() -> None:
    one = page(frame=True, line=100)
    other = one.copy()
    other[210:250, 360:] = 0
    changes = pictures.look([shot(0.0, one), shot(1.0, other)], CHART, since=0.0).changes
    assert changes == [0.0]


def test_our_jobs_are_the_five_lines() -> None:
    for way in notebooks.OURS:
        job = notebooks.source(way)
        assert len(notebooks.code_lines(job)) == 5
        assert len(notebooks.cells(job)) == 1


@pytest.mark.parametrize("way", notebooks.WAYS)
def test_jobs_read_where_they_are_told(way: str) -> None:
    filled = notebooks.Place("127.0.0.1:1", "bars-1", "group-1").fill(notebooks.source(way))
    assert "localhost" not in filled
    assert '"ohlcv"' not in filled
    for cell in notebooks.imports_apart(notebooks.cells(filled)):
        code = "\n".join(line for line in cell.splitlines() if not line.startswith("%"))
        compile(code, way, "exec")


def test_bars_of_the_market_are_whole() -> None:
    source = producer.bars()
    values = [json.loads(next(source)[1]) for _ in range(5000)]
    assert all(bar["Low"] <= min(bar["Open"], bar["Close"]) for bar in values)
    assert all(bar["High"] >= max(bar["Open"], bar["Close"]) for bar in values)


def test_each_figure_has_a_name_of_its_own() -> None:
    names = [bar.id for bar in figures.bars()]
    assert len(names) == len(set(names))


def test_figures_are_medians_or_the_worst_beside_the_peer() -> None:
    middle = Bar("a", "g", "a", case="ours", metric="s", must=2.0, lower=True, against="peer")
    worst = Bar("b", "g", "b", case="ours", metric="s", must=2.0, lower=True, of="max")
    absent = Bar("c", "g", "c", case="none", metric="s")
    runs = {"ours": [{"s": 1.0}, {"s": 1.5}, {"s": 4.0}], "peer": [{"s": 7.0}]}
    found = figures.compute([middle, worst, absent], runs)
    assert [(figure.value, figure.verdict) for figure in found] == [(1.5, "must"), (4.0, "BELOW")]
    assert found[0].detail == "peer 7"
    assert "peer 7" in figures.table(found)
    assert json.loads(json.dumps(figures.as_json(found, runs, {}, [])))["cases"] == runs
