"""A kernel that is restarted, a notebook that is saved and opened again, without a network."""

from __future__ import annotations

import base64
import io
import json
import re
import time
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from PIL import Image

from tests.kernel.support import Kernel
from tests.mishaps.support import (
    SCHEMA,
    Cluster,
    bars,
    finished,
    pictures,
    reads,
    send,
    took,
)

LARGEST_PNG = 40_000
LOADED_FROM_ELSEWHERE = re.compile(r"""(?:src|href)\s*=\s*["']?(?!data:)|@import|url\(|<script""")


@pytest.fixture(scope="module")
def topic(cluster: Cluster) -> str:
    name = cluster.new_topic("kept")
    send(cluster.bootstrap, name, bars(range(300)))
    return name


def check_picture(encoded: str) -> None:
    """A small PNG of its own whose second frame says that it is not live."""
    raw = base64.b64decode(encoded)
    assert raw.startswith(b"\x89PNG")
    print(f"picture: {len(raw)} bytes")
    assert len(raw) <= LARGEST_PNG
    picture = Image.open(io.BytesIO(raw))
    first = picture.convert("RGB")
    assert picture.size[0] >= 600
    assert len(first.getcolors(1_000_000)) > 3  # not an empty box


def check_goes_stale(encoded: str) -> None:
    """Whoever shows it later sees a second frame by itself: "not live"."""
    picture = Image.open(io.BytesIO(base64.b64decode(encoded)))
    assert getattr(picture, "n_frames", 1) == 2
    live = picture.convert("RGB")
    picture.seek(1)
    assert picture.convert("RGB").tobytes() != live.tobytes()


def test_a_restarted_kernel_leaves_the_last_picture(
    own_kernel: Kernel, cluster: Cluster, topic: str
) -> None:
    code = (
        f'live = hr.kafka("{topic}", bootstrap="{cluster.bootstrap}", schema={SCHEMA}).run()\n'
        "chart = live.plot('Close', key='AAPL')"
    )
    cell = own_kernel.run(code, cell_id="A")
    reads(own_kernel, "live.status().rows", "300", within=3)
    own_kernel.until(lambda: "waiting for" not in own_kernel.value("words(chart)"))
    took("the restart", own_kernel.restart(), 1.5)
    last = pictures(own_kernel, cell)
    assert len(last) == 1
    check_picture(last[0])
    assert cell.error == ""
    assert "Traceback" not in cell.stderr
    own_kernel.run("import headrace as hr")
    again = own_kernel.run(code, cell_id="A")  # and the cell runs again as if nothing had been
    assert finished(again).stdout == ""
    reads(own_kernel, "live.status().rows", "300", within=3)


def test_the_picture_of_a_kernel_that_died_says_so(
    own_kernel: Kernel, cluster: Cluster, topic: str
) -> None:
    cell = own_kernel.run(
        f'live = hr.kafka("{topic}", bootstrap="{cluster.bootstrap}", schema={SCHEMA}).run()\n'
        "chart = live.plot('Close', key='AAPL')"
    )
    reads(own_kernel, "live.status().rows", "300", within=3)
    time.sleep(0.5)
    own_kernel.kill()
    (last,) = pictures(own_kernel, cell)
    check_picture(last)
    check_goes_stale(last)


def test_a_saved_notebook_shows_it_without_running(
    cluster: Cluster, topic: str, tmp_path: Path
) -> None:
    source = (
        f'bars = hr.kafka("{topic}", bootstrap="{cluster.bootstrap}", event_time="Date",'
        ' key="Ticker")'
    )
    cells = [
        "import headrace as hr, time",
        source,
        'live = bars.with_columns(hr.ta.bbands("Close", 20)).run()',
        'live.plot("Close", key="AAPL")\ntime.sleep(2)',
        "live",
        "time.sleep(1.5)",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    saved = tmp_path / "saved.ipynb"
    nbformat.write(notebook, saved)

    outputs = [out for cell in json.loads(saved.read_text())["cells"] for out in cell["outputs"]]
    assert [out for out in outputs if out["output_type"] == "error"] == []
    rich = [out["data"] for out in outputs if "data" in out]
    drawn = [data["image/png"] for data in rich if "image/png" in data]
    assert len(drawn) == 1
    check_picture(drawn[0])
    check_goes_stale(drawn[0])
    panel = "".join("".join(data.get("text/html", "")) for data in rich)
    assert "300" in panel
    assert "UTC" in panel
    for data in rich:  # nothing that needs a kernel or a network
        assert not any("widget" in kind or "javascript" in kind for kind in data), list(data)
        assert "text/plain" in data
        assert not LOADED_FROM_ELSEWHERE.search("".join(data.get("text/html", "")))
