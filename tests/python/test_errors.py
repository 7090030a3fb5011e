import headrace.errors
from headrace import _core
from headrace.errors import HeadraceError


def test_every_code_of_the_core_has_its_class_in_the_tree() -> None:
    for name, class_name in _core.error_table().items():
        kind = getattr(headrace.errors, class_name)
        assert issubclass(kind, HeadraceError), name


def test_every_class_of_the_tree_is_one_that_the_core_or_python_raises() -> None:
    raised = set(_core.error_table().values()) | {"HeadraceError"}
    for name, kind in vars(headrace.errors).items():
        if isinstance(kind, type) and issubclass(kind, HeadraceError):
            assert name in raised


def test_an_error_carries_code_and_retriability() -> None:
    error = headrace.errors.KafkaError("no", "kafka", True, 3)
    assert (str(error), error.code, error.retriable, error.native_code) == ("no", "kafka", True, 3)
