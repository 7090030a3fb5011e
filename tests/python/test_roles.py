import pytest

import headrace as hr
from headrace.errors import SchemaError
from headrace.roles import choose
from headrace.samples import Sampled


def keyed(*pairs: tuple[bytes | None, dict]) -> list[tuple[Sampled, dict]]:
    return [(Sampled("t", 0, i, -1, key, b""), value) for i, (key, value) in enumerate(pairs)]


def key_of(records, **columns) -> str | None:
    return choose(columns, records, event_time=None, key=None, left_out={}).key


def test_numbers_and_nested_fields_may_be_keys() -> None:
    assert key_of(keyed((b"7", {"sensor": 7})), sensor=hr.int64) == "sensor"
    nested = {"q.id": hr.string}
    assert key_of(keyed((b"a", {"q": {"id": "a"}})), **nested) == "q.id"
    dotted = {"id": hr.field(hr.string, path=["q", "id"])}
    assert key_of(keyed((b"a", {"q": {"id": "a"}})), **dotted) == "id"


def test_one_record_that_differs_is_enough_to_say_no() -> None:
    records = keyed((b"a", {"k": "a"}), (b"b", {"k": "c"}))
    assert key_of(records, k=hr.string) is None
    assert key_of(keyed((None, {"k": "a"})), k=hr.string) is None
    assert key_of(keyed((b"1.5", {"k": 1.5})), k=hr.float64) is None


def test_a_key_that_few_records_lack_is_one() -> None:
    records = keyed(*[(b"a", {"k": "a"})] * 9, (None, {}))
    chosen = choose({"k": hr.nullable(hr.string)}, records, event_time=None, key="k", left_out={})
    assert chosen.columns["k"] == hr.string
    assert 'key="k": absent or null in 1 of 10 records, e.g. t[0]@9' in chosen.notes[-1]


def test_a_key_that_many_records_lack_is_refused() -> None:
    records = keyed((b"a", {"k": "a"}), (None, {}))
    with pytest.raises(SchemaError, match=r'key="k": absent or null in 1 of 2 records'):
        choose({"k": hr.nullable(hr.string)}, records, event_time=None, key="k", left_out={})
    with pytest.raises(SchemaError, match="has nulls"):
        choose({"k": hr.nullable(hr.string)}, [], event_time=None, key="k", left_out={})


def test_a_timestamp_that_may_be_absent_is_not_guessed() -> None:
    chosen = choose(
        {"t": hr.timestamp, "settled": hr.nullable(hr.timestamp)},
        [],
        event_time=None,
        key=None,
        left_out={},
    )
    assert chosen.event_time == "t"
