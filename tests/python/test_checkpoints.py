"""Checkpoints as a frame, of golden files and of what was damaged."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import headrace as hr
from headrace import _core, errors

GOLDEN = Path(__file__).parents[1] / "fixtures" / "checkpoints" / "v1"
FILE = "stocks-0/00000000000000000042.ckpt"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    shutil.copytree(GOLDEN, tmp_path / "state")
    return tmp_path / "state"


def damage(file: Path, at: int) -> None:
    data = bytearray(file.read_bytes())
    data[at] ^= 1
    file.write_bytes(bytes(data))


def test_each_checkpoint_is_a_row_with_its_reason(state: Path) -> None:
    table = hr.checkpoints(state)
    assert list(table["commit"]) == [44, 43, 42]
    assert list(table["unit"]) == ["stocks-0"] * 3
    assert list(table["valid"]) == [False, False, True]
    assert "has format 2, headrace" in table["reason"][0]
    assert "fields in its header" in table["reason"][1]
    good = table.iloc[2]
    assert good["positions"] == "stocks[0]@42, stocks[1]@-1"
    assert good["reason"] == ""
    assert good["pipeline"] == "9f2c"
    assert good["bytes"] == (state / FILE).stat().st_size
    assert good["where"] == str(state / FILE)
    assert good["savepoint"] == ""


def test_damage_in_the_state_is_seen_where_every_byte_is_looked_at(state: Path) -> None:
    damage(state / FILE, -30)
    looked = hr.checkpoints(str(state))
    assert not looked["valid"][2]
    assert looked["reason"][2] == f'{state / FILE}: the checkpoint is damaged: "0 sma"'
    assert hr.checkpoints(state, verify=False)["valid"][2]


def test_savepoints_are_rows_too(state: Path) -> None:
    shutil.copytree(GOLDEN / "stocks-0", state / "savepoints" / "before-upgrade" / "stocks-0")
    table = hr.checkpoints(state)
    assert list(table["savepoint"]) == [""] * 3 + ["before-upgrade"] * 3


def test_nothing_is_an_empty_frame_with_all_columns(tmp_path: Path) -> None:
    table = hr.checkpoints(tmp_path)
    assert table.empty
    assert list(table.columns) == list(hr.checkpoints(GOLDEN).columns)
    assert dict(table.dtypes) == dict(hr.checkpoints(GOLDEN).dtypes)


def test_what_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(errors.CheckpointError, match="no directory"):
        hr.checkpoints(tmp_path / "state")
    assert not (tmp_path / "state").exists()
    for wrong in ("s3://bucket", "", 7):
        with pytest.raises(errors.InvalidArgument, match="kafka://topic"):
            hr.checkpoints(wrong)  # type: ignore[arg-type]


def test_a_topic_that_is_not_there_is_named() -> None:
    with hr.MockBroker() as broker:
        broker.create_topic("other")
        with pytest.raises(errors.TopicNotFound, match="nowhere"):
            hr.checkpoints("kafka://nowhere", bootstrap=broker.bootstrap)


def test_a_topic_without_checkpoints_is_an_empty_frame() -> None:
    with hr.MockBroker() as broker:
        broker.create_topic("checkpoints")
        assert hr.checkpoints("kafka://checkpoints", bootstrap=broker.bootstrap).empty


def test_one_file_tells_what_is_in_it(state: Path) -> None:
    info = _core.checkpoint_info(str(state / FILE))
    assert info["unit"] == "stocks-0"
    assert info["commit"] == 42
    assert info["read_to"] == [("stocks", 0, 42), ("stocks", 1, -1)]
    assert info["facts"] == {"digest": "294", "from": "0"}
    assert info["sections"] == ["keys", "none", "0 sma"]
    assert info["written_by"] == "0.1"
    damage(state / FILE, 40)
    with pytest.raises(errors.CheckpointError, match="damaged: its header"):
        _core.checkpoint_info(str(state / FILE))
    with pytest.raises(errors.StreamIOError, match="No such file"):
        _core.checkpoint_info(str(state / "nowhere"))
