"""Records from a seed: never another value than Python's ``json`` and ``csv`` give (E20)."""

from __future__ import annotations

import pytest

from tests.agreement.format_oracles import compare

LINES = 20_000  # `make prove` tries a million


@pytest.mark.filterwarnings("ignore::headrace.errors.RejectedWarning")
@pytest.mark.parametrize("kind", ["json", "csv"])
def test_no_value_is_another_than_pythons(kind: str) -> None:
    found = compare(kind, 20, LINES)
    assert found.lines == LINES
    assert found.different == 0, found.first
    assert found.accepted > LINES / 2  # neither all refused
    assert found.accepted < LINES  # nor all good
    assert found.refused <= (0 if kind == "json" else LINES / 1000)
