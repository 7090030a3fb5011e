"""Tables: compacted topics, tombstones among them, through a broker."""

from __future__ import annotations

import json
import random
from typing import Any

import pandas as pd
import pytest

import headrace as hr
from headrace.errors import InvalidArgument, UnknownColumn
from headrace.replay import produce
from tests.integration.support import until

NAMES = hr.Schema({"sym": hr.string, "name": hr.nullable(hr.string)}, key="sym")
TRADES = hr.Schema(
    {"at": hr.timestamp, "sym": hr.string, "n": hr.int64}, event_time="at", key="sym"
)
DATED = hr.Schema(
    {"since": hr.timestamp, "sym": hr.string, "lot": hr.int64}, event_time="since", key="sym"
)
START = pd.Timestamp("2026-03-02", tz="UTC")


def stamp(seconds: int) -> str:
    return (START + pd.Timedelta(seconds=seconds)).isoformat()


def value(**fields: Any) -> bytes:
    return json.dumps(fields).encode()


def trades(count: int, step: int = 1) -> list[tuple[bytes, bytes]]:
    return [
        (sym, value(at=stamp(i * step), sym=sym.decode(), n=i))
        for i in range(count)
        for sym in [b"ABC"[i % 3 : i % 3 + 1]]
    ]


@pytest.mark.parametrize("partitions", [1, 3])
def test_a_table_without_times_is_there_before_the_first_record(partitions: int) -> None:
    with hr.MockBroker(trades=partitions, names=partitions) as broker:
        where = broker.bootstrap
        produce(trades(6), to="trades", bootstrap=where)
        changes: list[tuple[bytes, bytes | None]] = [
            (b"A", value(sym="A", name="Acme")),
            (b"B", value(sym="B", name="Bolt")),
            (b"A", value(sym="A", name="Acme Inc")),
            (b"B", None),
        ]
        produce(changes, to="names", bootstrap=where)
        stream = hr.kafka("trades", schema=TRADES, bootstrap=where, until="end")
        names = hr.table("names", schema=NAMES, bootstrap=where, until="end")
        found = stream.join(names, on="sym").collect()
        assert found["name"].fillna("-").tolist() == ["Acme Inc", "-", "-"] * 2
        kept = stream.join(names, on="sym", how="inner").collect()
        assert kept["n"].tolist() == [0, 3]


def walked(changes: list[tuple[int, str, int | None]], rows: int) -> list[int | None]:
    """Return what a dict says at the time of each trade; deletions count at once."""
    latest: dict[str, int | None] = {}
    found = []
    at = 0
    for i in range(rows):
        while at < len(changes) and changes[at][0] <= i * 2:
            latest[changes[at][1]] = changes[at][2]
            at += 1
        found.append(latest.get("ABC"[i % 3]))
    return found


@pytest.mark.parametrize("seed", range(4))
def test_a_table_with_times_is_what_a_dict_says_at_that_time(seed: int) -> None:
    draw = random.Random(seed)
    changes: list[tuple[int, str, int | None]] = []
    second = 1
    for _ in range(60):
        second += 2 * draw.randint(0, 3)
        deleted = bool(changes) and draw.random() < 0.3
        # A tombstone takes the time of the record before it.
        changes.append(
            (changes[-1][0] if deleted else second, draw.choice("ABC"), None if deleted else second)
        )
    with hr.MockBroker(trades=3, lots=1) as broker:
        where = broker.bootstrap
        produce(trades(90, step=2), to="trades", bootstrap=where)
        produce(
            [
                (sym.encode(), None if lot is None else value(since=stamp(at), sym=sym, lot=lot))
                for at, sym, lot in changes
            ],
            to="lots",
            bootstrap=where,
        )
        stream = hr.kafka("trades", schema=TRADES, bootstrap=where, until="end")
        lots = hr.table("lots", schema=DATED, bootstrap=where, until="end")
        found = stream.join(lots, on="sym").collect()["lot"]
    assert [None if pd.isna(lot) else int(lot) for lot in found] == walked(changes, 90)


def test_a_live_join_goes_on_while_its_table_is_silent() -> None:
    with hr.MockBroker(trades=1, names=1) as broker:
        where = broker.bootstrap
        produce([(b"A", value(sym="A", name="Acme"))], to="names", bootstrap=where)
        produce(trades(3), to="trades", bootstrap=where)
        stream = hr.kafka("trades", schema=TRADES, bootstrap=where)
        names = hr.table("names", schema=NAMES, bootstrap=where)
        with stream.join(names, on="sym", idle_timeout="200ms").run() as live:
            until(lambda: len(live.frame()) > 0)
            assert live.frame()["name"].tolist()[0] == "Acme"


def test_a_tombstone_whose_key_is_no_key_is_a_dead_letter() -> None:
    numbered = hr.Schema({"sym": hr.int64, "name": hr.string}, key="sym")
    at = hr.Schema({"at": hr.timestamp, "sym": hr.int64}, event_time="at")
    with hr.MockBroker(trades=1, names=1) as broker:
        where = broker.bootstrap
        produce([(None, value(at=stamp(0), sym=7))], to="trades", bootstrap=where)
        changes: list[tuple[bytes, bytes | None]] = [(b"7", value(sym=7, name="x")), (b"x", None)]
        produce(changes, to="names", bootstrap=where)
        stream = hr.kafka("trades", schema=at, bootstrap=where, until="end")
        names = hr.table("names", schema=numbered, bootstrap=where, until="end")
        found, bad = stream.join(names, on="sym").collect(rejected=True)
    assert found["name"].tolist() == ["x"]
    assert bad["reason"].tolist() == ["wrong_type"]
    assert "the key of a tombstone" in bad["detail"][0]


def test_a_table_is_looked_at_as_a_stream_without_tombstones() -> None:
    with hr.MockBroker(names=1) as broker:
        changes: list[tuple[bytes, bytes | None]] = [
            (b"A", value(sym="A", name="Acme")),
            (b"A", None),
        ]
        produce(changes, to="names", bootstrap=broker.bootstrap)
        names = hr.table("names", schema=NAMES, bootstrap=broker.bootstrap, until="end")
        assert names.records.collect()["name"].tolist() == ["Acme"]
        assert len(names.records.head()) == 1


def test_select_keeps_the_key() -> None:
    lots = hr.table("lots", schema=DATED)
    assert lots.select("lot").columns == ["sym", "lot"]
    assert lots.select("lot", "sym").columns == ["lot", "sym"]
    with pytest.raises(UnknownColumn, match='did you mean "lot"'):
        lots.select("lott")
    assert repr(lots.select("lot")).splitlines() == [
        "Table by sym from lots on localhost:9092",
        "  .select(sym, lot)",
    ]


def test_misuse_is_refused_at_its_line() -> None:
    with pytest.raises(InvalidArgument, match="key: expected the column that tells rows apart"):
        hr.table("names", schema=hr.Schema({"a": hr.string, "b": hr.string}))
    with pytest.raises(InvalidArgument, match='no argument "group"'):
        hr.table("names", schema=NAMES, group="g")  # type: ignore[call-arg]
