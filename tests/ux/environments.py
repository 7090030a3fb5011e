"""Environments made of the packages of this one, without a download: all of them but some."""

from __future__ import annotations

import sys
import sysconfig
import venv
from collections.abc import Sequence
from pathlib import Path

# What development and our extras bring, and pandas loads or uses where it finds it: a user who
# installs headrace and JupyterLab has none of them.
OPTIONAL = ("duckdb", "polars", "pyarrow", "torch")


def make(folder: Path, without: Sequence[str]) -> Path:
    """Make an environment without the packages whose names begin so; give its Python."""
    venv.create(folder, with_pip=False, symlinks=True)
    here = Path(sysconfig.get_path("purelib"))
    there = folder / here.relative_to(sys.prefix)
    for entry in here.iterdir():
        if not entry.name.lower().startswith(tuple(without)):
            (there / entry.name).symlink_to(entry)
    for data in ("share", "etc"):  # JupyterLab's pages, its settings and the kernels
        if (Path(sys.prefix) / data).exists():
            (folder / data).symlink_to(Path(sys.prefix) / data)
    return folder / "bin" / "python"
