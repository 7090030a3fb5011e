import pytest

import headrace as hr
from headrace.dtypes import quoted
from headrace.errors import SchemaError


@pytest.mark.parametrize(
    "dtype",
    [
        hr.bool_,
        hr.int64,
        hr.string,
        hr.timestamp,
        hr.timestamp("us"),
        hr.nullable(hr.timestamp("ms")),
        hr.nullable(hr.float64),
        hr.list_(hr.float64),
        hr.list_({"a": hr.string, 'b"': hr.nullable(hr.timestamp("ms"))}),
        hr.nullable(hr.list_(hr.nullable(hr.bool_))),
        hr.field(hr.list_({"a": hr.field(hr.int64, path=["x.y"])}), path="quote.objects"),
        hr.field(hr.float64, path="quote.close"),
        hr.field(hr.float64, nullable=True, path=["quote", "last.close"]),
    ],
)
def test_a_type_prints_as_the_code_that_makes_it(dtype: hr.schema.DataType) -> None:
    assert eval(repr(dtype), {"hr": hr}) == dtype


@pytest.mark.parametrize(
    "text", ["Close", "Adj Close", "it's", 'say "x"', "'\"", "a\\b", "Größe\n"]
)
def test_names_are_quoted_as_python_does_but_in_double_quotes(text: str) -> None:
    assert quoted(text)[0] == quoted(text)[-1] == '"'
    assert eval(quoted(text)) == text


def test_units_belong_to_timestamps_and_are_known() -> None:
    with pytest.raises(SchemaError, match=r"takes no unit.*hr\.timestamp"):
        hr.float64("ms")
    with pytest.raises(SchemaError, match="expected a unit"):
        hr.timestamp("minutes")


def test_a_path_has_keys() -> None:
    with pytest.raises(SchemaError, match="keys joined by dots"):
        hr.field(hr.float64, path="quote..close")


def test_a_list_holds_a_type_or_fields() -> None:
    with pytest.raises(SchemaError, match="a list in a list is not supported"):
        hr.list_(hr.list_(hr.float64))
    with pytest.raises(SchemaError, match="at least one field"):
        hr.list_({})
    with pytest.raises(SchemaError, match="field names that are text, got 5"):
        hr.list_({5: hr.float64})  # type: ignore[dict-item]
    with pytest.raises(SchemaError, match="expected a headrace type"):
        hr.list_(float)  # type: ignore[arg-type]
    with pytest.raises(SchemaError, match=r'key: column "a" .* got list'):
        hr.Schema({"a": hr.list_(hr.string)}, key="a")
