from pathlib import Path

import pandas as pd
import pytest

import headrace as hr
from headrace import _core
from headrace.errors import (
    HeadraceError,
    InvalidArgument,
    OffsetOutOfRange,
    SchemaError,
    TopicNotFound,
)
from headrace.replay import produce

SCHEMA = hr.Schema({"x": hr.int64})


def numbers(n: int) -> list[tuple[bytes | None, bytes | None]]:
    return [(None, b'{"x": %d}' % i) for i in range(n)]


@pytest.fixture
def broker():
    with hr.MockBroker(a=1, b=1, other=1) as mock:
        produce(numbers(10), to="a", bootstrap=mock.bootstrap)
        produce(numbers(20), to="b", bootstrap=mock.bootstrap)
        yield mock


def read(broker: hr.MockBroker, topics: object = "a", **options: object) -> list[int]:
    stream = hr.kafka(
        topics,  # type: ignore[arg-type]
        bootstrap=broker.bootstrap,
        schema=SCHEMA,
        until="end",
        **options,  # type: ignore[arg-type]
    )
    return sorted(stream.collect()["x"].tolist())


def test_topics_by_name_list_and_pattern(broker) -> None:
    assert read(broker) == list(range(10))
    assert len(read(broker, ["a", "b"])) == 30
    assert len(read(broker, None, pattern="^[ab]$")) == 30


def test_where_to_start(broker) -> None:
    assert read(broker, start="earliest") == list(range(10))
    assert read(broker, start="latest") == []
    assert read(broker, start={0: 7}) == [7, 8, 9]
    assert read(broker, ["a", "b"], start={("a", 0): 9, ("b", 0): 18}) == [9, 18, 19]


def test_a_position_that_is_not_there_is_an_error_with_the_range(broker) -> None:
    with pytest.raises(OffsetOutOfRange, match="100"):
        read(broker, start={0: 100})
    assert read(broker, start={0: 100}, on_out_of_range="earliest") == list(range(10))


def test_several_ingest_threads_share_the_partitions() -> None:
    with hr.MockBroker(wide=4) as mock:
        records = [(b"k%d" % (i % 50), b'{"x": %d}' % i) for i in range(1000)]
        produce(records, to="wide", bootstrap=mock.bootstrap)
        assert read(mock, "wide", ingest_threads=2) == list(range(1000))


def test_a_missing_topic_is_an_error_where_asked_for() -> None:
    with hr.MockBroker(bars=1) as mock:
        stream = hr.kafka("bras", bootstrap=mock.bootstrap, schema=SCHEMA, until="end", strict=True)
        with pytest.raises(TopicNotFound, match="bras"):
            stream.collect()


def test_without_a_schema_the_topic_is_looked_at(broker) -> None:
    stream = hr.kafka("a", bootstrap=broker.bootstrap, until="end")
    assert stream.schema == SCHEMA
    assert stream.schema.notes[0] == "inferred from 10 records: a[0] offsets 0 to 9"
    assert sorted(stream.collect()["x"]) == list(range(10))
    both = hr.kafka(["a", "b"], bootstrap=broker.bootstrap)
    assert both.schema.notes[0].endswith("a[0] offsets 0 to 9, b[0] offsets 0 to 19")
    assert hr.kafka(pattern="^[ab]$", bootstrap=broker.bootstrap).schema == SCHEMA


def test_key_and_event_time_may_stand_beside_the_schema() -> None:
    schema = hr.Schema({"t": hr.timestamp, "k": hr.string}, key="k")
    found = hr.kafka("a", schema=schema, event_time="t").schema
    assert (found.event_time, found.key) == ("t", "k")
    with pytest.raises(HeadraceError, match='did you mean "k"'):
        hr.kafka("a", schema=schema, key="kk")


def test_csv_does_not_name_its_columns() -> None:
    with pytest.raises(SchemaError, match=r'format="csv" needs schema='):
        hr.kafka("a", format="csv")


@pytest.mark.broker
def test_a_missing_topic_is_waited_for_or_an_error_and_never_made(kafka) -> None:
    stream = hr.kafka("nowhere", bootstrap=kafka.bootstrap)
    assert 'topic "nowhere" does not exist on ' in repr(stream)
    assert "nowhere" not in _core.Admin(kafka.bootstrap, {}).topics(10_000)
    with pytest.raises(TopicNotFound, match="nowhere"):
        hr.kafka("nowhere", bootstrap=kafka.bootstrap, strict=True)


def test_files_of_every_kind(tmp_path: Path) -> None:
    table = pd.DataFrame({"y": ["a,b", 'say "x"', "two\nlines"], "x": [1, 2, 3]})
    table.to_csv(tmp_path / "t.csv", index=False)
    (tmp_path / "t.jsonl").write_text('{"x": 1}\n\n{"x": 2}\n{"x": 3}')
    schema = hr.Schema({"x": hr.int64, "y": hr.nullable(hr.string)})
    assert hr.from_file(tmp_path / "t.csv", schema=schema).collect()["y"].tolist() == (
        table["y"].tolist()
    )
    assert hr.from_file(tmp_path / "t.jsonl", schema=schema).collect()["x"].tolist() == [1, 2, 3]
    with pytest.raises(InvalidArgument, match="ending in"):
        hr.from_file(tmp_path / "t.xlsx", schema=schema)
    with pytest.raises(InvalidArgument, match="no file"):
        hr.from_file(tmp_path / "gone.csv", schema=schema)


def test_csv_values_from_kafka() -> None:
    with hr.MockBroker(lines=1) as mock:
        produce([(None, b'1,"a,b"'), (None, b"2,")], to="lines", bootstrap=mock.bootstrap)
        schema = hr.Schema({"x": hr.int64, "s": hr.nullable(hr.string)})
        stream = hr.kafka(
            "lines", bootstrap=mock.bootstrap, schema=schema, format="csv", until="end"
        )
        table = stream.collect()
    assert table["x"].tolist() == [1, 2]
    assert table["s"][0] == "a,b"
    assert pd.isna(table["s"][1])
