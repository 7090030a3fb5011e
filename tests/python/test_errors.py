import pandas as pd
import pytest

import headrace as hr
import headrace.errors
from headrace import _core
from headrace.errors import HeadraceError, InvalidArgument, RecordRejected


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


def gappy() -> hr.Stream:
    frame = pd.DataFrame({"x": [1.0, None, 3.0, None]})
    return hr.from_frame(frame, schema=hr.Schema({"x": hr.float64}))


def test_on_error_raise_ends_with_the_first_dead_letter() -> None:
    said = r'^frame\[0\]@1: field "x" is null$'
    with pytest.raises(RecordRejected, match=said):
        gappy().collect(on_error="raise")
    with pytest.raises(ValueError, match=said), gappy().run(on_error="raise") as live:
        live.wait()
    assert live._engine.status()["state"] == "failed"
    with pytest.raises(InvalidArgument, match="on_error"):
        gappy().run(on_error="ignore")


@pytest.mark.filterwarnings("ignore::headrace.errors.RejectedWarning")
def test_the_first_dead_letter_of_each_reason_is_in_the_status() -> None:
    with gappy().run() as live:
        live.wait()
        status = live.status()
    assert status.rejected == {"null": 2}
    assert status.first_rejects == {"null": 'frame[0]@1: field "x" is null'}
    assert status.connection == "none"
