"""Bad records: only they are set aside, and what is wrong with them is said in words."""

from __future__ import annotations

import json

import pytest

from tests.kernel.support import Kernel
from tests.mishaps.support import (
    SCHEMA,
    TWO_MEGABYTES,
    Cluster,
    Record,
    bar,
    bars,
    finished,
    reads,
    send,
    took,
)

KEY = b"AAPL"
BAD: dict[str, tuple[bytes, str]] = {  # reason -> a record and what is said of it
    "wrong_type": (bar(20, Close="n/a"), 'field "Close": expected number, got "n/a"'),
    "missing_field": (bar(21, Volume=...), 'field "Volume": missing'),
    "null": (bar(22, Close=None), 'field "Close": null'),
    "invalid_json": (b'{"Date": "2026-03-02T14:23:00Z", "Close": 1.', ""),
    "too_large": (bar(24, Note="x" * TWO_MEGABYTES), ""),
}


@pytest.fixture(scope="module")
def topic(cluster: Cluster) -> str:
    """Twenty good records, one of each bad kind, a tombstone, twenty good ones again."""
    name = cluster.new_topic("bad")
    bad: list[Record] = [(KEY, value) for value, _ in BAD.values()]
    records = [*bars(range(20)), *bad, (KEY, None), *bars(range(30, 50))]
    send(cluster.bootstrap, name, records)
    return name


def open_stream(cluster: Cluster, topic: str, more: str = "") -> str:
    return f'hr.kafka("{topic}", bootstrap="{cluster.bootstrap}", schema={SCHEMA}{more})'


def test_each_is_set_aside_alone(kernel: Kernel, cluster: Cluster, topic: str) -> None:
    cell = kernel.run(
        f"live = {open_stream(cluster, topic)}.run(); chart = live.plot('Close', key='AAPL')"
    )
    reads(kernel, "live.status().rows", "40", within=5)
    shown = "live.frame()['Close'].tolist()"
    assert kernel.value(f"{shown} == [100.0 + i for i in [*range(20), *range(30, 50)]]") == "True"
    assert kernel.value("live.status().tombstones") == "1"
    counts = json.loads(kernel.value("__import__('json').dumps(live.status().rejected)"))
    assert counts == dict.fromkeys(BAD, 1)
    reads(kernel, "words(chart)", "5 rejected", within=2)
    assert cell.error == ""


def test_each_is_listed_with_its_place_and_bytes(
    kernel: Kernel, cluster: Cluster, topic: str
) -> None:
    kernel.run(f"live = {open_stream(cluster, topic)}.run()")
    reads(kernel, "live.status().rows", "40", within=5)
    kernel.run("bad = live.rejected()")
    columns = kernel.value("list(bad.columns)")
    for name in ("reason", "field", "topic", "partition", "offset", "key", "value", "text"):
        assert f"'{name}'" in columns
    for row, (reason, (value, said)) in enumerate(BAD.items()):
        text = kernel.value(f"bad['text'][{row}]")
        assert text.startswith(f"{topic}[0]@{20 + row} key=AAPL: {said}"), text
        assert len(text.splitlines()) == 1
        assert len(text) < 300
        assert kernel.value(f"bad['reason'][{row}]") == reason
        assert (
            kernel.value(f"(int(bad['offset'][{row}]), bad['key'][{row}])")
            == f"({20 + row}, {KEY})"
        )
        assert kernel.value(f"bad['value'][{row}][:200]") == repr(value[:200])


def test_one_warning_for_the_first_of_each_reason(
    kernel: Kernel, cluster: Cluster, topic: str
) -> None:
    kernel.run(f"live = {open_stream(cluster, topic)}.run()")
    kernel.run("while live._engine.status()['rows'] < 40: time.sleep(0.01)")
    first = kernel.run("_ = live.status()").stderr
    assert first.count("RejectedWarning") == len(BAD)
    assert f'{topic}[0]@20 key=AAPL: field "Close": expected number, got "n/a"' in first
    send(cluster.bootstrap, topic, [(KEY, bar(60, Close="n/a")), *bars([61])])
    kernel.run("while live._engine.status()['rows'] < 41: time.sleep(0.01)")
    again = kernel.run("_ = live.status(); _ = live.frame(); _ = live.rejected()")
    assert finished(again).stderr == ""
    assert kernel.value("live.status().rejected['wrong_type']") == "2"


