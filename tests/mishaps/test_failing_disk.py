"""A broker whose disk is full, a partition without a leader, a file that cannot be written."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kernel.support import Kernel

_SMALL = "8m"


@pytest.fixture(scope="module")
def small_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A file system of a few megabytes."""
    folder = tmp_path_factory.mktemp("small-disk")
    mount = ["mount", "-t", "tmpfs", "-o", f"size={_SMALL}", "tmpfs", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True, timeout=20)
    except FileNotFoundError:
        pytest.skip("no mount")
    if done.returncode != 0:
        pytest.skip(f"no right to mount a file system: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True, timeout=20)


def fill_up(folder: Path) -> Path:
    """Leave no byte free."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (65536, 512, 1):
            try:
                while file.write(b"x" * size) == size:
                    pass
            except OSError:
                continue
    return filler


def test_a_chart_is_saved_to_a_full_disk(kernel: Kernel, small_disk: Path) -> None:
    filler = fill_up(small_disk)
    kernel.run(
        "live = hr.from_frame(hr.market.bars(rows=60), schema=hr.market.SCHEMA).run()\n"
        "chart = live.plot('Close')"
    )
    for ending in ("png", "html"):
        path = small_disk / f"chart.{ending}"
        cell = kernel.run(f"chart.save({str(path)!r})")
        last = cell.error.splitlines()[-1]
        assert last.startswith("StreamIOError: "), cell.error
        assert str(path) in last
        assert "No space left on device" in last
        assert not path.exists() or os.path.getsize(path) == 0  # no half of a picture
    filler.unlink()


def test_a_chart_is_saved_where_there_is_no_folder(kernel: Kernel, tmp_path: Path) -> None:
    kernel.run(
        "live = hr.from_frame(hr.market.bars(rows=60), schema=hr.market.SCHEMA).run()\n"
        "chart = live.plot('Close')"
    )
    path = tmp_path / "nowhere" / "chart.png"
    cell = kernel.run(f"chart.save({str(path)!r})")
    assert cell.error.splitlines()[-1].startswith("StreamIOError: ")
    assert str(path) in cell.error
    assert "No such file or directory" in cell.error
