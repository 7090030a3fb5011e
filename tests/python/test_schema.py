from pathlib import Path

import pytest

import headrace as hr
from headrace.errors import (
    BrokerUnavailable,
    DecodeError,
    InvalidArgument,
    SchemaError,
    StreamIOError,
    TopicNotFound,
    UnknownColumn,
)
from headrace.replay import produce

SCHEMAS = [
    hr.market.SCHEMA,
    hr.Schema({"x": hr.float64}),
    hr.Schema({'say "x"': hr.nullable(hr.string), "it's": hr.bool_}),
    hr.Schema({"t": hr.timestamp("ms"), "k": hr.int64}, event_time="t", key="k"),
    hr.Schema({"last": hr.field(hr.float64, nullable=True, path=["quote", "last.close"])}),
    hr.Schema.from_json([{"a": 1, "tags": []}, {"a": None}]),
]


def test_a_schema_keeps_order_and_roles() -> None:
    schema = hr.Schema(
        {"t": hr.timestamp("ms"), "k": hr.int64, "x": hr.nullable(hr.float64)},
        event_time="t",
        key="k",
    )
    assert list(schema) == ["t", "k", "x"]
    assert (schema.event_time, schema.key, schema.notes) == ("t", "k", ())


@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_schema_prints_as_code_to_paste(schema: hr.Schema) -> None:
    text = repr(schema)
    assert eval(text, {"hr": hr}) == schema
    assert all(len(line) <= 88 for line in text.splitlines())
    assert hash(eval(text, {"hr": hr})) == hash(schema)


def test_a_notebook_shows_roles_notes_and_the_code() -> None:
    shown = hr.Schema.from_json({"ts": 1700000000, "x": "<b>"})._repr_html_()
    for part in ("event time", "guessed", "hr.Schema(", "timestamp(&quot;s&quot;)"):
        assert part in shown
    assert "<b>" not in shown


@pytest.mark.parametrize(
    ("columns", "options", "message"),
    [
        ({}, {}, "at least one column"),
        ({"x": float}, {}, "expected a headrace type"),
        ({"": hr.float64}, {}, "column names"),
        ({"x": hr.float64}, {"event_time": "x"}, "must be a timestamp"),
        ({"Close": hr.float64}, {"event_time": "close"}, 'did you mean "Close"'),
        ({"x": hr.float64}, {"key": "x"}, "string or int64"),
        ({"x": hr.nullable(hr.string)}, {"key": "x"}, "not nullable"),
    ],
)
def test_what_contradicts_itself_is_refused_at_once(columns, options, message) -> None:
    with pytest.raises(SchemaError, match=message):
        hr.Schema(columns, **options)


def test_dots_in_a_name_are_a_path_unless_a_path_is_given() -> None:
    schema = hr.Schema({"quote.close": hr.float64, "last": hr.field(hr.float64, path=["a.b"])})
    paths = [f["path"] for f in schema._to_plan()["fields"]]
    assert paths == [["quote", "close"], ["a.b"]]


def test_an_unknown_column_is_named_with_its_neighbour() -> None:
    schema = hr.Schema({"Close": hr.float64})
    with pytest.raises(UnknownColumn, match='no column "clos"; did you mean "Close"'):
        schema["clos"]


def test_equal_schemas_are_equal() -> None:
    assert hr.Schema({"x": hr.float64}) == hr.Schema({"x": hr.float64})
    assert hr.Schema({"x": hr.float64}) != hr.Schema({"x": hr.int64})


# -- from JSON


def test_json_may_be_objects_text_bytes_lines_or_a_file(tmp_path: Path) -> None:
    expected = hr.Schema({"x": hr.float64})
    (tmp_path / "one.json").write_text('[\n{"x": 1},\n{"x": 2.5}\n]')
    (tmp_path / "lines.jsonl").write_text('{"x": 1}\n\n{"x": 2.5}\n')
    for sample in (
        [{"x": 1}, {"x": 2.5}],
        ({"x": 1}, {"x": 2.5}),
        '[{"x": 1}, {"x": 2.5}]',
        b'{"x": 1}\n{"x": 2.5}',
        tmp_path / "one.json",
        str(tmp_path / "lines.jsonl"),
    ):
        assert hr.Schema.from_json(sample) == expected
    assert hr.Schema.from_json({"x": 1.0}) == expected


def test_what_is_no_json_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match=r"expected a dict.*got float"):
        hr.Schema.from_json(3.5)
    with pytest.raises(SchemaError, match="not what JSON can hold"):
        hr.Schema.from_json({"x": object()})
    with pytest.raises(StreamIOError, match="No such file"):
        hr.Schema.from_json(tmp_path / "gone.json")
    with pytest.raises(DecodeError, match="look like plain text"):
        hr.Schema.from_json("hello")
    with pytest.raises(SchemaError, match="no records"):
        hr.Schema.from_json([])


# -- from a topic


def test_a_topic_is_looked_at_by_name() -> None:
    with hr.MockBroker(ohlcv=2, empty=1) as broker:
        rows = hr.market.bars(rows=600, tickers=3)
        produce(list(hr.market.records(rows)), to="ohlcv", bootstrap=broker.bootstrap)
        found = hr.Schema.from_topic("ohlcv", bootstrap=broker.bootstrap)
        assert found == hr.market.SCHEMA
        assert found.notes[0].startswith("inferred from 250 records: ohlcv[")
        with pytest.raises(SchemaError, match="has no records yet"):
            hr.Schema.from_topic("empty", bootstrap=broker.bootstrap)


@pytest.mark.broker
def test_what_cannot_be_looked_at_is_an_error(kafka) -> None:
    with pytest.raises(TopicNotFound, match='"nowhere" does not exist'):
        hr.Schema.from_topic("nowhere", bootstrap=kafka.bootstrap)
    with pytest.raises(BrokerUnavailable, match=r"127\.0\.0\.1:1: connection refused"):
        hr.Schema.from_topic("ohlcv", bootstrap="127.0.0.1:1")
    with pytest.raises(SchemaError, match=r'format="csv" needs schema='):
        hr.Schema.from_topic("ohlcv", bootstrap=kafka.bootstrap, format="csv")
