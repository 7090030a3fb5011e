from headrace import display


def test_outside_a_notebook_nothing_is_shown() -> None:
    assert display.shell() is None
    assert display.Output.of({"text/plain": "0 records"}) is None
