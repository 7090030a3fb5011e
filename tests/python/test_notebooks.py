"""The notebooks run from top to bottom, without an error, and draw."""

import base64
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tests.python.ink import ENOUGH, spread

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
GUIDE = FOLDER / "03_guide.ipynb"
NO_DATA = "127.0.0.1:1"  # in a cell whose chart waits for a broker that is not there


def pictures(notebook: nbformat.NotebookNode) -> list[tuple[str, bytes]]:
    """Return the cell and the bytes of every picture."""
    return [
        (cell["source"], base64.b64decode(output["data"]["image/png"]))
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]


@pytest.mark.notebook
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_runs_and_draws(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADRACE_DATA", str(tmp_path / "none"))  # on data that it makes itself
    run(path, tmp_path)


@pytest.mark.notebook
@pytest.mark.parametrize("name", ["04_flights", "05_bars_and_views"])
def test_a_notebook_runs_on_real_data(
    name: str, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("flights", "ohlcv_daily"):
        if not (data / folder).is_dir():
            pytest.skip(f"no folder {data / folder}")
    monkeypatch.setenv("HEADRACE_DATA", str(data))
    run(FOLDER / f"{name}.ipynb", tmp_path)


def run(path: Path, tmp_path: Path) -> None:
    """Run a notebook and look at what it says and draws."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}})
    client.execute()  # an error in a cell is an exception here
    for output in (o for cell in notebook.cells for o in cell.get("outputs", [])):
        assert output.get("name") != "stderr", output["text"]
    images = pictures(notebook)
    assert images, "no picture"
    for source, image in images:
        assert image.startswith(b"\x89PNG")
        assert len(image) <= 40_000, "a notebook is to stay small"
        assert (spread(image) > ENOUGH) == (NO_DATA not in source), source
    assert list(tmp_path.iterdir()) == []  # what it writes it writes elsewhere


def test_the_notebooks_are_stored_without_outputs() -> None:
    assert [p.stem for p in NOTEBOOKS] == [
        "01_quickstart", "02_live_indicators", "03_guide", "04_flights", "05_bars_and_views",
    ]  # fmt: skip
    for path in NOTEBOOKS:
        for cell in nbformat.read(path, as_version=4).cells:
            assert not cell.get("outputs"), f"{path.name}: clear the outputs before committing"
            assert not cell.get("execution_count"), path.name


def said_in_the_sources() -> str:
    """Return the sources, with texts that go over several lines put together."""
    folders = (ROOT / "python" / "headrace", ROOT / "cpp" / "src", ROOT / "cpp" / "include")
    kinds = {".py", ".cpp", ".hpp"}
    files = [path for folder in folders for path in folder.rglob("*") if path.suffix in kinds]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(files))
    return re.sub(r'"\s*\n\s*[fR]?"', "", text)


def test_what_the_guide_says_one_reads_is_what_the_sources_say() -> None:
    cells = nbformat.read(GUIDE, as_version=4).cells
    [table] = [cell["source"] for cell in cells if "| you read |" in cell["source"]]
    phrases = re.findall(r"`([^`]+)`", "\n".join(re.findall(r"^\|(.*?)\|", table, re.MULTILINE)))
    assert len(phrases) > 15
    sources = said_in_the_sources()
    for phrase in phrases:
        for words in re.split(r"…|\d+", phrase):
            # A text that is put together of two is as good as one.
            parts = re.split(r"(?<=[;(:]) ?", words.strip(' ?"[])'))
            assert all(part in sources for part in parts), words


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_links_lead_somewhere(path: Path) -> None:
    for cell in nbformat.read(path, as_version=4).cells:
        for target in re.findall(r"\]\((?!#|https?:)([^)#]+)", cell["source"]):
            assert (FOLDER / target).exists(), target
