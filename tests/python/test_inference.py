import json
import random
from typing import Any

import pytest

import headrace as hr
from headrace import testing
from headrace.errors import DecodeError, SchemaError, UnknownColumn
from headrace.inference import infer
from headrace.samples import Sampled, of_json

NOW_MS = 1_795_000_000_000


def records(values: list[Any], key: str | None = None, timestamp_ms: int = -1) -> list[Sampled]:
    found = []
    for i, value in enumerate(values):
        kafka_key = str(value[key]).encode() if key else None
        raw = value if isinstance(value, bytes) else json.dumps(value).encode()
        found.append(Sampled("bars", 0, i, timestamp_ms, kafka_key, raw))
    return found


def columns(values: list[Any], **options: Any) -> dict[str, str]:
    schema = infer(records(values), **options)
    return {name: repr(schema[name]).replace("hr.", "") for name in schema}


def notes(values: list[Any], **options: Any) -> str:
    return "\n".join(infer(records(values), **options).notes)


def test_types_are_those_of_the_values() -> None:
    assert columns([{"b": True, "i": 1, "f": 1.5, "s": "x", "t": "2026-03-02T14:30:00Z"}]) == {
        "b": "bool_",
        "i": "int64",
        "f": "float64",
        "s": "string",
        "t": "timestamp",
    }


def test_integers_and_decimals_are_float64_and_absence_is_nullable() -> None:
    assert columns([{"x": 1, "y": 1}, {"x": 2.5}, {"x": 3, "y": None}]) == {
        "x": "float64",
        "y": "nullable(int64)",
    }


def test_nested_objects_are_dotted_and_keys_with_dots_are_paths() -> None:
    assert columns([{"q": {"close": 1.5, "a.b": 2, "deep": {"x": "y"}}}]) == {
        "q.close": "float64",
        "q.a.b": 'field(int64, path=["q", "a.b"])',
        "q.deep.x": "string",
    }
    assert columns([{"q": {"close": 1.5}}, {"q": None}, {}]) == {"q.close": "nullable(float64)"}


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ([{"v": []}], "no list has an element"),
        ([{"v": [[1]]}], "lists in lists"),
        ([{"v": [1, "a"]}], "mixed types: 1 numbers and 1 text"),
        ([{"v": None}], "null in every record"),
        ([{"v": {}}], "empty objects"),
        ([{"v": 2**63}], "beyond int64"),
        ([{"v": 1}, {"v": "a"}], "mixed types: 1 numbers and 1 text"),
        ([{"v": True}, {"v": 1}], "mixed types"),
    ],
)
def test_what_cannot_be_a_column_is_left_out_and_said(values, why) -> None:
    values = [{"x": 1, **value} for value in values]
    assert columns(values) == {"x": "int64"}
    assert 'left out "v": ' in notes(values)
    assert why in notes(values)
    with pytest.raises(SchemaError, match="no field can be a column"):
        infer(records([{"v": value["v"]} for value in values]))
    with pytest.raises(SchemaError, match=r'key="v" cannot be a column'):
        infer(records(values), key="v")


def test_objects_without_end_are_left_out() -> None:
    value: Any = 1
    for _ in range(400):
        value = {"x": value}
    assert columns([{"y": 1, "deep": value}]) == {"y": "int64"}


def test_two_fields_of_one_name_are_one_column() -> None:
    values = [{"a.b": 1, "a": {"b": 2.5}}]
    assert columns(values) == {"a.b": 'field(int64, path=["a.b"])'}
    assert "two fields have this name" in notes(values)


def test_a_few_odd_values_do_not_decide() -> None:
    good = [{"Date": f"2026-03-{day:02}", "Close": day + 0.5} for day in range(1, 29)]
    values = [*good, {"Date": "2026-03-29", "Close": "n/a"}, {"Date": "soon", "Close": 1.0}]
    assert columns(values) == {"Date": "timestamp", "Close": "float64"}
    said = notes(values)
    assert '"Close": text instead of numbers in 1 of 30 records, e.g. "n/a" (bars[0]@28)' in said
    assert '"Date": text that is not ISO 8601 in 1 of 30 records, e.g. "soon"' in said


