"""E6: each error code in answer to each request of a transaction, on librdkafka's mock broker.

The cells are run by the program of the C++ tests (``test_committer_errors_soak.cpp``).
"""

from __future__ import annotations

import os
import re
import subprocess
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.prove.experiment import Context, Experiment
from tests.prove.results import Line, add_up

_PROGRAM = Path(__file__).parents[3] / "build" / "dev" / "tests" / "cpp" / "sink" / "test_sink_soak"
_LIMIT_S = 600.0
_CELL = re.compile(r"^\w+ \w+ (?:first|second|every): (\w+), ([\d.]+) s")
REQUESTS = (
    *("FindCoordinator", "InitProducerId", "AddPartitionsToTxn", "AddOffsetsToTxn"),
    *("TxnOffsetCommit", "EndTxn", "Produce"),
)


def program() -> Path:
    """Give the program; HEADRACE_ERROR_MATRIX names one elsewhere."""
    return Path(os.environ.get("HEADRACE_ERROR_MATRIX") or _PROGRAM)


def parse(text: str) -> Line:
    """Read how the cells ended."""
    found = [match.groups() for line in text.splitlines() if (match := _CELL.match(line))]
    ends = Counter(end for end, _ in found)
    slowest = max((float(took) for _, took in found), default=0.0)
    return {
        "cells": len(found),
        **{end: ends[end] for end in ("committed", "retried", "fatal")},
        "slowest_s": slowest,
        "faults": [line for line in text.splitlines() if ": FAULT, " in line],
    }


def run_matrix(_context: Context, case: str) -> Line:
    """Run all cells of one request."""
    if not program().exists():
        raise FileNotFoundError(
            f"{program()}: build it with cmake --preset dev && cmake --build --preset dev"
        )
    done = subprocess.run(
        [program(), f"[{case}]"], capture_output=True, text=True, timeout=_LIMIT_S, check=False
    )
    line = parse(done.stdout)
    return {"ok": done.returncode == 0 and bool(line["cells"]) and not line["faults"], **line}


def _summary(lines: Sequence[Line]) -> str:
    counts = (f"{add_up(lines, end)} {end}" for end in ("committed", "retried", "fatal"))
    slowest = max(float(str(line.get("slowest_s", 0))) for line in lines)
    return f"{add_up(lines, 'cells')} cells: {', '.join(counts)}; at most {slowest:.1f} s"


MATRIX = Experiment(
    "E6",
    "each error code in answer to each request of a transaction, first, second or every time",
    ">= 150 cells: committed once, retried, or ended in words; none > 30 s",
    lambda _: [*REQUESTS],
    run_matrix,
    _summary,
)
