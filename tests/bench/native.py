"""The C++ programs of ``cpp/bench``: where they are, and what the micro-benchmarks print."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

MICRO = ("bench_json", "bench_ring", "bench_ops", "bench_steps", "bench_predict")
_LIMIT_S = 300.0
_ROOT = Path(__file__).parents[2]


def find(name: str, folder: Path | None) -> Path | None:
    """Find a built program: in ``folder``, else where ``make bench`` builds."""
    root = folder or _ROOT / "build" / "release"
    found = (path for path in root.rglob(name) if path.is_file() and os.access(path, os.X_OK))
    return next(found, None)


def run_micro(path: Path) -> list[dict[str, object]]:
    """Run one micro-benchmark and read its lines."""
    done = subprocess.run([path], capture_output=True, text=True, timeout=_LIMIT_S, check=True)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
