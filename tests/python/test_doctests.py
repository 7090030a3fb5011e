import doctest
import importlib
import pkgutil

import pytest

import headrace

MODULES = [
    f"headrace.{module.name}"
    for module in pkgutil.iter_modules(headrace.__path__)
    if not module.name.startswith("_") and module.name != "__main__"
]


@pytest.mark.parametrize("name", ["headrace", *MODULES])
def test_the_examples_of_the_documentation_run(name: str) -> None:
    module = importlib.import_module(name)
    result = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert result.failed == 0


def test_every_public_name_has_an_example_or_a_page() -> None:
    for name in headrace.__all__:
        assert getattr(headrace, name).__doc__ or name == "__version__", name
