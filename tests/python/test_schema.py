import pytest

import headrace as hr
from headrace.errors import InvalidArgument, SchemaError


def test_a_schema_keeps_order_roles_and_prints_as_code() -> None:
    schema = hr.Schema(
        {"t": hr.timestamp("ms"), "k": hr.int64, "x": hr.nullable(hr.float64)},
        event_time="t",
        key="k",
    )
    assert list(schema) == ["t", "k", "x"]
    assert repr(schema) == (
        "Schema({'t': timestamp('ms'), 'k': int64, 'x': nullable(float64)}, "
        "event_time='t', key='k')"
    )
    assert "event time" in schema._repr_html_()


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


def test_units_belong_to_timestamps_and_are_known() -> None:
    with pytest.raises(SchemaError, match="takes no unit"):
        hr.float64("ms")
    with pytest.raises(SchemaError, match="expected a unit"):
        hr.timestamp("minutes")


def test_dots_in_a_name_are_a_path_unless_a_path_is_given() -> None:
    schema = hr.Schema({"quote.close": hr.float64, "last": hr.field(hr.float64, path=["a.b"])})
    paths = [f["path"] for f in schema._to_plan()["fields"]]
    assert paths == [["quote", "close"], ["a.b"]]


def test_an_unknown_column_is_named_with_its_neighbour() -> None:
    schema = hr.Schema({"Close": hr.float64})
    with pytest.raises(InvalidArgument, match='no column "clos"; did you mean "Close"'):
        schema["clos"]


def test_equal_schemas_are_equal() -> None:
    assert hr.Schema({"x": hr.float64}) == hr.Schema({"x": hr.float64})
    assert hr.Schema({"x": hr.float64}) != hr.Schema({"x": hr.int64})
