"""The notebooks run from top to bottom, without an error, and draw."""

import base64
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def pictures(notebook: nbformat.NotebookNode) -> list[bytes]:
    return [
        base64.b64decode(output["data"]["image/png"])
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]


@pytest.mark.notebook
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_runs_and_draws(path: Path, tmp_path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}})
    client.execute()  # an error in a cell is an exception here
    for output in (o for cell in notebook.cells for o in cell.get("outputs", [])):
        assert output.get("name") != "stderr", output["text"]
    images = pictures(notebook)
    assert images, "no picture"
    for image in images:
        assert image.startswith(b"\x89PNG")
        assert len(image) > 10_000, "a picture without lines"


def test_the_notebooks_are_stored_without_outputs() -> None:
    assert [p.stem for p in NOTEBOOKS] == ["01_quickstart", "02_live_indicators"]
    for path in NOTEBOOKS:
        for cell in nbformat.read(path, as_version=4).cells:
            assert not cell.get("outputs"), f"{path.name}: clear the outputs before committing"
