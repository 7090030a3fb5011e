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
    monkeypatch.setattr(notebook, "_made", {})
    return made


def was_replaced(live: hr.Live) -> bool:
    return live._stop_reason == notebook.REPLACED


def test_the_same_cell_again_replaces_all_its_streams(cell: Cell) -> None:
    cell.run("A")
    first, second = STREAM.run(), STREAM.run()
    assert not was_replaced(first)  # two of one execution stay side by side
    cell.run("A")
    third = STREAM.run()
    assert was_replaced(first)
    assert was_replaced(second)
    assert not was_replaced(third)
    third.stop()


def test_a_cell_that_failed_before_its_stream_leaves_the_former_one(cell: Cell) -> None:
    cell.run("A")
    first = STREAM.run()
    cell.run("A")  # fails at its first line
    assert not was_replaced(first)
    cell.run("A")
    second = STREAM.run()
    assert was_replaced(first)
    second.stop()


def test_another_cell_leaves_it_alone(cell: Cell) -> None:
    cell.run("A")
    first = STREAM.run()
    cell.run("B")
    second = STREAM.run()
    assert not was_replaced(first)
    first.stop()
    second.stop()


def test_without_cell_ids_the_source_of_the_cell_counts(cell: Cell) -> None:
    cell.run(None, "live = bars.run()")
    first = STREAM.run()
    cell.run(None, "live = bars.run()")
    second = STREAM.run()
    assert was_replaced(first)
    second.stop()


def test_kinds_are_replaced_apart(cell: Cell) -> None:
    class Chart:
        ended = False

        def _replaced(self) -> None:
            self.ended = True

    chart = Chart()
    cell.run("A")
    live = STREAM.run()
    notebook.remember("chart", chart)
    cell.run("A")
    notebook.end_former("chart")
    assert chart.ended
    assert not was_replaced(live)
    live.stop()


def test_it_keeps_nothing_alive(cell: Cell) -> None:
    cell.run("A")
    live = STREAM.run()
    live.stop()
    engine = live._engine
    del live
    cell.run("A")
    notebook.end_former("stream")  # what is gone needs no end
    assert engine.status()["state"] in ("finished", "stopped")
