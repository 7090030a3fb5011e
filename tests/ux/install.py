"""How large our wheel is, and how long pip takes for it where pandas and Matplotlib are there."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from tests.ux import environments
from tests.ux.stage import Found

_ROOT = Path(__file__).parents[2]
_LIMIT_S = 1800.0


def wheel(folder: Path, build_dir: Path | None) -> Path:
    """Build our wheel from the checkout; ``build_dir`` is that of an earlier build."""
    options = [] if build_dir is None else ["-C", f"build-dir={build_dir}"]
    _pip(Path(sys.executable), "wheel", "--no-build-isolation", "--no-deps", f"-w{folder}",
         *options, str(_ROOT))  # fmt: skip
    return next(folder.glob("headrace-*.whl"))


def measure(folder: Path, found: Found, build_dir: Path | None, rounds: int) -> None:
    """Weigh the wheel and install it into fresh environments, each as good as offline."""
    folder.mkdir()
    built = wheel(folder, build_dir)
    for number in range(rounds):
        python = environments.make(folder / f"environment-{number}", without=["headrace"])
        began = time.perf_counter()
        _pip(python, "install", "--no-index", str(built))
        seconds = time.perf_counter() - began
        _run(python, "-c", "import headrace; headrace.kafka; headrace.ta")
        found.add("install", wheel_mb=built.stat().st_size / 1e6, seconds=seconds)


def _pip(python: Path, *arguments: str) -> None:
    _run(python, "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments)


def _run(python: Path, *arguments: str) -> None:
    done = subprocess.run(
        [str(python), *arguments], capture_output=True, text=True, timeout=_LIMIT_S, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(arguments[:3])}: {done.stderr.strip()[-1000:]}")
