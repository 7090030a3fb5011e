"""A script without its streams: what they are, and that everything is put back."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import headrace as hr
from headrace import sources
from headrace.live import Live
from headrace.rehearsal import Options, Rehearsal
from headrace.stream import Stream


def rehearse(tmp_path: Path, body: str) -> Rehearsal:
    path = tmp_path / "pipeline.py"
    path.write_text("import headrace as hr\n" + body)
    rehearsal = Rehearsal(path, Options())
    rehearsal.execute()
    return rehearsal


def test_results_are_real_and_waiting_is_over_at_once(tmp_path: Path) -> None:
    body = """
frame = hr.market.bars(rows=40, tickers=2, seed=1)
stream = hr.from_frame(frame, schema=hr.market.SCHEMA)
live = stream.run()
assert live.wait(records=10**9, timeout=3600)
assert len(live.frame()) == 40
assert len(stream.collect()) == 40
assert stream.collect(frame.head(3)).shape[0] == 3
chart = live.plot("Close")
assert chart.save("chart.png").name == "chart.png"
assert hr.replay(frame, to="bars", bootstrap="127.0.0.1:1") == 0
"""
    rehearsal = rehearse(tmp_path, body)
    # run and collect are noted; collecting other records is not the stream's own business.
    assert [found.line for found in rehearsal.found] == [5, 8]
    assert not (tmp_path / "chart.png").exists()


def test_a_script_sees_its_folder_and_its_name(tmp_path: Path) -> None:
    (tmp_path / "neighbour.py").write_text("rows = 7\n")
    body = """
import sys
import neighbour
assert sys.argv == [__file__]
frame = hr.market.bars(rows=neighbour.rows, tickers=1, seed=1)
stream = hr.from_frame(frame, schema=hr.market.SCHEMA)
"""
    sys.modules.pop("neighbour", None)
    [found] = rehearse(tmp_path, body).found
    assert found.line == 0
    assert "7 rows" in repr(found.stream)


def test_everything_is_put_back_also_after_an_error(tmp_path: Path) -> None:
    before = (hr.kafka, hr.replay, sources.kafka, Stream.run, Stream.collect, Live.wait, Live.plot)
    path, argv = list(sys.path), list(sys.argv)
    with pytest.raises(ZeroDivisionError):
        rehearse(tmp_path, "1 / 0\n")
    after = (hr.kafka, hr.replay, sources.kafka, Stream.run, Stream.collect, Live.wait, Live.plot)
    assert after == before
    assert (sys.path, sys.argv) == (path, argv)


def test_streams_before_an_error_are_noted(tmp_path: Path) -> None:
    body = """
stream = hr.from_frame(hr.market.bars(rows=9, tickers=1, seed=1), schema=hr.market.SCHEMA)
stream.run()
1 / 0
"""
    path = tmp_path / "pipeline.py"
    path.write_text("import headrace as hr\n" + body)
    rehearsal = Rehearsal(path, Options())
    with pytest.raises(ZeroDivisionError):
        rehearsal.execute()
    assert [found.line for found in rehearsal.found] == [4]
