"""What a run is given so that the next one goes on: names, places, and what is refused."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import headrace as hr
from headrace.durability import Slot, Wish, fingerprint, prepare
from headrace.errors import InvalidArgument, UnknownColumn, Unsupported
from headrace.kafka_source import KafkaSource

BARS = hr.kafka("stocks", bootstrap="localhost:1", schema=hr.market.SCHEMA)
ANY = Wish.of(None, "100ms", "10s", 2)


def kafka(source: object) -> KafkaSource:
    assert isinstance(source, KafkaSource)
    return source


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((5, "100ms", "10s", 2), "checkpoint: expected a directory or .*, got 5"),
        (("state", "100us", "10s", 2), "commit_interval: expected at least 1 ms, got '100us'"),
        (("state", "100ms", "soon", 2), "checkpoint_interval"),
        (("state", "100ms", "10s", 1), "keep_checkpoints: expected 2 or more, got 1"),
        (("state", "100ms", "10s", True), "keep_checkpoints"),
    ],
)
def test_wrong_wishes_are_refused(arguments: tuple[object, ...], said: str) -> None:
    with pytest.raises(InvalidArgument, match=said):
        Wish.of(*arguments)


def test_a_slot_is_free_again_however_its_holder_ends(tmp_path: Path) -> None:
    code = f"from headrace.durability import Slot; Slot({str(tmp_path)!r}, 'app'); import os; "
    subprocess.run([sys.executable, "-c", code + "os.kill(os.getpid(), 9)"], check=False)
    first = Slot(tmp_path, "app")
    assert first.number == 0
    assert Slot(tmp_path, "other").number == 0  # another group's are others
    assert Slot(tmp_path, "app").number == 1
    first.free()
    first.free()
    assert Slot(tmp_path, "app").number == 0


def test_the_fingerprint_is_of_what_enters_a_result() -> None:
    same = hr.kafka("other", bootstrap="localhost:2", schema=hr.market.SCHEMA)
    rsi = BARS.with_columns(rsi=hr.ta.rsi("Close", timeperiod=14))
    longer = BARS.with_columns(rsi=hr.ta.rsi("Close", timeperiod=21))
    prints = [fingerprint(one, one._source) for one in (BARS, same, rsi, longer)]
    assert prints[0] == prints[1]
    assert len(set(prints)) == 3


def test_nothing_is_made_durable_where_nobody_asked() -> None:
    assert prepare(BARS, BARS._source, ANY) is None


def test_without_a_group_positions_are_kept_under_the_name_of_the_results() -> None:
    signals = BARS.to_kafka("signals")
    made = prepare(signals, signals._source, ANY)
    assert made is not None
    assert made.exactly_once
    assert kafka(made.source).group == "headrace-signals"
    assert not kafka(made.source).joins
    assert made.slot is None


def test_workers_of_a_group_have_names_of_their_own(tmp_path: Path) -> None:
    stream = hr.kafka("stocks", bootstrap="localhost:1", schema=hr.market.SCHEMA, group="app")
    signals = stream.to_kafka("signals")
    wish = replace(ANY, where=tmp_path)
    first = prepare(signals, signals._source, wish)
    second = prepare(signals, signals._source, wish)
    assert first is not None
    assert second is not None
    names = {kafka(made.source).instance for made in (first, second)}
    assert len(names) == 2
    assert all(name is not None and name.startswith("app-") for name in names)
    assert kafka(first.source).joins


def test_merged_partitions_have_one_worker() -> None:
    merged = BARS.union(hr.kafka("fills", bootstrap="localhost:1", schema=hr.market.SCHEMA))
    signals = merged.to_kafka("signals", bootstrap="localhost:1")
    made = prepare(signals, signals._source, ANY)
    assert made is not None
    assert made.exactly_once
    assert made.slot is None


@pytest.mark.parametrize(
    ("stream", "said"),
    [
        (
            hr.from_frame(hr.market.bars(rows=4), schema=hr.market.SCHEMA).to_kafka(
                "x", bootstrap="localhost:1", processing_guarantee="exactly-once"
            ),
            "cannot be kept with the results",
        ),
        (
            BARS.to_kafka("x", processing_guarantee="exactly-once").to_kafka("y"),
            "the stream has several",
        ),
        (
            BARS.to_kafka("x", bootstrap="elsewhere:1", processing_guarantee="exactly-once"),
            "results and positions on elsewhere:1 and localhost:1",
        ),
        (
            BARS.union(BARS).to_kafka(
                "x", bootstrap="localhost:1", processing_guarantee="exactly-once"
            ),
            "stocks is read twice",
        ),
    ],
)
def test_what_cannot_be_exactly_once_says_why(stream: hr.Stream, said: str) -> None:
    with pytest.raises(Unsupported, match=said):
        prepare(stream, stream._source, ANY)


def test_who_did_not_insist_gets_at_least_once() -> None:
    with hr.MockBroker(stocks=1) as broker:
        bars = hr.kafka("stocks", bootstrap=broker.bootstrap, schema=hr.market.SCHEMA)
        assert prepare(bars.to_kafka("x"), bars._source, ANY) is None
        insisting = bars.to_kafka("x", processing_guarantee="exactly-once")
        with pytest.raises(Unsupported, match="a MockBroker has no transactions"):
            prepare(insisting, insisting._source, ANY)


def test_a_frame_has_no_checkpoint(tmp_path: Path) -> None:
    frame = hr.from_frame(hr.market.bars(rows=4), schema=hr.market.SCHEMA)
    with pytest.raises(Unsupported, match="checkpoint"):
        frame.run(checkpoint=tmp_path)


def test_a_key_column_that_is_not_there_is_refused_before_anything_starts() -> None:
    signals = BARS.select("Date", "Close").to_kafka("signals")
    bad = replace(signals, _sinks=(replace(signals._sinks[0], key="Ticker"),))
    with pytest.raises(UnknownColumn, match="Ticker"):
        prepare(bad, bad._source, ANY)


def test_a_stream_that_was_stopped_leaves_its_place_to_the_next_one() -> None:
    stream = hr.kafka("stocks", bootstrap="localhost:1", schema=hr.market.SCHEMA, group="left")
    numbers = []
    kept = []
    for _ in range(2):  # as when a notebook's cell stops a stream and runs it again
        live = stream.to_kafka("signals").run()
        numbers += [slot.number for slot in live._slots]
        live.stop()
        kept.append(live)
    assert numbers == [0, 0]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_forked_child_does_not_keep_the_slot_of_its_parent(tmp_path: Path) -> None:
    slot = Slot(tmp_path, "app")
    (waits, goes), (hears, says) = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        os.close(goes)
        os.write(says, b"!")
        os.read(waits, 1)  # until the parent is done
        os._exit(0)
    assert os.read(hears, 1) == b"!"
    slot.free()
    assert Slot(tmp_path, "app").number == 0
    os.close(goes)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    for end in (waits, hears, says):
        os.close(end)
