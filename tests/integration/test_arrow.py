"""Results as Arrow streams on a real Kafka, read by pyarrow."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pandas as pd
import pytest

import headrace as hr
from headrace import errors
from headrace.broker import TemporaryBroker
from headrace.replay import produce
from tests.integration.support import new_topic, until
from tests.prove import oracle

confluent_kafka = pytest.importorskip("confluent_kafka", reason="the oracle is another client")
pa = pytest.importorskip("pyarrow", reason="reads what was written")
pytestmark = pytest.mark.broker

SCHEMA = hr.Schema(
    {
        "id": hr.int64,
        "k": hr.string,
        "x": hr.field(hr.float64, nullable=True),
        "on": hr.field(hr.bool_, nullable=True),
        "at": hr.field(hr.timestamp, nullable=True),
        "note": hr.field(hr.string, nullable=True),
    },
    key="k",
)
NOTES = ("", "grün 📈", None, "a" * 300)


def record(number: int) -> dict[str, object]:
    return {
        "id": number * 2**40 - 7,
        "k": f"key {number % 5}",
        "x": None if number % 7 == 0 else number / 3 - 5,
        "on": None if number % 3 == 0 else number % 2 == 0,
        "at": None if number % 13 == 0 else f"2026-03-02T14:30:{number % 60:02d}.123456789Z",
        "note": NOTES[number % 4],
    }


def rows_of(boot: str, topic: str) -> tuple[list[dict[str, object]], list[int]]:
    """Give all rows, and of each Kafka record how many it has."""
    rows, sizes = [], []
    for _, _, value in oracle.read(boot, topic):
        table = pa.ipc.open_stream(value).read_all()
        table.validate(full=True)
        rows += table.to_pylist()
        sizes.append(table.num_rows)
    return rows, sizes


def test_all_types_come_as_they_were(kafka: TemporaryBroker, tmp_path: Path) -> None:
    boot = kafka.bootstrap
    source, target = new_topic(boot), new_topic(boot, 3)
    stream = hr.kafka(source, bootstrap=boot, schema=SCHEMA, group=source)
    sink = stream.with_columns(r=hr.lit(0.1) * hr.col("x")).to_kafka(target, format="arrow")
    count = 0
    for _ in range(2):  # the second run goes on behind the first one
        numbers = range(count, count + 2_000)
        produce(
            [(b"k", json.dumps(record(n)).encode()) for n in numbers], to=source, bootstrap=boot
        )
        count += 2_000
        with sink.run(checkpoint=tmp_path, commit_interval="20ms"):
            until(lambda wanted=count: len(rows_of(boot, target)[0]) == wanted)
    rows, sizes = rows_of(boot, target)
    assert max(sizes) > 1
    by_id = {row["id"]: row for row in rows}
    assert len(by_id) == count
    for number in range(count):
        wanted = record(number)
        row = by_id[wanted["id"]]
        x = wanted["x"]
        wanted["at"] = None if wanted["at"] is None else pd.Timestamp(str(wanted["at"]))
        assert row == {**wanted, "r": None if x is None else 0.1 * float(str(x))}, number
    per_key: dict[object, list[int]] = {}
    for row in rows:
        per_key.setdefault(row["k"], []).append(int(str(row["id"])))
    assert all(ids == sorted(ids) for ids in per_key.values())  # a key keeps its order


def test_doubles_keep_all_their_bits_and_large_groups_are_several_records(
    kafka: TemporaryBroker,
) -> None:
    boot = kafka.bootstrap
    source, target = new_topic(boot), new_topic(boot)
    schema = hr.Schema({"k": hr.string, "x": hr.float64, "text": hr.string}, key="k")
    stream = hr.kafka(source, bootstrap=boot, schema=schema, group=source)
    sink = stream.with_columns(y=hr.ta.pct_change("x")).to_kafka(target, format="arrow")
    value = b'{"k": "a", "x": 0, "text": "%s"}' % (b"x" * 3_000)
    produce([(b"a", value)] * 2_000, to=source, bootstrap=boot)
    with sink.run(commit_interval="500ms"):
        until(lambda: len(rows_of(boot, target)[0]) == 2_000)
    rows, sizes = rows_of(boot, target)
    assert sum(sizes) == 2_000
    assert rows[0]["y"] is None or math.isnan(float(str(rows[0]["y"])))
    assert math.isnan(float(str(rows[1]["y"])))  # 0 / 0: JSON would have said null


def test_other_formats_are_refused() -> None:
    bars = hr.kafka("stocks", schema=hr.market.SCHEMA)
    with pytest.raises(errors.InvalidArgument, match='expected "json" or "arrow", got \'avro\''):
        bars.to_kafka("signals", format="avro")
