import os
from pathlib import Path

import pytest

from headrace.errors import InvalidArgument, StreamIOError
from headrace.plot import files


@pytest.mark.parametrize("name", ["x.png", "x.SVG", "x.pdf", "a.b/x.html"])
def test_the_ending_names_the_kind(name: str) -> None:
    assert files.kind_of(Path(name)) == name.rpartition(".")[2].lower()


@pytest.mark.parametrize("name", ["x", "x.gif", "png"])
def test_other_endings_are_refused_with_the_list(name: str) -> None:
    with pytest.raises(InvalidArgument, match=r"\.png, \.svg, \.pdf, \.html"):
        files.kind_of(Path(name))


def test_a_page_needs_nothing_from_elsewhere_and_its_title_is_inert() -> None:
    page = files.page_of(b"\x89PNG", "AAPL <script>").decode()
    assert "&lt;script&gt;" in page
    assert "<script>" not in page
    assert page.count("src=") == page.count('src="data:image/png;base64,') == 1


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(b"former")
    files.write(path, b"new")
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["x.png"]


def test_a_file_that_cannot_be_written_is_named_and_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "taken.png"
    folder.mkdir()
    with pytest.raises(StreamIOError, match=r"taken\.png.*directory"):
        files.write(folder, b"new")
    assert os.listdir(tmp_path) == ["taken.png"]
