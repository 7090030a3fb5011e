"""An environment without torch: everything works but predict, which says what to install."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import headrace as hr

WITHOUT = ("torch", "functorch", "nvidia", "triton")

SCRIPT = """
import sys

try:
    import torch
except ImportError:
    pass
else:
    sys.exit("this environment has torch")

import headrace as hr

bars = hr.from_frame(hr.market.bars(rows=400, tickers=2, seed=1), schema=hr.market.SCHEMA)
features = bars.validate(hr.col("High") >= hr.col("Low")).with_columns(
    hr.ta.bbands("Close", timeperiod=20), rsi=hr.ta.rsi("Close", timeperiod=14))
table, rejected = features.collect(rejected=True)
assert table["rsi"].notna().sum() > 300, table
try:
    features.predict("model.pt", inputs=["rsi"])
except hr.errors.ModelError as error:
    assert "model.pt" in str(error), error  # the file is looked for first
open("model.pt", "w").close()
try:
    features.predict("model.pt", inputs=["rsi"])
except ImportError as error:
    assert 'pip install "headrace[torch]"' in str(error), error
else:
    sys.exit("predict works without torch")
print("fine")
"""


def site_without_torch(folder: Path, torch_part: bool) -> Path:
    """A site-packages of links to this one's entries, torch and what it brings left out."""
    site = folder / "site"
    package = site / "headrace"
    package.mkdir(parents=True)
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if entry.name.partition("-")[0] not in (*WITHOUT, "headrace"):
            (site / entry.name).symlink_to(entry)
    for folder_of_ours in hr.__path__:
        for entry in Path(folder_of_ours).iterdir():
            if torch_part or not entry.name.startswith("_torch"):
                (package / entry.name).symlink_to(entry)
    core = Path(sys.modules["headrace._core"].__file__ or "")
    if not (package / core.name).exists():
        (package / core.name).symlink_to(core)
    return site


@pytest.mark.parametrize("torch_part", [False, True], ids=["built without", "torch removed"])
def test_everything_but_predict_works(tmp_path: Path, torch_part: bool) -> None:
    site = site_without_torch(tmp_path, torch_part)
    # -I -S: nothing is on the path but the standard library and this folder.
    start = f"import sys; sys.path.append({str(site)!r})\n"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", start + SCRIPT],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=120,
    )
    assert done.stdout == "fine\n", done.stderr


def test_the_core_does_not_ask_for_torch() -> None:
    core = Path(sys.modules["headrace._core"].__file__ or "")
    content = core.read_bytes()
    for library in (b"libtorch", b"libc10"):
        assert library not in content