def test_on_error_raise_ends_with_that_line(kernel: Kernel, cluster: Cluster, topic: str) -> None:
    cell = kernel.run(f'{open_stream(cluster, topic)}.run(on_error="raise").wait()')
    took("the error", cell.seconds, 3)
    line = f'{topic}[0]@20 key=AAPL: field "Close": expected number, got "n/a"'
    assert f"RecordRejected: {line}" in cell.error
    bounded = open_stream(cluster, topic, ', until="end"')
    assert line in kernel.run(f'{bounded}.collect(on_error="raise")').error


def test_late_and_duplicate_records_are_counted_and_listed(
    kernel: Kernel, cluster: Cluster
) -> None:
    topic = cluster.new_topic("late")
    order = [0, 1, 3, 2, 4, 4, 10, 5, 11, 20]  # 2 is late within the grace; 4 doubled; 5 too late
    send(cluster.bootstrap, topic, bars(order))
    kernel.run(
        f'live = {open_stream(cluster, topic)}.deduplicate("Ticker", "Date")'
        '.sort_within("3m").run()'
    )
    reads(kernel, "len(live.rejected())", "2", within=5)
    told = kernel.value("'\\n'.join(live.rejected()['text'])")
    assert f"{topic}[0]@5 key=AAPL: " in told
    assert "duplicate of offset 4" in told
    assert f"{topic}[0]@7 key=AAPL: " in told
    assert "5m behind" in told
    assert "grace 3m" in told
    assert kernel.value("sorted(live.status().rejected.items())") == (
        "[('duplicate', 1), ('late', 1)]"
    )
    kernel.run("live.stop()")
    closes = "[c - 100 for c in live.frame()['Close']]"
    assert kernel.value(closes) == str([float(x) for x in (0, 1, 2, 3, 4, 10, 11, 20)])


def test_event_times_in_two_units(kernel: Kernel, cluster: Cluster) -> None:
    topic = cluster.new_topic("units")
    seconds = 1_772_460_000
    values = [(seconds + i) * 1000 for i in range(20)] + [seconds + 20]
    records = [(KEY, json.dumps({"ts": ts, "price": 1.5}).encode()) for ts in values]
    send(cluster.bootstrap, topic, records)
    kernel.run(
        f'live = hr.kafka("{topic}", bootstrap="{cluster.bootstrap}", schema=hr.Schema('
        '{"ts": hr.timestamp("ms"), "price": hr.float64}, event_time="ts")).run()'
    )
    reads(kernel, "len(live.rejected())", "1", within=5)
    said = f'{topic}[0]@20 key=AAPL: field "ts": {seconds + 20} looks like s, the column is ms'
    assert kernel.value("live.rejected()['text'][0]") == said
    assert kernel.value("len(live.frame())") == "20"

    shown = kernel.run(f'bars = hr.kafka("{topic}", bootstrap="{cluster.bootstrap}"); bars.schema')
    said_of_sample = shown.error + shown.result
    assert '"ts"' in said_of_sample
    assert "ms" in said_of_sample
    assert str(seconds + 20) in said_of_sample


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (b"\x00\x00\x00\x00\x07\x08AAPL\x9a\x99\x99\x99\x99\x99Y@", ("Avro", "not supported yet")),
        (b"2026-03-02T14:30:00Z,AAPL,101.5,1000", ("CSV", 'format="csv"')),
        (b"hello from the other side", ("plain text",)),
        (b"<bar><close>101.5</close></bar>", ("XML",)),
        (b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xabV", ("gzip",)),
    ],
    ids=["avro", "csv", "text", "xml", "gzip"],
)
def test_records_that_are_not_json(
    kernel: Kernel, cluster: Cluster, value: bytes, words: tuple[str, ...]
) -> None:
    topic = cluster.new_topic("foreign")
    send(cluster.bootstrap, topic, [(KEY, value)] * 12)
    cell = kernel.run(f'bars = hr.kafka("{topic}", bootstrap="{cluster.bootstrap}")')
    took("the error", cell.seconds, 2)
    last = cell.error.splitlines()[-1]
    for word in words:
        assert word.lower() in last.lower(), cell.error
    assert f"{topic}[0]@0" in cell.error
