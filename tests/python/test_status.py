"""What a status says of rejected records."""

from __future__ import annotations

import headrace as hr


def test_the_first_reject_is_of_the_commonest_reason() -> None:
    status = hr.Status(
        "running",
        rejected={"empty": 1, "wrong_type": 3},
        first_rejects={"empty": "t[0]@6: empty", "wrong_type": "t[0]@2: wrong"},
    )
    assert status.first_reject == "t[0]@2: wrong"
    assert "first: t[0]@2: wrong" in str(status)


def test_without_rejects_there_is_none() -> None:
    assert hr.Status("running").first_reject == ""
    assert "first" not in str(hr.Status("running"))
