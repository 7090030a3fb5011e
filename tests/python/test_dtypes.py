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