def test_bad_records_are_counted_and_the_others_decide() -> None:
    said = notes([{"x": 1}] * 9 + [b'{"x": 1'])
    assert "no JSON objects: 1 of 10 records, which look like JSON that is cut off" in said
    assert "bars[0]@9" in said


def test_what_json_does_not_know_is_bad() -> None:
    assert "no JSON objects: 1 of 2" in notes([{"x": 1.5}, b'{"x": NaN}'])


def test_records_that_are_not_json_are_an_error_that_says_what_they_are() -> None:
    with pytest.raises(DecodeError) as caught:
        infer(records([b"2026-03-02,AAPL,1.5"] * 3), origin='topic "bars" on localhost:9092')
    assert str(caught.value) == (
        'the records of topic "bars" on localhost:9092 are not JSON objects; they look like CSV '
        "text (3 fields, separated by a comma), e.g. bars[0]@0: b'2026-03-02,AAPL,1.5'; write "
        'hr.kafka(..., format="csv", schema=hr.Schema.from_csv(sample)), where the sample is a '
        "file, or some records as text"
    )


def test_tombstones_are_passed_over() -> None:
    tombstone = Sampled("bars", 0, 9, -1, b"k", None)
    assert "inferred from 1 record:" in infer([*records([{"x": 1}]), tombstone]).notes[0]
    with pytest.raises(SchemaError, match="tombstones"):
        infer([tombstone])


# -- times


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        ({"ts": 1_700_000_000}, 'timestamp("s")'),
        ({"tradeTime": 1_700_000_000_000}, 'timestamp("ms")'),
        ({"created_at": 1_700_000_000_000_000}, 'timestamp("us")'),
        ({"time": 1_700_000_000_000_000_000}, 'timestamp("ns")'),
        ({"time": 1_700_000_000.25}, 'timestamp("s")'),
        ({"id": 1_700_000_000}, "int64"),
        ({"Volume": 1_700_000_000_000}, "int64"),
        ({"time": 42}, "int64"),
        ({"Date": 20_260_302}, "int64"),
    ],
)
def test_a_number_is_a_time_where_size_and_name_agree(value, dtype) -> None:
    assert list(columns([value]).values()) == [dtype]


def test_a_number_is_a_time_where_it_follows_the_clock_of_the_records() -> None:
    near = records([{"E": NOW_MS + 5}], timestamp_ms=NOW_MS)
    far = records([{"E": NOW_MS + 86_400_000}], timestamp_ms=NOW_MS)
    assert infer(near)["E"] == hr.timestamp("ms")
    assert infer(far)["E"] == hr.int64


def test_the_user_may_say_that_a_number_is_a_time() -> None:
    schema = infer(records([{"E": 1_700_000_000_000}]), event_time="E")
    assert (schema["E"], schema.event_time) == (hr.timestamp("ms"), "E")
    with pytest.raises(SchemaError, match=r'event_time="E": 42 is no epoch'):
        infer(records([{"E": 42}]), event_time="E")
    with pytest.raises(SchemaError, match=r'"02\.03\.2026" is not ISO 8601'):
        infer(records([{"E": "02.03.2026"}]), event_time="E")


def test_mixed_units_are_named_with_both_readings() -> None:
    mixed = [{"x": 1, "ts": 1_700_000_000}, {"x": 1, "ts": 1_700_000_001_000}]
    for reading in (
        "1 in s (1700000000 = 2023-11-14 22:13:20 UTC)",
        "1 in ms (1700000001000 = 2023-11-14 22:13:21 UTC)",
    ):
        assert reading in notes(mixed)
        with pytest.raises(SchemaError, match="the sample mixes units") as caught:
            infer(records(mixed), event_time="ts")
        assert reading in str(caught.value)
    assert columns(mixed)["ts"] == "int64"
    mostly = mixed[:1] * 9 + mixed[1:]
    assert columns(mostly)["ts"] == 'timestamp("s")'
    assert "taken as s, other records are rejected" in notes(mostly)


