"""How long a frame of many rows takes while the stream runs, alone and beside a chart."""

from __future__ import annotations

import json
import statistics

from tests.kernel.support import Kernel
from tests.ux import notebooks
from tests.ux.stage import CaseError, Found, Stage

ROWS = 20_000
_RATE = 10_000.0
_TAKES = 150
# As where a user has installed headrace and JupyterLab alone: pandas' strings depend on it.
_NO_PYARROW = "import sys; sys.modules['pyarrow'] = None"
# Frames are taken apart, as by a user or a timer: each finds new rows.
_TAKE = f"""
import json, time

def take(count):
    milliseconds = []
    for _ in range(count):
        began = time.perf_counter()
        frame = live.frame(last={ROWS})
        milliseconds.append(1e3 * (time.perf_counter() - began))
        assert len(frame) == {ROWS}
        time.sleep(0.02)
    return json.dumps(milliseconds)

assert live.wait(rows={ROWS}, timeout="30s")
"""


def measure(stage: Stage, found: Found, takes: int = _TAKES) -> None:
    """Take frames in a real kernel, at 10,000 records a second."""
    imports, start, plot, _ = _five_lines()
    with stage.bars(_RATE, before=2 * ROWS) as source, Kernel() as kernel:
        place = notebooks.Place(stage.bootstrap, source.topic)
        _run(kernel, "\n".join([_NO_PYARROW, imports, place.fill(start), _TAKE]))
        _note(kernel, "frame", found, takes)
        _run(kernel, plot)
        _note(kernel, "frame_beside_chart", found, takes)


def _five_lines() -> tuple[str, str, str, str]:
    imports, bars, live, plot, frame = notebooks.source("headrace_inline").splitlines()
    return imports, f"{bars}\n{live}", plot, frame


def _run(kernel: Kernel, code: str) -> None:
    cell = kernel.run(code)
    if cell.status != "ok":
        raise CaseError(cell.error)


def _note(kernel: Kernel, case: str, found: Found, takes: int) -> None:
    kernel.value("take(5)")  # pandas loads what it needs at first use
    milliseconds = json.loads(kernel.value(f"take({takes})"))
    found.add(case, median_ms=statistics.median(milliseconds), worst_ms=max(milliseconds))
