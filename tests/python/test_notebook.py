from types import SimpleNamespace

import pytest

import headrace as hr
from headrace import notebook

STREAM = hr.from_frame(hr.market.bars(rows=100, tickers=1, seed=1), schema=hr.market.SCHEMA)


class Cell:
    """What a front end's cell looks like to the kernel."""

    def __init__(self) -> None:
        self.shell = SimpleNamespace(execution_count=0, user_ns={"In": [""]})

    def run(self, cell_id: str | None, source: str = "") -> None:
        self.shell.execution_count += 1
        self.shell.user_ns["In"].append(source)
        metadata = {"cellId": cell_id} if cell_id else {}
        self.shell.get_parent = lambda: {"metadata": metadata}


@pytest.fixture
def cell(monkeypatch: pytest.MonkeyPatch) -> Cell:
    made = Cell()
    monkeypatch.setattr(notebook, "_shell", lambda: made.shell)
    monkeypatch.setattr(notebook, "_streams", {})
    monkeypatch.setattr(notebook, "_execution", (-1, 0))
    return made


def test_the_same_cell_again_replaces_its_streams(cell: Cell) -> None:
    cell.run("A")
    first, second = STREAM.run(), STREAM.run()
    cell.run("A")
    third = STREAM.run()
    assert notebook._streams[("A", 0)]() is third
    assert notebook._streams[("A", 1)]() is second
    assert first._stopped_by_caller
    assert not second._stopped_by_caller
    for live in (first, second, third):
        live.stop()


def test_another_cell_leaves_it_alone(cell: Cell) -> None:
    cell.run("A")
    first = STREAM.run()
    cell.run("B")
    second = STREAM.run()
    assert not first._stopped_by_caller
    first.stop()
    second.stop()


def test_without_cell_ids_the_source_of_the_cell_counts(cell: Cell) -> None:
    cell.run(None, "live = bars.run()")
    first = STREAM.run()
    cell.run(None, "live = bars.run()")
    second = STREAM.run()
    assert first._stopped_by_caller
    second.stop()