def test_text_that_was_meant_otherwise_is_pointed_out() -> None:
    said = notes([{"Close": "189.98", "Date": "02.03.2026", "Ticker": "AAPL"}])
    assert '"Close" is text: "189.98" is a number in quotes' in said
    assert '"Date" is text: "02.03.2026" is not ISO 8601' in said
    assert "Ticker" not in said


# -- event time and key


def test_event_time_and_key_are_guessed_where_there_is_one_candidate() -> None:
    values = [{"Date": "2026-03-02", "Ticker": t, "Name": "x"} for t in ("AAPL", "MSFT")]
    schema = infer(records(values, key="Ticker"))
    assert (schema.event_time, schema.key) == ("Date", "Ticker")
    assert 'key="Ticker" guessed: it is the Kafka key of all 2 records' in schema.notes
    assert 'event_time="Date" guessed: the only timestamp column' in schema.notes


def test_they_are_not_guessed_among_several() -> None:
    values = [{"open": "2026-03-02", "shut": "2026-03-03", "a": "x", "b": "x", "x": 1}]
    schema = infer(records(values, key="a"))
    assert (schema.event_time, schema.key) == (None, None)
    assert 'no event_time guessed: "open", "shut" could be it' in schema.notes
    assert 'no key guessed: "a", "b" could be it' in schema.notes


def test_misspelt_roles_are_named_with_their_neighbour() -> None:
    for role in ("event_time", "key"):
        with pytest.raises(UnknownColumn, match=f'{role}: no column "Dat"; did you mean "Date"'):
            infer(records([{"Date": "2026-03-02", "x": 1}]), **{role: "Dat"})


# -- the decoder agrees


@pytest.mark.parametrize("seed", range(20))
def test_what_was_inferred_takes_every_record_that_it_was_inferred_from(seed: int) -> None:
    chance = random.Random(seed)
    makers = {
        "b": lambda: chance.random() < 0.5,
        "i": lambda: chance.randint(-(2**63), 2**63 - 1),
        "f": lambda: chance.choice([chance.randint(0, 9), chance.uniform(-1e300, 1e300)]),
        "s": lambda: "".join(chance.choices('ab"\\\n\u00e9\U0001f600 ', k=chance.randint(0, 5))),
        "t": lambda: f"2026-03-{chance.randint(1, 28):02}T{chance.randint(0, 23):02}:30Z",
        "time": lambda: chance.randint(1_000_000_000, 1_900_000_000),
        "x.y": lambda: chance.randint(0, 5),
    }
    chosen = chance.sample(list(makers), chance.randint(1, len(makers)))
    values = []
    for _ in range(chance.randint(1, 40)):
        value = {name: makers[name]() for name in chosen}
        for name in chosen[1:]:
            match chance.random():
                case p if p < 0.1:
                    value[name] = None
                case p if p < 0.2:
                    del value[name]
        values.append({**value, "o": {"n": chance.randint(0, 9)}})
    schema = hr.Schema.from_json(values)
    rows, rejected = testing.run(hr.kafka("x", schema=schema), values, rejected=True)
    assert rejected.empty
    assert len(rows) == len(values)


def test_lists_whose_elements_agree_are_columns() -> None:
    schema = infer(of_json([{"tags": ["a"], "n": [1, 2.5]}, {"tags": [], "n": [None]}, {}]))
    assert schema["tags"] == hr.nullable(hr.list_(hr.string))
    assert schema["n"] == hr.nullable(hr.list_(hr.nullable(hr.float64)))


def test_objects_in_lists_have_fields() -> None:
    seen = [{"label": "car", "box": {"x": 1}, "a.b": 1, "path": [1]}] * 9
    seen.append({"label": 5, "box": {"x": 2}, "a.b": 1})
    schema = infer(of_json([{"objects": seen[:5]}, {"objects": seen[5:]}]))
    fields = {"label": hr.string, "box.x": hr.int64, "a.b": hr.field(hr.int64, path=["a.b"])}
    assert schema["objects"] == hr.list_(fields)
    assert 'left out "objects.path": lists in lists' in schema.notes
    assert any(
        '"objects.label": numbers instead of text in 1 of 10 elements, e.g. 5' in note
        for note in schema.notes
    )
    assert eval(repr(schema), {"hr": hr}) == schema
